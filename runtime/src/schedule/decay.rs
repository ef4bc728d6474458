//! Factors that are constant, fall in jumps, or by a power.

use super::base::{Schedule, check_factor, check_steps};
use crate::error::{
    Error, Found, Result,
    setting::{check, check_range},
};

/// `ConstantLR`: one factor for a number of steps, then 1; or for ever.
///
/// ```
/// use kiln::schedule::{Constant, Schedule};
///
/// let schedule = Constant::new(0.5).until(2);
/// assert_eq!([0, 1, 2].map(|step| schedule.factor(step)), [0.5, 0.5, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    factor: f64,
    until: u64,
}

impl Constant {
    /// Always this factor.
    pub fn new(factor: f64) -> Self {
        Self {
            factor,
            until: u64::MAX,
        }
    }

    /// The factor is 1 from step `step` on: PyTorch's `total_iters`.
    pub fn until(mut self, step: u64) -> Self {
        self.until = step;
        self
    }
}

impl Schedule for Constant {
    fn factor(&self, step: u64) -> f64 {
        if step < self.until { self.factor } else { 1.0 }
    }

    fn check(&self) -> Result<()> {
        check_factor("factor", self.factor)
    }
}

/// `LinearLR`: from one factor to another in equal steps, and the other from then on.
///
/// ```
/// use kiln::schedule::{Linear, Schedule};
///
/// let schedule = Linear::new(0.5, 1.0, 4);
/// assert_eq!([0, 1, 4, 5].map(|step| schedule.factor(step)), [0.5, 0.625, 1.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    start: f64,
    end: f64,
    steps: u64,
}

impl Linear {
    /// From `start` to `end` in `steps` steps. PyTorch's defaults are 1 / 3, 1 and 5.
    pub fn new(start: f64, end: f64, steps: u64) -> Self {
        Self { start, end, steps }
    }
}

impl Schedule for Linear {
    fn factor(&self, step: u64) -> f64 {
        let share = step.min(self.steps) as f64 / self.steps.max(1) as f64;
        self.start + (self.end - self.start) * share
    }

    fn check(&self) -> Result<()> {
        check_factor("start", self.start)?;
        check_factor("end", self.end)?;
        check_steps("steps", self.steps)
    }
}

/// `StepLR`: the factor is multiplied by `gamma` every so many steps.
///
/// ```
/// use kiln::schedule::{Schedule, StepDecay};
///
/// let schedule = StepDecay::new(30).gamma(0.5);
/// assert_eq!([0, 29, 30, 60].map(|step| schedule.factor(step)), [1.0, 1.0, 0.5, 0.25]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepDecay {
    steps: u64,
    gamma: f64,
}

impl StepDecay {
    /// A tenth every `steps` steps.
    pub fn new(steps: u64) -> Self {
        Self { steps, gamma: 0.1 }
    }

    /// What the factor is multiplied by, 0.1 unless it is set.
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }
}

impl Schedule for StepDecay {
    fn factor(&self, step: u64) -> f64 {
        libm::pow(self.gamma, (step / self.steps.max(1)) as f64)
    }

    fn check(&self) -> Result<()> {
        check_steps("steps", self.steps)?;
        check_gamma(self.gamma)
    }
}

/// `MultiStepLR`: the factor is multiplied by `gamma` at every milestone.
///
/// ```
/// use kiln::schedule::{MultiStep, Schedule};
///
/// let schedule = MultiStep::new([30, 80]).gamma(0.5);
/// assert_eq!([29, 30, 80].map(|step| schedule.factor(step)), [1.0, 0.5, 0.25]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiStep<const N: usize> {
    milestones: [u64; N],
    gamma: f64,
}

impl<const N: usize> MultiStep<N> {
    /// A tenth at each of these steps, which ascend; a step that stands twice counts twice.
    pub fn new(milestones: [u64; N]) -> Self {
        Self {
            milestones,
            gamma: 0.1,
        }
    }

    /// What the factor is multiplied by, 0.1 unless it is set.
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }
}

impl<const N: usize> Schedule for MultiStep<N> {
    fn factor(&self, step: u64) -> f64 {
        let passed = self.milestones.iter().filter(|at| **at <= step).count();
        libm::pow(self.gamma, passed as f64)
    }

    fn check(&self) -> Result<()> {
        if !self.milestones.is_sorted() {
            return Err(Error::Setting {
                setting: "milestones",
                found: Found::Words("not ascending"),
                expected: "ascending, such as [30, 80]",
            });
        }
        check_gamma(self.gamma)
    }
}

/// `ExponentialLR`: the factor is multiplied by `gamma` in every step.
///
/// ```
/// use kiln::schedule::{Exponential, Schedule};
///
/// assert_eq!(Exponential::new(0.5).factor(3), 0.125);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    gamma: f64,
}

impl Exponential {
    /// Times `gamma` in every step.
    pub fn new(gamma: f64) -> Self {
        Self { gamma }
    }
}

impl Schedule for Exponential {
    fn factor(&self, step: u64) -> f64 {
        libm::pow(self.gamma, step as f64)
    }

    fn check(&self) -> Result<()> {
        check_gamma(self.gamma)
    }
}

/// `PolynomialLR`: from 1 to 0 in a number of steps, as a power of what is left of them.
///
/// ```
/// use kiln::schedule::{Polynomial, Schedule};
///
/// let schedule = Polynomial::new(4).power(2.0);
/// assert_eq!([0, 2, 4, 5].map(|step| schedule.factor(step)), [1.0, 0.25, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polynomial {
    steps: u64,
    power: f64,
}

impl Polynomial {
    /// To 0 in `steps` steps, linearly.
    pub fn new(steps: u64) -> Self {
        Self { steps, power: 1.0 }
    }

    /// The power, 1 unless it is set.
    pub fn power(mut self, power: f64) -> Self {
        self.power = power;
        self
    }
}

impl Schedule for Polynomial {
    fn factor(&self, step: u64) -> f64 {
        let left = self.steps.saturating_sub(step);
        libm::pow(left as f64 / self.steps.max(1) as f64, self.power)
    }

    fn check(&self) -> Result<()> {
        check_steps("steps", self.steps)?;
        let fine = self.power > 0.0 && self.power.is_finite();
        let expected = "more than 0 and finite, such as 1.0";
        check(fine, "power", self.power, expected)
    }
}

/// A factor that never makes a rate grow beyond all numbers.
fn check_gamma(gamma: f64) -> Result<()> {
    check_range("gamma", gamma, 0.0..=1.0, "from 0 to 1, such as 0.1")
}
