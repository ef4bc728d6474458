//! What all losses refuse of their settings.

use crate::error::{Error, Found, Result};

/// A setting that is right where `holds`; NaN never is, since all comparisons with it fail.
pub fn check(holds: bool, setting: &'static str, found: f64, expected: &'static str) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::Setting {
        setting,
        found: Found::Number(found),
        expected,
    })
}

/// A number above 0 that is neither 0 nor infinite as `f32`.
pub fn check_above_0(setting: &'static str, found: f64, expected: &'static str) -> Result<()> {
    let holds = found as f32 > 0.0 && (found as f32).is_finite();
    check(holds, setting, found, expected)
}

/// A number of 0 or more that is finite as `f32`.
pub fn check_amount(setting: &'static str, found: f64, expected: &'static str) -> Result<()> {
    let holds = (0.0..=f64::from(f32::MAX)).contains(&found);
    check(holds, setting, found, expected)
}

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
