//! Softmax and its logarithm: each row of the last axis on its own.

use super::Application;

/// y = e^x / sum of e^x.
pub fn softmax(application: &Application<'_>) -> Vec<f64> {
    log_softmax(application).into_iter().map(f64::exp).collect()
}

/// y = x - ln(sum of e^x).
pub fn log_softmax(application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let row = |row: &[f64]| {
        let sum = log_sum_exp(row);
        row.iter().map(|x| x - sum).collect::<Vec<_>>()
    };
    x.data
        .chunks_exact(x.shape[x.shape.len() - 1])
        .flat_map(row)
        .collect()
}

/// ln(sum of e^x), the largest taken out first so that nothing overflows.
pub fn log_sum_exp(x: &[f64]) -> f64 {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + x.iter().map(|x| (x - largest).exp()).sum::<f64>().ln()
}
