//! How a batch is cut into chunks, and how much memory its steps take.

use super::cuts::WORTH_A_FORK;
use crate::{
    block::Block,
    error::{Error, Found, Result},
    model::Model,
    network::{Network, Score, count_blocks},
    simd,
};
use core::{marker::PhantomData, num::NonZeroUsize};
use fearless_simd::Level;

/// Into how many parts a training step on `rows` samples is cut for `threads`.
pub fn parts<N: Model>(rows: usize, threads: usize) -> usize {
    // Forward once, and twice as much for deltas and gradients.
    pieces(
        answering::<N>(rows).saturating_mul(3),
        WORTH_A_FORK,
        threads,
    )
}

/// Operations of the forward pass of `rows` samples.
pub fn answering<N: Model>(rows: usize) -> u64 {
    N::FLOPS.saturating_mul(rows as u64)
}

/// At most `most` pieces of at least `worth` operations, or one.
pub fn pieces(work: u64, worth: u64, most: usize) -> usize {
    let pieces = usize::try_from(work / worth).unwrap_or(usize::MAX);
    pieces.min(most).max(1)
}

/// Rows of a chunk, so that `parts` threads share `batch` rows evenly. Neither is 0.
const fn capacity<N: Model>(batch: usize, parts: usize) -> usize {
    let even = batch.div_ceil(parts);
    even.div_ceil(even.div_ceil(N::Network::TRAIN_ROWS))
}

/// Memory of the steps of a network `N`, as its owner lends it. `kiln::memory` says how much is needed.
pub struct Lent<'m, N: Model> {
    /// Values, deltas, transposed weights, and what samples have in common. Whatever it holds is written over.
    pub blocks: &'m mut [Block],
    /// One for each sample of a batch.
    pub scores: &'m mut [Score],
    /// Where a network with several outputs gathers them for the loss; nothing for a network with one.
    pub outputs: &'m mut [N::Output],
}

/// How the steps of a network are cut.
pub struct Chunking<N> {
    /// The instruction set everything runs on.
    pub level: Level,
    /// The most samples a step takes.
    pub batch: NonZeroUsize,
    /// Into how many parts the work is cut.
    pub parts: usize,
    /// Rows of a chunk.
    pub capacity: usize,
    network: PhantomData<fn() -> N>,
}

impl<N> Clone for Chunking<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Chunking<N> {}

impl<N: Model> Chunking<N> {
    /// For batches of up to `batch` samples on `threads` threads.
    pub fn new(batch: usize, threads: usize) -> Result<Self> {
        let batch = NonZeroUsize::new(batch).ok_or(Error::Setting {
            setting: "batch",
            found: Found::Count(0),
            expected: "at least 1, such as 32",
        })?;
        let parts = parts::<N>(batch.get(), threads);
        Ok(Self {
            level: simd::level(),
            batch,
            parts,
            capacity: capacity::<N>(batch.get(), parts),
            network: PhantomData,
        })
    }

    /// Blocks of all chunks.
    pub fn chunks(&self) -> usize {
        chunks::<N>(self.batch.get(), self.capacity)
    }

    /// Blocks that a step needs.
    pub fn blocks(&self) -> usize {
        self.chunks().saturating_add(shared::<N>())
    }

    /// Outputs that a step needs room for.
    pub fn outputs(&self) -> usize {
        let chunks = self.batch.get().div_ceil(self.capacity);
        outputs::<N>().saturating_mul(chunks)
    }
}

/// Blocks of the chunks of a batch.
const fn chunks<N: Model>(batch: usize, capacity: usize) -> usize {
    let rows = batch.div_ceil(capacity).saturating_mul(capacity);
    rows.saturating_mul(N::Network::TRAIN_BLOCKS)
}

/// Blocks of what all chunks share.
const fn shared<N: Model>() -> usize {
    count_blocks(N::Network::TRANSPOSED) + N::Network::JOINT_BLOCKS
}

/// Blocks that a step of up to `batch` samples needs on one thread.
pub const fn blocks<N: Model>(batch: usize) -> usize {
    let batch = if batch == 0 { 1 } else { batch };
    chunks::<N>(batch, capacity::<N>(batch, 1)).saturating_add(shared::<N>())
}

/// Outputs that one thread gathers: a network's outputs and their deltas, if there are several.
pub const fn outputs<N: Model>() -> usize {
    if N::Network::NEEDS_PAIR { 2 } else { 0 }
}
