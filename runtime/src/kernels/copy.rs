//! Strided copies: what slicing, concatenating and changing a storage come down to.
//!
//! Where neighbours in the source are neighbours in the target, runs are copied. Where they are neighbours along one axis in
//! the source and along another in the target, as between planes of pixels and pixels of channels, squares of 16 x 16 are
//! transposed in registers: sixteen vectors are loaded, and sixteen stored. Pixels are counted over the ends of rows, and
//! the last square overlaps the one before it, so that any image of at least sixteen pixels and channels takes this path.
#![allow(
    clippy::needless_range_loop,
    reason = "indices keep all sixteen vectors in registers; iterators over them put them on the stack"
)]

use crate::{
    block::{Block, LANES},
    math,
    simd::{Isa, compiled_here},
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use fearless_simd::{f32x16, prelude::*};

/// One axis of a copied region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Indices.
    pub size: usize,
    /// Floats between neighbours in the source.
    pub from: usize,
    /// Floats between neighbours in the target.
    pub to: usize,
}

compiled_here! {
    /// Copies a region of every sample, or adds it; `clear` zeroes the target first.
    ///
    /// Source and target are memory, blocks per sample, and the region's first float.
    pub fn strided = copy_strided(
        x: (&[Block], usize, usize),
        y: (&mut [Block], usize, usize),
        axes: &[Axis],
        clear: bool,
        add: bool,
    );
}

fn copy_strided<S: Isa>(
    s: S,
    (x, x_blocks, from): (&[Block], usize, usize),
    (y, y_blocks, to): (&mut [Block], usize, usize),
    axes: &[Axis],
    clear: bool,
    add: bool,
) {
    if clear {
        y.fill(Block::ZERO);
    }
    for (x, y) in x.chunks_exact(x_blocks).zip(y.chunks_exact_mut(y_blocks)) {
        let (x, y) = (must_cast_slice(x), must_cast_slice_mut(y));
        let (x, y) = (&x[from..], &mut y[to..]);
        if add {
            region::<S, true>(s, x, y, axes);
        } else {
            region::<S, false>(s, x, y, axes);
        }
    }
}

/// One sample's region, the outermost axis first. It calls itself, so that only what it ends in is vectorized.
fn region<S: Isa, const ADD: bool>(s: S, x: &[f32], y: &mut [f32], axes: &[Axis]) {
    match axes {
        [] => combine::<ADD>(&mut y[0], x[0]),
        [
            Axis {
                size,
                from: 1,
                to: 1,
            },
        ] => s.vectorize(
            #[inline(always)]
            || run::<S, ADD>(s, &x[..*size], &mut y[..*size]),
        ),
        _ => match Squares::of(axes) {
            Some((squares, outer)) => squares.copy::<S, ADD>(s, x, y, &outer[..]),
            None => each::<S, ADD>(s, x, y, axes),
        },
    }
}

/// A region index by index of its first axis.
fn each<S: Isa, const ADD: bool>(s: S, x: &[f32], y: &mut [f32], axes: &[Axis]) {
    let [axis, inner @ ..] = axes else { return };
    for index in 0..axis.size {
        region::<S, ADD>(s, &x[index * axis.from..], &mut y[index * axis.to..], inner);
    }
}

#[inline(always)]
fn combine<const ADD: bool>(y: &mut f32, x: f32) {
    *y = if ADD { math::flush_number(*y + x) } else { x };
}

/// Neighbours in both.
#[inline(always)]
fn run<S: Isa, const ADD: bool>(s: S, x: &[f32], y: &mut [f32]) {
    if !ADD {
        return y.copy_from_slice(x);
    }
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks_mut::<LANES>());
    for (y, x) in y.iter_mut().zip(x) {
        store::<S, true>(s, y, f32x16::simd_from(s, *x));
    }
    for (y, &x) in y_rest.iter_mut().zip(x_rest) {
        combine::<true>(y, x);
    }
}

#[inline(always)]
fn store<S: Isa, const ADD: bool>(s: S, y: &mut [f32; LANES], value: f32x16<S>) {
    let value = if ADD {
        math::flush(s, f32x16::simd_from(s, *y) + value)
    } else {
        value
    };
    value.store_array(y);
}

/// The most axes that squares stand in.
const OUTER: usize = 6;

/// A region in which *pixels* are neighbours on one side, the near one, and *lanes* on the other, the far one.
#[derive(Clone, Copy)]
struct Squares {
    /// Pixels of a row, and rows that follow one another on the near side.
    columns: Span,
    rows: Span,
    /// Neighbours on the far side.
    lanes: Span,
    /// Whether the near side is the target.
    back: bool,
}

/// An axis by its sides.
#[derive(Clone, Copy)]
struct Span {
    size: usize,
    near: usize,
    far: usize,
}

impl Span {
    fn of(axis: Axis, back: bool) -> Self {
        let Axis { size, from, to } = axis;
        let (near, far) = if back { (to, from) } else { (from, to) };
        Self { size, near, far }
    }
}

/// Axes around squares.
#[derive(Clone, Copy, Default)]
struct Outer {
    axes: [Axis; OUTER],
    count: usize,
}

impl core::ops::Deref for Outer {
    type Target = [Axis];

