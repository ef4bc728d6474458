//! Losses, as PyTorch defines them.
//!
//! The loss of a batch is the mean over its samples.

mod cross_entropy;
mod label;
mod mse;
mod sample;
mod softmax;

pub use cross_entropy::{CrossEntropy, argmax};
pub use label::Label;
pub use mse::Mse;
pub use sample::Loss;
pub use softmax::softmax;

#[cfg(test)]
mod tests;
