//! `HardSigmoid`: x / 6 + 1/2 between 0 and 1, as `torch.nn.Hardsigmoid`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// A logistic function of straight pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct HardSigmoid;

activation::layer!(HardSigmoid);

impl HardSigmoid {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation {
            keeps_zero: false,
            ..Activation::rising(rt::HARD_SIGMOID)
        }
    }
}
