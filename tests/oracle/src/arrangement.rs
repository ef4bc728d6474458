//! Concatenation and slices: the same numbers in other places.
//!
//! With respect to one axis a row-major tensor is `outer` pieces of `size` rows of `inner` numbers.

use super::{Application, Tensor, volume};
use kiln_compiler::ops::{concat::Concat, slice::Slice};

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
    let x = application.inputs[0];
    cut(x, 0, x.shape[0] - 1, 1)
}

/// `count` indices of an axis.
fn cut(x: Tensor<'_>, axis: usize, start: usize, count: usize) -> Vec<f64> {
    let inner = volume(&x.shape[axis + 1..]);
    pieces(x, axis)
        .flat_map(|piece| &piece[start * inner..(start + count) * inner])
        .copied()
        .collect()
}
