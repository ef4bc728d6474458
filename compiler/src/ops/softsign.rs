//! `Softsign`: x / (1 + |x|), as `torch.nn.Softsign`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// A quotient between -1 and 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Softsign;

activation::layer!(Softsign);

impl Softsign {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::rising(rt::SOFTSIGN)
    }
}
