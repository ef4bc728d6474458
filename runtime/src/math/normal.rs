//! Normal numbers from random bits, by the inverse of the normal distribution.
//!
//! A number of 31 bits, m, is a place in the upper half of the distribution: q = (m + 1/2) 2^-32 is how likely a larger
//! number is. The bit that is left is the sign, so that both halves are alike. With x = 1 - 2q, the share of numbers
//! that are nearer to zero, and w = -ln(1 - x^2) = -ln(4 q (1 - q)),
//!
//! ```text
//! z = x g(w)
//! ```
//!
//! where g is smooth: 1.25 at w = 0, and of the order of sqrt(2 w) in the tail (Giles 2010, "Approximating the erfinv
//! function"). It is a polynomial of degree seven in w below 6, that is for |z| < 2.9, and one in sqrt(w) above. Both
//! are minimax in relative error, 3.3e-7 and 2.1e-7.
//!
//! Products and sums are rounded one by one, and nothing is fused: these numbers decide what is learnt, as masks do, so
//! that a seed gives the same ones on every instruction set.

use super::reduction::{LN_2_HIGH, LN_2_LOW};
use core::f32::consts::FRAC_1_SQRT_2;
use fearless_simd::{Simd, f32x16, i32x16, prelude::*, u32x16};

/// Where the polynomials meet.
const SEAM: f32 = 6.0;

/// g from the seventh power of w - 3 down.
const CENTRE: [f32; 8] = [
    4.762_438_6e-7,
    -2.782_650_7e-6,
    -1.690_587_1e-5,
    2.771_341e-4,
    -1.185_197e-3,
    -8.116_879e-3,
    0.341_718_73,
    2.296_035_5,
];

/// g from the seventh power of sqrt(w) - 3.5 down.
const TAIL: [f32; 8] = [
    -2.609_212_5e-4,
    7.850_838_6e-4,
    -1.045_515_9e-3,
    1.436_065_4e-3,
    -2.882_674_3e-3,
    4.658_566e-3,
    1.424_631_1,
    4.717_088,
];

/// (ln(1 + f) - f) / f^2 from the sixth power down; the error of ln(1 + f) is 4e-8.
const LN_1P: [f32; 7] = [
    -0.100_346_39,
    0.163_356_5,
    -0.173_259_91,
    0.198_882_77,
    -0.249_614_66,
    0.333_352_63,
    -0.500_005_84,
];

/// A number from the standard normal distribution for each lane, of which all 2^32 values of `bits` are equally likely:
/// mean 0, variance 1, and no magnitude above 6.34. Each is within 2e-6 of the exact inverse, relative to 1 or its
/// magnitude, whichever is larger.
#[inline(always)]
pub fn normal<S: Simd>(s: S, bits: u32x16<S>) -> f32x16<S> {
    let half = (bits & 0x7fff_ffff).bitcast::<i32x16<S>>();
    // Four times q, which is at most 1/2.
    let four = (s.cvt_f32_i32x16(half) + 0.5) * (1.0 / (1_u32 << 30) as f32);
    let x = f32x16::splat(s, 1.0) - four * 0.5;
    let w = minus_ln(s, four * (f32x16::splat(s, 1.0) - four * 0.25));

    let tail = w.simd_ge(SEAM);
    let t = tail.select(w.sqrt() - 3.5, w - 3.0);
    let coefficient = |power: usize| {
        let (near, far) = (CENTRE[power], TAIL[power]);
        tail.select(f32x16::splat(s, far), f32x16::splat(s, near))
    };
    let mut g = coefficient(0);
    for power in 1..CENTRE.len() {
        g = g * t + coefficient(power);
    }
    let sign = bits & 0x8000_0000;
    ((x * g).bitcast::<u32x16<S>>() ^ sign).bitcast()
}

