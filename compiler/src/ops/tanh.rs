//! `Tanh(fast = false)`: (e^x - e^-x) / (e^x + e^-x), as `torch.nn.Tanh`.

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// The hyperbolic tangent.
#[derive(Clone, Debug, PartialEq)]
pub struct Tanh {
    /// Whether it is approximate.
    pub fast: bool,
}

activation::layer!(Tanh);

impl Tanh {
    /// Reads the declared arguments.
    fn declared(arguments: &mut Arguments<'_>) -> Self {
        Self {
            fast: arguments.flag("fast", false),
        }
    }

    /// What it computes. As it is computed, the approximation does not rise everywhere.
    fn activation(&self) -> Activation {
        let path = match self.fast {
            true => rt::FAST_TANH,
            false => rt::TANH,
        };
        Activation {
            rises: !self.fast,
            ..Activation::rising(path)
        }
    }
}
