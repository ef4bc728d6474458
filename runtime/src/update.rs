//! What happens to a gradient the moment it is finished in registers.

use crate::{batch::Place, block::Block, tensor::Penalty};
use bytemuck::Pod;
use core::ops::Range;
use fearless_simd::{Simd, f32x16, prelude::*};

/// Consumes the gradient of one block of weights: an optimizer's step, or a store to the gradient arena.
pub trait Update: Sync {
    /// What the rule remembers for each block of weights (Adam: two blocks; plain gradient descent: none). Blocks, such as
    /// `[Block; 2]`, are read and written by checkpoints as tensors of the weights' shapes.
    type State: Pod + Default + Send + Sync;

    /// Whether the blocks it is handed are weights; [`Store`] is handed the gradient arena.
    const CHANGES_WEIGHTS: bool = true;

    /// Applies the gradient to the weights. A zero gradient on a zero weight must leave the weight zero, whatever came
    /// before, so that padding lanes stay zero.
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        state: &mut Self::State,
    );
}

/// Stores gradients instead of applying them: the weights it is handed are the gradient arena.
pub struct Store;

impl Update for Store {
    type State = ();
    const CHANGES_WEIGHTS: bool = false;

    #[inline(always)]
    fn apply<S: Simd>(&self, _: S, gradient: f32x16<S>, weight: &mut Block, _: &mut ()) {
        weight.store(gradient);
    }
}

/// What becomes of the gradients of one tensor.
pub enum Ruling<U> {
    /// What becomes of all others.
    Usual,
    /// It has a rule of its own.
    Own(U),
    /// Nothing: none is wanted.
    Frozen,
}

/// The rules of a network's tensors.
pub trait Rules<U>: Sync {
    /// That of the tensor whose block of the arena `block` is, and the block at which the tensors that are ruled with it end.
    fn of(&self, block: usize) -> (Ruling<U>, usize);
}

/// Where the finished gradients of a stretch of the arena go. An object, so that the kernels of gradients are compiled
/// once for an instruction set, and not again for every rule.
pub trait Sink {
    /// Blocks of the stretch.
    fn blocks(&self) -> usize;

    /// Is told that gradients come of the tensor that begins at block `tensor` of the arena, before they do; `false` if it wants
    /// none.
    fn begin(&mut self, tensor: usize) -> bool {
        let _ = tensor;
        true
    }

    /// Takes the gradients of the blocks from `at` on, of which `penalty` is a part still missing.
    fn finish(&mut self, at: usize, gradients: &[Block], penalty: &Penalty);
}

/// Applies a rule to a stretch of weights.
pub struct Consumer<'a, S, U: Update> {
    s: S,
    update: &'a U,
    /// The rules of tensors, where they are not all alike.
    rules: Option<&'a dyn Rules<U>>,
    /// That of the present tensor, if it has its own.
    own: Option<U>,
    weights: &'a mut [Block],
    state: &'a mut [U::State],
}

impl<'a, S, U: Update> Consumer<'a, S, U> {
    /// The rule `update` for these weights and what it remembers of them.
    pub fn new(s: S, update: &'a U, weights: &'a mut [Block], state: &'a mut [U::State]) -> Self {
        Self {
            s,
            update,
            rules: None,
            own: None,
            weights,
            state,
        }
    }

    /// With the rules of tensors that may have their own.
    pub fn ruled(self, rules: &'a dyn Rules<U>) -> Self {
        Self {
            rules: Some(rules),
            ..self
        }
    }
}

