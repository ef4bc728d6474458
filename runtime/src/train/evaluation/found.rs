//! What is found of a network.

use crate::{loss::Totals, metrics::Measures, train::digits::Significant};
use core::fmt;

/// The result of an evaluation on a dataset.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// Mean loss over the samples, weighted by [`Loss::sample_weight`](crate::loss::Loss::sample_weight), without
    /// penalties.
    pub loss: f64,
    /// Share of right predictions, from 0 to 1, for losses that define it.
    pub accuracy: Option<f64>,
    /// The values of the metrics, if there are any.
    pub metrics: Measures,
}

impl Evaluation {
    /// Means of what was summed.
    pub(crate) fn of(totals: Totals) -> Self {
        Self {
            loss: totals.loss(),
            accuracy: totals.accuracy(),
            metrics: Measures::default(),
        }
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {}", Significant(self.loss))?;
        if let Some(accuracy) = self.accuracy {
            write!(f, ", accuracy {:.1} %", accuracy * 100.0)?;
        }
        let mut metrics = self.metrics.iter();
        metrics.try_for_each(|metric| write!(f, ", {} {}", metric.name, Significant(metric.value)))
    }
}
