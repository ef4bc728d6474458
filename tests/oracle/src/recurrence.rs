//! Recurrence: states carried from step to step.

use super::{Application, Tensor, pointwise::sigmoid, volume};
use kiln_compiler::ops::{
    recurrence::{Cell, Recurrence},
    state::State,
};

/// One direction of one level: of every gate the sums a = W x_t + b and q = U h_(t-1) + b', where the states before the
/// first step are given or zero;
///
/// - `Rnn`: h_t = f(a + q)
/// - `Lstm`: c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g), h_t = sigmoid(o) tanh(c_t)
/// - `Gru`: h_t = (1 - z) n + z h_(t-1), n = tanh(a + r q), or with q of r h_(t-1): n = tanh(a + q)
///
/// where the steps come from the last to the first if it reads in reverse.
pub fn recurrence(layer: &Recurrence, application: &Application<'_>) -> Vec<f64> {
    let [from_input, from_hidden, biases @ ..] = &application.parameters[..] else {
        unreachable!("a recurrence has two weights")
    };
    let (n, features) = (layer.hidden, application.inputs[0].shape[1]);
    let states = layer.states_of(application.inputs.len());
    let state = |operand: usize| match states.contains(&operand) {
        true => application.inputs[operand].data.to_vec(),
        false => vec![0.0; n],
    };
    let (mut h, mut c) = (state(1), state(2));
    let mut y = vec![0.0; volume(application.output)];
    // Where c is asked for, a row for it follows those of the steps.
    let (rows, behind) = y.split_at_mut(application.inputs[0].shape[0] * n);
    let mut steps: Vec<_> = application.inputs[0]
        .data
        .chunks_exact(features)
        .zip(rows.chunks_exact_mut(n))
        .collect();
    // Those behind a length stay zero.
    if let Some(length) = layer.length {
        let length = application.inputs[length].data[0] as usize;
        steps.truncate(length.max(1));
    }
    if layer.reverse {
        steps.reverse();
    }
    let bias = |which: usize, row: usize| biases.get(which).map_or(0.0, |bias| bias.data[row]);
    for (x, y) in steps {
        let share = |gate: usize, unit: usize| {
            let row = gate * n + unit;
            bias(0, row) + product(from_input, row, x)
        };
        let hidden = |gate: usize, unit: usize, h: &[f64]| {
            let row = gate * n + unit;
            bias(1, row) + product(from_hidden, row, h)
        };
        let sum = |gate: usize, unit: usize| share(gate, unit) + hidden(gate, unit, &h);
        let reset: Vec<f64> = match layer.cell {
            Cell::GruResetBefore => (0..n).map(|unit| sigmoid(sum(0, unit)) * h[unit]).collect(),
            _ => Vec::new(),
        };
        let next = (0..n).map(|unit| match layer.cell {
            Cell::RnnTanh => sum(0, unit).tanh(),
            Cell::RnnRelu => sum(0, unit).max(0.0),
            Cell::Lstm => {
                let (i, f, g, o) = (sum(0, unit), sum(1, unit), sum(2, unit), sum(3, unit));
                c[unit] = sigmoid(f) * c[unit] + sigmoid(i) * g.tanh();
                sigmoid(o) * c[unit].tanh()
            }
            Cell::Gru | Cell::GruResetBefore => {
                let (r, z) = (sigmoid(sum(0, unit)), sigmoid(sum(1, unit)));
                let n = match layer.cell {
                    Cell::Gru => share(2, unit) + r * hidden(2, unit, &h),
                    _ => share(2, unit) + hidden(2, unit, &reset),
                };
                (1.0 - z) * n.tanh() + z * h[unit]
            }
        });
        h = next.collect();
        y.copy_from_slice(&h);
    }
    behind.copy_from_slice(&c[..behind.len()]);
    y
}

/// Some rows of a matrix.
pub fn rows(state: &State, application: &Application<'_>) -> Vec<f64> {
    let x = &application.inputs[0];
    let (first, count) = state.range(x.shape[0]);
    x.data[first * x.shape[1]..][..count * x.shape[1]].to_vec()
}

/// One row of a matrix times a vector.
fn product(matrix: &Tensor<'_>, row: usize, vector: &[f64]) -> f64 {
    let row = &matrix.data[row * matrix.shape[1]..][..matrix.shape[1]];
    row.iter().zip(vector).map(|(w, x)| w * x).sum()
}
