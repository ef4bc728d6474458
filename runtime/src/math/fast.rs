//! tanh x and the logistic function as quotients of short polynomials: less accurate, and faster.
//!
//! ```text
//!             1 + p1 x^2 + p2 x^4
//! tanh x ~ x ----------------------------        1 / (1 + e^-x) = 1/2 + tanh(x / 2) / 2
//!             1 + q1 x^2 + q2 x^4 + q3 x^6
//! ```
//!
//! The coefficients are minimax in relative error for |x| up to [`END`], among those whose quotient is 1 there and never
//! above. They were found by bisection of the error: whether there are coefficients for one is a linear program. With its
//! factor x the numerator is as long a chain as the denominator, so that the division waits for neither. There is no
//! reduction of the argument.

use super::reduction::horner;
use fearless_simd::{Simd, f32x16, prelude::*};

/// From here on the quotient is 1, as it is computed.
const END: f32 = 6.042;
/// p2, p1 and 1.
const ABOVE: [f32; 3] = [0.001_471_063_8, 0.114_185_02, 1.0];
/// q3, q2, q1 and 1.
const BELOW: [f32; 4] = [5.346_985e-5, 0.017_360_697, 0.447_467_42, 1.0];
/// Added to x^2, so that it is no subnormal number.
const LEAST: f32 = f32::from_bits(27 << 23);

/// Hyperbolic tangent, approximately: odd to the bit, x itself for tiny x, exactly -1 and 1 from |x| = 6.042 on and never
/// beyond; NaN for NaN.
///
/// Within 1.3e-5 of the result (measured over a subset: 1.252e-5), whether multiply-add is fused or rounds twice.
#[inline(always)]
pub fn fast_tanh<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    quotient(s, x.clamp(-END, END), ABOVE, BELOW)
}

/// The logistic function, approximately: from 0 to 1, and no other number below 2^-25; NaN for NaN.
///
/// Within 6.5e-6 (measured over a subset: 6.26e-6), whether multiply-add is fused or rounds twice.
#[inline(always)]
pub fn fast_sigmoid<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let [p2, p1, _] = ABOVE;
    let [q3, q2, q1, _] = BELOW;
    let above = [p2 / 64.0, p1 / 16.0, 0.25];
    let below = [q3 / 64.0, q2 / 16.0, q1 / 4.0, 1.0];
    quotient(s, x.clamp(-2.0 * END, 2.0 * END), above, below) + 0.5
}

/// x times one polynomial of x^2 over another.
#[inline(always)]
fn quotient<S: Simd>(s: S, x: f32x16<S>, above: [f32; 3], below: [f32; 4]) -> f32x16<S> {
    let square = x.mul_add(x, LEAST);
    x * horner(s, square, above) / horner(s, square, below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ulp::{self, Function};

    struct Tanh;

    impl Function for Tanh {
        const FUSED: f64 = 0.5;
        const UNFUSED: f64 = 0.5;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            fast_tanh(s, x)
        }

        fn truth(x: f64) -> f64 {
            x.tanh()
        }

        fn is_right(y: f32, truth: f64) -> bool {
            (f64::from(y) - truth).abs() <= 1.3e-5 * truth.abs()
        }

        fn seams() -> impl Iterator<Item = f32> {
            [5.9, END, 8.5].into_iter()
        }
    }

    struct Sigmoid;

    impl Function for Sigmoid {
        const FUSED: f64 = 0.5;
        const UNFUSED: f64 = 0.5;

        fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
            fast_sigmoid(s, x)
        }

        fn truth(x: f64) -> f64 {
            1.0 / (1.0 + (-x).exp())
        }

        fn is_right(y: f32, truth: f64) -> bool {
            let is_normal = y == 0.0 || y >= f32::EPSILON / 4.0;
            is_normal && y <= 1.0 && (f64::from(y) - truth).abs() <= 6.5e-6
        }

        fn seams() -> impl Iterator<Item = f32> {
            [
                11.8,
                f32::from_bits((2.0 * END).to_bits() - 8),
                2.0 * END,
                17.0,
            ]
            .into_iter()
        }
    }

    #[test]
    fn the_fast_functions_are_within_their_bounds() {
        ulp::check::<Tanh>();
        ulp::check::<Sigmoid>();
    }

    #[test]
    fn the_fast_tanh_is_odd_and_never_above_one() {
        ulp::check_odd_within_one::<Tanh>();
    }

    #[test]
    fn the_fast_functions_are_exact_at_zero_and_infinity() {
        ulp::check_exact::<Tanh>(&[
            (0.0, 0.0),
            (-0.0, -0.0),
            (1e-20, 1e-20),
            (-1e-20, -1e-20),
            (f32::INFINITY, 1.0),
            (f32::NEG_INFINITY, -1.0),
            (6.5, 1.0),
            (f32::NAN, f32::NAN),
        ]);
        ulp::check_exact::<Sigmoid>(&[
            (0.0, 0.5),
            (-0.0, 0.5),
            (1e-30, 0.5),
            (f32::INFINITY, 1.0),
            (f32::NEG_INFINITY, 0.0),
            (f32::NAN, f32::NAN),
        ]);
    }
}
