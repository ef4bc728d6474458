//! `Silu`: x / (1 + e^-x), as `torch.nn.SiLU`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// x times its logistic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Silu;

activation::layer!(Silu);

impl Silu {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::turning(rt::SILU)
    }
}
