//! The identity, the rectifier, and the functions of gates.

use super::formula::Function;
use crate::math;
use fearless_simd::{Simd, f32x16, prelude::*};

/// y = x.
#[derive(Clone, Copy)]
pub struct Identity;
/// y = x for sums that other sums begin with: not flushed.
#[derive(Clone, Copy)]
pub struct Unfinished;
/// y = max(x, 0), which is +0 for -0; the derivative at 0 is 0, and where y is NaN dy passes, as PyTorch has it.
#[derive(Clone, Copy)]
pub struct Relu;
/// y = 1 / (1 + e^-x); dy/dx = y (1 - y).
#[derive(Clone, Copy)]
pub struct Sigmoid;
/// y = tanh x; dy/dx = 1 - y^2.
#[derive(Clone, Copy)]
pub struct Tanh;

/// [`Sigmoid`] by [`math::fast_sigmoid`].
#[derive(Clone, Copy)]
pub struct FastSigmoid;
/// [`Tanh`] by [`math::fast_tanh`].
#[derive(Clone, Copy)]
pub struct FastTanh;

impl Function for Identity {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::flush(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, _: S, _: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        dy
    }
}

impl Function for Unfinished {
    #[inline(always)]
    fn apply<S: Simd>(self, _: S, x: f32x16<S>) -> f32x16<S> {
        x
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, _: S, _: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        dy
    }
}

impl Function for Relu {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::rectify(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let zero = f32x16::splat(s, 0.0);
        y.simd_le(zero).select(zero, dy)
    }
}

impl Function for Sigmoid {
    fn keeps_zero(self) -> bool {
        false
    }

    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::flush(s, math::sigmoid(s, math::flush(s, x)))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        // y (1 - y) is 0 or at least 2^-63: no product is subnormal.
        math::flush(s, dy * (y * (f32x16::splat(s, 1.0) - y)))
    }
}

impl Function for Tanh {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        // The tanh of a flushed number is one.
        math::tanh(s, math::flush(s, x))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        math::flush(s, dy * (f32x16::splat(s, 1.0) - y * y))
    }
}

impl Function for FastSigmoid {
    fn keeps_zero(self) -> bool {
        false
    }

    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::fast_sigmoid(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        Sigmoid.gradient(s, y, dy)
    }
}

impl Function for FastTanh {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::fast_tanh(s, math::flush(s, x))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        Tanh.gradient(s, y, dy)
    }
}
