//! `Tanh`: (e^x - e^-x) / (e^x + e^-x), as `torch.nn.Tanh`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The hyperbolic tangent.
#[derive(Clone, Debug, PartialEq)]
pub struct Tanh;

activation::layer!(Tanh);

impl Tanh {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::rising(rt::TANH)
    }
}
