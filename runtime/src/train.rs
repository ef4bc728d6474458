//! Training for programs with an operating system: what `step` needs is allocated before the first step, threads share the
//! work, and epochs run over a dataset.
//!
//! [`Trainer`] runs epochs; [`Training`], with a [`Descent`], is for a loop of one's own.

mod digits;
mod ending;
mod evaluation;
mod faults;
mod history;
mod memory;
mod order;
mod progress;
mod room;
mod slowness;
mod threads;
mod trainer;
mod training;
mod weights;

pub use crate::step::{Descent, Ema};
pub use evaluation::{Evaluation, evaluate, predict};
pub use history::{Epoch, History};
pub use trainer::Trainer;
pub use training::Training;

#[cfg(test)]
mod tests;
