//! e^x - 1 = 2^n (e^r - 1) + (2^n - 1) with n = round(x / ln 2) and |r| <= ln 2 / 2.
//!
//! e^r - 1 is r + r^2 (..), so that near 0, where n = 0, all digits of x stay. 2^n - 1 is exact as long as it matters. Both
//! are halved and doubled in the end, for 2^128 is no float.

use super::reduction::{EXP, LN_2_HIGH, LN_2_LOW, LOG2_E, ROUND, horner, power_of_two};
use fearless_simd::{Simd, f32x16, prelude::*};

/// The bias of the exponent field, less the 1 of the half.
const BIASED: f32 = ROUND + 126.0;

/// e^x - 1; x itself for tiny x, -1 for -inf, inf for inf; NaN for NaN.
///
/// Within 1.7 ULP (measured 1.465, and 1.580 where multiply-add rounds twice).
#[inline(always)]
pub fn exp_m1<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    // Beyond these the result is -1 or infinity already.
    let near = x.clamp(-18.0, 89.0);
    let shifted = near.mul_add(LOG2_E, BIASED);
    let n = shifted - BIASED;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, near));
    let p = (r * r).mul_add(horner(s, r, EXP), r);

    let half = power_of_two(shifted.bitcast());
    let y = half.mul_add(p, half - 0.5) * 2.0;
    // -0, and what is halved only to be lost.
    let tiny = (x * x).simd_le(f32::MIN_POSITIVE);
    tiny.select(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ulp::{self, Function};

    struct ExpM1;

    impl Function for ExpM1 {
        const FUSED: f64 = 1.7;
        const UNFUSED: f64 = 1.7;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            exp_m1(s, x)
        }

        fn truth(x: f64) -> f64 {
            x.exp_m1()
        }

        /// Where n steps, where the result is -1, where it overflows, and the clamp.
        fn seams() -> impl Iterator<Item = f32> {
            let steps = (-26..=128).map(|n| ((n as f64 + 0.5) * core::f64::consts::LN_2) as f32);
            steps.chain([1.0e-19, -17.32868, -18.0, 88.72284, 89.0])
        }
    }

    #[test]
    fn exp_m1_is_within_its_bound() {
        ulp::check::<ExpM1>();
    }

    #[test]
    fn exp_m1_of_special_values_is_exact() {
        ulp::check_exact::<ExpM1>(&[
            (0.0, 0.0),
            (-0.0, -0.0),
            (1e-40, 1e-40),
            (-1e-30, -1e-30),
            (f32::INFINITY, f32::INFINITY),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, -1.0),
            (f32::MIN, -1.0),
        ]);
    }
}
