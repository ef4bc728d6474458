//! Softmax and its logarithm over rows of N numbers.
//!
//! y_i = e^(x_i - m) / sum_j e^(x_j - m), m = max x, as `torch.nn.Softmax`. With the row's scalar
//! t = sum_j y_j dy_j the backward is dx_i = y_i (dy_i - t).
//! z_i = log y_i = (x_i - m) - ln(sum_j e^(x_j - m)), whose backward is dx_i = dz_i - e^(z_i) sum_j dz_j.
//!
//! Powers, results and deltas below 2^-63 are zero. A NaN in a row makes the whole row NaN.

#[cfg(test)]
mod tests;

use crate::{
    block::{Block, LANES},
    math,
    simd::{Isa, chains::POSITIONS},
};
use fearless_simd::{f32x16, prelude::*};

/// The lanes of block `p` that hold numbers, everything else replaced by `gap`.
#[inline(always)]
fn lanes<S: Isa, const N: usize>(s: S, p: usize, value: f32x16<S>, gap: f32) -> f32x16<S> {
    if (p + 1) * LANES <= N {
        return value;
    }
    f32x16::simd_from(
        s,
        core::array::from_fn(|lane| {
            if p * LANES + lane < N {
                value[lane]
            } else {
                gap
            }
        }),
    )
}

/// The largest number of a row.
#[inline(always)]
fn maximum<S: Isa, const N: usize, const P: usize>(s: S, x: &[Block; P]) -> f32 {
    let mut largest = f32x16::splat(s, f32::NEG_INFINITY);
    for (p, block) in x.iter().enumerate() {
        let block = lanes::<S, N>(s, p, block.load(s), f32::NEG_INFINITY);
        largest = math::maximum(s, largest, block);
    }
    math::largest_lane(largest)
}

/// The sum over a row of f(block), in chains of at most [`POSITIONS`] blocks.
#[inline(always)]
fn sum<S: Isa, const N: usize, const P: usize>(s: S, f: impl Fn(usize) -> f32x16<S>) -> f32 {
    let mut sum = 0.0;
    for piece in 0..P.div_ceil(POSITIONS) {
        let from = piece * POSITIONS;
        let mut total = f32x16::splat(s, 0.0);
        for p in from..P.min(from + POSITIONS) {
            total += lanes::<S, N>(s, p, f(p), 0.0);
        }
        let lanes: [f32; LANES] = total.into();
        sum += lanes.into_iter().sum::<f32>();
    }
    sum
}

/// y = softmax(x) over rows of `N` numbers in `P` blocks.
pub fn forward<S: Isa, const N: usize, const P: usize>(
    s: S,
    x: &[[Block; P]],
    y: &mut [[Block; P]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                let largest = f32x16::splat(s, maximum::<S, N, P>(s, x));
                for (p, (x, y)) in x.iter().zip(y.iter_mut()).enumerate() {
                    y.store(lanes::<S, N>(
                        s,
                        p,
                        math::share(s, x.load(s) - largest),
                        0.0,
                    ));
                }
                let total = sum::<S, N, P>(
                    s,
                    #[inline(always)]
                    |p| y[p].load(s),
                );
                let inverse = f32x16::splat(s, 1.0 / total);
                for y in y.iter_mut() {
                    y.store(math::flush(s, y.load(s) * inverse));
                }
            }
        },
    );
}

/// dx = y (dy - sum y dy), or dx += that.
pub fn backward<S: Isa, const N: usize, const P: usize, const ADD: bool>(
    s: S,
    y: &[[Block; P]],
    dy: &[[Block; P]],
    dx: &mut [[Block; P]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((y, dy), dx) in y.iter().zip(dy).zip(dx) {
                let shared = sum::<S, N, P>(
                    s,
                    #[inline(always)]
                    |p| y[p].load(s) * dy[p].load(s),
                );
                let shared = f32x16::splat(s, shared);
                for ((y, dy), dx) in y.iter().zip(dy).zip(dx) {
                    let gradient = y.load(s) * math::flush(s, dy.load(s) - shared);
                    let gradient = if ADD { dx.load(s) + gradient } else { gradient };
                    dx.store(math::flush(s, gradient));
                }
            }
        },
    );
}

/// y = log softmax(x), the z above, over rows of `N` numbers in `P` blocks.
pub fn log_forward<S: Isa, const N: usize, const P: usize>(
    s: S,
    x: &[[Block; P]],
    y: &mut [[Block; P]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                let m = f32x16::splat(s, maximum::<S, N, P>(s, x));
                let total = sum::<S, N, P>(
                    s,
                    #[inline(always)]
                    |p| math::share(s, x[p].load(s) - m),
                );
                // Not x - (m + ln total), whose sum rounds like m, however small y is.
                let logarithm = f32x16::splat(s, libm::logf(total));
                for (p, (x, y)) in x.iter().zip(y).enumerate() {
                    let value = lanes::<S, N>(s, p, x.load(s) - m - logarithm, 0.0);
                    y.store(math::flush(s, value));
                }
            }
        },
    );
}

/// dx = dy - e^y sum dy, or dx += that: y is the z above.
pub fn log_backward<S: Isa, const N: usize, const P: usize, const ADD: bool>(
    s: S,
    y: &[[Block; P]],
    dy: &[[Block; P]],
    dx: &mut [[Block; P]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((y, dy), dx) in y.iter().zip(dy).zip(dx) {
                let shared = sum::<S, N, P>(
                    s,
                    #[inline(always)]
                    |p| dy[p].load(s),
                );
                let shared = f32x16::splat(s, math::flush_number(shared));
                for (p, ((y, dy), dx)) in y.iter().zip(dy).zip(dx).enumerate() {
                    let share = lanes::<S, N>(s, p, math::share(s, y.load(s)) * shared, 0.0);
                    let gradient = dy.load(s) - share;
                    let gradient = if ADD { dx.load(s) + gradient } else { gradient };
                    dx.store(math::flush(s, gradient));
                }
            }
        },
    );
}
