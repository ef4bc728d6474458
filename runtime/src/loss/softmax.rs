//! Softmax of logits outside a network.

/// `torch.softmax`: logits as probabilities, e^(x_i - m) / sum_j e^(x_j - m) with m = max x, of sum 1 whatever the size of
/// the logits. A network that is trained with [`CrossEntropy`](super::CrossEntropy) gives logits.
///
/// ```
/// use kiln::softmax;
///
/// assert_eq!(softmax(&[1000.0, 1000.0]), [0.5, 0.5]);
/// let [no, yes] = softmax(&[-1.0, 1.0]);
/// assert!((yes - 0.880_797).abs() < 1e-6 && (no + yes - 1.0).abs() < 1e-6);
/// ```
///
/// As in PyTorch, all probabilities are NaN if a logit is NaN or +infinity, or if all are -infinity.
pub fn softmax<const N: usize>(logits: &[f32; N]) -> [f32; N] {
    // `max` passes over NaN, but the powers do not.
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = logits.map(|logit| libm::expf(logit - largest));
    let sum: f64 = powers.iter().copied().map(f64::from).sum();
    powers.map(|power| (f64::from(power) / sum) as f32)
}

#[cfg(test)]
mod tests {
    use super::softmax;

    #[test]
    fn it_is_that_of_double_precision() {
        for shift in [0.0_f32, 90.0, -1000.0, 3e38] {
            let logits: [f32; 37] = core::array::from_fn(|i| shift + ((i * 7) % 23) as f32 * 0.5);
            let largest = logits.iter().copied().fold(f32::MIN, f32::max);
            let powers = logits.map(|x| (f64::from(x) - f64::from(largest)).exp());
            let sum: f64 = powers.iter().sum();
            for (found, power) in softmax(&logits).into_iter().zip(powers) {
                assert!((f64::from(found) - power / sum).abs() <= 2e-7 * power / sum);
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        let (nan, infinity) = (f32::NAN, f32::INFINITY);
        for logits in [
            [nan, 0.0, 1.0],
            [0.0, 1.0, nan],
            [0.0, infinity, 1.0],
            [-infinity; 3],
        ] {
            assert!(softmax(&logits).iter().all(|p| p.is_nan()), "{logits:?}");
        }
        assert_eq!(softmax(&[-infinity, 0.0, 0.0]), [0.0, 0.5, 0.5]);
        assert_eq!(softmax(&[]), [0.0; 0]);
    }
}
