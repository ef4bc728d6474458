//! `HardSwish`: x times its `HardSigmoid`, as `torch.nn.Hardswish` (Howard et al. 2019).

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// A `Silu` without exponentials.
#[derive(Clone, Debug, PartialEq)]
pub struct HardSwish;

activation::layer!(HardSwish);

impl HardSwish {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::turning(rt::HARD_SWISH)
    }
}
