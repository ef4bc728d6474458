//! Blocks of which a group of channels has some lanes.

use crate::{
    block::{Block, LANES},
    math,
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
pub(super) fn some(floats: &[f32], lanes: usize) -> Block {
    let mut block = Block::ZERO;
    block.0[..lanes].copy_from_slice(&floats[..lanes]);
    block
}

/// Stores the first lanes.
#[inline(always)]
pub(super) fn put<S: Isa>(floats: &mut [f32], lanes: usize, value: f32x16<S>) {
    let mut block = Block::ZERO;
    block.store(value);
    floats[..lanes].copy_from_slice(&block.0[..lanes]);
}

/// Stores the first lanes, flushed; adds them to what is there if ADD.
#[inline(always)]
pub(super) fn give<S: Isa, const ADD: bool>(
    s: S,
    floats: &mut [f32],
    lanes: usize,
    value: f32x16<S>,
) {
    let value = if ADD {
        value + some(floats, lanes).load(s)
    } else {
        value
    };
    put(floats, lanes, math::flush(s, value));
}
