//! Activations and arithmetic: number by number.

use super::{Application, Tensor, volume};

/// y = f(x).
pub fn map(application: &Application<'_>, f: impl Fn(f64) -> f64) -> Vec<f64> {
    application.inputs[0].data.iter().map(|&x| f(x)).collect()
}

/// z = f(x, y), where axes of size 1, and those that are missing in front, serve every index of the result's.
pub fn zip(application: &Application<'_>, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let [x, y] = &application.inputs[..] else {
        unreachable!("two operands")
    };
    let output = application.output;
    let at = |tensor: &Tensor<'_>, number: usize| {
        let (mut rest, mut stride, mut place) = (number, 1, 0);
        let sizes = tensor.shape.iter().rev();
        for (size, &own) in output.iter().rev().zip(sizes) {
            place += rest % size % own * stride;
            (rest, stride) = (rest / size, stride * own);
        }
        tensor.data[place]
    };
    let numbers = 0..volume(output);
    numbers
        .map(|number| f(at(x, number), at(y, number)))
        .collect()
}

/// 1 / (1 + e^-x).
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
