//! What a training run tells about itself.

use super::evaluation::Evaluation;
use alloc::{format, string::String, vec::Vec};

/// The epochs of a run.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct History {
    /// One after another.
    pub epochs: Vec<Epoch>,
    /// Seconds spent on training steps in all epochs, without validation.
    pub seconds: f64,
}

/// One pass over the data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Epoch {
    /// Mean loss of all samples, each as its batch was met, without penalties.
    pub loss: f64,
    /// Share of right predictions, 0 to 1, for losses that can tell.
    pub accuracy: Option<f64>,
    /// Loss and accuracy on the validation data after the epoch.
    pub validation: Option<Evaluation>,
    /// Seconds spent on training steps.
    pub seconds: f64,
    /// Samples per second of training.
    pub samples_per_second: f64,
}

impl History {
    /// One line: epochs, seconds, samples per second, and how the network did in the end.
    pub fn conclusion(&self, evaluation: &Evaluation) -> String {
        let samples = |epoch: &Epoch| epoch.samples_per_second * epoch.seconds;
        let samples: f64 = self.epochs.iter().map(samples).sum();
        format!(
            "{} epochs in {:.2} s ({:.0} samples/s): {evaluation}",
            self.epochs.len(),
            self.seconds,
            samples / self.seconds.max(f64::MIN_POSITIVE),
        )
    }

    /// The last epoch.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }
}
