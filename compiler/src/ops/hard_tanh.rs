//! `HardTanh(min = -1, max = 1)`: x between two bounds, as `torch.nn.Hardtanh`.

use super::activation::{self, settled};
use crate::arguments::Arguments;
use crate::site::Activation;

/// A hyperbolic tangent of straight pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct HardTanh {
    /// The least result.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

activation::layer!(HardTanh);

impl HardTanh {
    /// Reads the declared arguments.
    fn declared(arguments: &mut Arguments<'_>) -> Self {
        let (min, max) = (
            arguments.number_or("min", -1.0),
            arguments.number_or("max", 1.0),
        );
        if settled(min) >= settled(max) && arguments.is_sound() {
            let message = format!(
                "`min` is {min}, which is not below `max`, {max}; give the smaller one as `min`"
            );
            arguments.reject("min", message);
        }
        Self { min, max }
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::within(settled(self.min), settled(self.max))
    }
}
