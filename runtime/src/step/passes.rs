//! The passes of a step, over memory that is there from the beginning.

use super::{
    chunking::{Chunking, Lent, sums},
    cuts::{Learnt, Transposed},
    finish::{Adding, Gradients, Unfinished},
    share::{join, stretches},
    shared::{Fold, Follow, Transpose},
    source::{Source, Targets},
};
use crate::{
    batch::Batch,
    block::Block,
    error::{Result, check_lent},
    loss::Loss,
    model::Model,
    network::{Network, Rows, Score, count_blocks},
    simd::{self, Isa, Task},
};
use core::marker::PhantomData;
use fearless_simd::Level;

/// What a step is about, besides the samples.
pub struct Step<'a, L> {
    /// The loss.
    pub loss: &'a L,
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

/// Summed losses and accuracies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Sum of losses.
    pub loss: f64,
    /// Sum of accuracies, where the loss knows what that is.
    pub accuracy: Option<f64>,
    /// Samples.
    pub rows: usize,
}

impl Totals {
    /// Of no samples.
    pub const NONE: Self = Self {
        loss: 0.0,
        accuracy: Some(0.0),
        rows: 0,
    };

    /// Sums scores in their order, so that the sum does not depend on threads.
    pub fn of(scores: &[Score]) -> Self {
        let mut totals = Self::NONE;
        totals.extend(scores);
        totals
    }

    /// Adds more scores in their order.
    pub fn extend(&mut self, scores: &[Score]) {
        for score in scores {
            self.loss += f64::from(score.loss);
            let accuracy = self.accuracy.zip(score.accuracy);
            self.accuracy = accuracy.map(|(sum, share)| sum + f64::from(share));
        }
        self.rows += scores.len();
    }

    /// Adds another batch.
    pub fn add(&mut self, other: Self) {
        self.loss += other.loss;
        self.accuracy = self
            .accuracy
            .zip(other.accuracy)
            .map(|(sum, more)| sum + more);
        self.rows += other.rows;
    }
}

/// The passes of a step: how they are cut, and the memory that is lent for them.
pub struct Passes<'m, N: Model> {
    /// How they are cut.
    pub chunking: Chunking<N>,
    chunks: &'m mut [Block],
    transposed: &'m mut [Block],
    joint: &'m mut [Block],
    /// Sums of gradients, where chunks are summed.
    sums: &'m mut [Block],
    scores: &'m mut [Score],
    /// Room for an output and its delta in each chunk, where the network needs it.
    pairs: &'m mut [N::Output],
}

/// Into how many stretches the arena is cut for `parts` threads: more than there are threads, since work is guessed.
fn pieces(parts: usize) -> usize {
    if parts > 1 { 2 * parts } else { 1 }
}

impl<'m, N: Model> Passes<'m, N> {
    /// The passes over memory that the caller lends.
    pub fn new(chunking: Chunking<N>, memory: Lent<'m, N>) -> Result<Self> {
        let Lent {
            blocks,
            scores,
            outputs,
        } = memory;
        check_lent("blocks of a step", chunking.blocks(), blocks.len())?;
        check_lent("scores", chunking.batch.get(), scores.len())?;
        check_lent("outputs", chunking.outputs(), outputs.len())?;
        let blocks = &mut blocks[..chunking.blocks()];
        let (chunks, shared) = blocks.split_at_mut(chunking.slots() * chunking.chunk());
        let (transposed, shared) = shared.split_at_mut(count_blocks(N::Network::TRANSPOSED));
        let (joint, sums) = shared.split_at_mut(N::Network::JOINT_BLOCKS);
        Ok(Self {
            chunking,
            chunks,
            transposed,
            joint,
            sums,
            scores,
            pairs: outputs,
        })
    }

    /// How many there are: the last forward is the first backward, too.
    const COUNT: usize = N::Network::FORWARD_PASSES + N::Network::BACKWARD_PASSES - 1;

    /// Where the arena is cut for the updates after a pass; without one, for a rule that is applied to gradients.
    pub fn cuts(&self, pass: Option<usize>) -> Learnt {
        let Chunking { batch, parts, .. } = self.chunking;
        Learnt::new(N::Network::TENSORS, pass, batch.get(), pieces(parts))
    }

