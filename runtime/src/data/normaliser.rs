//! Normalisation: what the training part teaches about the scale of each feature or channel, applied to all parts.

mod fitted;
#[cfg(feature = "files")]
mod stored;
#[cfg(test)]
mod tests;

pub use fitted::Normaliser;
#[cfg(feature = "files")]
pub use stored::{Scaling, save_with};
