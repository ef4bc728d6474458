//! Gradients as they are finished: a rule changes the weights at once, or they are kept.

use super::{cuts::Cuts, limits, share::stretches};
use crate::{
    batch::{Batch, Place},
    block::Block,
    model::Model,
    network::Network,
    simd::{self, HAS_VECTORS, Isa, Task},
    tensor::Penalty,
    update::{Consumer, Rules, Sink, Store, Stretch, Update},
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::Level;

/// Where the gradients of a step go. An object, so that the passes are compiled once for all rules.
pub trait Gradients: Sync {
    /// The parameters that forward and backward read.
    fn parameters(&self) -> &[Block];

    /// Whether any gradient is wanted.
    fn wanted(&self) -> bool {
        true
    }

    /// Finishes gradients, in stretches between `cuts`.
    fn finish(&mut self, level: Level, of: Unfinished<'_>, cuts: &dyn Cuts);
}

/// What gradients are finished of.
#[derive(Clone, Copy)]
pub enum Unfinished<'a> {
    /// The deltas of a batch, of what is updated after a pass.
    Deltas {
        /// The pass.
        pass: usize,
        /// All samples.
        batch: Batch<'a>,
    },
    /// Sums of gradients over samples, one after another, each as long as what is learnt.
    Sums(&'a [Block]),
}

/// A rule changes the weights.
pub struct Applied<'a, N, U: Update> {
    /// The rule.
    pub update: &'a U,
    /// Those of tensors that have their own.
    pub rules: &'a dyn Rules<U>,
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

    fn finish(&mut self, level: Level, of: Unfinished<'_>, cuts: &dyn Cuts) {
        let weights = &mut self.arena[..N::Network::LEARNT_BLOCKS];
        let rules = (self.update, self.rules);
        finish::<N, U>(level, rules, of, cuts, weights, self.state);
        let pass = match of {
            Unfinished::Deltas { pass, .. } => Some(pass),
            Unfinished::Sums(_) => None,
        };
        limits::hold::<N::Network, U>(level, self.rules, pass, cuts.count(), weights);
    }
}

/// The gradients are kept.
pub struct Kept<'a, N> {
    /// The parameter arena.
    pub parameters: &'a [Block],
    /// Gradients of what is learnt.
    pub gradients: &'a mut [Block],
    /// Which of them are wanted.
    pub rules: &'a dyn Rules<Store>,
    /// Whose parameters they are.
    pub network: PhantomData<fn() -> N>,
}

impl<N: Model> Gradients for Kept<'_, N> {
    fn parameters(&self) -> &[Block] {
        self.parameters
    }

    fn finish(&mut self, level: Level, of: Unfinished<'_>, cuts: &dyn Cuts) {
        // What `Store` remembers: nothing, as often as it is asked for.
        let nothing = &mut [(); usize::MAX][..self.gradients.len()];
        let rules = (&Store, self.rules);
        finish::<N, Store>(level, rules, of, cuts, self.gradients, nothing);
    }
}

/// Parameters are only read.
pub struct Read<'a>(pub &'a [Block]);

impl Gradients for Read<'_> {
    fn parameters(&self) -> &[Block] {
        self.0
    }

    fn wanted(&self) -> bool {
        false
    }

    fn finish(&mut self, _: Level, _: Unfinished<'_>, _: &dyn Cuts) {}
}

/// Finishes gradients and hands them to a rule.
fn finish<N: Model, U: Update>(
    level: Level,
    (update, rules): (&U, &dyn Rules<U>),
    of: Unfinished<'_>,
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
            rules,
            of,
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
    rules: &'a dyn Rules<U>,
    of: Unfinished<'a>,
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
        let sink = Consumer::new(s, self.update, self.weights, self.state);
        let mut sink = sink.ruled(self.rules);
        match self.of {
            Unfinished::Deltas { pass, batch } => {
                N::Network::update(s, pass, batch, self.first, &mut sink);
            }
            Unfinished::Sums(sums) => join::<S, N>(s, sums, self.first, &mut sink),
        }
    }
}

/// Blocks of gradients that are joined before they are handed over.
const JOINED: usize = if HAS_VECTORS { 64 } else { 4 };

/// Adds up the sums of a stretch that begins at block `first`, in their order, and hands them over.
fn join<S: Isa, N: Model>(s: S, sums: &[Block], first: usize, sink: &mut dyn Sink) {
    let mut offset = 0;
    for tensor in N::Network::TENSORS {
        let Some(penalty) = tensor.learnt() else {
            break;
        };
        let place = Place::new(offset, tensor.blocks);
        if let Some(mut stretch) = Stretch::of(sink, first, place, penalty) {
            let Range { mut start, end } = stretch.range();
            while start < end {
                let here = start..end.min(start + JOINED);
                let mut joined = [Block::ZERO; JOINED];
                let joined = &mut joined[..here.len()];
                for (index, sum) in sums.chunks_exact(N::Network::LEARNT_BLOCKS).enumerate() {
                    let sum = &sum[offset + here.start..][..here.len()];
                    add(s, joined, sum, index == 0);
                }
                stretch.finish(here.start, joined);
                start = here.end;
            }
        }
        offset += tensor.blocks;
    }
}

/// Adds gradients to sums, or begins them.
fn add<S: Isa>(s: S, sums: &mut [Block], gradients: &[Block], begins: bool) {
    if begins {
        return sums.copy_from_slice(gradients);
    }
    s.vectorize(
        #[inline(always)]
        || {
            for (sum, gradient) in sums.iter_mut().zip(gradients) {
                sum.store(sum.load(s) + gradient.load(s));
            }
        },
    );
}

/// The gradients of a chunk, which are added to those of the chunks before it.
pub struct Adding<'a, S> {
    /// The instruction set.
    pub s: S,
    /// A sum for everything that is learnt.
    pub sums: &'a mut [Block],
    /// Whether no chunk came before.
    pub begins: bool,
}

impl<S: Isa> Sink for Adding<'_, S> {
    fn blocks(&self) -> usize {
        self.sums.len()
    }

    /// The penalty is added once, where sums are joined.
    fn finish(&mut self, at: usize, gradients: &[Block], _: &Penalty) {
        let sums = &mut self.sums[at..][..gradients.len()];
        add(self.s, sums, gradients, self.begins);
    }
}
