//! Optimizers, as PyTorch defines them.
//!
//! An [`Optimizer`] is a rule and its numbers; what it remembers of a network lives in a `Trainer`, or for a loop of one's
//! own in a `Descent`. Its [`Update`](crate::update::Update) runs in registers at the end of every weight gradient, so whatever depends
//! on the step alone is folded into constants by [`Optimizer::step`].
//!
//! What a rule stores, weights as well as momenta, passes [`flush`](crate::math::flush): where a gradient is exactly zero
//! for long, it would otherwise decay into subnormal numbers, which slow a training run down many times.

mod adadelta;
mod adagrad;
mod adam;
mod any;
mod lion;
mod moments;
mod nadam;
mod radam;
mod rms_prop;
mod root;
mod rule;
mod sgd;

pub use adadelta::{Adadelta, AdadeltaStep};
pub use adagrad::{Adagrad, AdagradStep};
pub use adam::{Adam, AdamW};
pub use any::{AnyOptimizer, AnyStep};
pub use lion::{Lion, LionStep};
pub use moments::MomentsStep;
pub use nadam::NAdam;
pub use radam::RAdam;
pub use rms_prop::{RmsProp, RmsStep};
pub(crate) use rule::check_factor;
pub use rule::{Optimizer, State};
pub use sgd::{Momentum, MomentumStep, Plain, Sgd, SgdStep};

#[cfg(test)]
mod tests;
