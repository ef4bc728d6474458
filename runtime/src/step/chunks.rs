//! One pass over some chunks of a batch.

use super::{
    share::join,
    source::{Source, Targets},
    turn::Turn,
};
use crate::{
    block::Block,
    loss::Score,
    model::Model,
    network::{Network, Rows},
    simd::{self, Isa, Task},
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::Level;

/// What a step is about, besides the samples.
pub struct Step<'a, L> {
    /// What stands between forward and backward.
    pub turn: &'a L,
    /// Seed of everything random.
    pub seed: u64,
    /// Step, counted from 0.
    pub step: u64,
}

impl<L> Clone for Step<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for Step<'_, L> {}

/// Passes of a step: the last forward is the first backward, too. Those that a turn has are a part of all.
pub fn passes<N: Model, T>(turn: &impl Turn<N, T>) -> Range<usize> {
    let (forward, backward) = (N::Network::FORWARD_PASSES, N::Network::BACKWARD_PASSES);
    let start = if turn.comes() { 0 } else { forward - 1 };
    let end = if turn.returns() { backward - 1 } else { 0 };
    start..forward + end
}

/// A pass over some chunks.
pub struct Chunks<'a, N: Model, T, L, F, G> {
    /// The instruction set.
    pub level: Level,
    /// The parameter arena.
    pub parameters: &'a [Block],
    /// The step.
    pub step: Step<'a, L>,
    /// The last forward pass is the first backward pass, too.
    pub pass: usize,
    /// Transposed weights.
    pub transposed: &'a [Block],
    /// What the samples of the batch have in common.
    pub joint: &'a [Block],
    /// Samples of a chunk, at most.
    pub capacity: usize,
    /// Index of the first row in the batch.
    pub first: usize,
    /// Memory of the chunks.
    pub chunks: &'a mut [Block],
    /// As many as there are rows.
    pub scores: &'a mut [Score],
    /// Two for each chunk, where the network needs them.
    pub pairs: &'a mut [N::Output],
    /// Where the samples come from.
    pub source: &'a F,
    /// Their targets.
    pub targets: G,
    /// What a target is.
    pub target: PhantomData<fn(T)>,
}

impl<N, T, L, F, G> Chunks<'_, N, T, L, F, G>
where
    N: Model,
    L: Turn<N, T>,
    F: Source<N, T>,
    G: Targets<T>,
{
    /// Splits in two until one chunk is left.
    pub fn fork(self) {
        let count = self.scores.len().div_ceil(self.capacity);
        if count <= 1 {
            return self.leaf();
        }
        let (left, right) = self.split(count / 2);
        join(|| left.fork(), || right.fork());
    }

    /// One chunk. What it holds is no part of the frames of those that wait for it.
    #[inline(never)]
    fn leaf(self) {
        simd::dispatch(self.level, self);
    }

    /// The first `chunks` chunks, and the others.
    fn split(self, chunks: usize) -> (Self, Self) {
        let rows = chunks * self.capacity;
        self.divide(rows, chunks)
    }

    /// The first `rows` samples with the memory of `chunks` chunks, and the others.
    pub fn divide(self, rows: usize, chunks: usize) -> (Self, Self) {
        let memory = chunks * self.capacity * N::Network::TRAIN_BLOCKS;
        let pairs = if N::Network::NEEDS_PAIR {
            2 * chunks
        } else {
            0
        };
        let (pairs, other_pairs) = self.pairs.split_at_mut(pairs);
        let (chunks, other_chunks) = self.chunks.split_at_mut(memory);
        let (scores, other_scores) = self.scores.split_at_mut(rows);
        let (targets, other_targets) = self.targets.split(rows);
        let left = Self {
            chunks,
            scores,
            pairs,
            targets,
            ..self
        };
        let right = Self {
            first: self.first + rows,
            chunks: other_chunks,
            scores: other_scores,
            pairs: other_pairs,
            targets: other_targets,
            ..self
        };
        (left, right)
    }
}

impl<N, T, L, F, G> Task for Chunks<'_, N, T, L, F, G>
where
    N: Model,
    L: Turn<N, T>,
    F: Source<N, T>,
    G: Targets<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Step { turn, seed, step } = self.step;
        let chunks = self
            .chunks
            .chunks_mut((self.capacity * N::Network::TRAIN_BLOCKS).max(1));
        let chunks = chunks.zip(self.scores.chunks_mut(self.capacity));
        let (pass, mut targets, mut first) = (self.pass, self.targets, self.first);
        for (chunk, scores) in chunks {
            let rows = Rows {
                parameters: self.parameters,
                transposed: self.transposed,
                joint: self.joint,
                capacity: self.capacity,
                rows: scores.len(),
                first,
                seed,
                step,
                asked: turn.asks(),
            };
            let (mut here, others) = targets.split(scores.len());
            if pass == 0 && turn.comes() {
                let positions = first..first + scores.len();
                self.source
                    .load(s, positions, here.gathered(), chunk, self.capacity);
            }
            if pass < N::Network::FORWARD_PASSES && turn.comes() {
                N::Network::forward_rows(s, pass, rows, chunk);
            }
            if pass + 1 == N::Network::FORWARD_PASSES {
                let targets = here.lent();
                turn.turn(s, rows, chunk, targets, scores, self.pairs);
            }
            if let (Some(pass), true) = (
                (pass + 1).checked_sub(N::Network::FORWARD_PASSES),
                turn.returns(),
            ) {
                N::Network::backward_rows(s, pass, rows, chunk);
                if turn.asks() && pass + 1 == N::Network::BACKWARD_PASSES {
                    turn.arrive(s, rows, chunk, here.lent());
                }
            }
            (targets, first) = (others, first + scores.len());
        }
    }
}
