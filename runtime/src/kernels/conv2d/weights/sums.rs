//! The sums that a layer's applications add to, tile by tile.
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use crate::{
    block::{Block, LANES},
    kernels::image::{Image, pixel},
    simd::{Isa, chains::Chain},
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// Blocks before the sums of a panel: what its first tile has in common with the one before it.
pub const LEAD: usize = 16;

/// Panels whose bias is summed at once, enough chains to hide the latency of an addition.
pub const BIASES: usize = 4;

/// What the applications of one layer leave for the gradients of its weights. The images of two of them may differ in
/// size, and so their layouts: a pair is one application and, after all its samples, another.
pub trait Applications<S: Isa>: Clone {
    /// Input channels, the same in every application.
    const CHANNELS: usize;
    /// Rows of a panel.
    const DEPTH: usize;
    /// Products in each weight's gradient for one sample.
    const PIXELS: usize;

    /// Positions of the batch.
    fn positions(&self) -> usize;

    /// Adds all samples to the sums of `tiles` of `M` rows of each of some panels, one panel's after the other's.
    fn accumulate<const M: usize>(
        &self,
        s: S,
        panels: Range<usize>,
        tiles: Range<usize>,
        sums: &mut Sums<'_>,
    );

    /// Adds the deltas of all pixels of all samples, for some panels.
    fn total(&self, s: S, panels: [usize; BIASES], total: &mut Total<S>);
}

/// The sums of some weights.
pub struct Sums<'a> {
    /// The chain under way.
    pub now: &'a mut [Block],
    /// What chains before it have come to; empty if the batch fits one chain.
    pub joined: &'a mut [Block],
    pub chain: Chain,
}

impl Sums<'_> {
    /// Makes room for `count` positions that stay together, at most [`POSITIONS`].
    #[inline(always)]
    pub fn reserve<S: Isa>(&mut self, s: S, count: usize) {
        if self.chain.next(count) {
            self.join(s);
        }
    }

    /// Adds the chain to those before it.
    pub fn join<S: Isa>(&mut self, s: S) {
        for (joined, now) in self.joined.iter_mut().zip(&mut *self.now) {
            joined.store(joined.load(s) + now.load(s));
            *now = Block::ZERO;
        }
    }
}

/// The sums of some biases.
pub struct Total<S: Isa> {
    pub now: [f32x16<S>; BIASES],
    pub joined: [Block; BIASES],
    pub chain: Chain,
}

impl<S: Isa> Total<S> {
    /// Adds all pixels of deltas laid out as D, for some panels.
    #[inline(always)]
    pub fn add<'a, D: Image, const DS: usize>(
        &mut self,
        s: S,
        deltas: impl Iterator<Item = &'a [Block; DS]>,
        panels: [usize; BIASES],
    ) {
        for delta in deltas {
            for row in 0..D::HEIGHT {
                let mut row = &delta[pixel::<D>(row, 0)..][..D::WIDTH * D::COLUMN / LANES];
                while !row.is_empty() {
                    let count = self.chain.take(row.len() / (D::COLUMN / LANES));
                    let (now, later) = row.split_at(count * (D::COLUMN / LANES));
                    for pixel in now.chunks_exact(D::COLUMN / LANES) {
                        for i in 0..BIASES {
                            self.now[i] += pixel[panels[i]].load(s);
                        }
                    }
                    if self.chain.ends() {
                        self.join(s);
                    }
                    row = later;
                }
            }
        }
    }

    /// Adds the chain to those before it.
    #[inline(always)]
    pub fn join(&mut self, s: S) {
        for i in 0..BIASES {
            self.joined[i].store(self.joined[i].load(s) + self.now[i]);
            self.now[i] = f32x16::splat(s, 0.0);
        }
    }
}

/// The first row of a tile of `M`. Where a tap has as many channels, no tile goes on into the next: the last of a tap
/// takes its last `M` channels, of which only those count that no tile before it had.
#[inline(always)]
pub const fn row_of<const M: usize>(channels: usize, tile: usize) -> usize {
    if M <= channels {
        let tiles = channels.div_ceil(M);
        tile / tiles * channels + tile % tiles * M
    } else {
        tile * M
    }
}

/// The tile of `M` rows that a row counts in.
#[inline(always)]
pub const fn tile_of<const M: usize>(channels: usize, row: usize) -> usize {
    if M <= channels {
        row / channels * channels.div_ceil(M) + row % channels / M
    } else {
        row / M
    }
}