impl<S: Simd, U: Update> Sink for Consumer<'_, S, U> {
    fn blocks(&self) -> usize {
        self.weights.len()
    }

    fn begin(&mut self, tensor: usize) -> bool {
        let Some(rules) = self.rules else {
            return true;
        };
        let (own, is_wanted) = match rules.of(tensor).0 {
            Ruling::Usual => (None, true),
            Ruling::Own(own) => (Some(own), true),
            Ruling::Frozen => (None, false),
        };
        self.own = own;
        is_wanted
    }

    /// Around [`Store`] the penalty is left out: there the weights are out of reach, and [`Penalty::add_to`] follows as a
    /// pass of its own.
    fn finish(&mut self, at: usize, gradients: &[Block], penalty: &Penalty) {
        let (s, update) = (self.s, self.own.as_ref().unwrap_or(self.update));
        let weights = &mut self.weights[at..][..gradients.len()];
        let state = &mut self.state[at..][..gradients.len()];
        let penalized = U::CHANGES_WEIGHTS && *penalty != Penalty::NONE;
        s.vectorize(
            #[inline(always)]
            || {
                for ((gradient, weight), state) in gradients.iter().zip(weights).zip(state) {
                    let mut gradient = gradient.load(s);
                    if penalized {
                        gradient = penalty.add(s, gradient, weight.load(s));
                    }
                    update.apply(s, gradient, weight, state);
                }
            },
        );
    }
}

/// The part of one tensor whose gradients a sink takes; blocks are counted within the tensor.
pub struct Stretch<'a> {
    sink: &'a mut dyn Sink,
    /// The first block's place in the sink.
    at: usize,
    range: Range<usize>,
    penalty: Penalty,
}

impl<'a> Stretch<'a> {
    /// All of a sink, as the blocks from `first` on of a tensor without penalty.
    pub fn new(sink: &'a mut dyn Sink, first: usize) -> Self {
        let range = first..first + sink.blocks();
        Self {
            sink,
            at: 0,
            range,
            penalty: Penalty::NONE,
        }
    }

    /// What of the tensor at `place` of the arena lies in a sink that begins at block `first`, if anything does and is wanted.
    #[inline]
    pub fn of(
        sink: &'a mut dyn Sink,
        first: usize,
        place: Place,
        penalty: Penalty,
    ) -> Option<Self> {
        let Range { start, end } = place.once();
        let from = start.max(first);
        let to = end.min(first + sink.blocks());
        (from < to && sink.begin(start)).then(|| Self {
            sink,
            at: from - first,
            range: from - start..to - start,
            penalty,
        })
    }

    /// The blocks that are asked for.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Hands over the gradients of the blocks from `block` on.
    #[inline]
    pub fn finish(&mut self, block: usize, gradients: &[Block]) {
        let at = block - self.range.start + self.at;
        self.sink.finish(at, gradients, &self.penalty);
    }
}

impl Penalty {
    /// No penalty.
    pub const NONE: Self = Self { l1: 0.0, l2: 0.0 };

    /// The gradient with the penalty's own, `l1 sign(w) + 2 l2 w`, where sign(0) = 0.
    #[inline(always)]
    fn add<S: Simd>(&self, s: S, gradient: f32x16<S>, weight: f32x16<S>) -> f32x16<S> {
        let zero = f32x16::splat(s, 0.0);
        let l1 = f32x16::splat(s, self.l1);
        let sign = weight.simd_gt(zero).select(l1, zero) - weight.simd_lt(zero).select(l1, zero);
        weight.mul_add(f32x16::splat(s, 2.0 * self.l2), gradient) + sign
    }

    /// Adds the penalty's gradient to a tensor's gradients.
    #[inline(always)]
    pub fn add_to<S: Simd>(&self, s: S, weights: &[Block], gradients: &mut [Block]) {
        if *self == Self::NONE {
            return;
        }
        for (gradient, weight) in gradients.iter_mut().zip(weights) {
            gradient.store(self.add(s, gradient.load(s), weight.load(s)));
        }
    }

    /// `l1 * sum |w| + l2 * sum w^2` of a tensor; the zeros between its numbers add nothing.
    pub fn loss(&self, weights: &[Block]) -> f64 {
        let numbers = weights.iter().flat_map(|block| block.0).map(f64::from);
        let one = |w: f64| f64::from(self.l1) * w.abs() + f64::from(self.l2) * w * w;
        numbers.map(one).sum()
    }
}
