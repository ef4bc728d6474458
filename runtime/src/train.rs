//! Training: passes over planned memory, on any number of threads with the same bits.
//!
//! 1. *Rows.* Forward, loss and the chain of deltas need only their own sample. The batch is cut into chunks of rows, and
//!    threads take chunks.
//! 2. *Panels.* Every weight gradient is a sum over the whole batch in the order of its rows. The arena of parameters is cut
//!    into stretches, and threads take stretches; a gradient is finished in registers and consumed there.
//!
//! Each number is computed by one thread in one fixed order, whatever the cut. All memory is allocated before the first
//! step.
//!
//! [`Trainer`] runs epochs over a dataset; [`Training`] and [`Descent`] are the pieces for a loop of one's own.

mod descent;
mod digits;
mod ending;
mod evaluation;
mod faults;
mod finish;
mod gradient;
mod history;
mod memory;
mod order;
mod passes;
mod progress;
mod room;
mod shared;
mod slowness;
mod source;
mod statistics;
mod threads;
mod trainer;
mod training;
mod weights;

pub use descent::Descent;
pub use evaluation::{Evaluation, evaluate, predict};
pub use history::{Epoch, History};
pub use trainer::Trainer;
pub use training::Training;

#[cfg(test)]
mod tests;
