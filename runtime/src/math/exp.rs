//! e^x = 2^n e^r with n = round(x / ln 2) and |r| <= ln 2 / 2.
//!
//! n reaches from -151 to 128, more than an exponent field holds. 2^n is therefore applied as 2^floor(n/2) and
//! 2^ceil(n/2): the first product is exact, the second overflows to infinity or rounds into the subnormals, once.

use super::{
    flush::flush,
    reduction::{EXP, LN_2_HIGH, LN_2_LOW, LOG2_E, ROUND, horner, power_of_two},
};
use fearless_simd::{Simd, f32x16, i32x16, prelude::*};

/// Twice the bias of the exponent field: each half of n takes one. Added to [`ROUND`].
const BIASED: f32 = ROUND + 254.0;

/// e^x; 0 for -inf, inf for inf, exactly 1 for 0; NaN for NaN.
///
/// Within 0.9 ULP (measured 0.891) where multiply-add is fused, 1.2 (1.176) where it rounds twice.
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    // Beyond these the result is 0 or infinity already.
    power(s, x.clamp(-105.0, 89.0))
}

/// e^x for x <= 0, a share of the largest among powers; 0 below 2^-63, NaN for NaN.
#[inline(always)]
pub fn share<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    // e^-60 is below 2^-63, and still normal.
    flush(s, power(s, x.clamp(-60.0, 89.0)))
}

/// e^x from -105 to 89.
#[inline(always)]
fn power<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let shifted = x.mul_add(LOG2_E, BIASED);
    let n = shifted - BIASED;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    let p = horner(s, r, EXP).mul_add(r, 1.0).mul_add(r, 1.0);

    let biased: i32x16<S> = shifted.bitcast();
    let low = biased >> 1;
    p * power_of_two(low) * power_of_two(biased - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ulp::{self, Function};

    struct Exp;

    impl Function for Exp {
        const FUSED: f64 = 0.9;
        const UNFUSED: f64 = 1.2;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            exp(s, x)
        }

        fn truth(x: f64) -> f64 {
            x.exp()
        }

        /// Where n steps, where the result leaves the normal range, where it overflows, and the clamp.
        fn seams() -> impl Iterator<Item = f32> {
            let steps = (-151..=128).map(|n| ((n as f64 + 0.5) * core::f64::consts::LN_2) as f32);
            steps.chain([-105.0, -103.97208, -87.33655, 88.72284, 89.0])
        }
    }

    #[test]
    fn exp_is_within_its_bound() {
        ulp::check::<Exp>();
    }

    #[test]
    fn exp_of_special_values_is_exact() {
        ulp::check_exact::<Exp>(&[
            (0.0, 1.0),
            (-0.0, 1.0),
            (1e-40, 1.0),
            (f32::INFINITY, f32::INFINITY),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, 0.0),
            (f32::MIN, 0.0),
        ]);
    }
}
