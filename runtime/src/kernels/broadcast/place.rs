//! Where the numbers of one place of a result lie, and how sixteen of them are read and written.

use crate::{
    block::{Block, LANES},
    math,
    simd::Isa,
};
use fearless_simd::{f32x16, i32x16, prelude::*};

/// One axis of a result: its size, and floats between neighbours in what is written and in up to three tensors that are
/// read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Indices.
    pub size: usize,
    /// Floats between neighbours in what is written; 0 where it sums over the axis.
    pub to: usize,
    /// Floats between neighbours in the first tensor that is read.
    pub a: usize,
    /// The same in the second.
    pub b: usize,
    /// The same in the third.
    pub c: usize,
}

/// The axis whose neighbours are neighbours in memory, in everything that is not stretched along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// Indices.
    pub count: usize,
    /// Whether what is written has the axis; otherwise it is the sum over it.
    pub to: bool,
    /// Whether the first tensor has the axis, or one number for all of it.
    pub a: bool,
    /// The same of the second.
    pub b: bool,
    /// The same of the third.
    pub c: bool,
    /// Whether what is written has room for whole blocks, the rest of which becomes zero.
    pub whole: bool,
}

/// Memory, blocks of a sample, and the first float.
pub type Memory<'a> = (&'a [Block], usize, usize);
/// Memory, blocks of a sample, and the first float.
pub type MemoryMut<'a> = (&'a mut [Block], usize, usize);

/// Places in what is written and in what is read.
#[derive(Clone, Copy, Default)]
pub struct Place {
    /// The float that is written.
    pub to: usize,
    /// The floats that are read.
    pub from: [usize; 3],
}

impl Place {
    /// That of index `index` of an axis that begins here.
    #[inline(always)]
    pub fn along(self, axis: &Axis, index: usize) -> Self {
        let [a, b, c] = self.from;
        Self {
            to: self.to + index * axis.to,
            from: [a + index * axis.a, b + index * axis.b, c + index * axis.c],
        }
    }
}

/// The floats of one sample in each tensor that is read; none in those that are not.
#[inline(always)]
pub fn sample<'a>(sources: [Memory<'a>; 3], index: usize) -> [&'a [f32]; 3] {
    sources.map(
        #[inline(always)]
        |(memory, blocks, _)| bytemuck::must_cast_slice(&memory[index * blocks..][..blocks]),
    )
}

/// Sixteen floats from `index` on; past the end there are zeros.
#[inline(always)]
pub fn sixteen<S: Isa>(s: S, x: &[f32], index: usize) -> f32x16<S> {
    match x[index..].first_chunk::<LANES>() {
        Some(block) => f32x16::simd_from(s, *block),
        None => f32x16::simd_from(s, rest(&x[index..])),
    }
}

/// Fewer than sixteen floats, with zeros behind them.
#[cold]
fn rest(x: &[f32]) -> [f32; LANES] {
    let mut block = [0.0; LANES];
    block[..x.len()].copy_from_slice(x);
    block
}

/// Sixteen lanes of a tensor from `index` on, of which the first is lane `16 panel`; or its one number in all of them.
#[inline(always)]
pub fn lanes_of<S: Isa>(s: S, x: &[f32], index: usize, full: bool, panel: usize) -> f32x16<S> {
    if full {
        sixteen(s, x, index + panel * LANES)
    } else {
        f32x16::splat(s, x[index])
    }
}

/// The lanes of panel `panel` that are among the first `count`, and `other` behind them.
#[inline(always)]
pub fn masked<S: Isa>(s: S, value: f32x16<S>, panel: usize, count: usize, other: f32) -> f32x16<S> {
    if (panel + 1) * LANES <= count {
        return value;
    }
    let indices = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let there = count.saturating_sub(panel * LANES) as i32;
    let kept = i32x16::simd_from(s, indices).simd_lt(there);
    kept.select(value, f32x16::splat(s, other))
}

/// The floats that `lanes` take in what is written.
#[inline(always)]
pub fn run(lanes: &Lanes) -> usize {
    match (lanes.to, lanes.whole) {
        (false, _) => 1,
        (true, true) => lanes.count.next_multiple_of(LANES),
        (true, false) => lanes.count,
    }
}

/// A tensor that is not read.
pub const NONE: Memory<'static> = (&[], 0, 0);

/// Stores what is flushed, or adds it to what is there.
#[inline(always)]
pub fn store<S: Isa, const ADD: bool>(s: S, y: &mut [f32; LANES], value: f32x16<S>) {
    let value = if ADD {
        f32x16::simd_from(s, *y) + value
    } else {
        value
    };
    math::flush(s, value).store_array(y);
}
