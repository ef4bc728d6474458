//! `Relu6`: x between 0 and 6, as `torch.nn.ReLU6`.

use super::activation;
use crate::arguments::Arguments;
use crate::site::Activation;

/// A rectifier with a greatest result.
#[derive(Clone, Debug, PartialEq)]
pub struct Relu6;

activation::layer!(Relu6);

impl Relu6 {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::within(0.0, 6.0)
    }
}
