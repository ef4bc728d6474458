//! What the activation behind a normalisation passes on of dy, where that follows from the operand.

use super::line::Line;
use crate::{
    kernels::activation::function::{Function, Ramp, Relu},
    math,
    simd::Isa,
};
use fearless_simd::f32x16;

/// The derivative of an activation made of straight pieces.
pub trait Slope: Copy {
    /// The delta before the activation, for x on its line.
    fn passes<S: Isa>(self, s: S, line: Line<S>, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S>;
}

/// No activation.
#[derive(Clone, Copy)]
pub struct Every;

impl Slope for Every {
    #[inline(always)]
    fn passes<S: Isa>(self, _: S, _: Line<S>, _: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        dy
    }
}

impl Slope for Relu {
    #[inline(always)]
    fn passes<S: Isa>(self, s: S, line: Line<S>, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        self.gradient(s, self.apply(s, line.at(s, x)), dy)
    }
}

impl Slope for Ramp {
    #[inline(always)]
    fn passes<S: Isa>(self, s: S, line: Line<S>, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        self.gradient(s, math::flush(s, line.at(s, x)), dy)
    }
}

/// Evaluates an expression in which `$slope` is the derivative of a kind; the identity's for kinds that are not made of
/// straight pieces, which the compiler does not ask for.
macro_rules! of_slope {
    ($kind:expr, $slope:ident => $body:expr) => {{
        use $crate::kernels::{
            activation::{Kind, function},
            batch_norm::slope,
        };
        let ramp = match $kind {
            Kind::HardTanh(f) => Some(function::Ramp {
                min: f.min,
                max: f.max,
                below: 0.0,
            }),
            Kind::LeakyRelu(f) => Some(function::Ramp {
                min: 0.0,
                max: f32::INFINITY,
                below: f.slope,
            }),
            _ => None,
        };
        match (ramp, $kind) {
            (Some($slope), _) => $body,
            (None, Kind::Relu) => {
                let $slope = function::Relu;
                $body
            }
            (None, _) => {
                let $slope = slope::Every;
                $body
            }
        }
    }};
}
pub(in crate::kernels) use of_slope;
