//! Padding: what stands around an image or a sequence, as `torch.nn.ZeroPad2d`, `ConstantPad2d`, `ReflectionPad2d`,
//! `ReplicationPad2d` and `CircularPad2d` write it.
//!
//! Along an axis of n elements with b before them, place r of the result holds element m(r) of the operand:
//!
//! ```text
//!              r - b < 0     0 <= r - b < n    n <= r - b
//! constant     the constant  r - b             the constant
//! replicate    0             r - b             n - 1
//! reflect      b - r         r - b             2 (n - 1) - (r - b)
//! circular     r - b + n     r - b             r - b - n
//! ```
//!
//! Rows and columns are padded independently, `y[r][c] = x[m(r)][m(c)]`, and so the gradient is
//!
//! ```text
//! dx[h][w] = sum over r with m(r) = h, c with m(c) = w  of  dy[r][c]
//! ```
//!
//! which every element gathers in ascending order of r, then c. A constant has no gradient.
//!
//! Numbers lie as [`Grid`] says, in floats: channels last (a run of channels for each pixel), planar (a plane for each
//! channel, runs of one number), or flat. A sequence is an image of one row, and a vector one whose pixels are its numbers.

mod backward;
mod frame;
#[cfg(test)]
mod tests;

use crate::{
    block::{Block, LANES},
    simd::{Isa, compiled_here},
};
use bytemuck::must_cast_slice_mut;

pub use backward::backward;
pub use frame::{Frame, Grid, Mode};

/// y = x and what stands around it.
pub fn forward<S: Isa, const XS: usize>(
    s: S,
    x: &[[f32; XS]],
    y: &mut [Block],
    frame: Frame,
    mode: Mode,
) {
    pad(s, x.as_flattened(), y, frame, mode);
}

compiled_here! {
    fn pad = pad_on(x: &[f32], y: &mut [Block], frame: Frame, mode: Mode);
}

fn pad_on<S: Isa>(_: S, x: &[f32], y: &mut [Block], frame: Frame, mode: Mode) {
    let (of_x, of_y) = (frame.x, frame.y);
    let samples = x.chunks_exact(of_x.sample);
    for (x, y) in samples.zip(y.chunks_exact_mut(of_y.sample / LANES)) {
        let y = must_cast_slice_mut::<_, f32>(y);
        let mut end = 0;
        for plane in 0..frame.planes {
            for row in 0..frame.top + frame.rows + frame.bottom {
                let begin = of_y.begin(plane, row);
                y[end..begin].fill(0.0);
                end = begin + (frame.left + frame.columns + frame.right) * of_y.column;
                let y = &mut y[begin..end];
                match mode.element(row, frame.top, frame.rows) {
                    Some(source) => pad_row(&x[of_x.begin(plane, source)..], y, &frame, mode),
                    None => fill(y, &frame, mode),
                }
            }
        }
        y[end..].fill(0.0);
    }
}

/// A row of the operand with what stands to both sides.
fn pad_row(x: &[f32], y: &mut [f32], frame: &Frame, mode: Mode) {
    let &Frame {
        columns, run, left, ..
    } = frame;
    let (from, to) = (frame.x.column, frame.y.column);
    let (before, rest) = y.split_at_mut(left * to);
    let (inside, behind) = rest.split_at_mut(columns * to);
    if from == to {
        inside.copy_from_slice(&x[..columns * from]);
    } else {
        for (index, y) in inside.chunks_exact_mut(to).enumerate() {
            element(&x[index * from..][..run], y);
        }
    }
    for (first, side) in [(0, before), (left + columns, behind)] {
        for (index, y) in side.chunks_exact_mut(to).enumerate() {
            match mode.element(first + index, left, columns) {
                Some(source) => element(&x[source * from..][..run], y),
                None => fill(y, frame, mode),
            }
        }
    }
}

/// An element, with zeros in its padding lanes.
#[inline(always)]
fn element(x: &[f32], y: &mut [f32]) {
    let (numbers, lanes) = y.split_at_mut(x.len());
    numbers.copy_from_slice(x);
    lanes.fill(0.0);
}

/// Elements that are the constant.
fn fill(y: &mut [f32], frame: &Frame, mode: Mode) {
    let Mode::Constant(value) = mode else { return };
    if value == 0.0 || frame.run == frame.y.column {
        y.fill(value);
    } else {
        for y in y.chunks_exact_mut(frame.y.column) {
            let (numbers, lanes) = y.split_at_mut(frame.run);
            numbers.fill(value);
            lanes.fill(0.0);
        }
    }
}
