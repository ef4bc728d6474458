//! `Sigmoid`: 1 / (1 + e^-x), as `torch.nn.Sigmoid`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The logistic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Sigmoid;

activation::layer!(Sigmoid);

impl Sigmoid {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation {
            keeps_zero: false,
            ..Activation::rising(rt::SIGMOID)
        }
    }
}
