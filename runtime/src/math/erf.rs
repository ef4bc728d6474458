//! The error function, and the distribution function of the normal distribution, of which GELU is made.
//!
//! Below its mean the distribution function falls like e^(-t^2 / 2), and what is left when that is taken out is smooth:
//!
//! ```text
//! F(-t) = e^(-t^2 / 2) R(t),  t >= 0        R(t) = g(u) / (t + 3),  u = (t - 3) / (t + 3)
//! ```
//!
//! g is a polynomial of degree ten with a relative error of 2^-29 up to t = 14.3, where F is 0. F(t) = 1 - F(-t).
//!
//! A rounded t^2 / 2 would cost the tail its digits, since t^2 / 2 reaches 100. So it is taken in two parts: h is t with half
//! of its digits, h^2 / 2 is exact, and (t - h) (t + h) / 2 is added to the argument of e once that is reduced.

use super::reduction::{EXP, LN_2_HIGH, LN_2_LOW, LOG2_E, ROUND, horner, power_of_two};
use core::f32::consts::{FRAC_2_SQRT_PI, SQRT_2};
use fearless_simd::{Simd, f32x16, i32x16, prelude::*, u32x16};

/// Twice the bias of the exponent field: each half of n takes one, as in [`exp`](super::exp()).
const BIASED: f32 = ROUND + 254.0;
/// The bits of h.
const UPPER_HALF: u32 = 0xffff_f000;
/// g from the tenth power down.
const TAIL: [f32; 11] = [
    5.442_440_7e-5,
    1.311_927_2e-4,
    -2.447_627e-4,
    -1.032_479_1e-3,
    1.024_800_8e-3,
    6.969_291_7e-3,
    -1.046_252_4e-2,
    -4.726_268_7e-2,
    0.230_017_7,
    -0.509_332,
    0.729_083_7,
];
/// erf(x) / x in x^2, from the sixth power down, for |x| < 0.95.
const NEAR: [f32; 7] = [
    8.185_085e-5,
    -8.097_711e-4,
    5.196_954e-3,
    -2.685_770_6e-2,
    0.112_836_644,
    -0.376_126_32,
    FRAC_2_SQRT_PI,
];
/// 1 / sqrt(2 pi).
const DENSITY: f32 = 0.398_942_3;

/// F(-t) for t from 0 to 14.5, and e^(-t^2 / 2).
#[inline(always)]
fn tail<S: Simd>(s: S, t: f32x16<S>) -> [f32x16<S>; 2] {
    let h: f32x16<S> = (t.bitcast::<u32x16<S>>() & UPPER_HALF).bitcast();
    let shifted = (t * t).mul_add(-0.5 * LOG2_E, BIASED);
    let n = shifted - BIASED;
    let rest = (h - t) * (t + h) * 0.5;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, h * h * -0.5) + rest);
    let p = horner(s, r, EXP).mul_add(r, 1.0).mul_add(r, 1.0);

    let inverse = f32x16::splat(s, 1.0) / (t + 3.0);
    let share = horner(s, (t - 3.0) * inverse, TAIL) * inverse;

    let biased: i32x16<S> = shifted.bitcast();
    let low = biased >> 1;
    let (low, high) = (power_of_two(low), power_of_two(biased - low));
    [p * share * low * high, p * low * high]
}

/// The distribution function of the normal distribution of mean 0 and variance 1, with its derivative, the density; 0 for
/// -inf, 1 for inf; NaN for NaN.
///
/// The first within 6 ULP (measured 5.44, and 5.85 where multiply-add rounds twice), its subnormal values below x = -13
/// included, and the second within 2.5 (2.07 and 2.24).
#[inline(always)]
pub fn normal_cdf<S: Simd>(s: S, x: f32x16<S>) -> [f32x16<S>; 2] {
    // Beyond this the result is 0 or 1 already.
    let [below, power] = tail(s, x.abs().clamp(0.0, 14.5));
    let above = f32x16::splat(s, 1.0) - below;
    [x.simd_lt(0.0).select(below, above), power * DENSITY]
}

/// The error function; odd to the bit, exactly -1 and 1 from |x| = 4 on; NaN for NaN.
///
/// Within 3 ULP (measured 2.762), whether multiply-add is fused or rounds twice.
#[inline(always)]
pub fn erf<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let size = x.abs();
    let [below, _] = tail(s, (size * SQRT_2).clamp(0.0, 14.5));
    let far = below.mul_add(-2.0, f32x16::splat(s, 1.0));
    // What is tiny is squared to 0.
    let near = size * horner(s, size * size, NEAR);
    let y = size.simd_lt(0.95).select(near, far);
    let sign = x.bitcast::<i32x16<S>>() & i32::MIN;
    (y.bitcast::<i32x16<S>>() | sign).bitcast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ulp::{self, Function};

    struct Erf;

    impl Function for Erf {
        const FUSED: f64 = 3.0;
        const UNFUSED: f64 = 3.0;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            erf(s, x)
        }

        fn truth(x: f64) -> f64 {
            libm::erf(x)
        }

        /// Where n steps, where the polynomials meet, and where the result is 1.
        fn seams() -> impl Iterator<Item = f32> {
            let steps =
                (0..=30).map(|n| ((n as f64 + 0.5) * core::f64::consts::LN_2).sqrt() as f32);
            steps.chain([0.95, 3.83, 4.0])
        }
    }

    struct NormalCdf;

    impl Function for NormalCdf {
        const FUSED: f64 = 6.0;
        const UNFUSED: f64 = 6.0;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            normal_cdf(s, x)[0]
        }

        fn truth(x: f64) -> f64 {
            0.5 * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
        }

        /// Where n steps, where the result leaves the normal range, and the clamp.
        fn seams() -> impl Iterator<Item = f32> {
            steps().chain([12.9, 14.1, 14.5])
        }
    }

    struct Density;

    impl Function for Density {
        const FUSED: f64 = 2.5;
        const UNFUSED: f64 = 2.5;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            normal_cdf(s, x)[1]
        }

        fn truth(x: f64) -> f64 {
            (-0.5 * x * x).exp() / core::f64::consts::TAU.sqrt()
        }

        fn seams() -> impl Iterator<Item = f32> {
            steps().chain([13.1, 14.4, 14.5])
        }
    }

    /// Where n steps in e^(-x^2 / 2).
    fn steps() -> impl Iterator<Item = f32> {
        (0..=151).map(|n| ((2 * n + 1) as f64 * core::f64::consts::LN_2).sqrt() as f32)
    }

    #[test]
    fn erf_is_within_its_bound() {
        ulp::check::<Erf>();
    }

    #[test]
    fn erf_is_odd_and_never_above_one() {
        ulp::check_odd_within_one::<Erf>();
    }

    #[test]
    fn erf_of_special_values_is_exact() {
        ulp::check_exact::<Erf>(&[
            (0.0, 0.0),
            (-0.0, -0.0),
            (4.0, 1.0),
            (-4.0, -1.0),
            (f32::INFINITY, 1.0),
            (f32::NEG_INFINITY, -1.0),
            (f32::MIN, -1.0),
        ]);
    }

    #[test]
    fn the_normal_distribution_is_within_its_bounds() {
        ulp::check::<NormalCdf>();
        ulp::check::<Density>();
    }

    #[test]
    fn the_normal_distribution_of_special_values_is_exact() {
        ulp::check_exact::<NormalCdf>(&[
            (f32::INFINITY, 1.0),
            (f32::MAX, 1.0),
            (f32::NEG_INFINITY, 0.0),
            (f32::MIN, 0.0),
        ]);
    }
}
