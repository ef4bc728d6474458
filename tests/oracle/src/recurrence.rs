//! Recurrence: states carried from step to step.

use super::{Application, Tensor, pointwise::sigmoid, volume};
use kiln_compiler::ops::lstm::Lstm;

/// One level: with gates i, f, g, o = W x_t + b + U h_(t-1) + b', and h_(-1) = c_(-1) = 0,
///
/// c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g),  h_t = sigmoid(o) tanh(c_t).
pub fn lstm(lstm: &Lstm, application: &Application<'_>) -> Vec<f64> {
    let [from_input, from_hidden, biases @ ..] = &application.parameters[..] else {
        unreachable!("Lstm has two weights")
    };
    let (n, features) = (lstm.hidden, application.inputs[0].shape[1]);
    let (mut h, mut c) = (vec![0.0; n], vec![0.0; n]);
    let mut y = Vec::with_capacity(volume(application.output));
    for x in application.inputs[0].data.chunks_exact(features) {
        let gate = |gate: usize, unit: usize| {
            let row = gate * n + unit;
            let bias: f64 = biases.iter().map(|bias| bias.data[row]).sum();
            bias + product(from_input, row, x) + product(from_hidden, row, &h)
        };
        let mut next = Vec::with_capacity(n);
        for (unit, c) in c.iter_mut().enumerate() {
            let (i, f, g, o) = (gate(0, unit), gate(1, unit), gate(2, unit), gate(3, unit));
            *c = sigmoid(f) * *c + sigmoid(i) * g.tanh();
            next.push(sigmoid(o) * c.tanh());
        }
        h = next;
        y.extend(&h);
    }
    y
}

/// One row of a matrix times a vector.
fn product(matrix: &Tensor<'_>, row: usize, vector: &[f64]) -> f64 {
    let row = &matrix.data[row * matrix.shape[1]..][..matrix.shape[1]];
    row.iter().zip(vector).map(|(w, x)| w * x).sum()
}
