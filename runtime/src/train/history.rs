//! What a training run tells about itself.

use super::{digits::Significant, evaluation::Evaluation};
use alloc::{format, string::String, vec::Vec};

/// The epochs of a run.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct History {
    /// One after another.
    pub epochs: Vec<Epoch>,
    /// Seconds spent on training steps in all epochs, without validation.
    pub seconds: f64,
    /// Why the fit ended before its last epoch, if it did.
    pub stopped: Option<Stopped>,
    /// The best epoch, counted from 1, where [`EarlyStopping`](super::EarlyStopping) looked for it.
    pub best: Option<usize>,
}

/// Why a fit ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// No epoch improved any more.
    Early,
    /// A callback asked for it after an epoch.
    ByCallback,
    /// A callback asked for it after a step, or a flag was set, such as by Ctrl-C. The next fit of the network goes on after
    /// that step.
    Interrupted,
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
    /// Mean loss of each step, if [`Trainer::keep_steps`](super::Trainer::keep_steps) asked for them; otherwise none.
    pub steps: Vec<f64>,
    /// The learning rate of the last step, schedule included.
    pub learning_rate: Option<f64>,
    /// Seconds spent on training steps.
    pub seconds: f64,
    /// Samples per second of training.
    pub samples_per_second: f64,
}

impl History {
    /// The run in one line: `test accuracy 97.8 % after 5 epochs in 1.5 s`, the seconds being those of training alone.
    pub fn conclusion(&self, test: &Evaluation) -> String {
        let result = match test.accuracy {
            Some(accuracy) => format!("test accuracy {:.1} %", 100.0 * accuracy),
            None => format!("test loss {}", Significant(test.loss)),
        };
        let epochs = self.epochs.len();
        let plural = if epochs == 1 { "" } else { "s" };
        format!(
            "{result} after {epochs} epoch{plural} in {:.1} s",
            self.seconds
        )
    }

    /// The last epoch.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }
}
