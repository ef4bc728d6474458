//! Gradients as they are finished: a rule changes the weights at once, or they are kept.

use super::{cuts::Cuts, share::stretches};
use crate::{
    batch::Batch,
    block::Block,
    model::Model,
    network::Network,
    simd::{self, Isa, Task},
    update::{Consumer, Store, Update},
};
use core::marker::PhantomData;
use fearless_simd::Level;

/// Where the gradients of a step go. An object, so that the passes are compiled once for all rules.
pub trait Gradients: Sync {
    /// The parameters that forward and backward read.
    fn parameters(&self) -> &[Block];

    /// Finishes the gradients whose deltas are there after a pass, in stretches between `cuts`.
    fn finish(&mut self, level: Level, pass: usize, batch: Batch<'_>, cuts: &dyn Cuts);
}

/// A rule changes the weights.
pub struct Applied<'a, N, U: Update> {
    /// The rule.
    pub update: &'a U,
    /// The parameter arena.
    pub arena: &'a mut [Block],
    /// What the rule remembers.
    pub state: &'a mut [U::State],
    /// Whose parameters they are.
    pub network: PhantomData<fn() -> N>,
}

impl<N: Model, U: Update> Gradients for Applied<'_, N, U> {
    fn parameters(&self) -> &[Block] {
        self.arena
    }

    fn finish(&mut self, level: Level, pass: usize, batch: Batch<'_>, cuts: &dyn Cuts) {
        let weights = &mut self.arena[..N::Network::LEARNT_BLOCKS];
        finish::<N, U>(level, self.update, (pass, batch), cuts, weights, self.state);
    }
}

/// The gradients are kept.
pub struct Kept<'a, N> {
    /// The parameter arena.
    pub parameters: &'a [Block],
    /// Gradients of what is learnt.
    pub gradients: &'a mut [Block],
    /// Whose parameters they are.
    pub network: PhantomData<fn() -> N>,
}

impl<N: Model> Gradients for Kept<'_, N> {
    fn parameters(&self) -> &[Block] {
        self.parameters
    }

    fn finish(&mut self, level: Level, pass: usize, batch: Batch<'_>, cuts: &dyn Cuts) {
        // What `Store` remembers: nothing, as often as it is asked for.
        let nothing = &mut [(); usize::MAX][..self.gradients.len()];
        let at = (pass, batch);
        finish::<N, Store>(level, &Store, at, cuts, self.gradients, nothing);
    }
}

/// Finishes gradients after a pass, and hands them to a rule.
fn finish<N: Model, U: Update>(
    level: Level,
    update: &U,
    (pass, batch): (usize, Batch<'_>),
    cuts: &dyn Cuts,
    weights: &mut [Block],
    state: &mut [U::State],
) {
    stretches(cuts, (weights, state), &|first,
                                        (weights, state): (
        &mut [Block],
        &mut [_],
    )| {
        let work = Panels::<N, U> {
            update,
            pass,
            batch,
            first,
            weights,
            state,
            network: PhantomData,
        };
        simd::dispatch(level, work);
    });
}

/// The gradients of a stretch of the arena.
struct Panels<'a, N, U: Update> {
    update: &'a U,
    pass: usize,
    batch: Batch<'a>,
    /// The first block of `weights` in the arena.
    first: usize,
    weights: &'a mut [Block],
    state: &'a mut [U::State],
    network: PhantomData<fn() -> N>,
}

impl<N: Model, U: Update> Task for Panels<'_, N, U> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let mut sink = Consumer::new(s, self.update, self.weights, self.state);
        N::Network::update(s, self.pass, self.batch, self.first, &mut sink);
    }
}
