//! Vector transcendental functions.

use fearless_simd::{Simd, f32x16, prelude::*};

/// e^x.
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    f32x16::simd_from(s, core::array::from_fn(|i| libm::expf(x[i])))
}

/// Hyperbolic tangent.
#[inline(always)]
pub fn tanh<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    f32x16::simd_from(s, core::array::from_fn(|i| libm::tanhf(x[i])))
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    f32x16::simd_from(s, core::array::from_fn(|i| 1.0 / (1.0 + libm::expf(-x[i]))))
}
