//! The numbers of a sample, and which random bits belong to each: what the layers that act in training alone are made
//! of.
//!
//! Random bits are counted by an index (see [`crate::random`]), and a layer is told by strides which index a number
//! has. So one walk serves them all, whatever the storage:
//!
//! ```text
//!                      [C, H, W], stored [H][W][C]     rows     columns   channels
//! every number its own   the index of c, y and x is      W         1        H W       as in row-major order
//! whole channels                                         0         0          1
//! the whole sample                                       0         0          0
//! ```
//!
//! An index does not depend on how a value is stored: a seed means the same noise wherever numbers lie.

use crate::{
    block::{Block, LANES},
    random::{Key, Row},
    simd::Isa,
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use fearless_simd::{f32x16, prelude::*, u32x16};

/// So many things of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stride {
    /// How many.
    pub count: usize,
    /// Floats from one to the next.
    pub floats: usize,
    /// From the index of one to that of the next.
    pub index: usize,
}

/// Where the numbers of a sample lie, in ascending order, and which index each has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Blocks of a sample, its border included.
    pub blocks: usize,
    /// Floats before the first number.
    pub first: usize,
    /// Groups of runs.
    pub groups: Stride,
    /// Runs of a group.
    pub runs: Stride,
    /// Numbers of a run, side by side.
    pub numbers: Stride,
}

impl Stride {
    /// So many things, so many floats apart, whose indices are so far apart.
    const fn of((count, floats, index): (usize, usize, usize)) -> Self {
        Self {
            count,
            floats,
            index,
        }
    }
}

impl Numbers {
    /// So many numbers from the first float on, without a gap, each with an index of its own.
    pub const fn flat(count: usize) -> Self {
        let blocks = count.div_ceil(LANES);
        Self::within(blocks, 0, (1, 0, 0), (1, 0, 0), (count, 1, 1))
    }

    /// All that is stored of a sample of so many blocks, under one index.
    pub const fn at_once(blocks: usize) -> Self {
        Self::within(blocks, 0, (1, 0, 0), (1, 0, 0), (blocks * LANES, 1, 0))
    }

    /// Numbers in a sample of so many blocks, behind `first` floats: for groups, for runs and for numbers how many, how
    /// many floats apart, and how far their indices are apart.
    pub const fn within(
        blocks: usize,
        first: usize,
        groups: (usize, usize, usize),
        runs: (usize, usize, usize),
        numbers: (usize, usize, usize),
    ) -> Self {
        Self {
            blocks,
            first,
            groups: Stride::of(groups),
            runs: Stride::of(runs),
            numbers: Stride::of(numbers),
        }
    }

    /// Whether each run begins with a block. Then it ends with one, too: only padding follows its last number there.
    fn is_aligned(&self) -> bool {
        [self.first, self.groups.floats, self.runs.floats]
            .iter()
            .all(|floats| floats.is_multiple_of(LANES))
    }

    /// Where each run begins, in floats, and its first index.
    fn begins(&self) -> impl Iterator<Item = (usize, u32)> {
        let Self { groups, runs, .. } = *self;
        (0..groups.count).flat_map(move |group| {
            (0..runs.count).map(move |run| {
                let floats = self.first + group * groups.floats + run * runs.floats;
                let index = group * groups.index + run * runs.index;
                (floats, index as u32)
            })
        })
    }

    /// Writes zeros between the runs.
    fn clear(&self, sample: &mut [Block], aligned: bool) {
        let length = match aligned {
            true => self.numbers.count.next_multiple_of(LANES),
            false => self.numbers.count,
        };
        if self.groups.count * self.runs.count * length == sample.len() * LANES {
            return;
        }
        let floats: &mut [f32] = must_cast_slice_mut(sample);
        let mut end = 0;
        for (begin, _) in self.begins() {
            floats[end..begin].fill(0.0);
            end = begin + length;
        }
        floats[end..].fill(0.0);
    }

