//! What a rule is, and what all of them refuse.

use crate::{
    error::{Error, Found, Result},
    update::Update,
};
use core::ops::RangeBounds;

/// A rule that turns gradients into changes of the weights. A rule of one's own states its constants for a step, and what
/// a step does to sixteen weights:
///
/// ```
/// use kiln::{Block, Optimizer, Update, simd::vectors::*};
///
/// /// Every weight moves by the same amount: w <- w - learning_rate sign(g).
/// struct SignDescent {
///     learning_rate: f64,
/// }
///
/// struct SignStep(f32);
///
/// impl Optimizer for SignDescent {
///     type Step = SignStep;
///
///     fn step(&self, _taken: u64, factor: f64) -> SignStep {
///         SignStep((self.learning_rate * factor) as f32)
///     }
/// }
///
/// impl Update for SignStep {
///     type State = ();
///
///     #[inline(always)]
///     fn apply<S: Simd>(&self, s: S, gradient: f32x16<S>, weight: &mut Block, _: &mut ()) {
///         let (zero, rate) = (f32x16::splat(s, 0.0), f32x16::splat(s, self.0));
///         let down = gradient.simd_gt(zero).select(rate, zero);
///         let up = gradient.simd_lt(zero).select(rate, zero);
///         weight.store(weight.load(s) - down + up);
///     }
/// }
/// ```
pub trait Optimizer: Send + Sync {
    /// One step of the rule, ready to be applied to every block of weights.
    type Step: Update;

    /// The step after `taken` steps, with the learning rate multiplied by `factor`, 0 or more.
    fn step(&self, taken: u64, factor: f64) -> Self::Step;

    /// Refuses numbers by which nothing is learnt. A `Trainer` asks before it begins, a `Descent` before every step.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with the first such number.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// A number that is 0 or more, and finite as `f32`.
pub(super) fn check_amount(
    setting: &'static str,
    number: f64,
    expected: &'static str,
) -> Result<()> {
    check_range(setting, number, 0.0..=f64::from(f32::MAX), expected)
}

/// A number that lies in a range; NaN lies in none.
pub(super) fn check_range(
    setting: &'static str,
    number: f64,
    range: impl RangeBounds<f64>,
    expected: &'static str,
) -> Result<()> {
    if range.contains(&number) {
        return Ok(());
    }
    Err(Error::Setting {
        setting,
        found: Found::Number(number),
        expected,
    })
}

/// Refuses a factor of the learning rate by which nothing is learnt.
pub(crate) fn check_factor(
    setting: &'static str,
    factor: f64,
    found: impl FnOnce() -> Found,
) -> Result<()> {
    if (0.0..=f64::from(f32::MAX)).contains(&factor) {
        return Ok(());
    }
    Err(Error::Setting {
        setting,
        found: found(),
        expected: "0 or more and finite as `f32`, such as 1.0",
    })
}

/// A constant of a step as `f32`, never infinite: 0 times infinity would make a number of the zeros between weights.
pub(super) fn finite(constant: f64) -> f32 {
    constant.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

/// What an optimizer remembers of each block of weights.
pub type State<O> = <<O as Optimizer>::Step as Update>::State;