    /// Forward, loss and deltas of as many samples as there are targets, at most a batch; every gradient goes to
    /// `gradients` as soon as its deltas are there. Where samples meet, all chunks wait for each other.
    ///
    /// Nothing is learnt from a batch that is not sound or whose loss is not finite: nothing has gone to `gradients` then.
    pub fn run<T, L: Loss<N::Output, T>>(
        &mut self,
        step: Step<'_, L>,
        source: &impl Source<N, T>,
        mut targets: impl Targets<T>,
        gradients: &mut dyn Gradients,
    ) -> Totals {
        self.transpose(gradients.parameters());
        if const { N::Network::SUMS } {
            return self.run_summed(step, source, targets, gradients);
        }
        let rows = targets.all().len();
        let Chunking {
            level,
            capacity,
            parts,
            ..
        } = self.chunking;
        let mut totals = Totals::NONE;
        for pass in 0..Self::COUNT {
            let work = Chunks {
                level,
                parameters: gradients.parameters(),
                step,
                pass,
                transposed: self.transposed,
                joint: self.joint,
                capacity,
                first: 0,
                scale: 1.0 / rows as f32,
                chunks: self.chunks,
                scores: &mut self.scores[..rows],
                pairs: self.pairs,
                source,
                targets: targets.lent(),
                target: PhantomData,
            };
            if parts > 1 {
                work.fork();
            } else {
                simd::dispatch(level, work);
            }
            if pass + 1 == N::Network::FORWARD_PASSES {
                totals = Totals::of(&self.scores[..rows]);
                if !totals.loss.is_finite() || !source.is_sound() {
                    break;
                }
            }
            let batch = Batch::new(self.chunks, N::Network::TRAIN_BLOCKS, capacity, rows);
            if N::Network::JOINT_BLOCKS > 0 {
                let fold = Fold::<N> {
                    pass,
                    batch,
                    joint: self.joint,
                    network: PhantomData,
                };
                simd::dispatch(level, fold);
            }
            let mut tensors = N::Network::TENSORS.iter();
            if tensors.any(|tensor| tensor.is_updated_after(pass)) {
                let of = Unfinished::Deltas { pass, batch };
                gradients.finish(level, of, &self.cuts(Some(pass)));
            }
        }
        totals
    }

    /// [`run`](Self::run) where each chunk's gradients are added to sums at once: a sum is one thread's, and so is the chunk
    /// that it goes through. What is left of the batch are the sums.
    fn run_summed<T, L: Loss<N::Output, T>>(
        &mut self,
        step: Step<'_, L>,
        source: &impl Source<N, T>,
        mut targets: impl Targets<T>,
        gradients: &mut dyn Gradients,
    ) -> Totals {
        let rows = targets.all().len();
        let Chunking {
            level, capacity, ..
        } = self.chunking;
        let cuts = self.cuts(None);
        let [each, sums] = sums(rows.div_ceil(capacity));
        let sums = &mut self.sums[..sums * N::Network::LEARNT_BLOCKS];
        let work = Summed {
            chunks: Chunks {
                level,
                parameters: gradients.parameters(),
                step,
                pass: 0,
                transposed: self.transposed,
                joint: self.joint,
                capacity,
                first: 0,
                scale: 1.0 / rows as f32,
                chunks: self.chunks,
                scores: &mut self.scores[..rows],
                pairs: self.pairs,
                source,
                targets: targets.lent(),
                target: PhantomData,
            },
            sums: &mut *sums,
            each,
        };
        work.fork();
        let totals = Totals::of(&self.scores[..rows]);
        if totals.loss.is_finite() && source.is_sound() {
            gradients.finish(level, Unfinished::Sums(sums), &cuts);
        }
        totals
    }

    /// Refreshes the transposed weights.
    fn transpose(&mut self, parameters: &[Block]) {
        let Chunking { level, parts, .. } = self.chunking;
        let transpose = |first, transposed: &mut [Block]| {
            let transpose = Transpose::<N> {
                parameters,
                first,
                transposed,
                network: PhantomData,
            };
            simd::dispatch(level, transpose);
        };
        let cuts = Transposed::new(N::Network::TRANSPOSED, parts);
        stretches(&cuts, &mut *self.transposed, &transpose);
    }

