//! How a batch is cut into chunks, and how much memory its steps take.

use super::cuts::WORTH_A_FORK;
use crate::{
    block::Block,
    error::{Error, Found, Result},
    loss::Score,
    model::Model,
    network::{Network, count_blocks},
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

/// The most sums of gradients that a batch has: as many threads share it.
pub const SUMS: usize = 8;

/// Rows of a chunk, so that `parts` threads share `batch` rows evenly. Neither is 0. Where chunks are summed, their rows are a
/// matter of the network and the batch alone, and so is the order of every sum.
const fn capacity<N: Model>(batch: usize, parts: usize) -> usize {
    let most = N::Network::TRAIN_ROWS;
    if N::Network::SUMS {
        return batch.div_ceil(even(batch.div_ceil(most)));
    }
    let even = batch.div_ceil(parts);
    even.div_ceil(even.div_ceil(most))
}

/// No fewer than so many chunks, which 2, 4 and 8 threads share evenly as far as there are so many.
const fn even(chunks: usize) -> usize {
    if chunks < SUMS {
        return chunks.next_power_of_two();
    }
    match chunks.checked_next_multiple_of(SUMS) {
        Some(shared) => shared,
        // A batch beyond any memory.
        None => chunks,
    }
}

/// How many chunks each sum of gradients holds, and how many sums there are, of a batch of so many chunks.
pub const fn sums(chunks: usize) -> [usize; 2] {
    let each = chunks.div_ceil(SUMS);
    [each, chunks.div_ceil(if each == 0 { 1 } else { each })]
}

/// Memory of the steps of a network `N`, as its owner lends it. `kiln::memory` says how much is needed.
pub struct Lent<'m, N: Model> {
    /// Values, deltas, transposed weights, and what samples have in common. Whatever it holds is written over.
    pub blocks: &'m mut [Block],
    /// One for each sample of a batch.
    pub scores: &'m mut [Score],
    /// Where outputs are gathered for the loss that lie apart, or otherwise than the loss takes them; nothing for a network
    /// whose one output is a vector.
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

    /// Chunks that are there at a time: those of a batch, or one for each thread.
    pub fn slots(&self) -> usize {
        slots::<N>(self.batch.get(), self.capacity, self.parts)
    }

    /// Blocks of a chunk.
    pub fn chunk(&self) -> usize {
        self.capacity.saturating_mul(N::Network::TRAIN_BLOCKS)
    }

    /// Blocks that a step needs.
    pub fn blocks(&self) -> usize {
        blocks_of::<N>(self.batch.get(), self.capacity, self.parts)
    }

    /// Outputs that a step needs room for.
    pub fn outputs(&self) -> usize {
        outputs::<N>().saturating_mul(self.slots())
    }
}

/// Chunks that are there at a time.
const fn slots<N: Model>(batch: usize, capacity: usize, parts: usize) -> usize {
    let chunks = batch.div_ceil(capacity);
    if !N::Network::SUMS {
        return chunks;
    }
    let [_, sums] = sums(chunks);
    if parts < sums { parts } else { sums }
}

/// Blocks that a step needs: chunks, what they share, and sums of gradients.
const fn blocks_of<N: Model>(batch: usize, capacity: usize, parts: usize) -> usize {
    let chunk = capacity.saturating_mul(N::Network::TRAIN_BLOCKS);
    let chunks = slots::<N>(batch, capacity, parts).saturating_mul(chunk);
    let [_, sums] = sums(batch.div_ceil(capacity));
    let sums = if N::Network::SUMS { sums } else { 0 };
    let sums = sums.saturating_mul(N::Network::LEARNT_BLOCKS);
    chunks.saturating_add(shared::<N>()).saturating_add(sums)
}

/// Blocks of what all chunks share.
const fn shared<N: Model>() -> usize {
    count_blocks(N::Network::TRANSPOSED) + N::Network::JOINT_BLOCKS
}

/// Blocks that a step of up to `batch` samples needs on one thread.
pub const fn blocks<N: Model>(batch: usize) -> usize {
    let batch = if batch == 0 { 1 } else { batch };
    blocks_of::<N>(batch, capacity::<N>(batch, 1), 1)
}

/// Outputs that one thread gathers: a network's outputs and their deltas, unless the loss judges them where they lie.
pub const fn outputs<N: Model>() -> usize {
    if N::Network::NEEDS_PAIR { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{SUMS, even, sums};

    #[test]
    fn threads_share_sums_evenly() {
        for (chunks, shared) in [(1, 1), (2, 2), (3, 4), (5, 8), (8, 8), (9, 16), (22, 24)] {
            assert_eq!(even(chunks), shared);
            assert_eq!(sums(shared), [shared.div_ceil(SUMS), shared.min(SUMS)]);
        }
        assert_eq!(even(usize::MAX), usize::MAX);
    }
}
