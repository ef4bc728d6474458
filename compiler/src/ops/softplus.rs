//! `Softplus(beta = 1, threshold = 20)`: ln(1 + e^(beta x)) / beta, x itself where beta x is above the threshold, as
//! `torch.nn.Softplus`.

use super::activation::{self, settled};
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// A smooth rectifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Softplus {
    /// How sharp its bend is.
    pub beta: f64,
    /// Where it becomes x.
    pub threshold: f64,
}

/// From this threshold on, ln(1 + e^x) is x at the threshold, and so is the slope 1: the runtime's `Softplus` knows it, too.
const SURE: f32 = 18.0;

activation::layer!(Softplus);

impl Softplus {
    /// Reads the declared arguments.
    fn declared(arguments: &mut Arguments<'_>) -> Self {
        let (beta, threshold) = (
            arguments.number_or("beta", 1.0),
            arguments.number_or("threshold", 20.0),
        );
        if settled(beta) <= 0.0 {
            let message = "`beta` is a number above 0 that f32 can hold, such as `1.0`";
            arguments.reject("beta", message);
        }
        Self { beta, threshold }
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        let (beta, threshold) = (settled(self.beta), settled(self.threshold));
        // Below, it jumps down to x at the threshold: y does not tell x there.
        let rises = threshold >= SURE;
        Activation {
            numbers: [Some(beta), Some(threshold)],
            keeps_zero: false,
            rises,
            reads_input: !rises,
            ..Activation::rising(rt::SOFTPLUS)
        }
    }
}
