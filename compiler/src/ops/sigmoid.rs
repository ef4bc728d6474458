//! `Sigmoid(fast = false)`: 1 / (1 + e^-x), as `torch.nn.Sigmoid`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The logistic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Sigmoid {
    /// Whether it is approximate.
    pub fast: bool,
}

activation::layer!(Sigmoid);

impl Sigmoid {
    /// Reads the declared arguments.
    fn declared(arguments: &mut Arguments<'_>) -> Self {
        Self {
            fast: arguments.flag("fast", false),
        }
    }

    /// What it computes. As it is computed, the approximation does not rise everywhere.
    fn activation(&self) -> Activation {
        let path = match self.fast {
            true => rt::FAST_SIGMOID,
            false => rt::SIGMOID,
        };
        Activation {
            rises: !self.fast,
            keeps_zero: false,
            ..Activation::rising(path)
        }
    }
}
