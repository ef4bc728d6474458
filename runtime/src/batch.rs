//! How a training batch lies in memory: chunks of samples, each chunk with all its values.

use crate::block::Block;
use core::ops::Range;

/// Where something lies in planned memory: a value, for each sample of a chunk, or what all samples share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first block.
    pub first: usize,
    /// How many blocks.
    pub blocks: usize,
}

impl Place {
    /// `blocks` blocks from `first` on.
    pub const fn new(first: usize, blocks: usize) -> Self {
        Self { first, blocks }
    }

    /// The blocks of `rows` samples, in memory for `capacity`.
    #[inline(always)]
    pub const fn of_rows(self, capacity: usize, rows: usize) -> Range<usize> {
        self.part(capacity, 0, rows)
    }

    /// The blocks of `rows` samples from sample `first` on, in memory for `capacity`.
    #[inline(always)]
    pub const fn part(self, capacity: usize, first: usize, rows: usize) -> Range<usize> {
        let first = self.first * capacity + self.blocks * first;
        first..first + self.blocks * rows
    }

    /// The blocks of what is there once.
    #[inline(always)]
    pub const fn once(self) -> Range<usize> {
        self.of_rows(1, 1)
    }
}

/// The training arena of one batch, as folds and updates read it.
///
/// A chunk holds up to `capacity` samples. Within a chunk a value of `blocks` per sample, planned at `offset`,
/// occupies `[offset * capacity ..][.. rows * blocks]`: its samples are neighbours. The chunks are those that the
/// threads filled; reading them in order visits the samples in the order of the batch.
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

    /// The samples of the value planned at `place`, chunk by chunk.
    #[inline(always)]
    pub fn slices(self, place: Place) -> impl Iterator<Item = &'a [Block]> + Clone {
        let mut left = self.rows;
        self.arena
            .chunks(self.chunk_blocks.max(1))
            .map_while(move |chunk| {
                let rows = left.min(self.capacity);
                left -= rows;
                (rows > 0).then(|| &chunk[place.of_rows(self.capacity, rows)])
            })
    }

    /// The value planned at `place`, sample by sample.
    #[inline(always)]
    pub fn samples(self, place: Place) -> Samples<'a> {
        Samples { batch: self, place }
    }
}

/// A value of every sample of a batch.
#[derive(Clone, Copy)]
pub struct Samples<'a> {
    batch: Batch<'a>,
    place: Place,
}

impl<'a> Samples<'a> {
    /// How many there are.
    pub fn count(self) -> usize {
        self.batch.rows
    }

    /// Each sample's blocks, in the order of the batch.
    pub fn iter(self) -> impl Iterator<Item = &'a [Block]> {
        let Self { batch, place } = self;
        let chunks = batch.slices(place);
        chunks.flat_map(move |rows| rows.chunks_exact(place.blocks.max(1)))
    }
}
