//! How many outputs are summed at once.

use crate::{kernels::image::Image, simd::Isa, tile::shape::Tiles};
use fearless_simd::{f32x16, prelude::*};

/// A computation over tiles of some neighbouring outputs of a row.
pub(super) trait Tiled {
    /// How many.
    const OUTPUTS: usize;
    /// Runs it with their number as a constant; implement with `#[inline(always)]`.
    fn run<const Q: usize>(self);
}

/// Runs a computation with the number of its outputs.
#[inline(always)]
pub(super) fn tiled<T: Tiled>(computation: T) {
    /// Constant conditions: rustc compiles the one branch that is taken.
    macro_rules! branches {
        ($($outputs:literal)+) => {
            $(if const { T::OUTPUTS == $outputs } {
                computation.run::<$outputs>();
            } else)+ {
                const { assert!(T::OUTPUTS > 0 && T::OUTPUTS <= 14) };
            }
        };
    }
    branches!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

/// Outputs of a tile in rows of `width`: as few tiles as registers allow, as equal as they can be.
pub(super) const fn outputs<S: Tiles>(width: usize) -> usize {
    let blocks = S::REGISTERS / S::VECTORS;
    let most = if blocks > 14 {
        14
    } else if blocks > 4 {
        blocks - 2
    } else {
        2
    };
    width.div_ceil(width.div_ceil(most))
}

/// Blocks of an image that stay in a level-1 cache beside what is written: 16 KiB.
const NEAR: usize = 256;

/// Panels that are taken at a time, of images of which `rows` rows are read for one: as many as stay near.
pub(super) const fn panels<I: Image>(rows: usize) -> usize {
    let panels = NEAR / (rows * I::COLUMNS);
    if panels == 0 { 1 } else { panels }
}

/// Adds the chains under way to those before them, and begins the next.
#[inline(always)]
pub(super) fn join<S: Isa, const Q: usize>(
    s: S,
    total: &mut [f32x16<S>; Q],
    sums: &mut [f32x16<S>; Q],
) {
    for (total, sum) in total.iter_mut().zip(sums) {
        *total += *sum;
        *sum = f32x16::splat(s, 0.0);
    }
}
