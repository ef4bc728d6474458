//! Digits of the tails, where naive formulas cancel: over all f32, in ULP. What is below 2^-63 is 0.

use super::*;
use crate::math::ulp::{self, Function as Measured};
use fearless_simd::Simd;

/// Declares an activation to be measured: its type, how far it may be off where multiply-add is fused, and where it rounds
/// twice, and its definition.
macro_rules! measured {
    ($name:ident = $activation:ty, $fused:literal, $unfused:literal, $truth:expr) => {
        struct $name;

        impl Measured for $name {
            const FUSED: f64 = $fused;
            const UNFUSED: f64 = $unfused;

            #[inline(always)]
            fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
                <$activation as Activation>::apply(s, x)
            }

            fn truth(x: f64) -> f64 {
                let truth: fn(f64) -> f64 = $truth;
                // At minus infinity, too, the tails are 0.
                match x.abs() < f64::from(math::TINY) {
                    true => truth(0.0),
                    false => truth(x.clamp(-1e4, f64::INFINITY)),
                }
            }

            /// Where the tail is cut off.
            fn is_right(y: f32, truth: f64) -> bool {
                y == 0.0 && truth.abs() < f64::from(math::TINY) * (1.0 + 1e-6)
            }

            fn seams() -> impl Iterator<Item = f32> {
                let steps = (0..=70).map(|n| ((n as f64 + 0.5) * core::f64::consts::LN_2) as f32);
                steps.chain([8.5, 8.8, 10.0, 18.0, 20.0, 43.7, 60.0])
            }
        }
    };
}

measured!(OfGelu = Gelu, 6.5, 6.5, |x| x * normal_cdf(x));
measured!(OfGeluTanh = GeluTanh, 6.0, 200.0, gelu_tanh);
measured!(OfSilu = Silu, 5.5, 5.5, |x| x * sigmoid(x));
measured!(OfMish = Mish, 6.0, 6.0, |x| {
    let e = x.min(30.0).exp();
    x * (e * (e + 2.0) / (e * (e + 2.0) + 2.0))
});
measured!(
    OfSoftplus = Softplus<{ bits(1.0) }, { bits(20.0) }>,
    2.5,
    2.5,
    softplus
);
measured!(OfElu = Elu<{ bits(1.0) }>, 1.7, 1.7, |x| match x > 0.0 {
    true => x,
    false => x.exp_m1(),
});
measured!(OfExp = Exp, 0.9, 1.2, f64::exp);
#[test]
fn tails_keep_their_digits() {
    ulp::check::<OfGelu>();
    ulp::check::<OfGeluTanh>();
    ulp::check::<OfSilu>();
    ulp::check::<OfMish>();
    ulp::check::<OfSoftplus>();
    ulp::check::<OfElu>();
    ulp::check::<OfExp>();
}
