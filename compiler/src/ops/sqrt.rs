//! `Sqrt`: the square root, as `torch.sqrt`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The square root, which is NaN below 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Sqrt;

activation::layer!(Sqrt);

impl Sqrt {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation {
            rises: false,
            ..Activation::rising(rt::SQRT)
        }
    }
}
