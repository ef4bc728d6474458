//! Chunks that go through all passes one after another, and leave nothing but sums of gradients.

use super::{
    chunks::{Chunks, passes},
    finish::Adding,
    share::join,
    source::{Source, Targets},
    turn::Turn,
};
use crate::{
    batch::Batch,
    block::Block,
    model::Model,
    network::Network,
    simd::{self, Isa, Task},
};
use core::marker::PhantomData;

/// Chunks whose gradients are summed: the memory of one chunk for each thread.
pub struct Summed<'a, N: Model, T, L, F, G> {
    /// All of them, in as much memory as there is.
    pub chunks: Chunks<'a, N, T, L, F, G>,
    /// The sums, one after another.
    pub sums: &'a mut [Block],
    /// Chunks of a sum.
    pub each: usize,
    /// Whether gradients are wanted.
    pub wanted: bool,
}

impl<N, T, L, F, G> Summed<'_, N, T, L, F, G>
where
    N: Model,
    L: Turn<N, T>,
    F: Source<N, T>,
    G: Targets<T>,
{
    /// Splits in two until one chunk's memory is left, or one sum.
    pub fn fork(self) {
        let slot = self.chunks.capacity * N::Network::TRAIN_BLOCKS;
        let slots = self.chunks.chunks.len() / slot.max(1);
        let sums = self.sums.len() / N::Network::LEARNT_BLOCKS.max(1);
        if slots <= 1 || sums <= 1 {
            return self.leaf();
        }
        let left = sums * (slots / 2) / slots;
        let (left, right) = self.split(left.max(1), slots / 2);
        join(|| left.fork(), || right.fork());
    }

    /// What it holds is no part of the frames of those that wait for it.
    #[inline(never)]
    fn leaf(self) {
        simd::dispatch(self.chunks.level, self);
    }

    /// The first `sums` with the memory of `slots` chunks, and the others.
    fn split(self, sums: usize, slots: usize) -> (Self, Self) {
        let Self {
            chunks,
            each,
            wanted,
            ..
        } = self;
        let rows = (sums * each * chunks.capacity).min(chunks.scores.len());
        let (left_sums, right_sums) = self.sums.split_at_mut(sums * N::Network::LEARNT_BLOCKS);
        let (left, right) = chunks.divide(rows, slots);
        let left = Self {
            chunks: left,
            sums: left_sums,
            each,
            wanted,
        };
        let right = Self {
            chunks: right,
            sums: right_sums,
            each,
            wanted,
        };
        (left, right)
    }
}

impl<N, T, L, F, G> Task for Summed<'_, N, T, L, F, G>
where
    N: Model,
    L: Turn<N, T>,
    F: Source<N, T>,
    G: Targets<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Self {
            chunks,
            sums,
            each,
            wanted,
        } = self;
        let updates = wanted && chunks.step.turn.returns();
        let capacity = chunks.capacity;
        let (mut scores, mut targets, mut first) = (chunks.scores, chunks.targets, chunks.first);
        for sum in sums.chunks_exact_mut(N::Network::LEARNT_BLOCKS.max(1)) {
            for index in 0..each {
                let rows = capacity.min(scores.len());
                if rows == 0 {
                    break;
                }
                let (here, later) = scores.split_at_mut(rows);
                let (mut its_targets, other_targets) = targets.split(rows);
                for pass in passes::<N, T>(chunks.step.turn) {
                    let chunk = Chunks::<N, T, L, F, _> {
                        level: chunks.level,
                        parameters: chunks.parameters,
                        step: chunks.step,
                        pass,
                        transposed: chunks.transposed,
                        joint: chunks.joint,
                        capacity,
                        first,
                        chunks: &mut *chunks.chunks,
                        scores: &mut *here,
                        pairs: &mut *chunks.pairs,
                        source: chunks.source,
                        targets: its_targets.lent(),
                        target: PhantomData,
                    };
                    chunk.run(s);
                    if !updates {
                        continue;
                    }
                    let chunk = Batch::new(chunks.chunks, N::Network::TRAIN_BLOCKS, capacity, rows);
                    let mut adding = Adding {
                        s,
                        sums: &mut *sum,
                        begins: index == 0,
                    };
                    N::Network::update(s, pass, chunk, 0, &mut adding);
                }
                (scores, targets, first) = (later, other_targets, first + rows);
            }
        }
    }
}
