//! `LeakyRelu(slope = 0.01)`: x above 0, slope x below, as `torch.nn.LeakyReLU`.

use super::activation::{self, settled};
use crate::arguments::Arguments;
use crate::rt;
use crate::site::Activation;

/// A rectifier that lets a part through.
#[derive(Clone, Debug, PartialEq)]
pub struct LeakyRelu {
    /// The slope below 0.
    pub slope: f64,
}

activation::layer!(LeakyRelu);

impl LeakyRelu {
    /// Reads the declared arguments.
    fn declared(arguments: &mut Arguments<'_>) -> Self {
        Self {
            slope: arguments.number_or("slope", 0.01),
        }
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        let slope = settled(self.slope);
        // With a slope below 0, y does not tell x.
        let rises = slope >= 0.0;
        Activation {
            numbers: [Some(slope), None],
            is_straight: rises,
            rises,
            reads_input: !rises,
            ..Activation::rising(rt::LEAKY_RELU)
        }
    }
}
