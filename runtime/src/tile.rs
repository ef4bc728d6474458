//! The one tile from which Dense, convolution, recurrence and their backward are built.
//!
//! `acc[i][j] += splat(x[i][k]) * w[j][k]` for M rows, N blocks and every k, with all accumulators in registers.
//! Each accumulator is one chain over k in ascending order, so a row's bits never depend on its neighbours. Where the sum
//! over a layer's inputs has several chains ([`chains`](crate::simd::chains)), [`accumulate_runs`] takes them one after
//! another for many rows, and [`row`] several at once for one, with the same bits.

#![allow(
    clippy::needless_range_loop,
    reason = "indices are those of the formulas, and iterators over every size of array cost the user's compiler"
)]

mod cover;
mod edge;
mod groups;
pub mod shape;
mod visit;

pub use edge::{EDGE, Edge};
pub use groups::groups;
pub use visit::{Visit, VisitRow};

use crate::block::Block;
use core::ops::Range;
use fearless_simd::{Simd, f32x16, prelude::*};

/// M x N accumulators of sixteen lanes.
pub type Accumulators<S, const M: usize, const N: usize> = [[f32x16<S>; N]; M];

/// Adds the outer product of M floats `x` and N blocks `w` to the accumulators: one k of a tile.
#[inline(always)]
pub fn step<'a, S: Simd, const M: usize, const N: usize>(
    s: S,
    acc: &mut Accumulators<S, M, N>,
    x: impl Fn(usize) -> f32,
    w: impl Fn(usize) -> &'a Block,
) {
    // What `step_windows` does for one window: every product is compiled by this, so it is written out.
    if const { M <= N } {
        let mut held = [f32x16::splat(s, 0.0); M];
        for i in 0..M {
            held[i] = f32x16::splat(s, x(i));
        }
        for j in 0..N {
            let w = w(j).load(s);
            for i in 0..M {
                acc[i][j] = held[i].mul_add(w, acc[i][j]);
            }
        }
    } else {
        let mut held = [f32x16::splat(s, 0.0); N];
        for j in 0..N {
            held[j] = w(j).load(s);
        }
        for i in 0..M {
            let x = f32x16::splat(s, x(i));
            for j in 0..N {
                acc[i][j] = x.mul_add(held[j], acc[i][j]);
            }
        }
    }
}

