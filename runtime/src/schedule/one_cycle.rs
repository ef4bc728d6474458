//! Up and down once (Smith and Topin 2018).

use super::base::{Schedule, check_factor};
use crate::error::{
    Error, Found, Result,
    setting::{check, check_range},
};
use core::f64::consts::PI;

/// `OneCycleLR` (Smith and Topin 2018), with its defaults: from a 25th of the learning rate up to it in three tenths of
/// the steps, and down to a 250,000th in the others, by the cosine. The optimizer's learning rate is PyTorch's `max_lr`.
///
/// ```
/// use kiln::schedule::{OneCycle, Schedule};
///
/// let schedule = OneCycle::new(101);
/// assert!((schedule.factor(0) - 1.0 / 25.0).abs() < 1e-12);
/// assert!(schedule.factor(30) > 0.99 && schedule.factor(100) < 1e-5);
/// ```
///
/// The momentum goes the other way, from 0.95 down to 0.85 and up again: the momentum of `Sgd` and `RmsProp`, and
/// `beta1` of `Adam`, `AdamW`, `RAdam` and `Lion`. As in PyTorch, an optimizer without momentum is refused;
/// [`keep_momentum`](Self::keep_momentum) leaves the momentum alone.
///
/// After its last step, where PyTorch stops with an error, factor and momentum stay as they were in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    steps: u64,
    rise: f64,
    start_divisor: f64,
    end_divisor: f64,
    is_linear: bool,
    has_three_phases: bool,
    /// The lowest and the highest momentum.
    momenta: Option<[f64; 2]>,
}

impl OneCycle {
    /// A cycle of `steps` steps: PyTorch's `total_steps`.
    pub fn new(steps: u64) -> Self {
        Self {
            steps,
            rise: 0.3,
            start_divisor: 25.0,
            end_divisor: 1e4,
            is_linear: false,
            has_three_phases: false,
            momenta: Some([0.85, 0.95]),
        }
    }

    /// The share of the steps in which the factor rises: PyTorch's `pct_start`.
    pub fn rise(mut self, share: f64) -> Self {
        self.rise = share;
        self
    }

    /// What the largest learning rate is divided by in the beginning, and what that first one is divided by in the end:
    /// PyTorch's `div_factor` and `final_div_factor`.
    pub fn divisors(mut self, start: f64, end: f64) -> Self {
        (self.start_divisor, self.end_divisor) = (start, end);
        self
    }

    /// Goes up and down linearly: PyTorch's `anneal_strategy="linear"`.
    pub fn linear(mut self) -> Self {
        self.is_linear = true;
        self
    }

    /// Goes down as fast as up, and from there to the end: PyTorch's `three_phase=True`.
    pub fn three_phases(mut self) -> Self {
        self.has_three_phases = true;
        self
    }

    /// The momentum at the largest learning rate, and the momentum at the beginning and the end: PyTorch's
    /// `base_momentum` and `max_momentum`.
    pub fn momenta(mut self, base: f64, most: f64) -> Self {
        self.momenta = Some([base, most]);
        self
    }

    /// Leaves the momentum as it is: PyTorch's `cycle_momentum=False`.
    pub fn keep_momentum(mut self) -> Self {
        self.momenta = None;
        self
    }

    /// Between two numbers; `share` is 0 at the first one.
    fn between(&self, from: f64, to: f64, share: f64) -> f64 {
        if self.is_linear {
            from + (to - from) * share
        } else {
            to + (from - to) / 2.0 * (1.0 + libm::cos(PI * share))
        }
    }
}

impl OneCycle {
    /// What goes from a start to a top, back to the start where there are three phases, and to an end.
    fn at(&self, step: u64, [start, most, end]: [f64; 3]) -> f64 {
        let last = self.steps.saturating_sub(1) as f64;
        let top = self.rise * self.steps as f64 - 1.0;
        let down = 2.0 * self.rise * self.steps as f64 - 2.0;
        let t = (step as f64).min(last);
        let share = |from: f64, to: f64| ((t - from) / (to - from)).clamp(0.0, 1.0);
        if t <= top {
            self.between(start, most, share(0.0, top))
        } else if !self.has_three_phases {
            self.between(most, end, share(top, last))
        } else if t <= down {
            self.between(most, start, share(top, down))
        } else {
            self.between(start, end, share(down, last))
        }
    }
}

impl Schedule for OneCycle {
    fn factor(&self, step: u64) -> f64 {
        let start = 1.0 / self.start_divisor;
        self.at(step, [start, 1.0, start / self.end_divisor])
    }

    fn momentum(&self, step: u64) -> Option<f64> {
        let [base, most] = self.momenta?;
        Some(self.at(step, [most, base, most]))
    }

    fn check(&self) -> Result<()> {
        let most = if self.has_three_phases { 0.5 } else { 1.0 };
        let expected = "from 0 to 1, with three phases to 0.5, such as 0.3";
        check_range("rise", self.rise, 0.0..=most, expected)?;
        for divisor in [self.start_divisor, self.end_divisor] {
            let expected = "more than 0, such as 25.0 and 1e4";
            check(divisor > 0.0, "divisors", divisor, expected)?;
        }
        check_factor("divisors", 1.0 / self.start_divisor)?;
        check_factor("divisors", 1.0 / self.start_divisor / self.end_divisor)?;
        for momentum in self.momenta.into_iter().flatten() {
            let expected = "from 0 to 1, such as 0.85 and 0.95";
            check_range("momenta", momentum, 0.0..=1.0, expected)?;
        }
        // Each phase needs a step.
        let least = 1.0 / self.rise.max(f64::MIN_POSITIVE);
        if self.steps as f64 > least && self.steps > 1 {
            return Ok(());
        }
        Err(Error::Setting {
            setting: "steps",
            found: Found::Count(usize::try_from(self.steps).unwrap_or(usize::MAX)),
            expected: "so many that the rise, three tenths of them unless it is set, is more than one step",
        })
    }
}