/// -ln x within 2e-7 or two units in the last place, for a normal x: k ln 2 + ln(1 + f) as in [`ln`](super::ln()).
#[inline(always)]
fn minus_ln<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let root = i32x16::splat(s, FRAC_1_SQRT_2.to_bits() as i32);
    let offset = x.bitcast::<i32x16<S>>() - root;
    let k = s.cvt_f32_i32x16(offset >> 23);
    let f = ((offset & 0x007f_ffff) + root).bitcast::<f32x16<S>>() - 1.0;
    let mut tail = f32x16::splat(s, LN_1P[0]);
    for c in &LN_1P[1..] {
        tail = tail * f + *c;
    }
    let small = k * LN_2_LOW + (f * f) * tail;
    -(k * LN_2_HIGH + (f + small))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        block::{Block, LANES},
        simd::{self, Isa, Task},
    };
    use fearless_simd::Level;
    use std::{eprintln, vec::Vec};

    /// The numbers of these bits.
    struct Normal<'a>(&'a [u32]);

    impl Task for Normal<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<S: Isa>(self, s: S) -> Vec<f32> {
            let chunks = self.0.as_chunks::<LANES>().0.iter();
            let each = chunks.flat_map(|bits| {
                let mut block = Block::ZERO;
                block.store(normal(s, u32x16::simd_from(s, *bits)));
                block.0
            });
            each.collect()
        }
    }

    fn normals(level: Level, bits: &[u32]) -> Vec<f32> {
        simd::dispatch(level, Normal(bits))
    }

    /// The z that a number exceeds with a probability of q, by Newton's steps from the side where they converge.
    fn truth(q: f64) -> f64 {
        let density = |z: f64| (-0.5 * z * z).exp() / core::f64::consts::TAU.sqrt();
        let mut z = 0.0;
        for _ in 0..60 {
            let step = (0.5 * libm::erfc(z / core::f64::consts::SQRT_2) - q) / density(z);
            z += step;
            if step.abs() < 1e-13 {
                break;
            }
        }
        z
    }

    /// Bits all over the range, the ends, and both sides of the seam.
    fn patterns() -> Vec<u32> {
        let stride = if cfg!(debug_assertions) {
            1_299_709
        } else {
            100_003
        };
        let sweep = (0..(1_u64 << 32) / stride).map(|i| (i * stride) as u32);
        // Halves of 31 bits: q = e^-6 / 4 lies near 2,659,000.
        let seam = (2_650_000..2_670_000).step_by(29);
        let ends = (0..64).flat_map(|i| [i, 0x7fff_ffff - i]);
        let halves = seam.chain(ends).flat_map(|half| [half, half | 1 << 31]);
        let mut bits: Vec<u32> = sweep.chain(halves).collect();
        bits.resize(bits.len().next_multiple_of(LANES), 0);
        bits
    }

    #[test]
    fn numbers_are_the_inverse_of_the_distribution() {
        let bits = patterns();
        for level in simd::levels() {
            let mut worst = (0.0, 0.0, 0.0);
            for (bits, z) in bits.iter().zip(normals(level, &bits)) {
                let half = f64::from(bits & 0x7fff_ffff);
                let exact = truth((half + 0.5) / (1_u64 << 32) as f64);
                let exact = if bits >> 31 == 1 { -exact } else { exact };
                let error = (f64::from(z) - exact).abs() / exact.abs().max(1.0);
                if error > worst.0 {
                    worst = (error, exact, f64::from(z));
                }
            }
            eprintln!("{:?}: {:e} at {}", simd::set_of(level), worst.0, worst.1);
            assert!(worst.0 < 2e-6, "{level:?}: {worst:?}");
        }
    }

    #[test]
    fn all_instruction_sets_give_the_same_bits() {
        let bits = patterns();
        let first: Vec<u32> = normals(simd::level(), &bits)
            .into_iter()
            .map(f32::to_bits)
            .collect();
        for level in simd::levels() {
            let other = normals(level, &bits).into_iter().map(f32::to_bits);
            assert!(other.eq(first.iter().copied()), "{level:?}");
        }
    }

    /// Larger bits of a half are smaller numbers, and the sign's bit mirrors them.
    #[test]
    fn numbers_fall_and_are_mirrored() {
        let mut halves: Vec<u32> = patterns()
            .into_iter()
            .filter(|bits| bits >> 31 == 0)
            .collect();
        halves.sort_unstable();
        halves.dedup();
        halves.truncate(halves.len() / LANES * LANES);
        let mirrored: Vec<u32> = halves.iter().map(|half| half | 1 << 31).collect();
        let (upper, lower) = (
            normals(simd::level(), &halves),
            normals(simd::level(), &mirrored),
        );
        assert!(upper[0] > 6.33 && upper[0] < 6.35, "{}", upper[0]);
        for pair in upper.windows(2) {
            assert!(pair[1] >= 0.0 && pair[1] <= pair[0] * 1.000_002, "{pair:?}");
        }
        for (upper, lower) in upper.iter().zip(lower) {
            assert_eq!(upper.to_bits(), (-lower).to_bits());
        }
    }

    /// Moments and tails of numbers that lie evenly in the distribution: the sampling error is far below what is
    /// allowed.
    #[test]
    fn moments_and_tails_are_those_of_the_distribution() {
        let count = 1_u64 << 18;
        let bits: Vec<u32> = (0..count).map(|i| (i << 14 | 1 << 13) as u32).collect();
        let z = normals(simd::level(), &bits);
        let moment = |power: i32| {
            let sum = z.iter().map(|&z| f64::from(z).powi(power)).sum::<f64>();
            sum / count as f64
        };
        for (power, exact, allowed) in [
            (1, 0.0, 1e-6),
            (2, 1.0, 1e-4),
            (3, 0.0, 1e-6),
            (4, 3.0, 2e-3),
            (6, 15.0, 4e-2),
        ] {
            let found = moment(power);
            assert!((found - exact).abs() < allowed, "{power}: {found}");
        }
        for (beyond, share) in [(1.0, 0.317_310_5), (2.0, 0.045_500_26), (3.0, 2.699_796e-3)] {
            let found = z.iter().filter(|z| z.abs() > beyond).count() as f64 / count as f64;
            assert!((found - share).abs() < 1e-5, "{beyond}: {found}");
        }
    }
}
