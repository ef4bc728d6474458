//! 1 / (1 + e^-x), with e^-x = 2^n e^-r where n = round(-x / ln 2) and r = x + n ln 2, |r| <= ln 2 / 2.
//!
//! Written so, the value keeps its relative accuracy as it falls to 0. For its last subnormals e^-x would overflow;
//! both sides of the fraction are therefore multiplied by 2^-24, which costs nothing: it hides in the bias of 2^n.
//! Where that could underflow instead, at large positive x, the value has long been 1.

use super::reduction::{EXP, LN_2_HIGH, LN_2_LOW, LOG2_E, ROUND, horner, power_of_two};
use fearless_simd::{Simd, f32x16, prelude::*};

/// 2^-24, by which the fraction is widened.
const SCALE: f32 = 1.0 / 16_777_216.0;
/// The bias of the exponent field, less the 24 of [`SCALE`].
const BIASED: f32 = ROUND + (127.0 - 24.0);
/// [`EXP`] with the signs of the odd powers turned: e^-r.
const EXP_NEGATIVE: [f32; 5] = [EXP[0], -EXP[1], EXP[2], -EXP[3], EXP[4]];

/// The logistic function 1 / (1 + e^-x); 0 for -inf, exactly 0.5 for 0, 1 for inf; NaN for NaN.
///
/// Within 2.5 ULP (measured 2.481), whether multiply-add is fused or rounds twice; the subnormal results below
/// x = -87.3 included.
#[inline(always)]
pub fn sigmoid<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    // Beyond these the result is 0 or 1 already.
    logistic(s, x.clamp(-105.0, 18.0))
}

/// The logistic function as a gate: never below 2^-63, so that no product with it is subnormal; NaN for NaN.
#[inline(always)]
pub fn gate<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    logistic(s, x.clamp(LEAST, 18.0))
}

/// Where the logistic function is a little above 2^-63.
const LEAST: f32 = -43.668;

/// The logistic function from -105 to 18.
#[inline(always)]
fn logistic<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let shifted = x.mul_add(-LOG2_E, BIASED);
    let n = shifted - BIASED;
    quotient(s, shifted, n.mul_add(LN_2_LOW, n.mul_add(LN_2_HIGH, x)))
}

/// The logistic function of a number from -60 to 60 and a small one, which is added where nothing of it is lost.
#[inline(always)]
pub fn sigmoid_of_sum<S: Simd>(s: S, x: f32x16<S>, small: f32x16<S>) -> f32x16<S> {
    sigmoid_and_rest(s, x, small)[0]
}

/// [`sigmoid_of_sum`], and what is left to 1 with all its digits: the logistic function of the negative sum.
#[inline(always)]
pub fn sigmoid_and_rest<S: Simd>(s: S, x: f32x16<S>, small: f32x16<S>) -> [f32x16<S>; 2] {
    let shifted = x.mul_add(-LOG2_E, BIASED);
    let n = shifted - BIASED;
    let r = n.mul_add(LN_2_LOW, n.mul_add(LN_2_HIGH, x) + small);
    let power = power_of_two(shifted.bitcast());
    let p = negative_exp(s, r);
    let scale = f32x16::splat(s, SCALE);
    let share = scale / p.mul_add(power, scale);
    [share, share * (p * (power * (1.0 / SCALE)))]
}

/// 1 / (1 + 2^n e^-r), where n stands in `shifted`.
#[inline(always)]
fn quotient<S: Simd>(s: S, shifted: f32x16<S>, r: f32x16<S>) -> f32x16<S> {
    let scale = f32x16::splat(s, SCALE);
    scale / negative_exp(s, r).mul_add(power_of_two(shifted.bitcast()), scale)
}

/// e^-r.
#[inline(always)]
fn negative_exp<S: Simd>(s: S, r: f32x16<S>) -> f32x16<S> {
    horner(s, r, EXP_NEGATIVE).mul_add(r, -1.0).mul_add(r, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ulp::{self, Function};

    struct Sigmoid;

    impl Function for Sigmoid {
        const FUSED: f64 = 2.5;
        const UNFUSED: f64 = 2.5;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            sigmoid(s, x)
        }

        fn truth(x: f64) -> f64 {
            1.0 / (1.0 + (-x).exp())
        }

        /// Where n steps, where the result leaves the normal range, where it is 1, and the clamp.
        fn seams() -> impl Iterator<Item = f32> {
            let steps = (-151..=26).map(|n| ((n as f64 + 0.5) * core::f64::consts::LN_2) as f32);
            steps.chain([-105.0, -103.97208, -87.33655, 16.635532, 17.32868, 18.0])
        }
    }

    /// 1 less the function: that of the negative number.
    struct Rest;

    impl Function for Rest {
        const FUSED: f64 = 3.5;
        const UNFUSED: f64 = 3.5;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            sigmoid_and_rest(s, x.clamp(-60.0, 60.0), f32x16::splat(s, 0.0))[1]
        }

        fn truth(x: f64) -> f64 {
            1.0 / (1.0 + x.clamp(-60.0, 60.0).exp())
        }

        fn seams() -> impl Iterator<Item = f32> {
            Sigmoid::seams()
        }
    }

    #[test]
    fn sigmoid_is_within_its_bound() {
        ulp::check::<Sigmoid>();
        ulp::check::<Rest>();
    }

    #[test]
    fn sigmoid_of_special_values_is_exact() {
        ulp::check_exact::<Sigmoid>(&[
            (0.0, 0.5),
            (-0.0, 0.5),
            (1e-40, 0.5),
            (f32::INFINITY, 1.0),
            (f32::MAX, 1.0),
            (f32::NEG_INFINITY, 0.0),
            (f32::MIN, 0.0),
        ]);
    }
}
