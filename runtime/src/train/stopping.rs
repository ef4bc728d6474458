//! Stopping when nothing improves, and the best weights so far.

use super::history::Epoch;
use crate::{
    block::Block,
    error::{Error, Found, Result, setting::check_range},
};
use alloc::{borrow::Cow, format, string::String, vec::Vec};

/// A number of an epoch by which epochs are compared.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Monitor {
    /// The loss on the validation data; less is better.
    #[default]
    ValidationLoss,
    /// The accuracy on the validation data; more is better.
    ValidationAccuracy,
    /// The loss on the training data; less is better.
    Loss,
    /// The accuracy on the training data; more is better.
    Accuracy,
    /// A metric of the validation data by its name, such as `f1_macro`; more is better.
    Largest(Cow<'static, str>),
    /// A metric of the validation data by its name, such as `mae`; less is better.
    Smallest(Cow<'static, str>),
}

impl Monitor {
    /// The number of an epoch, if it has it.
    pub fn of(&self, epoch: &Epoch) -> Option<f64> {
        let validation = epoch.validation.as_ref();
        match self {
            Self::Loss => Some(epoch.loss),
            Self::Accuracy => epoch.accuracy,
            Self::ValidationLoss => validation.map(|validation| validation.loss),
            Self::ValidationAccuracy => validation?.accuracy,
            Self::Largest(name) | Self::Smallest(name) => validation?.metrics.get(name),
        }
    }

    /// `true` if the first number is better than the second by more than `delta`; NaN never is.
    fn is_better(&self, number: f64, best: f64, delta: f64) -> bool {
        match self {
            Self::Loss | Self::ValidationLoss | Self::Smallest(_) => number < best - delta,
            Self::Accuracy | Self::ValidationAccuracy | Self::Largest(_) => number > best + delta,
        }
    }

    /// As it is told in errors.
    fn name(&self) -> String {
        match self {
            Self::Loss => "the training loss".into(),
            Self::Accuracy => "the training accuracy".into(),
            Self::ValidationLoss => "the validation loss".into(),
            Self::ValidationAccuracy => "the validation accuracy".into(),
            Self::Largest(name) | Self::Smallest(name) => format!("the metric `{name}`"),
        }
    }

    /// Refuses what needs validation data where there are none.
    pub(super) fn check(&self, validated: bool) -> Result<()> {
        match self {
            Self::Loss | Self::Accuracy => Ok(()),
            _ if validated => Ok(()),
            _ => Err(Error::Setting {
                setting: "monitor",
                found: Found::Text(format!("{}, but nothing is validated", self.name())),
                expected: "a number that each epoch has; use `fit_and_validate` or `validation_split`, or monitor \
                           `Monitor::Loss`",
            }),
        }
    }
}

/// Ends a fit when no epoch has improved for some time: `keras.callbacks.EarlyStopping`.
///
/// ```
/// use kiln::{EarlyStopping, Monitor, prelude::*};
///
/// let stopping = EarlyStopping::new(3).monitor(Monitor::ValidationAccuracy).min_delta(0.001);
/// let trainer = Trainer::new(Adam::default(), CrossEntropy).epochs(100).early_stopping(stopping);
/// ```
///
/// Each fit begins to count anew; one that is resumed goes on.
///
/// # Errors
///
/// A fit refuses a `min_delta` that is negative or not finite, and validation that is monitored where there is none. An epoch
/// without the monitored number, such as a metric of another name, ends the fit with an error.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    min_delta: f64,
    restores: bool,
}

impl EarlyStopping {
    /// Stops after `patience` epochs in a row that are no better than the best before; 0 counts as 1. The validation loss is
    /// monitored, and in the end the network has the weights of the best epoch.
    pub fn new(patience: usize) -> Self {
        Self {
            monitor: Monitor::default(),
            patience,
            min_delta: 0.0,
            restores: true,
        }
    }

    /// Compares epochs by another number.
    pub fn monitor(mut self, monitor: Monitor) -> Self {
        self.monitor = monitor;
        self
    }

    /// How much better an epoch must be to count; at first 0.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.min_delta = min_delta;
        self
    }

    /// Leaves the network as the last epoch left it.
    pub fn keep_last(mut self) -> Self {
        self.restores = false;
        self
    }

    /// Refuses what cannot be.
    pub(super) fn check(&self, validated: bool) -> Result<()> {
        let expected = "0 or more and finite, such as 0.001";
        check_range("min_delta", self.min_delta, 0.0..f64::INFINITY, expected)?;
        self.monitor.check(validated)
    }

    /// Takes note of the epoch that ended, the latest of `count`; gives whether to stop.
    pub(super) fn judge(
        &self,
        watch: &mut Watch,
        epoch: &Epoch,
        count: usize,
        arena: &[Block],
    ) -> Result<bool> {
        if watch.improves(&self.monitor, self.min_delta, epoch, count)? && self.restores {
            watch.weights.clear();
            watch.weights.extend_from_slice(arena);
        }
        Ok(watch.waited >= self.patience.max(1))
    }
}

/// The best so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    /// The best number.
    pub best: Option<f64>,
    /// Its epoch, counted from 1.
    pub epoch: usize,
    /// Epochs since.
    pub waited: usize,
    /// The parameters after it, where they are kept.
    pub weights: Vec<Block>,
}

impl Watch {
    /// Takes note of the epoch that ended, the latest of `count`; gives whether it is the best.
    pub fn improves(
        &mut self,
        monitor: &Monitor,
        delta: f64,
        epoch: &Epoch,
        count: usize,
    ) -> Result<bool> {
        let Some(number) = monitor.of(epoch) else {
            return Err(Error::Setting {
                setting: "monitor",
                found: Found::Text(format!(
                    "{}, which epoch {count} does not have",
                    monitor.name()
                )),
                expected: "a number that each epoch has: the accuracy of a loss that knows one, or a metric that was given to \
                           `metrics`, by its name",
            });
        };
        let better = match self.best {
            Some(best) => monitor.is_better(number, best, delta),
            None => !number.is_nan(),
        };
        if better {
            (self.best, self.epoch, self.waited) = (Some(number), count, 0);
        } else {
            self.waited += 1;
        }
        Ok(better)
    }
}
