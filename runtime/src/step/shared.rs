//! What a step does for all samples at once: transposed weights, what samples have in common, statistics.

use crate::{
    batch::Batch,
    block::Block,
    model::Model,
    network::Network,
    simd::{Isa, Task},
};
use core::marker::PhantomData;

/// Where samples meet.
pub struct Fold<'a, N> {
    pub pass: usize,
    pub batch: Batch<'a>,
    pub joint: &'a mut [Block],
    pub network: PhantomData<fn() -> N>,
}

impl<N: Model> Task for Fold<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        N::Network::fold(s, self.pass, self.batch, self.joint);
    }
}

/// Statistics follow a batch.
pub struct Follow<'a, N> {
    pub joint: &'a [Block],
    pub arena: &'a mut [Block],
    pub network: PhantomData<fn() -> N>,
}

impl<N: Model> Task for Follow<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        N::Network::follow(s, self.joint, self.arena);
    }
}

/// Refreshes a stretch of the transposed weights.
pub struct Transpose<'a, N> {
    pub parameters: &'a [Block],
    /// The first block of `transposed` among all.
    pub first: usize,
    pub transposed: &'a mut [Block],
    pub network: PhantomData<fn() -> N>,
}

impl<N: Model> Task for Transpose<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        N::Network::transpose(s, self.parameters, self.first, self.transposed);
    }
}
