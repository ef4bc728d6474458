//! Losses, as PyTorch defines them.
//!
//! The loss of a batch is the mean over its samples, each of which counts as much as the loss says.

mod action;
mod binary;
mod classes;
mod cosine;
mod cross_entropy;
mod elementwise;
mod first;
mod hinge;
pub mod in_batch;
mod kl_div;
mod label;
mod multi_margin;
mod nll;
mod regression;
mod sample;
mod score;
mod setting;
mod softmax;
mod tuple;
mod weighted;
pub mod whole;
mod with_weights;

pub use action::ActionValue;
pub use binary::{BinaryCrossEntropy, BinaryCrossEntropyWith, PosWeight};
pub use classes::{ClassWeights, Uniform, argmax};
pub use cosine::CosineEmbedding;
pub use cross_entropy::{CrossEntropy, CrossEntropyWith};
pub use elementwise::Elementwise;
pub use first::First;
pub use hinge::{Hinge, HingeEmbedding};
pub use kl_div::{KlDiv, KlDivOfLogs};
pub use label::Label;
pub use multi_margin::MultiMargin;
pub use nll::{Nll, NllWith};
pub use regression::{Huber, Mae, Mse, Quantile, SmoothL1};
pub use sample::Loss;
pub use score::{MOST, Part, Score, Totals, Weights};
pub use softmax::softmax;
pub use weighted::Weighted;
pub use whole::{BatchLoss, WholeBatch};
pub use with_weights::WithWeights;

#[cfg(test)]
mod tests;