    /// Makes the numbers of `y` of those of `x`, or adds to them: what `apply` makes of what was drawn and the numbers
    /// of both. `draw` draws for sixteen indices. What `apply` makes of padding is written over by zeros if it `fills`
    /// it.
    #[inline(always)]
    pub(super) fn change<S: Isa, D: Copy, const ADD: bool>(
        &self,
        s: S,
        (x, y): (&[Block], &mut [Block]),
        (key, fills): (Key, bool),
        draw: impl Fn(Row, u32x16<S>) -> D,
        apply: impl Fn(D, f32x16<S>, f32x16<S>) -> f32x16<S>,
    ) {
        let aligned = self.is_aligned();
        let lanes = u32x16::simd_from(s, core::array::from_fn(|lane| lane as u32));
        let lanes = lanes * u32x16::splat(s, self.numbers.index as u32);
        let samples = x.chunks_exact(self.blocks.max(1));
        let samples = samples.zip(y.chunks_exact_mut(self.blocks.max(1)));
        for (row, (x, y)) in samples.enumerate() {
            let row = key.row(row);
            if !ADD {
                self.clear(y, aligned);
            }
            match aligned {
                true => self.change_blocks(s, (x, y), (row, lanes), fills, &draw, &apply),
                false => self.change_floats(s, (x, y), (row, lanes), &draw, &apply),
            }
        }
    }

    /// Runs that begin with a block.
    #[inline(always)]
    fn change_blocks<S: Isa, D: Copy>(
        &self,
        s: S,
        (x, y): (&[Block], &mut [Block]),
        (row, lanes): (Row, u32x16<S>),
        fills: bool,
        draw: &impl Fn(Row, u32x16<S>) -> D,
        apply: &impl Fn(D, f32x16<S>, f32x16<S>) -> f32x16<S>,
    ) {
        let Self {
            groups,
            runs,
            numbers,
            ..
        } = *self;
        let length = numbers.count.div_ceil(LANES);
        let step = u32x16::splat(s, (LANES * numbers.index) as u32);
        let rest = numbers.count % LANES;
        let kept = core::array::from_fn(|lane| match lane < rest {
            true => u32::MAX,
            false => 0,
        });
        let kept = u32x16::simd_from(s, kept);
        let fills = fills && rest > 0;
        // A lone run is as far from the next as it is long.
        let run = (runs.floats / LANES).max(length);
        for group in 0..groups.count {
            let begin = (self.first + group * groups.floats) / LANES;
            let mut first = (group * groups.index) as u32;
            let of_group = x[begin..].chunks(run).zip(y[begin..].chunks_mut(run));
            for (x, y) in of_group.take(runs.count) {
                let mut index = lanes + u32x16::splat(s, first);
                let (x, y) = (&x[..length], &mut y[..length]);
                if numbers.index == 0 {
                    let drawn = draw(row, index);
                    for (x, y) in x.iter().zip(&mut *y) {
                        y.store(apply(drawn, x.load(s), y.load(s)));
                    }
                } else {
                    for (x, y) in x.iter().zip(&mut *y) {
                        y.store(apply(draw(row, index), x.load(s), y.load(s)));
                        index += step;
                    }
                }
                if let Some(last) = y.last_mut().filter(|_| fills) {
                    let bits = last.load(s).bitcast::<u32x16<S>>() & kept;
                    last.store(bits.bitcast::<f32x16<S>>());
                }
                first = first.wrapping_add(runs.index as u32);
            }
        }
    }

    /// Runs that begin anywhere: the rows of a planar image in its border.
    #[inline(always)]
    fn change_floats<S: Isa, D: Copy>(
        &self,
        s: S,
        (x, y): (&[Block], &mut [Block]),
        (row, lanes): (Row, u32x16<S>),
        draw: &impl Fn(Row, u32x16<S>) -> D,
        apply: &impl Fn(D, f32x16<S>, f32x16<S>) -> f32x16<S>,
    ) {
        let (x, y): (&[f32], &mut [f32]) = (must_cast_slice(x), must_cast_slice_mut(y));
        let step = u32x16::splat(s, (LANES * self.numbers.index) as u32);
        for (begin, first) in self.begins() {
            let run = begin..begin + self.numbers.count;
            let (x, x_rest) = x[run.clone()].as_chunks::<LANES>();
            let (y, y_rest) = y[run].as_chunks_mut::<LANES>();
            let mut index = lanes + u32x16::splat(s, first);
            for (x, y) in x.iter().zip(y) {
                let (x, old) = (f32x16::simd_from(s, *x), f32x16::simd_from(s, *y));
                apply(draw(row, index), x, old).store_array(y);
                index += step;
            }
            if !x_rest.is_empty() {
                let (mut x, mut y) = ([0.0; LANES], [0.0; LANES]);
                x[..x_rest.len()].copy_from_slice(x_rest);
                y[..y_rest.len()].copy_from_slice(y_rest);
                let (x, old) = (f32x16::simd_from(s, x), f32x16::simd_from(s, y));
                apply(draw(row, index), x, old).store_array(&mut y);
                y_rest.copy_from_slice(&y[..y_rest.len()]);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
