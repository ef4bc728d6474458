//! What is refused of settings, whoever has them.

use super::{Error, Found, Result};
use core::ops::RangeBounds;

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

/// A number that lies in a range; NaN lies in none.
pub fn check_range(
    setting: &'static str,
    number: f64,
    range: impl RangeBounds<f64>,
    expected: &'static str,
) -> Result<()> {
    check(range.contains(&number), setting, number, expected)
}

/// A number that is 0 or more, and finite as `f32`.
pub fn check_amount(setting: &'static str, number: f64, expected: &'static str) -> Result<()> {
    check_range(setting, number, 0.0..=f64::from(f32::MAX), expected)
}

/// A number above 0 that is neither 0 nor infinite as `f32`.
pub fn check_above_0(setting: &'static str, found: f64, expected: &'static str) -> Result<()> {
    let holds = found as f32 > 0.0 && (found as f32).is_finite();
    check(holds, setting, found, expected)
}

/// A number that is at least 1.
pub fn check_count(setting: &'static str, count: u64, expected: &'static str) -> Result<()> {
    if count > 0 {
        return Ok(());
    }
    Err(Error::Setting {
        setting,
        found: Found::Count(0),
        expected,
    })
}
