//! How a training batch lies in memory: chunks of samples, each chunk with all its values.

use crate::block::Block;

/// The training arena of one batch, as the second phase reads it.
///
/// A chunk holds up to `capacity` samples. Within a chunk a value of `blocks` per sample, planned at `offset`,
/// occupies `[offset * capacity ..][.. rows * blocks]`: its samples are neighbours. The chunks are those that the
/// threads of phase one filled; reading them in order visits the samples in the order of the batch.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    arena: &'a [Block],
    chunk_blocks: usize,
    capacity: usize,
    rows: usize,
}

impl<'a> Batch<'a> {
    /// Views `arena` as chunks of `capacity` samples of `blocks_per_sample` each, `rows` samples in all.
    pub fn new(arena: &'a [Block], blocks_per_sample: usize, capacity: usize, rows: usize) -> Self {
        Self {
            arena,
            chunk_blocks: blocks_per_sample * capacity,
            capacity,
            rows,
        }
    }

    /// The samples of the value planned at `offset` with `blocks` per sample, chunk by chunk.
    #[inline(always)]
    pub fn slices(self, offset: usize, blocks: usize) -> impl Iterator<Item = &'a [Block]> + Clone {
        let mut left = self.rows;
        self.arena
            .chunks(self.chunk_blocks.max(1))
            .map_while(move |chunk| {
                let rows = left.min(self.capacity);
                left -= rows;
                let first = offset * self.capacity;
                (rows > 0).then(|| &chunk[first..first + rows * blocks])
            })
    }

    /// The value planned at `offset` with `blocks` per sample, sample by sample.
    #[inline(always)]
    pub fn samples(self, offset: usize, blocks: usize) -> Samples<'a> {
        Samples {
            batch: self,
            offset,
            blocks,
        }
    }
}

/// A value of every sample of a batch.
#[derive(Clone, Copy)]
pub struct Samples<'a> {
    batch: Batch<'a>,
    offset: usize,
    blocks: usize,
}

impl<'a> Samples<'a> {
    /// How many there are.
    pub fn count(self) -> usize {
        self.batch.rows
    }

    /// Each sample's blocks, in the order of the batch.
    pub fn iter(self) -> impl Iterator<Item = &'a [Block]> {
        let Self {
            batch,
            offset,
            blocks,
        } = self;
        let chunks = batch.slices(offset, blocks);
        chunks.flat_map(move |rows| rows.chunks_exact(blocks.max(1)))
    }
}
