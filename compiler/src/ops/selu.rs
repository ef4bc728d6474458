//! `Selu`: 1.0507 x above 0, 1.7581 (e^x - 1) below, as `torch.nn.SELU` (Klambauer et al. 2017).

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// An exponential below 0, scaled so that variances stay.
#[derive(Clone, Debug, PartialEq)]
pub struct Selu;

activation::layer!(Selu);

impl Selu {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::rising(rt::SELU)
    }
}
