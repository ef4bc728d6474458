//! Which position of its window won the maximum, for backward.
//!
//! Sixteen positions for each block of the pooled output, as bytes, or as two or four bytes each where a window has
//! more than 256 or 65,536 positions: a quarter, half or all of what the output takes. A position counts in scan order
//! from the window's first row and column; the first of equal maxima wins, as in PyTorch.

use crate::block::{Block, LANES};
use fearless_simd::{Simd, i32x16, prelude::*};

/// Blocks that the positions of `outputs` pooled pixels of `panels` blocks take, for windows of `window` positions.
pub const fn blocks(outputs: usize, panels: usize, window: usize) -> usize {
    (outputs * panels * bytes(window)).div_ceil(4)
}

/// Bytes of one position.
pub(super) const fn bytes(window: usize) -> usize {
    if window <= 1 << 8 {
        1
    } else if window <= 1 << 16 {
        2
    } else {
        4
    }
}

/// Writes the positions of output block `index` for windows of `window` positions.
#[inline(always)]
pub(super) fn store<S: Simd>(
    winners: &mut [Block],
    index: usize,
    positions: i32x16<S>,
    window: usize,
) {
    let positions: [i32; LANES] = positions.into();
    match bytes(window) {
        1 => {
            let all: &mut [[u8; LANES]] = bytemuck::must_cast_slice_mut(winners);
            all[index] = positions.map(
                #[inline(always)]
                |position| position as u8,
            );
        }
        2 => {
            let all: &mut [[u16; LANES]] = bytemuck::must_cast_slice_mut(winners);
            all[index] = positions.map(
                #[inline(always)]
                |position| position as u16,
            );
        }
        _ => {
            let all: &mut [[i32; LANES]] = bytemuck::must_cast_slice_mut(winners);
            all[index] = positions;
        }
    }
}

/// Reads the positions of output block `index` for windows of `window` positions.
#[inline(always)]
pub(super) fn load<S: Simd>(s: S, winners: &[Block], index: usize, window: usize) -> i32x16<S> {
    let positions: [i32; LANES] = match bytes(window) {
        1 => {
            let all: &[[u8; LANES]] = bytemuck::must_cast_slice(winners);
            all[index].map(i32::from)
        }
        2 => {
            let all: &[[u16; LANES]] = bytemuck::must_cast_slice(winners);
            all[index].map(i32::from)
        }
        _ => {
            let all: &[[i32; LANES]] = bytemuck::must_cast_slice(winners);
            all[index]
        }
    };
    i32x16::simd_from(s, positions)
}
