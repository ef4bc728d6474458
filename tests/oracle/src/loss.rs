//! Losses of one sample, as PyTorch defines them; a batch's loss is the mean of its samples'.

use super::rows::log_sum_exp;

/// `torch.nn.CrossEntropyLoss` of logits against the index of the right class.
///
/// # Panics
///
/// If there is no such class.
pub fn cross_entropy(logits: &[f64], class: usize) -> f64 {
    log_sum_exp(logits) - logits[class]
}

/// `torch.nn.MSELoss`: the mean of the squared differences.
pub fn mse(output: &[f64], target: &[f64]) -> f64 {
    let squares = output.iter().zip(target).map(|(y, t)| (y - t) * (y - t));
    squares.sum::<f64>() / output.len() as f64
}
