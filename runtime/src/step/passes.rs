//! The passes of a step, over memory that is there from the beginning.

use super::{
    chunking::{Chunking, Lent, sums},
    chunks::{Chunks, Step, passes},
    cuts::{Learnt, Transposed},
    finish::{Gradients, Unfinished},
    share::stretches,
    shared::{Fold, Follow, Transpose},
    source::{Source, Targets},
    summed::Summed,
    turn::Turn,
};
use crate::{
    batch::Batch,
    block::Block,
    error::{Result, check_lent},
    loss::{Score, Totals},
    model::Model,
    network::{Network, count_blocks},
    simd,
};
use core::marker::PhantomData;

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

    /// Where the arena is cut for the updates after a pass; without one, for a rule that is applied to gradients.
    pub fn cuts(&self, pass: Option<usize>) -> Learnt {
        let Chunking { batch, parts, .. } = self.chunking;
        Learnt::new(N::Network::TENSORS, pass, batch.get(), pieces(parts))
    }

    /// Forward, turn and deltas of as many samples as there are targets, at most a batch; every gradient goes to
    /// `gradients` as soon as its deltas are there. Where samples meet, all chunks wait for each other.
    ///
    /// Nothing is learnt from a batch that is not sound or from which its turn has nothing to teach: nothing has gone to
    /// `gradients` then.
    pub fn run<T, L: Turn<N, T>>(
        &mut self,
        step: Step<'_, L>,
        source: &impl Source<N, T>,
        targets: impl Targets<T>,
        gradients: &mut dyn Gradients,
    ) -> Totals {
        if step.turn.returns() {
            self.transpose(gradients.parameters());
        }
        self.run_from(0, step, source, targets, gradients)
    }

    /// [`run`](Self::run) of the samples from `first` on, by weights that were transposed before.
    pub fn run_from<T, L: Turn<N, T>>(
        &mut self,
        first: usize,
        step: Step<'_, L>,
        source: &impl Source<N, T>,
        mut targets: impl Targets<T>,
        gradients: &mut dyn Gradients,
    ) -> Totals {
        if const { N::Network::SUMS } {
            return self.run_summed(first, step, source, targets, gradients);
        }
        let rows = targets.rows();
        let Chunking {
            level,
            capacity,
            parts,
            ..
        } = self.chunking;
        let mut totals = Totals::none(step.turn.parts());
        for pass in passes::<N, T>(step.turn) {
            let parameters = gradients.parameters();
            let part = (pass, first);
            let (work, _) = self.pass(part, parameters, step, source, targets.lent());
            if parts > 1 {
                work.fork();
            } else {
                simd::dispatch(level, work);
            }
            if pass + 1 == N::Network::FORWARD_PASSES {
                totals = Totals::of(step.turn.parts(), &self.scores[..rows]);
                let sound = source.is_sound() && step.turn.is_sound();
                if !step.turn.returns() || !step.turn.teaches(&totals) || !sound {
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
    fn run_summed<T, L: Turn<N, T>>(
        &mut self,
        first: usize,
        step: Step<'_, L>,
        source: &impl Source<N, T>,
        mut targets: impl Targets<T>,
        gradients: &mut dyn Gradients,
    ) -> Totals {
        let rows = targets.rows();
        let Chunking {
            level, capacity, ..
        } = self.chunking;
        let [each, sums] = sums(rows.div_ceil(capacity));
        let wanted = gradients.wanted();
        let parameters = gradients.parameters();
        let (chunks, room) = self.pass((0, first), parameters, step, source, targets.lent());
        let work = Summed {
            chunks,
            sums: &mut room[..sums * N::Network::LEARNT_BLOCKS],
            each,
            wanted,
        };
        work.fork();
        let totals = Totals::of(step.turn.parts(), &self.scores[..rows]);
        let sound = source.is_sound() && step.turn.is_sound();
        if step.turn.returns() && step.turn.teaches(&totals) && sound {
            let sums = &self.sums[..sums * N::Network::LEARNT_BLOCKS];
            gradients.finish(level, Unfinished::Sums(sums), &self.cuts(None));
        }
        totals
    }

    /// A pass over all samples from `first` on that have a target, and room for sums beside it.
    fn pass<'a, T, L, F, G: Targets<T>>(
        &'a mut self,
        (pass, first): (usize, usize),
        parameters: &'a [Block],
        step: Step<'a, L>,
        source: &'a F,
        targets: G,
    ) -> (Chunks<'a, N, T, L, F, G>, &'a mut [Block]) {
        let rows = targets.rows();
        let Chunking {
            level, capacity, ..
        } = self.chunking;
        let chunks = Chunks {
            level,
            parameters,
            step,
            pass,
            transposed: self.transposed,
            joint: self.joint,
            capacity,
            first,
            chunks: self.chunks,
            scores: &mut self.scores[..rows],
            pairs: self.pairs,
            source,
            targets,
            target: PhantomData,
        };
        (chunks, self.sums)
    }

    /// Refreshes the transposed weights.
    pub fn transpose(&mut self, parameters: &[Block]) {
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
