//! `Exp`: e^x, as `torch.exp`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The exponential.
#[derive(Clone, Debug, PartialEq)]
pub struct Exp;

activation::layer!(Exp);

impl Exp {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation {
            keeps_zero: false,
            ..Activation::rising(rt::EXP)
        }
    }
}
