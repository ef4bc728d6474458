//! ln(1 + e^x) = max(x, 0) + ln(1 + u) with u = e^-|x|.
//!
//! u is between 0 and 1, and ln(1 + u) is had from 1 + f = 1 + u, or (1 + u) / 2 where that is nearer to 1; f is exact, so
//! that a small u keeps its digits.

use super::{
    exp::exp,
    ln::ln_near_one,
    reduction::{LN_2_HIGH, LN_2_LOW},
};
use core::f32::consts::SQRT_2;
use fearless_simd::{Simd, f32x16, prelude::*};

/// ln(1 + e^x), which is e^x for very negative x; 0 for -inf, inf for inf; NaN for NaN.
///
/// Within 2 ULP (measured 1.810, and 1.748 where multiply-add rounds twice).
#[inline(always)]
pub fn softplus<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let (zero, one) = (f32x16::splat(s, 0.0), f32x16::splat(s, 1.0));
    let u = exp(s, zero - x.abs());
    let halved = u.simd_gt(SQRT_2 - 1.0);
    let f = halved.select((u - one) * 0.5, u);
    let k = halved.select(one, zero);
    let near = ln_near_one(s, f, k * LN_2_LOW);
    let near = k.mul_add(LN_2_HIGH, near);
    // The larger of the two is x for NaN.
    zero.max(x) + near
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ulp::{self, Function};

    struct Softplus;

    impl Function for Softplus {
        const FUSED: f64 = 2.0;
        const UNFUSED: f64 = 2.0;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            softplus(s, x)
        }

        fn truth(x: f64) -> f64 {
            x.max(0.0) + (-x.abs()).exp().ln_1p()
        }

        /// Where n steps, where u is halved, and where the result leaves the normal range.
        fn seams() -> impl Iterator<Item = f32> {
            let steps = (0..=151).map(|n| ((n as f64 + 0.5) * core::f64::consts::LN_2) as f32);
            steps.chain([0.881_373_6, 87.33655, 103.97208, 105.0])
        }
    }

    #[test]
    fn softplus_is_within_its_bound() {
        ulp::check::<Softplus>();
    }

    #[test]
    fn softplus_of_special_values_is_exact() {
        ulp::check_exact::<Softplus>(&[
            (0.0, core::f32::consts::LN_2),
            (30.0, 30.0),
            (f32::INFINITY, f32::INFINITY),
            (f32::MAX, f32::MAX),
            (f32::NEG_INFINITY, 0.0),
            (f32::MIN, 0.0),
        ]);
    }
}