    fn deref(&self) -> &[Axis] {
        &self.axes[..self.count]
    }
}

impl Squares {
    /// The squares of a region, and the axes around them, if there are neighbours along two axes.
    fn of(axes: &[Axis]) -> Option<(Self, Outer)> {
        let find = |is: &dyn Fn(&Axis) -> bool| axes.iter().position(is);
        let source = find(&|axis| axis.from == 1 && axis.to != 1 && axis.size > 1)?;
        let target = find(&|axis| axis.to == 1 && axis.from != 1 && axis.size > 1)?;
        let rows_of = |back: bool| {
            let pixels = if back { target } else { source };
            let pixels = Span::of(axes[pixels], back);
            find(&|axis| axis.size > 1 && Span::of(*axis, back).near == pixels.size)
                .filter(|&row| row != source && row != target)
        };
        let back = rows_of(false).is_none() && rows_of(true).is_some();
        let (pixels, lanes) = if back {
            (target, source)
        } else {
            (source, target)
        };
        let rows = rows_of(back);
        let mut outer = Outer::default();
        for (index, &axis) in axes.iter().enumerate() {
            if index != source && index != target && Some(index) != rows {
                *outer.axes.get_mut(outer.count)? = axis;
                outer.count += 1;
            }
        }
        let one = Span {
            size: 1,
            near: 0,
            far: 0,
        };
        let squares = Self {
            columns: Span::of(axes[pixels], back),
            rows: rows.map_or(one, |row| Span::of(axes[row], back)),
            lanes: Span::of(axes[lanes], back),
            back,
        };
        Some((squares, outer))
    }

    /// Copies the squares at every index of the axes around them.
    fn copy<S: Isa, const ADD: bool>(self, s: S, x: &[f32], y: &mut [f32], outer: &[Axis]) {
        match outer {
            [] => s.vectorize(
                #[inline(always)]
                || {
                    if self.back {
                        self.squares::<S, ADD, true>(s, x, y);
                    } else {
                        self.squares::<S, ADD, false>(s, x, y);
                    }
                },
            ),
            [axis, inner @ ..] => {
                for index in 0..axis.size {
                    let (x, y) = (&x[index * axis.from..], &mut y[index * axis.to..]);
                    self.copy::<S, ADD>(s, x, y, inner);
                }
            }
        }
    }

    #[inline(always)]
    fn squares<S: Isa, const ADD: bool, const BACK: bool>(self, s: S, x: &[f32], y: &mut [f32]) {
        let pixels = self.columns.size * self.rows.size;
        for pixel in (0..pixels).step_by(LANES) {
            let (pixel, deep) = square_from::<ADD>(pixel, pixels);
            // Where each pixel begins on the far side.
            let mut far = [0; LANES];
            let (mut row, mut column) = (pixel / self.columns.size, pixel % self.columns.size);
            for far in &mut far[..deep] {
                *far = row * self.rows.far + column * self.columns.far;
                column += 1;
                if column == self.columns.size {
                    (row, column) = (row + 1, 0);
                }
            }
            for lane in (0..self.lanes.size).step_by(LANES) {
                let (lane, wide) = square_from::<ADD>(lane, self.lanes.size);
                let near = (lane * self.lanes.near + pixel, self.lanes.near);
                if deep == LANES && wide == LANES {
                    square::<S, ADD, BACK>(s, x, y, near, (far, lane));
                } else {
                    part::<ADD, BACK>(x, y, near, (far, lane), [deep, wide]);
                }
            }
        }
    }
}

/// Where the square begins that holds index `first` of `size`, and how many of them it takes: the last square overlaps the
/// one before it, if nothing is added twice by that.
#[inline(always)]
fn square_from<const ADD: bool>(first: usize, size: usize) -> (usize, usize) {
    if !ADD && size >= LANES {
        (first.min(size - LANES), LANES)
    } else {
        (first, LANES.min(size - first))
    }
}

/// Copies one square of sixteen pixels by sixteen lanes. On the near side lanes begin at `near`, `step` apart, and on the far
/// side pixels where `far` says, from `lane` on.
#[inline(always)]
fn square<S: Isa, const ADD: bool, const BACK: bool>(
    s: S,
    x: &[f32],
    y: &mut [f32],
    (near, step): (usize, usize),
    (far, lane): ([usize; LANES], usize),
) {
    let mut vectors = [f32x16::splat(s, 0.0); LANES];
    for index in 0..LANES {
        let first = if BACK {
            far[index] + lane
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
            far[index] + lane
        };
        if let Some(y) = y[first..].first_chunk_mut() {
            store::<S, ADD>(s, y, vectors[index]);
        }
    }
}

/// Copies the part of a square that has so many pixels and lanes.
#[inline(always)]
fn part<const ADD: bool, const BACK: bool>(
    x: &[f32],
    y: &mut [f32],
    (near, step): (usize, usize),
    (far, lane): ([usize; LANES], usize),
    [pixels, lanes]: [usize; 2],
) {
    for pixel in 0..pixels {
        for index in 0..lanes {
            let near = near + index * step + pixel;
            let far = far[pixel] + lane + index;
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
pub(super) fn transposed<S: Isa>(mut rows: [f32x16<S>; LANES]) -> [f32x16<S>; LANES] {
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

#[cfg(test)]
mod tests;