    /// Lets the statistics of an arena follow the batch.
    pub fn follow(&self, arena: &mut [Block]) {
        if N::Network::JOINT_BLOCKS > 0 {
            let follow = Follow::<N> {
                joint: self.joint,
                arena,
                network: PhantomData,
            };
            simd::dispatch(self.chunking.level, follow);
        }
    }
}

/// A pass over some chunks.
struct Chunks<'a, N: Model, T, L, F, G> {
    level: Level,
    parameters: &'a [Block],
    step: Step<'a, L>,
    /// The last forward pass is the first backward pass, too.
    pass: usize,
    transposed: &'a [Block],
    joint: &'a [Block],
    capacity: usize,
    /// Index of the first row in the batch.
    first: usize,
    scale: f32,
    chunks: &'a mut [Block],
    /// As many as there are rows.
    scores: &'a mut [Score],
    /// Two for each chunk, where the network needs them.
    pairs: &'a mut [N::Output],
    source: &'a F,
    targets: G,
    target: PhantomData<fn(T)>,
}

impl<N, T, L, F, G> Chunks<'_, N, T, L, F, G>
where
    N: Model,
    L: Loss<N::Output, T>,
    F: Source<N, T>,
    G: Targets<T>,
{
    /// Splits in two until one chunk is left.
    fn fork(self) {
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
    fn divide(self, rows: usize, chunks: usize) -> (Self, Self) {
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
    L: Loss<N::Output, T>,
    F: Source<N, T>,
    G: Targets<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Step { loss, seed, step } = self.step;
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
            };
            let (mut here, others) = targets.split(scores.len());
            if pass == 0 {
                let positions = first..first + scores.len();
                self.source
                    .load(s, positions, here.gathered(), chunk, self.capacity);
            }
            if pass < N::Network::FORWARD_PASSES {
                N::Network::forward_rows(s, pass, rows, chunk);
            }
            if pass + 1 == N::Network::FORWARD_PASSES {
                let targets = here.all();
                N::Network::loss_rows(
                    s, rows, chunk, loss, targets, self.scale, scores, self.pairs,
                );
            }
            if let Some(pass) = (pass + 1).checked_sub(N::Network::FORWARD_PASSES) {
                N::Network::backward_rows(s, pass, rows, chunk);
            }
            (targets, first) = (others, first + scores.len());
        }
    }
}

/// Chunks whose gradients are summed: the memory of one chunk for each thread.
struct Summed<'a, N: Model, T, L, F, G> {
    chunks: Chunks<'a, N, T, L, F, G>,
    sums: &'a mut [Block],
    /// Chunks of a sum.
    each: usize,
}

impl<N, T, L, F, G> Summed<'_, N, T, L, F, G>
where
    N: Model,
    L: Loss<N::Output, T>,
    F: Source<N, T>,
    G: Targets<T>,
{
    /// Splits in two until one chunk's memory is left, or one sum.
    fn fork(self) {
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
        let Self { chunks, each, .. } = self;
        let rows = (sums * each * chunks.capacity).min(chunks.scores.len());
        let (left_sums, right_sums) = self.sums.split_at_mut(sums * N::Network::LEARNT_BLOCKS);
        let (left, right) = chunks.divide(rows, slots);
        let left = Self {
            chunks: left,
            sums: left_sums,
            each,
        };
        let right = Self {
            chunks: right,
            sums: right_sums,
            each,
        };
        (left, right)
    }
}

impl<N, T, L, F, G> Task for Summed<'_, N, T, L, F, G>
where
    N: Model,
    L: Loss<N::Output, T>,
    F: Source<N, T>,
    G: Targets<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Self { chunks, sums, each } = self;
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
                for pass in 0..Passes::<N>::COUNT {
                    let chunk = Chunks::<N, T, L, F, _> {
                        level: chunks.level,
                        parameters: chunks.parameters,
                        step: chunks.step,
                        pass,
                        transposed: chunks.transposed,
                        joint: chunks.joint,
                        capacity,
                        first,
                        scale: chunks.scale,
                        chunks: &mut *chunks.chunks,
                        scores: &mut *here,
                        pairs: &mut *chunks.pairs,
                        source: chunks.source,
                        targets: its_targets.lent(),
                        target: PhantomData,
                    };
                    chunk.run(s);
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
