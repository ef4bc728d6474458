//! `Relu`: max(x, 0), as `torch.nn.ReLU`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The rectifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Relu;

activation::layer!(Relu);

impl Relu {
    /// Reads the declared arguments.
    fn declared(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation {
            bounds: Some([0.0, f32::INFINITY]),
            is_straight: true,
            ..Activation::rising(rt::RELU)
        }
    }
}
