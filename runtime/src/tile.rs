//! The one tile from which Dense, convolution, recurrence and their backward are built.
//!
//! `acc[i][j] += splat(x[i][k]) * w[j][k]` for M rows, N blocks and every k, with all accumulators in registers.
//! Each accumulator is one chain over k in ascending order, so a row's bits never depend on its neighbours.

use crate::block::Block;
use core::ops::Range;
use fearless_simd::{Simd, f32x16, prelude::*};

/// M x N accumulators of sixteen lanes.
pub type Accumulators<S, const M: usize, const N: usize> = [[f32x16<S>; N]; M];

/// Adds the outer product of `x` (M floats) and `w` (N blocks) to the accumulators: one k of a tile.
///
/// The operand with fewer members is held in registers while the members of the other pass one by one, so that
/// M x N accumulators fit beside them.
#[inline(always)]
pub fn step<S: Simd, const M: usize, const N: usize>(
    s: S,
    acc: &mut Accumulators<S, M, N>,
    x: [f32; M],
    w: [&Block; N],
) {
    if M <= N {
        let x: [f32x16<S>; M] = core::array::from_fn(
            #[inline(always)]
            |i| f32x16::splat(s, x[i]),
        );
        for j in 0..N {
            let w = w[j].load(s);
            for i in 0..M {
                acc[i][j] = x[i].mul_add(w, acc[i][j]);
            }
        }
    } else {
        let w: [f32x16<S>; N] = core::array::from_fn(
            #[inline(always)]
            |j| w[j].load(s),
        );
        for i in 0..M {
            let x = f32x16::splat(s, x[i]);
            for j in 0..N {
                acc[i][j] = x.mul_add(w[j], acc[i][j]);
            }
        }
    }
}

/// Adds the product of `x` (M rows of K) and `w` (N panels of K blocks) to the accumulators.
#[inline(always)]
pub fn accumulate<S: Simd, const M: usize, const N: usize, const K: usize>(
    s: S,
    acc: &mut Accumulators<S, M, N>,
    x: [&[f32; K]; M],
    w: [&[Block; K]; N],
) {
    for k in 0..K {
        let x = core::array::from_fn(
            #[inline(always)]
            |i| x[i][k],
        );
        let w = core::array::from_fn(
            #[inline(always)]
            |j| &w[j][k],
        );
        step(s, acc, x, w);
    }
}

/// Adds the product of `x` (M rows of which the first K floats count) and `w` (N panels of K blocks), as far as the
/// inputs in `range`, to the accumulators.
#[inline(always)]
pub fn accumulate_range<
    S: Simd,
    const M: usize,
    const N: usize,
    const K: usize,
    const KS: usize,
>(
    s: S,
    acc: &mut Accumulators<S, M, N>,
    x: &[[f32; KS]; M],
    w: [&[Block; K]; N],
    range: Range<usize>,
) {
    // The compiler sees that k stays below K and KS, so that no bound is checked inside the loop.
    for k in range.start..range.end.min(K).min(KS) {
        let x = core::array::from_fn(
            #[inline(always)]
            |i| x[i][k],
        );
        let w = core::array::from_fn(
            #[inline(always)]
            |j| &w[j][k],
        );
        step(s, acc, x, w);
    }
}
