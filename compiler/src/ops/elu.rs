//! `Elu(alpha = 1)`: x above 0, alpha (e^x - 1) below, as `torch.nn.ELU` (Clevert et al. 2016).

use super::activation::{self, settled};
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// An exponential below 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Elu {
    /// Minus the value that it falls to.
    pub alpha: f64,
}

activation::layer!(Elu);

impl Elu {
    /// Reads the declared arguments.
    fn declared(arguments: &mut Arguments<'_>) -> Self {
        Self {
            alpha: arguments.number_or("alpha", 1.0),
        }
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        let alpha = settled(self.alpha);
        // With an alpha below 0, y does not tell x.
        let rises = alpha >= 0.0;
        Activation {
            numbers: [Some(alpha), None],
            rises,
            reads_input: !rises,
            ..Activation::rising(rt::ELU)
        }
    }
}
