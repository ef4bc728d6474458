//! Strided copies: what slicing, concatenating and changing a storage come down to, and what crosses between the caller's
//! arrays and the storage of kernels.
//!
//! Where neighbours in the source are neighbours in the target, runs are copied. Where they are neighbours along one axis in
//! the source and along another in the target, as between planes of pixels and pixels of channels, squares of 16 x 16 are
//! transposed in registers: sixteen vectors are loaded, and sixteen stored. Pixels are counted over the ends of rows, and
//! the last square overlaps the one before it, so that any image of at least sixteen pixels and channels takes this path.
//! Of fewer channels the whole square is read, or read and written back, where it lies in memory.

mod square;
mod squares;

pub(super) use square::transposed;
pub use squares::Axis;

use crate::{
    block::{Block, LANES},
    math,
    simd::{Isa, compiled_here},
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use fearless_simd::{f32x16, prelude::*};
use square::{combine, store};
use squares::Squares;

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

    /// Copies a sample of the caller's into blocks in which it is stored from float `first` on, without tiny numbers; floats
    /// that hold no number become zero, if there are `gaps`. `finite` becomes false if a number is not.
    pub fn enter = copy_in(
        x: &[f32],
        y: &mut [Block],
        first: usize,
        axes: &[Axis],
        gaps: bool,
        finite: &mut bool,
    );

    /// Copies a sample that is stored from float `first` on to the caller.
    pub fn leave = copy_out(x: &[Block], first: usize, y: &mut [f32], axes: &[Axis]);
}

/// Numbers are found tiny or not before they are copied, so that what is far comes in the order in which it lies.
fn copy_in<S: Isa>(
    s: S,
    x: &[f32],
    y: &mut [Block],
    first: usize,
    axes: &[Axis],
    gaps: bool,
    finite: &mut bool,
) {
    let found = s.vectorize(
        #[inline(always)]
        || math::find(s, x),
    );
    *finite &= found.finite;
    if gaps {
        y.fill(Block::ZERO);
    }
    let y = must_cast_slice_mut(y);
    region::<S, false>(s, x, &mut y[first..], axes);
    if found.tiny {
        s.vectorize(
            #[inline(always)]
            || math::flush_all(s, y),
        );
    }
}

fn copy_out<S: Isa>(s: S, x: &[Block], first: usize, y: &mut [f32], axes: &[Axis]) {
    region::<S, false>(s, &must_cast_slice(x)[first..], y, axes);
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
        [Axis { size, from, to }] => {
            for index in 0..*size {
                combine::<ADD>(&mut y[index * to], x[index * from]);
            }
        }
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

#[cfg(test)]
mod tests;
