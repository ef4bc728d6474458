//! Optimizers, as PyTorch defines them.
//!
//! An [`Optimizer`] is a rule and its numbers; what it remembers of a network lives in a `Trainer`, or for a loop of one's
//! own in a `Descent`. Its [`Update`] runs in registers at the end of every weight gradient, so whatever depends
//! on the step alone is folded into constants by [`Optimizer::step`].
//!
//! First moments and momenta smaller than 1e-20 become zero. Where a gradient is exactly zero for long they would
//! otherwise decay into denormal numbers, which slow a training run down to half its speed; 1e-20 is far
//! below what changes a weight.

mod adam;
mod sgd;

pub use adam::{Adam, AdamStep, AdamW};
pub use sgd::{Momentum, MomentumStep, Plain, Sgd, SgdStep};

use crate::update::Update;
use fearless_simd::{Simd, f32x16, prelude::*};

/// A rule that turns gradients into changes of the weights.
pub trait Optimizer: Send + Sync {
    /// One step of the rule, ready to be applied to every block of weights.
    type Step: Update;

    /// The step after `taken` steps, with the learning rate multiplied by `factor`.
    fn step(&self, taken: u64, factor: f64) -> Self::Step;
}

/// What an optimizer remembers of each block of weights.
pub type State<O> = <<O as Optimizer>::Step as Update>::State;

/// Numbers too small to matter become zero before they become denormal.
#[inline(always)]
fn flush<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let zero = f32x16::splat(s, 0.0);
    x.abs().simd_gt(f32x16::splat(s, 1e-20)).select(x, zero)
}

#[cfg(test)]
mod tests;
