//! An optimizer with what it remembers of a network.

#[cfg(feature = "files")]
mod saved;

#[cfg(feature = "alloc")]
use super::courses::Wish;
use super::{
    courses::{Courses, Guided},
    cuts::Uncut,
    gradient::{self, Factor},
    limits, statistics,
};
#[cfg(feature = "alloc")]
use crate::value::filled;
use crate::{
    block::Block,
    error::{Found, Result, check_lent},
    model::Model,
    network::Network,
    optimizer::{Optimizer, State, check_factor},
    parameters::Parameters,
    schedule::{Schedule, set_momentum},
    simd,
};
use core::marker::PhantomData;

/// A network's descent: an optimizer, its moments, and the count of its steps. For a loop of one's own; a `Trainer` has its
/// own. The moments are allocated, or lent: then `M` is what holds them, such as an array or a slice.
///
/// A descent is a value: a clone continues from the same step. With the feature `files` it can be saved and loaded,
/// alone or together with its network. The rate of the next step is the optimizer's, `descent.optimizer.learning_rate`,
/// times the factor of [`scale_learning_rate`](Self::scale_learning_rate).
///
/// ```
/// use kiln::{Descent, Model, Mse, Result, Sgd, Training};
///
/// fn learn<N: Model<Output = [f32; 1]>>(net: &mut N, inputs: &[N::Input], targets: &[[f32; 1]]) -> Result<()> {
///     let mut training = Training::new(net, inputs.len())?;
///     let mut descent = Descent::new(net, Sgd::new(0.1).momentum(0.9))?;
///     for step in 0..100 {
///         training.backward(net, inputs, targets, &Mse)?;
///         descent.scale_learning_rate(1.0 / (1.0 + step as f64))?;
///         descent.apply(net, training.gradients())?;
///     }
///     Ok(())
/// }
/// ```
pub struct Descent<N, O: Optimizer, M = Owned<State<O>>> {
    /// The rule. Its numbers may be changed between steps.
    pub optimizer: O,
    state: M,
    taken: u64,
    factor: f64,
    courses: Courses,
    network: PhantomData<fn(&N)>,
}

impl<N, O: Optimizer + Clone, M: Clone> Clone for Descent<N, O, M> {
    fn clone(&self) -> Self {
        Self {
            optimizer: self.optimizer.clone(),
            state: self.state.clone(),
            taken: self.taken,
            factor: self.factor,
            courses: self.courses.clone(),
            network: PhantomData,
        }
    }
}

/// The step that comes next, how tensors are trained by it, and what is remembered.
pub(super) type Begun<'a, O> = (<O as Optimizer>::Step, Guided<'a, O>, &'a mut [State<O>]);

/// What the rule remembers, where nothing else is said.
#[cfg(feature = "alloc")]
type Owned<T> = alloc::vec::Vec<T>;
#[cfg(not(feature = "alloc"))]
type Owned<T> = &'static mut [T];

#[cfg(feature = "alloc")]
impl<N: Model, O: Optimizer> Descent<N, O> {
    /// Allocates what the rule remembers of a network like `net`.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) if a number of the optimizer is of no use, such as a negative
    /// learning rate, [`Error::Memory`](crate::error::Error::Memory) if there is no memory for what the rule remembers.
    pub fn new(_: &N, optimizer: O) -> Result<Self> {
        optimizer.check()?;
        let state = filled("the optimizer's moments", N::Network::LEARNT_BLOCKS)?;
        Self::lent(optimizer, state)
    }
}

impl<N: Model, O: Optimizer, M: AsMut<[State<O>]>> Descent<N, O, M> {
    /// Takes memory for what the rule remembers: `kiln::memory::moments` items, each as it begins.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) if a number of the optimizer is of no use,
    /// [`Error::Lent`](crate::error::Error::Lent) if there are fewer items.
    pub fn lent(optimizer: O, mut state: M) -> Result<Self> {
        optimizer.check()?;
        check_lent("moments", N::Network::LEARNT_BLOCKS, state.as_mut().len())?;
        Ok(Self {
            optimizer,
            state,
            taken: 0,
            factor: 1.0,
            courses: Courses::default(),
            network: PhantomData,
        })
    }

    /// Multiplies the learning rate of the optimizer by `factor` from now on, as a schedule does.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) if the factor is negative, NaN or beyond `f32`; the
    /// one before stays then.
    pub fn scale_learning_rate(&mut self, factor: f64) -> Result<()> {
        check_factor("scale_learning_rate", factor, || {
            Found::After(factor, self.taken)
        })?;
        self.factor = factor;
        Ok(())
    }

    /// Takes the next step by a schedule: with its factor of the learning rate, and its momentum if it has one. Both
    /// stay until they are set again.
    ///
    /// ```
    /// use kiln::{Model, Mse, Result, Training, prelude::*, schedule::OneCycle};
    ///
    /// fn learn<N: Model<Output = [f32; 1]>>(net: &mut N, inputs: &[N::Input], targets: &[[f32; 1]]) -> Result<()> {
    ///     let mut training = Training::new(net, inputs.len())?;
    ///     let mut descent = Descent::new(net, Adam::new(0.01))?;
    ///     let schedule = OneCycle::new(100);
    ///     while descent.steps() < 100 {
    ///         training.backward(net, inputs, targets, &Mse)?;
    ///         descent.follow(&schedule)?;
    ///         descent.apply(net, training.gradients())?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) if the factor is negative, NaN or beyond `f32`, or the
    /// optimizer has no momentum or does not take it; factor and momentum are then as they were.
    pub fn follow(&mut self, schedule: &dyn Schedule) -> Result<()> {
        let step = self.taken;
        let factor = schedule.factor(step);
        check_factor("schedule", factor, || Found::After(factor, step))?;
        set_momentum(&mut self.optimizer, schedule.momentum(step))?;
        self.factor = factor;
        Ok(())
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.taken
    }

