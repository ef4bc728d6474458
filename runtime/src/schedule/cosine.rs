//! Half a wave of the cosine (Loshchilov and Hutter 2017), once or again and again.

use super::base::{Schedule, check_factor, check_steps};
use crate::error::Result;
use core::f64::consts::PI;

/// `CosineAnnealingLR`: from 1 to the least factor as half a wave of the cosine; `CosineAnnealingWarmRestarts` after
/// [`restarts`](Self::restarts) (Loshchilov and Hutter 2017).
///
/// ```
/// use kiln::schedule::{Cosine, Schedule};
///
/// let schedule = Cosine::new(100).least(0.1);
/// assert_eq!(schedule.factor(0), 1.0);
/// assert!((schedule.factor(50) - 0.55).abs() < 1e-12);
/// assert!((schedule.factor(100) - 0.1).abs() < 1e-12);
///
/// let again = Cosine::new(10).restarts(2); // begins anew in steps 10, 30, 70, ...
/// assert_eq!((again.factor(10), again.factor(30)), (1.0, 1.0));
/// ```
///
/// Without restarts the wave goes on after its steps, and the factor rises again, as in PyTorch;
/// `Cosine::new(100).then(100, Constant::new(0.0))` stays where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    steps: u64,
    least: f64,
    restarts: Option<u64>,
}

impl Cosine {
    /// From 1 to 0 in `steps` steps.
    pub fn new(steps: u64) -> Self {
        Self {
            steps,
            least: 0.0,
            restarts: None,
        }
    }

    /// The least factor: PyTorch's `eta_min` over the learning rate. It is 0 unless it is set.
    pub fn least(mut self, factor: f64) -> Self {
        self.least = factor;
        self
    }

    /// Restarts after its steps, each time with `longer` times as many steps: PyTorch's `T_mult`, 1 for equal ones.
    pub fn restarts(mut self, longer: u64) -> Self {
        self.restarts = Some(longer);
        self
    }

    /// The step since the last beginning, and the steps from there to the next.
    fn place(&self, step: u64) -> (u64, u64) {
        let steps = self.steps.max(1);
        match self.restarts {
            None => (step, steps),
            Some(0 | 1) => (step % steps, steps),
            Some(longer) => {
                let (mut left, mut length) = (step, steps);
                while left >= length {
                    left -= length;
                    length = length.saturating_mul(longer);
                }
                (left, length)
            }
        }
    }
}

impl Schedule for Cosine {
    fn factor(&self, step: u64) -> f64 {
        let (at, length) = self.place(step);
        self.least + (1.0 - self.least) * (1.0 + libm::cos(PI * at as f64 / length as f64)) / 2.0
    }

    fn check(&self) -> Result<()> {
        check_steps("steps", self.steps)?;
        check_factor("least", self.least)?;
        check_steps("restarts", self.restarts.unwrap_or(1))
    }
}
