//! Schedules of the learning rate, step by step, as `torch.optim.lr_scheduler` defines them.
//!
//! A [`Schedule`] says what the learning rate is multiplied by in every step, and may say the momentum. It is a
//! function of the step's number, so that a run can be stopped and resumed anywhere; only [`ReduceOnPlateau`] remembers
//! something.

mod base;
mod cosine;
mod decay;
mod one_cycle;
mod plateau;

pub(crate) use base::set_momentum;
pub use base::{PerEpoch, Schedule, Then, Unit, WarmUp};
pub use cosine::Cosine;
pub use decay::{Constant, Exponential, Linear, MultiStep, Polynomial, StepDecay};
pub use one_cycle::OneCycle;
pub use plateau::ReduceOnPlateau;

#[cfg(test)]
mod tests;
