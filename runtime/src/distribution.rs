//! Distributions over what a network may do, as `torch.distributions` defines them: what is sampled, how probable it is, and
//! the gradients by the numbers that the network gave.
//!
//! All is computed in double precision and given as `f32`. Nothing is allocated, and nothing random is kept: a sample is a
//! function of a [`Draw`].

mod categorical;
mod draw;
mod normal;
mod squashed;

pub use categorical::Categorical;
pub use draw::Draw;
pub use normal::Normal;
pub use squashed::{Squashed, SquashedNormal};

#[cfg(test)]
mod tests;
