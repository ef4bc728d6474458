//! What happens to a gradient the moment it is finished in registers.

use crate::{block::Block, network::Penalty};
use fearless_simd::{Simd, f32x16, prelude::*};

/// Consumes the gradient of one block of weights: an optimizer's step, or a store to the gradient arena.
pub trait Update: Sync {
    /// What the rule remembers for each block of weights (Adam: two blocks; plain gradient descent: none).
    type State: Copy + Default + Send + Sync + 'static;

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

/// Adds a penalty's gradient, `l1 sign(w) + 2 l2 w`, before the inner rule sees it.
///
/// Around [`Store`] it does nothing: there the weights are out of reach, and [`Penalty::add_to`] follows as a pass of
/// its own.
pub struct Regularized<'a, U> {
    inner: &'a U,
    penalty: Penalty,
}

impl<'a, U: Update> Regularized<'a, U> {
    /// The rule `inner` with `penalty`.
    #[inline(always)]
    pub fn new(inner: &'a U, penalty: Penalty) -> Self {
        Self { inner, penalty }
    }
}

impl<U: Update> Update for Regularized<'_, U> {
    type State = U::State;
    const CHANGES_WEIGHTS: bool = U::CHANGES_WEIGHTS;

    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        state: &mut Self::State,
    ) {
        let gradient = if U::CHANGES_WEIGHTS {
            self.penalty.add(s, gradient, weight.load(s))
        } else {
            gradient
        };
        self.inner.apply(s, gradient, weight, state);
    }
}

impl Penalty {
    /// The gradient with the penalty's own, where sign(0) = 0.
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
        if *self == Self::default() {
            return;
        }
        for (gradient, weight) in gradients.iter_mut().zip(weights) {
            gradient.store(self.add(s, gradient.load(s), weight.load(s)));
        }
    }

    /// `l1 * sum |w| + l2 * sum w^2` of a tensor.
    pub fn loss(&self, weights: &[Block]) -> f64 {
        let numbers = weights.iter().flat_map(|block| block.0).map(f64::from);
        let one = |w: f64| f64::from(self.l1) * w.abs() + f64::from(self.l2) * w * w;
        numbers.map(one).sum()
    }
}
