//! Maxima from which NaN does not vanish.
//!
//! Processors disagree on the larger of a number and NaN: x86 gives the second operand, whichever it is, Arm and WebAssembly
//! give NaN, and `f32::max` gives the number. Here it is NaN everywhere.

use crate::block::LANES;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use fearless_simd::Level;
use fearless_simd::{Simd, f32x16, mask32x16, prelude::*};

/// Whether `value` takes the place of the largest so far: it is larger, or NaN. A NaN that is the largest stays until the
/// next NaN, as in PyTorch's pools.
#[inline(always)]
pub fn wins<S: Simd>(value: f32x16<S>, largest: f32x16<S>) -> mask32x16<S> {
    value.simd_gt(largest) | value.simd_ne(value)
}

/// The larger of two numbers; NaN if one of them is.
#[inline(always)]
pub fn maximum<S: Simd>(s: S, a: f32x16<S>, b: f32x16<S>) -> f32x16<S> {
    match s.level() {
        // The second operand where one is NaN, so that only the first can be lost.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(_) | Level::Avx2(_) | Level::Sse4_2(_) | Level::Sse2(_) => {
            a.simd_ne(a).select(a, a.max(b))
        }
        // NaN where one is.
        #[cfg(target_arch = "aarch64")]
        Level::Neon(_) => a.max(b),
        _ => wins(a, b).select(a, b),
    }
}

/// The largest lane; NaN if there is one.
#[inline(always)]
pub fn largest_lane<S: Simd>(x: f32x16<S>) -> f32 {
    let lanes: [f32; LANES] = x.into();
    let larger = |largest: f32, lane: f32| match lane > largest || lane.is_nan() {
        true => lane,
        false => largest,
    };
    lanes.into_iter().fold(f32::NEG_INFINITY, larger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        block::Block,
        simd::{self, Isa, Task},
    };

    /// Each pair in both orders.
    struct Pairs([f32; LANES], [f32; LANES]);

    impl Task for Pairs {
        type Output = ([f32; LANES], [f32; LANES], f32);

        #[inline(always)]
        fn run<S: Isa>(self, s: S) -> Self::Output {
            let (a, b) = (Block(self.0).load(s), Block(self.1).load(s));
            let largest = largest_lane(maximum(s, a, b));
            (
                maximum(s, a, b).into(),
                wins(a, b).select(a, b).into(),
                largest,
            )
        }
    }

    #[test]
    fn nan_never_vanishes_from_a_maximum() {
        let numbers = [
            f32::NAN,
            -f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            0.0,
            -1.0,
            2.5,
            1e-40,
        ];
        for level in simd::levels() {
            for a in numbers {
                for (lane, b) in numbers.into_iter().enumerate() {
                    let (mut x, mut y) = ([f32::NEG_INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
                    (x[lane], y[lane]) = (a, b);
                    let (largest, winner, all) = simd::dispatch(level, Pairs(x, y));
                    let expected = if a.is_nan() || b.is_nan() {
                        f32::NAN
                    } else {
                        a.max(b)
                    };
                    for found in [largest[lane], winner[lane], all] {
                        assert_eq!(found.is_nan(), expected.is_nan(), "{a} {b}: {found}");
                        assert!(found.is_nan() || found == expected, "{a} {b}: {found}");
                    }
                }
            }
        }
    }
}