/// [`step`] of a tile whose rows stand in Q windows of M each, but for windows that are not `wanted`.
///
/// The operand with fewer members is held in registers while the members of the other pass one by one, so that
/// Q x M x N accumulators fit beside them.
#[inline(always)]
pub fn step_windows<'a, S: Simd, const Q: usize, const M: usize, const N: usize>(
    s: S,
    acc: &mut [Accumulators<S, M, N>; Q],
    wanted: impl Fn(usize) -> bool,
    x: impl Fn(usize, usize) -> f32,
    w: impl Fn(usize) -> &'a Block,
) {
    // The comparison is constant, so that only one order is compiled.
    if const { Q * M <= N } {
        let mut held = [[f32x16::splat(s, 0.0); M]; Q];
        for q in 0..Q {
            for i in 0..M {
                if wanted(q) {
                    held[q][i] = f32x16::splat(s, x(q, i));
                }
            }
        }
        for j in 0..N {
            let w = w(j).load(s);
            for q in 0..Q {
                for i in 0..M {
                    if wanted(q) {
                        acc[q][i][j] = held[q][i].mul_add(w, acc[q][i][j]);
                    }
                }
            }
        }
    } else {
        let mut held = [f32x16::splat(s, 0.0); N];
        for j in 0..N {
            held[j] = w(j).load(s);
        }
        for q in 0..Q {
            for i in 0..M {
                if !wanted(q) {
                    continue;
                }
                let x = f32x16::splat(s, x(q, i));
                for j in 0..N {
                    acc[q][i][j] = x.mul_add(held[j], acc[q][i][j]);
                }
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
        step(
            s,
            acc,
            #[inline(always)]
            |i| x[i][k],
            #[inline(always)]
            |j| &w[j][k],
        );
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
    w: &[[Block; K]; N],
    range: Range<usize>,
) {
    // The compiler sees that k stays below K and KS, so that no bound is checked inside the loop.
    for k in range.start..range.end.min(K).min(KS) {
        step(
            s,
            acc,
            #[inline(always)]
            |i| x[i][k],
            #[inline(always)]
            |j| &w[j][k],
        );
    }
}

/// Adds the product of `x` (M rows of K) and `w` (N panels of K blocks) to the accumulators, in runs of `run` inputs: the
/// first goes on from the accumulators, any other is summed by itself and added.
#[inline(always)]
pub fn accumulate_runs<S: Simd, const M: usize, const N: usize, const K: usize>(
    s: S,
    acc: &mut Accumulators<S, M, N>,
    x: [&[f32; K]; M],
    w: [&[Block; K]; N],
    run: usize,
) {
    for first in (0..K).step_by(run) {
        let mut sums = *acc;
        if first > 0 {
            sums = [[f32x16::splat(s, 0.0); N]; M];
        }
        for k in first..K.min(first + run) {
            step(
                s,
                &mut sums,
                #[inline(always)]
                |i| x[i][k],
                #[inline(always)]
                |j| &w[j][k],
            );
        }
        if first > 0 {
            for i in 0..M {
                for j in 0..N {
                    sums[i][j] = acc[i][j] + sums[i][j];
                }
            }
        }
        *acc = sums;
    }
}

/// `start + x w` for one row, of which the first K floats count, and N panels of K blocks: what [`accumulate_runs`] gives,
/// with `C` runs at once.
#[inline(always)]
pub fn row<S: Simd, const N: usize, const C: usize, const K: usize, const KS: usize>(
    s: S,
    start: [f32x16<S>; N],
    x: &[f32; KS],
    w: [&[Block; K]; N],
    run: usize,
) -> [f32x16<S>; N] {
    let mut total = start;
    for first in (0..K).step_by(C * run) {
        let mut sums: Accumulators<S, C, N> = [[f32x16::splat(s, 0.0); N]; C];
        if first == 0 {
            sums[0] = total;
        }
        // The last run may be shorter than the others. Among a thousand runs, there may be none left for the last of
        // those that are taken at once.
        let inputs = |c: usize| run.min((K - first).saturating_sub(c * run));
        let mut xs: [&[f32]; C] = [&[]; C];
        let mut ws: [[&[Block]; N]; C] = [[&[]; N]; C];
        for c in 0..C {
            let from = K.min(first + c * run);
            xs[c] = &x[from..][..inputs(c)];
            for j in 0..N {
                ws[c][j] = &w[j][from..][..inputs(c)];
            }
        }
        let last = inputs(C - 1);
        // One run takes two inputs in a turn of the loop, since counting turns costs a fourth of what an input does.
        let mut done = 0;
        if const { C == 1 } {
            let pairs = xs[0].as_chunks::<2>().0;
            let mut weights: [&[[Block; 2]]; N] = [&[]; N];
            for j in 0..N {
                weights[j] = &ws[0][j].as_chunks().0[..pairs.len()];
            }
            for (k, pair) in pairs.iter().enumerate() {
                for i in 0..2 {
                    let x = f32x16::splat(s, pair[i]);
                    for j in 0..N {
                        sums[0][j] = x.mul_add(weights[j][k][i].load(s), sums[0][j]);
                    }
                }
            }
            done = 2 * pairs.len();
        }
        for k in done..last {
            for c in 0..C {
                add(s, &mut sums[c], xs[c][k], ws[c], k);
            }
        }
        if const { C > 1 } {
            for k in last..run {
                for c in 0..C - 1 {
                    if k < inputs(c) {
                        add(s, &mut sums[c], xs[c][k], ws[c], k);
                    }
                }
            }
        }
        for c in 0..C {
            for j in 0..N {
                if first + c == 0 {
                    total[j] = sums[c][j];
                } else if inputs(c) > 0 {
                    total[j] += sums[c][j];
                }
            }
        }
    }
    total
}

/// Adds the product of an input and N blocks, each its panel's block `k`.
#[inline(always)]
fn add<S: Simd, const N: usize>(
    s: S,
    sums: &mut [f32x16<S>; N],
    x: f32,
    w: [&[Block]; N],
    k: usize,
) {
    let x = f32x16::splat(s, x);
    for j in 0..N {
        sums[j] = x.mul_add(w[j][k].load(s), sums[j]);
    }
}

#[cfg(test)]
mod tests {
    use super::{accumulate_runs, row};
    use crate::{
        block::Block,
        simd::{self, Isa, Task},
    };
    use fearless_simd::f32x16;

    const K: usize = 13;

    /// One row in runs of so many inputs: by itself, one run and three runs at once, and as many rows are taken.
    struct Row<'a>(&'a [f32; K], &'a [Block; K], usize);

    impl Task for Row<'_> {
        type Output = [[f32; 16]; 3];

        #[inline(always)]
        fn run<S: Isa>(self, s: S) -> Self::Output {
            let Self(x, w, run) = self;
            let start: f32x16<S> = Block([-0.0; 16]).load(s);
            let [one] = row::<S, 1, 1, K, K>(s, [start], x, [w], run);
            let [three] = row::<S, 1, 3, K, K>(s, [start], x, [w], run);
            let mut many = [[start]];
            accumulate_runs(s, &mut many, [x], [w], run);
            [one, three, many[0][0]].map(Into::into)
        }
    }

    #[test]
    fn one_row_has_the_bits_of_many_however_few_runs_are_left() {
        let x = core::array::from_fn(|k| ((k * 37 % 11) as f32 - 5.0) / 3.0);
        let w = core::array::from_fn(|k| {
            Block(core::array::from_fn(|lane| {
                ((k * 16 + lane) * 29 % 23) as f32 / 7.0
            }))
        });
        for level in simd::levels() {
            for run in 1..=K + 1 {
                for x in [x, [-0.0; K]] {
                    let sums = simd::dispatch(level, Row(&x, &w, run));
                    let [one, three, many] = sums.map(|sums| sums.map(f32::to_bits));
                    assert_eq!([one, three], [many; 2], "runs of {run}");
                }
            }
        }
    }
}
