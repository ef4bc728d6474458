//! What training allocates before its first step, and how many threads its work is worth.

use crate::{
    block::Block,
    error::Result,
    loss::Score,
    model::Model,
    step::{
        Lent,
        chunking::{Chunking, answering, pieces},
        cuts::WORTH_A_FORK,
        passes::Passes,
    },
    value::{filled, room},
};
use alloc::vec::Vec;

/// Operations below which starting a thread costs more than it brings: some 80 microseconds of work.
const WORTH_A_THREAD: u64 = 1 << 22;

/// How many of `threads` that run share the work of answering `rows` samples.
pub fn sharing<N: Model>(rows: usize, threads: usize) -> usize {
    pieces(answering::<N>(rows), WORTH_A_FORK, threads)
}

/// How many of `threads` are worth starting to answer `rows` samples and no more.
pub fn starting<N: Model>(rows: usize, threads: usize) -> usize {
    pieces(answering::<N>(rows), WORTH_A_THREAD, threads)
}

/// The memory of steps: what lends it to them.
pub struct Memory<N: Model> {
    /// How steps are cut.
    pub chunking: Chunking<N>,
    blocks: Vec<Block>,
    scores: Vec<Score>,
    outputs: Vec<N::Output>,
}

impl<N: Model> Memory<N> {
    /// For batches of up to `batch` samples on `threads` threads.
    pub fn new(batch: usize, threads: usize) -> Result<Self> {
        let chunking = Chunking::new(batch, threads)?;
        Ok(Self {
            chunking,
            blocks: room("a batch", chunking.blocks())?,
            scores: filled("scores", batch)?,
            outputs: room("outputs", chunking.outputs())?,
        })
    }

    /// The passes of a step.
    pub fn passes(&mut self) -> Result<Passes<'_, N>> {
        let lent = Lent {
            blocks: &mut self.blocks,
            scores: &mut self.scores,
            outputs: &mut self.outputs,
        };
        Passes::new(self.chunking, lent)
    }
}

#[cfg(test)]
mod tests;
