//! `Abs`: |x|, as `torch.abs`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The size of a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Abs;

activation::layer!(Abs);

impl Abs {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::turning(rt::ABS)
    }
}
