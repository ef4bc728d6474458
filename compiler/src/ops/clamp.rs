//! `Clamp(min, max)`: x between two bounds, of which one may be left out, as `torch.clamp`.

use super::activation::{self, settled};
use crate::arguments::Arguments;
use crate::site::Activation;

/// x between bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Clamp {
    /// The least result.
    pub min: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
}

activation::layer!(Clamp);

impl Clamp {
    /// Reads the declared arguments.
    fn declared(arguments: &mut Arguments<'_>) -> Self {
        let min = (arguments.positional() > 0).then(|| arguments.number("min"));
        let min = min.or_else(|| arguments.optional_number("min", "0.0"));
        let max = (arguments.positional() > 0).then(|| arguments.number("max"));
        let max = max.or_else(|| arguments.optional_number("max", "1.0"));
        match (min, max) {
            _ if !arguments.is_sound() => {}
            (None, None) => {
                let message = "expected `min`, `max` or both, as in `min = 0`, and found none";
                arguments.reject("min", message);
            }
            (Some(min), Some(max)) if settled(min) > settled(max) => {
                let message = format!(
                    "`min` is {min}, which is above `max`, {max}; give the smaller one as `min`"
                );
                arguments.reject("min", message);
            }
            _ => {}
        }
        Self { min, max }
    }

    /// What it computes.
    fn activation(&self) -> Activation {
        Activation::within(
            self.min.map_or(f32::NEG_INFINITY, settled),
            self.max.map_or(f32::INFINITY, settled),
        )
    }
}
