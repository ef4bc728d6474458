//! What losses of weights refuse of their settings.

use crate::error::{Result, setting::check};

/// Weights that are finite and 0 or more, not all of them 0.
pub fn check_weights(setting: &'static str, weights: &[f32]) -> Result<()> {
    const EXPECTED: &str = "finite and 0 or more for every class, and above 0 for one at least";
    let refused = weights
        .iter()
        .find(|weight| !(0.0..=f32::MAX).contains(*weight));
    let refused = refused.or_else(|| {
        let all = weights.iter().all(|&weight| weight == 0.0);
        weights.first().filter(|_| all)
    });
    refused.map_or(Ok(()), |&weight| {
        check(false, setting, f64::from(weight), EXPECTED)
    })
}
