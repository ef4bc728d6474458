//! What can go wrong, as values.

use alloc::string::String;
use core::fmt;

/// The result of everything that can fail.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Two things that belong together differ in number.
    Mismatch {
        /// What was counted, e.g. `outputs`.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// No parameter has this name.
    UnknownParameter {
        /// The name asked for.
        name: String,
    },
    /// A setting with which training cannot begin.
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A dataset without samples.
    Empty,
    /// A target that the loss cannot compare anything with.
    Target {
        /// Index of the sample.
        sample: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An input holds an infinite number, or none at all.
    NotFinite {
        /// Index of the sample.
        sample: usize,
        /// Index of the number in the sample.
        index: usize,
    },
    /// The loss became infinite or NaN. The network is as it was before that step.
    Diverged {
        /// Epoch of the call, counted from 1.
        epoch: usize,
        /// Step within the epoch, counted from 1.
        step: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mismatch {
                what,
                expected,
                found,
            } => write!(f, "expected {expected} {what}, found {found}"),
            Self::UnknownParameter { name } => write!(f, "no parameter is named `{name}`"),
            Self::Setting { name, reason } => write!(f, "`{name}`: {reason}"),
            Self::Empty => f.write_str("the dataset holds no samples"),
            Self::Target { sample, reason } => write!(f, "sample {sample}: {reason}"),
            Self::NotFinite { sample, index } => {
                write!(
                    f,
                    "sample {sample} holds a number that is not finite at index {index}"
                )
            }
            Self::Diverged { epoch, step } => write!(
                f,
                "the loss is not finite in epoch {epoch}, step {step}; try a smaller learning rate or `clip_norm`"
            ),
        }
    }
}

impl core::error::Error for Error {}
