//! Smaller steps where the loss no longer falls.

use super::base::{Schedule, check_factor};
use crate::error::{Result, setting::check_range};

/// `ReduceLROnPlateau`, with its defaults: the learning rate is multiplied by 0.1 when the loss has not fallen for more
/// than ten epochs. A trainer passes it the validation loss after every epoch, or the training loss if there is no
/// validation.
///
/// ```
/// use kiln::schedule::{ReduceOnPlateau, Schedule};
///
/// let mut schedule = ReduceOnPlateau::new().patience(1);
/// for loss in [0.5, 0.4, 0.4, 0.4] {
///     assert_eq!(schedule.factor(0), 1.0);
///     schedule.observe(loss);
/// }
/// assert_eq!(schedule.factor(0), 0.1);
/// ```
///
/// The factor is constant within an epoch, and never below the least one. PyTorch's `eps`, below which it omits a
/// reduction, is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReduceOnPlateau {
    factor: f64,
    patience: u64,
    threshold: f64,
    is_absolute: bool,
    cooldown: u64,
    least: f64,
    seen: Seen,
}

/// What was observed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    best: f64,
    bad: u64,
    cooling: u64,
    now: f64,
}

impl Seen {
    /// Nothing.
    const NOTHING: Self = Self {
        best: f64::INFINITY,
        bad: 0,
        cooling: 0,
        now: 1.0,
    };
}

impl Default for ReduceOnPlateau {
    fn default() -> Self {
        Self::new()
    }
}

impl ReduceOnPlateau {
    /// PyTorch's defaults.
    pub fn new() -> Self {
        Self {
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            is_absolute: false,
            cooldown: 0,
            least: 0.0,
            seen: Seen::NOTHING,
        }
    }

    /// What the learning rate is multiplied by, less than 1.
    pub fn reduce_by(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// How many epochs in a row may pass without a better loss.
    pub fn patience(mut self, epochs: u64) -> Self {
        self.patience = epochs;
        self
    }

    /// A loss is better if it is below `1 - threshold` times the best.
    pub fn threshold(mut self, threshold: f64) -> Self {
        (self.threshold, self.is_absolute) = (threshold, false);
        self
    }

    /// A loss is better if it is below the best by more than `threshold`: PyTorch's `threshold_mode="abs"`.
    pub fn absolute_threshold(mut self, threshold: f64) -> Self {
        (self.threshold, self.is_absolute) = (threshold, true);
        self
    }

    /// How many epochs after a reduction do not count.
    pub fn cooldown(mut self, epochs: u64) -> Self {
        self.cooldown = epochs;
        self
    }

    /// The least factor: PyTorch's `min_lr` over the learning rate.
    pub fn least(mut self, factor: f64) -> Self {
        self.least = factor;
        self
    }
}

impl Schedule for ReduceOnPlateau {
    fn factor(&self, _: u64) -> f64 {
        self.seen.now
    }

    fn check(&self) -> Result<()> {
        let expected = "at least 0 and below 1, such as 0.1";
        check_range("reduce_by", self.factor, 0.0..1.0, expected)?;
        let (finite, expected) = (0.0..f64::INFINITY, "0 or more and finite, such as 1e-4");
        check_range("threshold", self.threshold, finite, expected)?;
        check_factor("least", self.least)
    }

    fn observe(&mut self, loss: f64) {
        let seen = &mut self.seen;
        let enough = match self.is_absolute {
            true => seen.best - self.threshold,
            false => seen.best * (1.0 - self.threshold),
        };
        if loss < enough {
            (seen.best, seen.bad) = (loss, 0);
        } else {
            seen.bad = seen.bad.saturating_add(1);
        }
        if seen.cooling > 0 {
            seen.cooling -= 1;
            seen.bad = 0;
        }
        if seen.bad > self.patience {
            seen.now = (seen.now * self.factor).max(self.least.min(seen.now));
            (seen.cooling, seen.bad) = (self.cooldown, 0);
        }
    }

    fn restart(&mut self) {
        self.seen = Seen::NOTHING;
    }
}
