//! The functions of cells, exact or fast.

use crate::{math, simd::Isa};
use fearless_simd::f32x16;

/// The hyperbolic tangent and the logistic function as cells take them.
pub trait Functions {
    /// tanh x; x is flushed.
    fn tanh<S: Isa>(s: S, x: f32x16<S>) -> f32x16<S>;

    /// 1 / (1 + e^-x): 0, or so large that no product with it is subnormal.
    fn gate<S: Isa>(s: S, x: f32x16<S>) -> f32x16<S>;
}

/// [`math::tanh`] and [`math::gate`].
#[derive(Clone, Copy, Debug)]
pub struct Exact;

/// [`math::fast_tanh`] and [`math::fast_sigmoid`].
#[derive(Clone, Copy, Debug)]
pub struct Fast;

impl Functions for Exact {
    #[inline(always)]
    fn tanh<S: Isa>(s: S, x: f32x16<S>) -> f32x16<S> {
        math::tanh(s, x)
    }

    #[inline(always)]
    fn gate<S: Isa>(s: S, x: f32x16<S>) -> f32x16<S> {
        math::gate(s, x)
    }
}

impl Functions for Fast {
    #[inline(always)]
    fn tanh<S: Isa>(s: S, x: f32x16<S>) -> f32x16<S> {
        math::fast_tanh(s, x)
    }

    #[inline(always)]
    fn gate<S: Isa>(s: S, x: f32x16<S>) -> f32x16<S> {
        math::fast_sigmoid(s, x)
    }
}
