//! Metrics of numbers against numbers.

use super::{measures::Measures, metric::Metric};
use crate::value::{Nested, floats};
use alloc::vec::Vec;

/// The mean of |y - t| over all numbers of all samples, `mae`: `sklearn.metrics.mean_absolute_error`. In the targets' unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mae {
    sum: f64,
    count: u64,
}

impl Mae {
    /// The value of the samples so far; NaN if there are none.
    pub fn value(&self) -> f64 {
        self.sum / self.count as f64
    }
}

impl<O: Nested> Metric<O, O> for Mae {
    fn begin(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, output: &O, target: &O) {
        let (outputs, targets) = (floats(output), floats(target));
        for (y, t) in outputs.iter().zip(targets) {
            self.sum += (f64::from(*y) - f64::from(*t)).abs();
        }
        self.count += outputs.len() as u64;
    }

    fn report(&self, measures: &mut Measures) {
        measures.add("mae", self.value());
    }
}

/// The root of the mean of (y - t)^2 over all numbers of all samples, `rmse`: `keras.metrics.RootMeanSquaredError`, and for
/// one number to a sample `sklearn.metrics.root_mean_squared_error`, which takes a root for each output. In the targets'
/// unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rmse {
    sum: f64,
    count: u64,
}

impl Rmse {
    /// The value of the samples so far; NaN if there are none.
    pub fn value(&self) -> f64 {
        libm::sqrt(self.sum / self.count as f64)
    }
}

impl<O: Nested> Metric<O, O> for Rmse {
    fn begin(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, output: &O, target: &O) {
        let (outputs, targets) = (floats(output), floats(target));
        for (y, t) in outputs.iter().zip(targets) {
            let difference = f64::from(*y) - f64::from(*t);
            self.sum += difference * difference;
        }
        self.count += outputs.len() as u64;
    }

    fn report(&self, measures: &mut Measures) {
        measures.add("rmse", self.value());
    }
}

/// The coefficient of determination, `r2`: `sklearn.metrics.r2_score`.
///
/// ```text
/// R2 = 1 - sum (y - t)^2 / sum (t - mean t)^2
/// ```
///
/// Of several numbers to a sample, each has its own, and the value is their mean. Where all targets of a number are the same,
/// it is 1 if all answers are right and 0 otherwise. It is NaN for fewer than two samples.
///
/// ```
/// use kiln::metrics::{Metric, R2};
///
/// let mut r2 = R2::default();
/// for (output, target) in [([1.0_f32], [1.0]), ([2.5], [2.0]), ([3.0], [3.0])] {
///     r2.add(&output, &target);
/// }
/// assert!((r2.value() - 0.875).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct R2 {
    numbers: Vec<Spread>,
    rows: u64,
}

/// How the targets of one number are spread, by Welford's recurrence (1962), and what the answers leave of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Spread {
    mean: f64,
    total: f64,
    left: f64,
}

impl R2 {
    /// The value of the samples so far.
    pub fn value(&self) -> f64 {
        if self.rows < 2 {
            return f64::NAN;
        }
        let each = self.numbers.iter().map(|number| {
            if number.total > 0.0 {
                1.0 - number.left / number.total
            } else {
                f64::from(number.left == 0.0)
            }
        });
        each.sum::<f64>() / self.numbers.len() as f64
    }
}

impl<O: Nested> Metric<O, O> for R2 {
    fn begin(&mut self) {
        self.numbers.clear();
        self.rows = 0;
    }

    fn add(&mut self, output: &O, target: &O) {
        let (outputs, targets) = (floats(output), floats(target));
        self.numbers.resize(targets.len(), Spread::default());
        self.rows += 1;
        let rows = self.rows as f64;
        for (number, (y, t)) in self.numbers.iter_mut().zip(outputs.iter().zip(targets)) {
            let (y, t) = (f64::from(*y), f64::from(*t));
            let before = t - number.mean;
            number.mean += before / rows;
            number.total += before * (t - number.mean);
            number.left += (y - t) * (y - t);
        }
    }

    fn report(&self, measures: &mut Measures) {
        measures.add("r2", self.value());
    }
}
