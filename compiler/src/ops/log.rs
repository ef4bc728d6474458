//! `Log`: ln x, as `torch.log`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The natural logarithm, which is NaN below 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Log;

activation::layer!(Log);

impl Log {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation {
            keeps_zero: false,
            ..Activation::turning(rt::LOG)
        }
    }
}
