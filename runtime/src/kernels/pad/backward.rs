//! The gradient of padding: every element gathers those of its places.

use super::frame::{Frame, Mode};
use crate::{
    block::{Block, LANES},
    math::{flush, flush_number},
    simd::{Isa, chains::POSITIONS, compiled_here},
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

compiled_here! {
    /// dx = the sum of the deltas of each element's places, or that more.
    pub fn backward = backward_on(
        dy: &[Block],
        dx: &mut [Block],
        frame: Frame,
        mode: Mode,
        add: bool,
    );
}

fn backward_on<S: Isa>(s: S, dy: &[Block], dx: &mut [Block], frame: Frame, mode: Mode, add: bool) {
    s.vectorize(
        #[inline(always)]
        || {
            let samples = dy.chunks_exact(frame.y.sample / LANES);
            for (dy, dx) in samples.zip(dx.chunks_exact_mut(frame.x.sample / LANES)) {
                let (dy, dx) = (must_cast_slice(dy), must_cast_slice_mut(dx));
                match add {
                    true => gather_sample::<S, true>(s, dy, dx, &frame, mode),
                    false => gather_sample::<S, false>(s, dy, dx, &frame, mode),
                }
            }
        },
    );
}

/// The places of an element in ascending order: some runs of neighbours.
type Places = [Range<usize>; 3];

/// The places of element `at` along an axis of `size` elements with others before and after them.
#[inline(always)]
fn places(mode: Mode, at: usize, size: usize, [before, after]: [usize; 2]) -> Places {
    let total = before + size + after;
    let own = before + at;
    let one = |place: usize, is_there: bool| match is_there {
        true => place..place + 1,
        false => 0..0,
    };
    match mode {
        Mode::Constant(_) => [own..own + 1, 0..0, 0..0],
        Mode::Replicate => {
            let first = if at == 0 { 0 } else { own };
            let end = if at + 1 == size { total } else { own + 1 };
            [first..end, 0..0, 0..0]
        }
        Mode::Reflect => {
            let behind = before + 2 * (size - 1) - at;
            [
                one(before.wrapping_sub(at), at > 0 && at <= before),
                own..own + 1,
                one(behind, at + 1 < size && behind < total),
            ]
        }
        Mode::Circular => [
            one(own.wrapping_sub(size), own >= size),
            own..own + 1,
            one(own + size, own + size < total),
        ],
    }
}

/// Elements of an axis that have one place each, with the others to both sides of them.
#[inline(always)]
fn inner(mode: Mode, size: usize, [before, after]: [usize; 2]) -> Range<usize> {
    let (first, last) = match mode {
        Mode::Constant(_) => (0, 0),
        Mode::Replicate => (usize::from(before > 0), usize::from(after > 0)),
        Mode::Reflect => (before + 1, after + 1),
        Mode::Circular => (after, before),
    };
    let end = size.saturating_sub(last);
    first.min(end)..end
}

/// [`backward`] for a sample.
#[inline(always)]
fn gather_sample<S: Isa, const ADD: bool>(
    s: S,
    dy: &[f32],
    dx: &mut [f32],
    frame: &Frame,
    mode: Mode,
) {
    let (of_x, of_y) = (frame.x, frame.y);
    let (above, beside) = ([frame.top, frame.bottom], [frame.left, frame.right]);
    let inner = inner(mode, frame.columns, beside);
    let mut end = 0;
    for plane in 0..frame.planes {
        for row in 0..frame.rows {
            let begin = of_x.begin(plane, row);
            if !ADD {
                dx[end..begin].fill(0.0);
            }
            end = begin + frame.columns * of_x.column;
            let rows = places(mode, row, frame.rows, above);
            let dx = &mut dx[begin..end];
            let count: usize = rows.iter().map(ExactSizeIterator::len).sum();
            let streamed = match count <= POSITIONS {
                true => inner.clone(),
                false => 0..0,
            };
            if !streamed.is_empty() {
                for (index, place) in rows.iter().cloned().flatten().enumerate() {
                    let first = (frame.left + streamed.start) * of_y.column;
                    let dy = &dy[of_y.begin(plane, place) + first..];
                    let dx = &mut dx[streamed.start * of_x.column..streamed.end * of_x.column];
                    stream(s, dy, dx, [of_y.column, of_x.column], ADD || index > 0);
                }
            }
            for column in (0..streamed.start).chain(streamed.end..frame.columns) {
                let columns = places(mode, column, frame.columns, beside);
                let dx = &mut dx[column * of_x.column..][..of_x.column];
                let dy = &dy[of_y.begin(plane, 0)..];
                gather::<S, ADD>(s, dy, dx, [&rows, &columns], [of_y.row, of_y.column]);
            }
        }
    }
    if !ADD {
        dx[end..].fill(0.0);
    }
}

/// A row of elements with one place each in a row of deltas; columns lie so many floats apart there and here.
#[inline(always)]
fn stream<S: Isa>(s: S, dy: &[f32], dx: &mut [f32], [from, to]: [usize; 2], add: bool) {
    match (from == to, add) {
        (true, true) => sum(s, dy, dx),
        (true, false) => dx.copy_from_slice(&dy[..dx.len()]),
        (false, _) => {
            for (index, dx) in dx.chunks_exact_mut(to).enumerate() {
                let dy = &dy[index * from..][..to];
                match add {
                    true => sum(s, dy, dx),
                    false => dx.copy_from_slice(dy),
                }
            }
        }
    }
}

/// dx += dy
#[inline(always)]
fn sum<S: Isa>(s: S, dy: &[f32], dx: &mut [f32]) {
    let (dy, dy_rest) = dy[..dx.len()].as_chunks::<LANES>();
    let (dx, rest) = dx.as_chunks_mut::<LANES>();
    for (dx, dy) in dx.iter_mut().zip(dy) {
        flush(s, f32x16::simd_from(s, *dx) + f32x16::simd_from(s, *dy)).store_array(dx);
    }
    for (dx, dy) in rest.iter_mut().zip(dy_rest) {
        *dx = flush_number(*dx + dy);
    }
}

/// The sum of the deltas at an element's places; rows and columns lie so many floats apart.
#[inline(always)]
fn gather<S: Isa, const ADD: bool>(
    s: S,
    dy: &[f32],
    dx: &mut [f32],
    [rows, columns]: [&Places; 2],
    [row_stride, column_stride]: [usize; 2],
) {
    let at = |first: usize| {
        let rows = rows.iter().cloned().flatten();
        rows.flat_map(move |row| {
            let columns = columns.iter().cloned().flatten();
            columns.map(move |column| first + row * row_stride + column * column_stride)
        })
    };
    let (blocks, rest) = dx.as_chunks_mut::<LANES>();
    let numbers = blocks.len() * LANES;
    let zero = f32x16::splat(s, 0.0);
    for (block, dx) in blocks.iter_mut().enumerate() {
        let (mut total, mut chain, mut length) = (zero, zero, 0);
        for at in at(block * LANES) {
            if let Some(dy) = dy[at..].first_chunk::<LANES>() {
                chain += f32x16::simd_from(s, *dy);
            }
            length += 1;
            if length == POSITIONS {
                (total, chain, length) = (total + chain, zero, 0);
            }
        }
        let mut sum = total + chain;
        if ADD {
            sum += f32x16::simd_from(s, *dx);
        }
        flush(s, sum).store_array(dx);
    }
    for (index, dx) in rest.iter_mut().enumerate() {
        let (mut total, mut chain, mut length) = (0.0, 0.0, 0);
        for at in at(numbers + index) {
            chain += dy[at];
            length += 1;
            if length == POSITIONS {
                (total, chain, length) = (total + chain, 0.0, 0);
            }
        }
        let sum: f32 = total + chain;
        *dx = flush_number(if ADD { *dx + sum } else { sum });
    }
}
