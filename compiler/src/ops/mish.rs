//! `Mish`: x tanh(ln(1 + e^x)), as `torch.nn.Mish` (Misra 2019).

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// x times the hyperbolic tangent of its softplus.
#[derive(Clone, Debug, PartialEq)]
pub struct Mish;

activation::layer!(Mish);

impl Mish {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::turning(rt::MISH)
    }
}
