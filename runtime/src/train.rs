//! Training for programs with an operating system: what `step` needs is allocated before the first step, threads share the
//! work, and epochs run over a dataset.
//!
//! [`Trainer`] runs epochs; [`Training`], with a [`Descent`], is for a loop of one's own.

mod around;
mod average;
mod callback;
mod carry;
#[cfg(feature = "files")]
mod checkpoint;
mod curves;
mod digits;
mod each;
mod ending;
mod evaluation;
mod faults;
mod fit;
mod history;
mod interrupt;
mod log;
mod memory;
mod order;
mod part;
mod progress;
mod publish;
mod room;
mod slowness;
mod stopping;
mod threads;
mod trainer;
mod training;
mod weights;

pub use crate::step::{Descent, Ema};
pub use callback::{Callback, Moment};
#[cfg(feature = "files")]
pub use checkpoint::Checkpoints;
pub use curves::Curves;
pub use each::SampleGradient;
pub use evaluation::{Evaluation, evaluate, evaluate_with, predict};
pub use history::{Epoch, History, Stopped};
pub use log::{CsvLog, JsonLinesLog};
pub use stopping::{EarlyStopping, Monitor};
pub use trainer::Trainer;
pub use training::Training;
pub use weights::Weights;

#[cfg(test)]
mod tests;
