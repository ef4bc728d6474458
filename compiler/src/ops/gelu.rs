//! `Gelu(approximate = None)`: x F(x), where F is the distribution function of the normal distribution, as `torch.nn.GELU`
//! (Hendrycks and Gimpel 2016).

use super::activation;
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// x times the probability of less.
#[derive(Clone, Debug, PartialEq)]
pub struct Gelu {
    /// Whether F is approximated by a hyperbolic tangent.
    pub approximate: bool,
}

activation::layer!(Gelu);

impl Gelu {
    /// Reads the declared arguments.
    fn declared(arguments: &mut Arguments<'_>) -> Self {
        let choices = [("None", false), ("Tanh", true)];
        Self {
            approximate: arguments.word("approximate", &choices).unwrap_or(false),
        }
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::turning(match self.approximate {
            true => rt::GELU_TANH,
            false => rt::GELU,
        })
    }
}
