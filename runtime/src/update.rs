//! What happens to a gradient the moment it is finished in registers.

use crate::block::Block;
use fearless_simd::{Simd, f32x16};

/// Consumes the gradient of one block of weights: an optimizer's step, or a store to the gradient arena.
pub trait Update: Sync {
    /// What the rule remembers for each block of weights (Adam: two blocks; plain gradient descent: none).
    type State: Copy + Default + Send + Sync + 'static;

    /// Applies the gradient to the weights. A zero gradient on a zero weight with zero state must leave all zero,
    /// so that padding lanes stay zero.
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

    #[inline(always)]
    fn apply<S: Simd>(&self, _: S, gradient: f32x16<S>, weight: &mut Block, _: &mut ()) {
        weight.store(gradient);
    }
}
