//! The one tile from which Dense, convolution, recurrence and their backward are built.
//!
//! `acc[i][j] += splat(x[i][k]) * w[j][k]` for M rows, N blocks and every k, with all accumulators in registers.
//! Each accumulator is one chain over k in ascending order, so a row's bits never depend on its neighbours.

use crate::block::Block;
use fearless_simd::{Simd, f32x16, prelude::*};

/// M x N accumulators of sixteen lanes.
pub type Accumulators<S, const M: usize, const N: usize> = [[f32x16<S>; N]; M];

/// Adds the product of `x` (M rows of K) and `w` (N panels of K blocks) to the accumulators.
#[inline(always)]
pub fn accumulate<S: Simd, const M: usize, const N: usize, const K: usize>(
    s: S,
    acc: &mut Accumulators<S, M, N>,
    x: [&[f32; K]; M],
    w: [&[Block; K]; N],
) {
    for k in 0..K {
        let panel: [f32x16<S>; N] = core::array::from_fn(
            #[inline(always)]
            |j| w[j][k].load(s),
        );
        for i in 0..M {
            let value = f32x16::splat(s, x[i][k]);
            for j in 0..N {
                acc[i][j] = value.mul_add(panel[j], acc[i][j]);
            }
        }
    }
}

/// Adds the product of rows and panels whose common length is known only at run time.
#[inline(always)]
pub fn accumulate_range<S: Simd, const M: usize, const N: usize>(
    s: S,
    acc: &mut Accumulators<S, M, N>,
    x: [&[f32]; M],
    w: [&[Block]; N],
) {
    let length = x[0].len();
    let x = x.map(
        #[inline(always)]
        |x| &x[..length],
    );
    let w = w.map(
        #[inline(always)]
        |w| &w[..length],
    );
    for k in 0..length {
        let panel: [f32x16<S>; N] = core::array::from_fn(
            #[inline(always)]
            |j| w[j][k].load(s),
        );
        for i in 0..M {
            let value = f32x16::splat(s, x[i][k]);
            for j in 0..N {
                acc[i][j] = value.mul_add(panel[j], acc[i][j]);
            }
        }
    }
}