    /// Leaves tensors of one axis out of weight decay: biases, and the weights of norms. The decay of matrices and kernels stays.
    ///
    /// ```
    /// use kiln::{AdamW, Descent, Model, Result};
    ///
    /// fn descent<N: Model>(net: &N) -> Result<Descent<N, AdamW>> {
    ///     Ok(Descent::new(net, AdamW::new(1e-3).weight_decay(0.1))?.decay_matrices_only())
    /// }
    /// ```
    pub fn decay_matrices_only(mut self) -> Self {
        self.courses.spares_vectors = true;
        self
    }

    /// Leaves the parameters that are named `prefix`, or begin with it and a dot, as they are from the next step on: neither
    /// gradients nor weight decay change them, and their moments wait. Statistics of `BatchNorm` still follow the batches.
    ///
    /// ```
    /// use kiln::prelude::*;
    ///
    /// model! {
    ///     struct Two(x: [4]) -> [2] { first: Dense(8), Relu, last: Dense(2) }
    /// }
    ///
    /// let net = Two::new(Seed(1));
    /// let mut descent = Descent::new(&net, Adam::default())?;
    /// descent.freeze("first")?;
    /// assert!(descent.freeze("frist").is_err());
    /// descent.thaw("first")?;
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownParameter`](crate::error::Error::UnknownParameter) with the nearest name, if no parameter that is learnt has
    /// this one.
    #[cfg(feature = "alloc")]
    pub fn freeze(&mut self, prefix: &str) -> Result<()> {
        self.grant(prefix, Wish::Freeze)
    }

    /// Lets parameters that were frozen learn again. Their count of steps goes on where it was, as PyTorch's does.
    ///
    /// # Errors
    ///
    /// As [`freeze`](Self::freeze).
    #[cfg(feature = "alloc")]
    pub fn thaw(&mut self, prefix: &str) -> Result<()> {
        self.grant(prefix, Wish::Thaw)
    }

    /// Multiplies the learning rate of the parameters that are named `prefix`, or begin with it and a dot, by `factor`.
    ///
    /// # Errors
    ///
    /// As [`freeze`](Self::freeze), and [`Error::Setting`](crate::error::Error::Setting) if the factor is negative, NaN or beyond
    /// `f32`.
    #[cfg(feature = "alloc")]
    pub fn rate(&mut self, prefix: &str, factor: f64) -> Result<()> {
        self.grant(prefix, Wish::Rate(factor))
    }

    /// Grants a wish for some parameters.
    #[cfg(feature = "alloc")]
    fn grant(&mut self, prefix: &str, wish: Wish) -> Result<()> {
        let courses = &mut self.courses;
        courses.grant(N::Network::TENSORS, prefix, wish, self.taken)
    }

    /// Takes one step: changes every parameter of `net` by its gradient. Statistics, as those of `BatchNorm`, follow the batch
    /// that the gradients are of; gradients of no batch, as there are before the first `backward`, leave them as they are.
    ///
    /// Gradients that are applied twice are two steps: what is learnt moves twice, and the statistics follow their batch
    /// twice and count it twice. A `backward` that fails leaves the gradients of the batch before, so that its error should
    /// end the step.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) if a number of the optimizer was changed to one that is of no use.
    /// No step is taken then.
    pub fn apply(&mut self, net: &mut N, gradients: Parameters<N, &[Block]>) -> Result<()> {
        self.apply_in(&mut net.parameters_mut(), &gradients)
    }

    /// Takes one step as [`apply`](Self::apply) does, in parameters that lie anywhere.
    ///
    /// # Errors
    ///
    /// As `apply`.
    pub fn apply_in<A, G>(
        &mut self,
        net: &mut Parameters<N, A>,
        gradients: &Parameters<N, G>,
    ) -> Result<()>
    where
        A: AsMut<[Block]>,
        G: AsRef<[Block]>,
    {
        check_lent(
            "gradients",
            N::Network::LEARNT_BLOCKS,
            gradients.blocks().len(),
        )?;
        let arena = net.arena_mut()?;
        let (weights, statistics) = arena.split_at_mut(N::Network::LEARNT_BLOCKS);
        let (update, guided, state) = self.begin()?;
        let (level, gains) = (simd::level(), gradients.gains());
        let gradients = gradients.blocks();
        gradient::apply(
            level,
            (&update, guided.rules()),
            Factor::ONE,
            &Uncut,
            gradients,
            weights,
            state,
        );
        limits::hold::<N::Network, _>(level, guided.rules(), None, 1, weights);
        if let Some(gains) = gains {
            statistics::gain::<N>(statistics, gains);
        }
        self.end();
        Ok(())
    }

    /// Begins a step.
    pub(super) fn begin(&mut self) -> Result<Begun<'_, O>> {
        self.optimizer.check()?;
        let state = self.state.as_mut();
        let all = state.len().min(N::Network::LEARNT_BLOCKS);
        check_lent("moments", N::Network::LEARNT_BLOCKS, all)?;
        let update = self.optimizer.step(self.taken, self.factor);
        let guided = Guided {
            optimizer: &self.optimizer,
            taken: self.taken,
            factor: self.factor,
            tensors: N::Network::TENSORS,
            courses: &self.courses,
        };
        Ok((update, guided, &mut state[..all]))
    }

    /// The step was taken.
    pub(super) fn end(&mut self) {
        self.taken += 1;
    }
}
