//! Blocks that groups share: each has some of the lanes.

use crate::{
    block::{Block, LANES},
    simd::Isa,
};
use fearless_simd::f32x16;

/// Whether groups of so many channels share no block.
pub(super) const fn are_apart(channels: usize) -> bool {
    channels.is_multiple_of(LANES)
}

/// Lanes of a panel of a group of so many channels.
#[inline(always)]
pub(super) const fn lanes(channels: usize, panel: usize) -> usize {
    let left = channels - panel * LANES;
    if left < LANES { left } else { LANES }
}

/// A block whose first lanes are some floats, and zeros behind.
#[inline(always)]
pub(super) fn some(floats: &[f32], at: usize, lanes: usize) -> Block {
    let mut block = Block::ZERO;
    block.0[..lanes].copy_from_slice(&floats[at..][..lanes]);
    block
}

/// Stores the first lanes.
#[inline(always)]
pub(super) fn put<S: Isa>(floats: &mut [f32], at: usize, lanes: usize, value: f32x16<S>) {
    let mut block = Block::ZERO;
    block.store(value);
    floats[at..][..lanes].copy_from_slice(&block.0[..lanes]);
}
