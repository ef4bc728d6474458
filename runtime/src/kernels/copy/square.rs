//! One square of sixteen pixels by sixteen lanes, or the part of one.
#![allow(
    clippy::needless_range_loop,
    reason = "indices keep all sixteen vectors in registers; iterators over them put them on the stack"
)]

use crate::{block::LANES, math, simd::Isa};
use fearless_simd::{f32x16, i32x16, prelude::*};

#[inline(always)]
pub fn combine<const ADD: bool>(y: &mut f32, x: f32) {
    *y = if ADD { math::flush_number(*y + x) } else { x };
}

#[inline(always)]
pub fn store<S: Isa, const ADD: bool>(s: S, y: &mut [f32; LANES], value: f32x16<S>) {
    let value = if ADD {
        math::flush(s, f32x16::simd_from(s, *y) + value)
    } else {
        value
    };
    value.store_array(y);
}

/// Copies one square of sixteen pixels by sixteen lanes. On the near side lanes begin at `near`, `step` apart, and on the far
/// side pixels where `far` says.
#[inline(always)]
pub fn square<S: Isa, const ADD: bool, const BACK: bool>(
    s: S,
    x: &[f32],
    y: &mut [f32],
    (near, step): (usize, usize),
    far: impl Fn(usize) -> usize,
) {
    let mut vectors = [f32x16::splat(s, 0.0); LANES];
    for index in 0..LANES {
        let first = if BACK {
            far(index)
        } else {
            near + index * step
        };
        vectors[index] = f32x16::from_slice(s, &x[first..][..LANES]);
    }
    let vectors = transposed(vectors);
    for index in 0..LANES {
        let first = if BACK {
            near + index * step
        } else {
            far(index)
        };
        if let Some(y) = y[first..].first_chunk_mut() {
            store::<S, ADD>(s, y, vectors[index]);
        }
    }
}

/// Copies the first lanes of a square of sixteen pixels, which has sixteen lanes for reading: those behind them stay.
#[inline(always)]
pub fn few<S: Isa, const ADD: bool, const BACK: bool>(
    s: S,
    x: &[f32],
    y: &mut [f32],
    (near, step): (usize, usize),
    far: [usize; LANES],
    lanes: usize,
) {
    let mut vectors = [f32x16::splat(s, 0.0); LANES];
    if BACK {
        for index in 0..LANES {
            vectors[index] = f32x16::from_slice(s, &x[far[index]..][..LANES]);
        }
        if lanes <= FEW {
            let first = first_lanes(vectors);
            vectors[..FEW].copy_from_slice(&first);
        } else {
            vectors = transposed(vectors);
        }
        for index in 0..LANES {
            if index < lanes
                && let Some(y) = y[near + index * step..].first_chunk_mut()
            {
                store::<S, ADD>(s, y, vectors[index]);
            }
        }
        return;
    }
    for index in 0..LANES {
        if index < lanes {
            vectors[index] = f32x16::from_slice(s, &x[near + index * step..][..LANES]);
        }
    }
    let vectors = transposed(vectors);
    let indices = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let copied = i32x16::simd_from(s, indices).simd_lt(lanes as i32);
    for index in 0..LANES {
        if let Some(y) = y[far[index]..].first_chunk_mut() {
            let there = f32x16::simd_from(s, *y);
            let sum = math::flush(s, there + vectors[index]);
            let value = if ADD { sum } else { vectors[index] };
            copied.select(value, there).store_array(y);
        }
    }
}

/// Copies the part of a square that has so many pixels and lanes.
#[inline(always)]
pub fn part<const ADD: bool, const BACK: bool>(
    x: &[f32],
    y: &mut [f32],
    (near, step): (usize, usize),
    far: [usize; LANES],
    [pixels, lanes]: [usize; 2],
) {
    for pixel in 0..pixels {
        for index in 0..lanes {
            let near = near + index * step + pixel;
            let far = far[pixel] + index;
            if BACK {
                combine::<ADD>(&mut y[near], x[far]);
            } else {
                combine::<ADD>(&mut y[far], x[near]);
            }
        }
    }
}

/// Sixteen vectors as rows of a square, transposed: four perfect shuffles exchange the four bits of the row with those of
/// the lane.
#[inline(always)]
pub fn transposed<S: Isa>(mut rows: [f32x16<S>; LANES]) -> [f32x16<S>; LANES] {
    for _ in 0..4 {
        let mut shuffled = rows;
        for index in 0..LANES / 2 {
            let (low, high) = (rows[index], rows[index + LANES / 2]);
            shuffled[2 * index] = low.zip_low(high);
            shuffled[2 * index + 1] = low.zip_high(high);
        }
        rows = shuffled;
    }
    rows
}

/// Lanes for which less than a whole square is transposed.
const FEW: usize = 4;

/// The first four of [`transposed`].
#[inline(always)]
fn first_lanes<S: Isa>(rows: [f32x16<S>; LANES]) -> [f32x16<S>; FEW] {
    let mut pairs = [rows[0]; 8];
    for index in 0..8 {
        pairs[index] = rows[index].zip_low(rows[index + 8]);
    }
    let mut fours = [rows[0]; 4];
    for index in 0..4 {
        fours[index] = pairs[index].zip_low(pairs[index + 4]);
    }
    let [a, b, c, d] = fours;
    let (low, high) = ([a.zip_low(c), b.zip_low(d)], [a.zip_high(c), b.zip_high(d)]);
    [
        low[0].zip_low(low[1]),
        low[0].zip_high(low[1]),
        high[0].zip_low(high[1]),
        high[0].zip_high(high[1]),
    ]
}
