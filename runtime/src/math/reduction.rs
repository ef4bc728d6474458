//! What the functions share: the reduction of their argument, and the polynomial of e^r.

pub use core::f32::consts::LOG2_E;
use fearless_simd::{Simd, f32x16, i32x16, prelude::*};

/// 1.5 * 2^23: a float near it is an integer, and counts in its lowest mantissa bits.
pub const ROUND: f32 = 12_582_912.0;
/// The leading ten bits of ln 2.
pub const LN_2_HIGH: f32 = 355.0 / 512.0;
/// ln 2 - [`LN_2_HIGH`].
pub const LN_2_LOW: f32 = -2.121_944_4e-4;

/// e^r = 1 + r + c2 r^2 + ... + c6 r^6 on |r| <= ln 2 / 2, from c6 down to c2; relative error 2^-28.
pub const EXP: [f32; 5] = [
    0.001_383_800_3,
    0.008_369_165_5,
    0.041_668_102,
    0.166_665_17,
    0.499_999_94,
];

/// c0 x^(N-1) + ... + c(N-1), by Horner's rule.
#[inline(always)]
pub fn horner<S: Simd, const N: usize>(s: S, x: f32x16<S>, coefficients: [f32; N]) -> f32x16<S> {
    let mut sum = f32x16::splat(s, coefficients[0]);
    for c in &coefficients[1..] {
        sum = sum.mul_add(x, *c);
    }
    sum
}

/// The float whose exponent field holds the low nine bits of `biased`.
#[inline(always)]
pub fn power_of_two<S: Simd>(biased: i32x16<S>) -> f32x16<S> {
    (biased << 23).bitcast()
}
