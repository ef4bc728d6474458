//! Concatenation, slices, padding and axes in another order: the same numbers in other places.
//!
//! With respect to one axis a row-major tensor is `outer` pieces of `size` rows of `inner` numbers.

use super::{Application, Tensor, volume};
use kiln_compiler::ops::{concat::Concat, pad::Pad, padding_mode::Mode, slice::Slice};

/// The pieces that the axes before `axis` count, each all that lies along `axis` and behind.
fn pieces<'a>(tensor: Tensor<'a>, axis: usize) -> impl Iterator<Item = &'a [f64]> {
    tensor.data.chunks_exact(volume(&tensor.shape[axis..]))
}

/// Operands side by side along an axis.
pub fn concat(concat: &Concat, application: &Application<'_>) -> Vec<f64> {
    let outer = volume(&application.output[..concat.axis]);
    let piece = |index| {
        let part = move |&tensor: &Tensor<'_>| {
            pieces(tensor, concat.axis)
                .nth(index)
                .unwrap_or(&[])
                .to_vec()
        };
        application.inputs.iter().flat_map(part)
    };
    (0..outer).flat_map(piece).collect()
}

/// `start..end` of an axis.
pub fn slice(slice: &Slice, application: &Application<'_>) -> Vec<f64> {
    cut(
        application.inputs[0],
        slice.axis,
        slice.start,
        application.output[slice.axis],
    )
}

/// The last index of the first axis.
pub fn last(application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0].data;
    x[x.len() - volume(application.output)..].to_vec()
}

/// `count` indices of an axis.
fn cut(x: Tensor<'_>, axis: usize, start: usize, count: usize) -> Vec<f64> {
    let inner = volume(&x.shape[axis + 1..]);
    pieces(x, axis)
        .flat_map(|piece| &piece[start * inner..(start + count) * inner])
        .copied()
        .collect()
}

/// Every number of the result is that of the operand at its place, mirrored, clamped or wrapped into it, or a constant.
pub fn pad(pad: &Pad, application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let padding = pad
        .padding_on(x.shape)
        .expect("the shape rule let the operand pass");
    // Each axis: its size, and what is before it.
    let before = match x.shape.len() {
        3 => vec![0, padding.top, padding.left],
        2 => vec![padding.left, 0],
        _ => vec![padding.left],
    };
    let source = |at: &[usize]| {
        let mut index = 0;
        for ((at, before), &size) in at.iter().zip(&before).zip(x.shape) {
            let (inside, last) = (*at as i64 - *before as i64, size as i64 - 1);
            let inside = match pad.mode {
                _ if (0..=last).contains(&inside) => inside,
                Mode::Constant(value) => return f64::from(value),
                Mode::Replicate => inside.clamp(0, last),
                Mode::Reflect => last - (last - inside.abs()).abs(),
                Mode::Circular => inside.rem_euclid(size as i64),
            };
            index = index * size + inside as usize;
        }
        x.data[index]
    };
    let place = |index: usize| {
        let mut at = vec![0; application.output.len()];
        let mut rest = index;
        for (at, size) in at.iter_mut().zip(application.output).rev() {
            *at = rest % size;
            rest /= size;
        }
        at
    };
    let numbers = 0..volume(application.output);
    numbers.map(|index| source(&place(index))).collect()
}

/// The indices of number `number` of a shape.
fn indices(mut number: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices = vec![0; shape.len()];
    for (index, size) in indices.iter_mut().zip(shape).rev() {
        *index = number % size;
        number /= size;
    }
    indices
}

/// For each number of the result the operand's at the indices that `place` gives for its own.
fn gather(application: &Application<'_>, place: impl Fn(&[usize]) -> Vec<usize>) -> Vec<f64> {
    let x = application.inputs[0];
    let number = |number| {
        let place = place(&indices(number, application.output));
        let sizes = place.iter().zip(x.shape);
        x.data[sizes.fold(0, |at, (index, size)| at * size + index)]
    };
    (0..volume(application.output)).map(number).collect()
}

/// Axis i of the result is axis `axes[i]` of the operand.
pub fn permute(axes: &[usize], application: &Application<'_>) -> Vec<f64> {
    gather(application, |at| {
        let mut place = vec![0; at.len()];
        for (&axis, &index) in axes.iter().zip(at) {
            place[axis] = index;
        }
        place
    })
}

/// y[c][h r + i][w r + j] = x[c r^2 + i r + j][h][w]
pub fn pixel_shuffle(r: usize, application: &Application<'_>) -> Vec<f64> {
    gather(application, |at| {
        let (row, column) = (at[1], at[2]);
        vec![
            at[0] * r * r + row % r * r + column % r,
            row / r,
            column / r,
        ]
    })
}

/// y[c r^2 + i r + j][h][w] = x[c][h r + i][w r + j]
pub fn pixel_unshuffle(r: usize, application: &Application<'_>) -> Vec<f64> {
    gather(application, |at| {
        let (channel, within) = (at[0] / (r * r), at[0] % (r * r));
        vec![channel, at[1] * r + within / r, at[2] * r + within % r]
    })
}
