//! x times a gate that opens as x grows. Each falls a little before it rises, so that backward needs x.
//!
//! Naive formulas lose the digits of the tails, where the gate closes: 1 + erf, 1 + tanh and ln(1 + e^x) cancel there. These
//! are written so that the gate keeps them.

use super::formula::Function;
use crate::math;
use fearless_simd::{Simd, f32x16, prelude::*};

/// y = x F(x), with F and f the distribution function and the density of the normal distribution (Hendrycks and Gimpel 2016);
/// dy/dx = F(x) + x f(x).
#[derive(Clone, Copy)]
pub struct Gelu;

/// y = x (1 + tanh z) / 2 with z = sqrt(2 / pi) (x + 0.044715 x^3), which is x s(2 z) with the sigmoid s;
/// dy/dx = s + x s (1 - s) 2 z'.
#[derive(Clone, Copy)]
pub struct GeluTanh;

/// y = x s(x) with the sigmoid s; dy/dx = s (1 + x (1 - s)).
#[derive(Clone, Copy)]
pub struct Silu;

/// y = x tanh(ln(1 + e^x)) (Misra 2019). With e = e^x and n = e (e + 2), (1 + e)^2 is n + 1, so that the tanh is n / (n + 2);
/// dy/dx = (n + 4 x e (1 + e) / (n + 2)) / (n + 2).
#[derive(Clone, Copy)]
pub struct Mish;

/// Where x F(x) has long been below 2^-63, and F(x) is still normal.
const GELU_LEAST: f32 = -10.0;
/// The same for the approximation.
const GELU_TANH_LEAST: f32 = -8.5;
/// The same for [`Silu`] and [`Mish`].
const LEAST: f32 = -60.0;
/// Beyond this the tanh in [`Mish`] is 1, and e^2 is finite.
const MISH_SURE: f32 = 20.0;

/// 2 z = x (C + D x^2), with C = 2 sqrt(2 / pi) and D = 0.044715 C.
const C: f32 = 1.595_769_2;
const D: f32 = 0.071_354_816;
/// What C and D lack.
const C_REST: f32 = -4.534_068e-8;
const D_REST: f32 = 2.398_832_3e-9;

impl Function for Gelu {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x).clamp(GELU_LEAST, f32::INFINITY);
        let [share, _] = math::normal_cdf(s, x);
        math::flush(s, x * share)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let x = x.clamp(GELU_LEAST, -GELU_LEAST);
        let [share, density] = math::normal_cdf(s, x);
        let slope = math::flush(s, x.mul_add(density, share));
        math::flush(s, dy * slope)
    }
}

impl GeluTanh {
    /// 2 z and what rounding took from it: 2 z reaches -50 before y is 0, and the digits that are lost are digits of y. They are
    /// found where multiply-add is fused.
    #[inline(always)]
    fn twice_z<S: Simd>(s: S, x: f32x16<S>) -> [f32x16<S>; 2] {
        let zero = f32x16::splat(s, 0.0);
        let square = x * x;
        let cubic = square * D;
        let factor = cubic + C;
        let z = x * factor;
        let lost_of_square = x.mul_add(x, zero - square);
        // Exact where the cubic part is the larger one.
        let lost_of_sum = f32x16::splat(s, C) - (factor - cubic);
        let lost_of_factor = lost_of_sum
            + square.mul_add(D, zero - cubic)
            + square.mul_add(D_REST, lost_of_square.mul_add(D, f32x16::splat(s, C_REST)));
        let lost = x.mul_add(factor, zero - z) + x * lost_of_factor;
        [z, lost]
    }
}

impl Function for GeluTanh {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x).clamp(GELU_TANH_LEAST, f32::INFINITY);
        let [z, lost] = Self::twice_z(s, x.clamp(GELU_TANH_LEAST, -GELU_TANH_LEAST));
        math::flush(s, x * math::sigmoid_of_sum(s, z, lost))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let x = x.clamp(GELU_TANH_LEAST, -GELU_TANH_LEAST);
        let [z, lost] = Self::twice_z(s, x);
        let [gate, rest] = math::sigmoid_and_rest(s, z, lost);
        let rise = (x * x).mul_add(3.0 * D, C) * x;
        let slope = math::flush(s, gate * rise.mul_add(rest, f32x16::splat(s, 1.0)));
        math::flush(s, dy * slope)
    }
}

impl Function for Silu {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x).clamp(LEAST, f32::INFINITY);
        math::flush(s, x * math::sigmoid(s, x))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let x = x.clamp(LEAST, -LEAST);
        let [gate, rest] = math::sigmoid_and_rest(s, x, f32x16::splat(s, 0.0));
        let slope = math::flush(s, gate * x.mul_add(rest, f32x16::splat(s, 1.0)));
        math::flush(s, dy * slope)
    }
}

impl Function for Mish {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x).clamp(LEAST, f32::INFINITY);
        let e = math::exp(s, x.clamp(LEAST, MISH_SURE));
        let n = e * (e + 2.0);
        math::flush(s, x * (n / (n + 2.0)))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let x = x.clamp(LEAST, MISH_SURE);
        let e = math::exp(s, x);
        let n = e * (e + 2.0);
        let part = f32x16::splat(s, 1.0) / (n + 2.0);
        let sum = (e * (e + 1.0) * part).mul_add(x * 4.0, n);
        let slope = math::flush(s, sum * part);
        math::flush(s, dy * slope)
    }
}
