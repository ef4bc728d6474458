//! Tensors that are not trained like the others: with a learning rate of their own, without weight decay, or not at all.

#[cfg(feature = "files")]
mod kept;

#[cfg(feature = "alloc")]
use crate::error::Error;
use crate::{
    error::{Found, Result},
    optimizer::{Optimizer, check_factor},
    tensor::Tensor,
    update::{Rules, Ruling, Store},
};
#[cfg(feature = "alloc")]
use {crate::error::nearest::nearest, alloc::vec::Vec};

/// How the tensors of a network are trained, where it is not all the same way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Courses {
    /// Whether only tensors of two axes or more decay.
    pub spares_vectors: bool,
    /// One for each tensor that is learnt, or none where all are trained alike.
    #[cfg(feature = "alloc")]
    own: Vec<Course>,
}

/// How one tensor is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Course {
    /// Factor of the learning rate.
    rate: f64,
    /// The step before which it was frozen.
    frozen_since: Option<u64>,
    /// Steps that it was left out of before.
    skipped: u64,
}

impl Course {
    /// As all others.
    const USUAL: Self = Self {
        rate: 1.0,
        frozen_since: None,
        skipped: 0,
    };
}

/// What is asked of the tensors below a prefix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
    /// Not to be trained.
    Freeze,
    /// To be trained again.
    Thaw,
    /// A factor of the learning rate.
    Rate(f64),
}

impl Wish {
    /// Refuses a rate by which nothing is learnt.
    pub fn check(self) -> Result<()> {
        match self {
            Self::Rate(rate) => check_factor("rate", rate, || Found::Number(rate)),
            Self::Freeze | Self::Thaw => Ok(()),
        }
    }
}

impl Courses {
    /// `true` where all tensors are trained alike.
    fn is_usual(&self) -> bool {
        #[cfg(feature = "alloc")]
        if !self.own.is_empty() {
            return false;
        }
        !self.spares_vectors
    }

    /// How a tensor is trained, the one at `index`.
    fn course(&self, index: usize) -> Course {
        #[cfg(feature = "alloc")]
        if let Some(course) = self.own.get(index) {
            return *course;
        }
        let _ = index;
        Course::USUAL
    }

