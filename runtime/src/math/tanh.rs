//! tanh x by its addition theorem: with x = n (ln 2) / 2 + r and |r| <= (ln 2) / 4,
//!
//! ```text
//! tanh(n ln 2 / 2) = (2^n - 1) / (2^n + 1)
//! tanh(a + b)      = (tanh a + tanh b) / (1 + tanh a tanh b)
//!
//!           (2^n - 1) + (2^n + 1) t
//! tanh x = -------------------------    where t = tanh r
//!           (2^n + 1) + (2^n - 1) t
//! ```
//!
//! One division, no cancellation and no seam between small and large arguments: for n = 0 the quotient is t itself.
//! t is an odd polynomial of degree seven, r (1 + c1 r^2 + c2 r^4 + c3 r^6), with a relative error of 2^-32.
//!
//! It is odd to the bit: negating x negates n and r, which multiplies numerator and denominator, rounding included, by
//! the powers of two -2^-n and 2^-n. From n = 25 on 2^n - 1 and 2^n + 1 round to the same float, numerator and
//! denominator are equal and the result is exactly 1; before that the numerator never rounds above the denominator.
//! (ln 2) / 2 needs no second part: its error grows with n more slowly than tanh flattens.

use super::reduction::{LOG2_E, ROUND, horner, power_of_two};
use core::f32::consts::LN_2;
use fearless_simd::{Simd, f32x16, i32x16, prelude::*};

/// The bias of the exponent field.
const BIASED: f32 = ROUND + 127.0;
/// tanh r = r (1 + c1 r^2 + c2 r^4 + c3 r^6) on |r| <= (ln 2) / 4, from c3 down to 1.
const TANH: [f32; 4] = [-0.052_724_83, 0.133_311_76, -0.333_333_22, 1.0];

/// Hyperbolic tangent; odd to the bit, x itself for tiny x, exactly -1 and 1 from |x| = 8.5 on and never beyond; NaN
/// for NaN.
///
/// Within 2.5 ULP (measured 2.495), whether multiply-add is fused or rounds twice.
#[inline(always)]
pub fn tanh<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let near = x.clamp(-10.0, 10.0);
    let shifted = near.mul_add(2.0 * LOG2_E, BIASED);
    let n = shifted - BIASED;
    let r = n.mul_add(-0.5 * LN_2, near);
    let t = r * horner(s, r * r, TANH);

    let power = power_of_two(shifted.bitcast());
    let less = power - 1.0;
    let more = power + 1.0;
    let y = more.mul_add(t, less) / less.mul_add(t, more);

    // -0 was lost when 2^0 - 1 = 0 was added.
    let sign = x.bitcast::<i32x16<S>>() & i32::MIN;
    (y.bitcast::<i32x16<S>>() | sign).bitcast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ulp::{self, Function};

    struct Tanh;

    impl Function for Tanh {
        const FUSED: f64 = 2.5;
        const UNFUSED: f64 = 2.5;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            tanh(s, x)
        }

        fn truth(x: f64) -> f64 {
            x.tanh()
        }

        /// Where n steps, where the result is 1, and the clamp.
        fn seams() -> impl Iterator<Item = f32> {
            let steps = (0..29).map(|n| ((n as f64 + 0.5) * core::f64::consts::LN_2 / 2.0) as f32);
            steps.chain([9.010914, 10.0])
        }
    }

    #[test]
    fn tanh_is_within_its_bound() {
        ulp::check::<Tanh>();
    }

    #[test]
    fn tanh_is_odd_and_never_above_one() {
        ulp::check_odd_within_one::<Tanh>();
    }

    #[test]
    fn tanh_of_special_values_is_exact() {
        ulp::check_exact::<Tanh>(&[
            (0.0, 0.0),
            (-0.0, -0.0),
            (1e-40, 1e-40),
            (-1e-40, -1e-40),
            (1e-5, 1e-5),
            (8.5, 1.0),
            (-8.5, -1.0),
            (f32::MAX, 1.0),
            (f32::INFINITY, 1.0),
            (f32::NEG_INFINITY, -1.0),
        ]);
    }
}