    /// Grants a wish for all learnt tensors that are named `prefix`, or begin with it and a dot, before step `taken`.
    #[cfg(feature = "alloc")]
    pub fn grant(
        &mut self,
        tensors: &'static [Tensor],
        prefix: &str,
        wish: Wish,
        taken: u64,
    ) -> Result<()> {
        wish.check()?;
        if !learnt(tensors).any(|tensor| is_below(tensor.name, prefix)) {
            return Err(unknown(tensors, prefix));
        }
        if self.own.is_empty() {
            self.own = learnt(tensors).map(|_| Course::USUAL).collect();
        }
        for (tensor, course) in learnt(tensors).zip(&mut self.own) {
            if !is_below(tensor.name, prefix) {
                continue;
            }
            match wish {
                Wish::Rate(rate) => course.rate = rate,
                Wish::Freeze => {
                    course.frozen_since.get_or_insert(taken);
                }
                Wish::Thaw => {
                    if let Some(since) = course.frozen_since.take() {
                        let steps = taken.saturating_sub(since);
                        course.skipped = course.skipped.saturating_add(steps);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes what is asked of a network from another list, and keeps for how long its tensors were left out.
    #[cfg(feature = "alloc")]
    pub fn settle(
        &mut self,
        tensors: &'static [Tensor],
        wishes: &[(alloc::string::String, Wish)],
        taken: u64,
    ) -> Result<()> {
        let mut wanted = Self::default();
        for (prefix, wish) in wishes {
            wanted.grant(tensors, prefix, *wish, taken)?;
        }
        if wanted.own.is_empty() && !self.own.is_empty() {
            wanted.own = learnt(tensors).map(|_| Course::USUAL).collect();
        }
        for (index, course) in wanted.own.iter_mut().enumerate() {
            let before = self.course(index);
            course.skipped = before.skipped;
            match (before.frozen_since, &mut course.frozen_since) {
                (Some(since), Some(now)) => *now = since,
                (Some(since), None) => {
                    course.skipped = course.skipped.saturating_add(taken.saturating_sub(since))
                }
                (None, _) => {}
            }
        }
        self.own = wanted.own;
        Ok(())
    }
}

/// The tensors that are learnt.
fn learnt(tensors: &'static [Tensor]) -> impl Iterator<Item = &'static Tensor> {
    let is_learnt = |tensor: &&Tensor| tensor.learnt().is_some();
    tensors.iter().take_while(is_learnt)
}

/// `true` for `stem.0.weight` below `stem`, `stem.0` and itself.
#[cfg(feature = "alloc")]
fn is_below(name: &str, prefix: &str) -> bool {
    let rest = name.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The error of a prefix that no learnt tensor has.
#[cfg(feature = "alloc")]
#[cold]
fn unknown(tensors: &'static [Tensor], prefix: &str) -> Error {
    let beginnings = learnt(tensors).flat_map(|tensor| {
        let dots = tensor.name.match_indices('.').map(|(at, _)| at);
        dots.chain([tensor.name.len()]).map(|at| &tensor.name[..at])
    });
    Error::UnknownParameter {
        name: prefix.into(),
        nearest: nearest(prefix, beginnings),
    }
}

/// The rules of a step for tensors that are not all trained alike.
pub struct Guided<'a, O> {
    /// The optimizer.
    pub optimizer: &'a O,
    /// Steps taken.
    pub taken: u64,
    /// Factor of the learning rate.
    pub factor: f64,
    /// All tensors.
    pub tensors: &'static [Tensor],
    /// How they are trained.
    pub courses: &'a Courses,
}

impl<O: Optimizer> Guided<'_, O> {
    /// Itself, or the common rule where all are trained alike.
    pub fn rules(&self) -> &dyn Rules<O::Step> {
        let has_usual_rate = |tensor: &Tensor| tensor.rate() == 1.0;
        if self.courses.is_usual() && learnt(self.tensors).all(has_usual_rate) {
            &Alike
        } else {
            self
        }
    }
}

impl<O: Optimizer> Rules<O::Step> for Guided<'_, O> {
    fn of(&self, block: usize) -> (Ruling<O::Step>, usize) {
        let Some((index, tensor, end)) = find(self.tensors, block) else {
            return (Ruling::Usual, usize::MAX);
        };
        let mut course = self.courses.course(index);
        course.rate *= tensor.rate();
        let is_spared = self.courses.spares_vectors && tensor.shape.len() < 2;
        let ruling = if course.frozen_since.is_some() {
            Ruling::Frozen
        } else if is_spared || course.skipped > 0 || course.rate != 1.0 {
            let taken = self.taken.saturating_sub(course.skipped);
            let factor = self.factor * course.rate;
            Ruling::Own(if is_spared {
                self.optimizer.step_without_decay(taken, factor)
            } else {
                self.optimizer.step(taken, factor)
            })
        } else {
            Ruling::Usual
        };
        (ruling, end)
    }
}

/// All tensors are trained alike.
pub struct Alike;

impl<U> Rules<U> for Alike {
    fn of(&self, _: usize) -> (Ruling<U>, usize) {
        (Ruling::Usual, usize::MAX)
    }
}

/// Gradients are kept of all tensors but frozen ones.
pub struct Awake<'a> {
    /// All tensors.
    pub tensors: &'static [Tensor],
    /// How they are trained.
    pub courses: &'a Courses,
}

impl Rules<Store> for Awake<'_> {
    fn of(&self, block: usize) -> (Ruling<Store>, usize) {
        let Some((index, _, end)) = find(self.tensors, block) else {
            return (Ruling::Usual, usize::MAX);
        };
        match self.courses.course(index).frozen_since {
            Some(_) => (Ruling::Frozen, end),
            None => (Ruling::Usual, end),
        }
    }
}

/// The learnt tensor that a block is of, its index, and where it ends.
fn find(tensors: &'static [Tensor], block: usize) -> Option<(usize, &'static Tensor, usize)> {
    let mut end = 0;
    learnt(tensors).enumerate().find_map(|(index, tensor)| {
        end += tensor.blocks;
        (block < end).then_some((index, tensor, end))
    })
}
