//! Numbers too small to matter count as zero.
//!
//! A product of two numbers of at least 2^-63 is at least 2^-126, the smallest normal `f32`; a product with a zero is zero.
//! So a product of stored numbers is never subnormal if whatever is stored has passed [`flush`]: inputs, weights,
//! activations, hidden states, deltas and moments. Subnormal numbers are a hundred times slower than others on most
//! processors, and anything that decays (weights under weight decay, cells, moments) would end among them.
//!
//! Only a sum can still be subnormal, where terms of almost equal magnitude cancel.

use crate::block::LANES;
#[cfg(target_arch = "x86_64")]
use bytemuck::{must_cast, must_cast_ref};
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::{
    __m256, _CMP_NLT_UQ, _mm256_and_ps, _mm256_and_si256, _mm256_castps_si256, _mm256_castsi256_ps,
    _mm256_cmp_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_sign_epi32,
};
#[cfg(target_arch = "x86_64")]
use fearless_simd::{Level, f32x8, x86::Avx2};
use fearless_simd::{Simd, f32x16, prelude::*, u32x16};
use kiln_weights::UPPER;
pub use kiln_weights::{TINY, flush_number};

/// `x` where its magnitude is at least 2^-63, +0 where it is less; NaN and infinities keep their bits.
#[inline(always)]
pub fn flush<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    flush_below::<S, UPPER>(s, x)
}

/// [`flush`] with another bound: `x` where it has any of the bits `UPPER`, which are the upper ones of the exponent.
#[inline(always)]
pub fn flush_below<S: Simd, const UPPER: u32>(s: S, x: f32x16<S>) -> f32x16<S> {
    #[cfg(target_arch = "x86_64")]
    if let Level::Avx2(avx2) = s.level() {
        return halves(
            s,
            avx2,
            x,
            #[inline(always)]
            |avx2, half| flush_half(avx2, half, UPPER as i32),
        );
    }
    let upper = x.bitcast::<u32x16<S>>() & UPPER;
    upper.simd_eq(0).select(f32x16::splat(s, 0.0), x)
}

/// max(x, 0), flushed; NaN for NaN.
#[inline(always)]
pub fn rectify<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    #[cfg(target_arch = "x86_64")]
    if let Level::Avx2(avx2) = s.level() {
        return halves(s, avx2, x, rectify_half);
    }
    // A comparison with NaN is false, so that NaN passes.
    x.simd_lt(TINY).select(f32x16::splat(s, 0.0), x)
}

/// f of the two registers that sixteen lanes take.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn halves<S: Simd>(
    s: S,
    avx2: Avx2,
    x: f32x16<S>,
    f: impl Fn(Avx2, __m256) -> __m256,
) -> f32x16<S> {
    let lanes: [f32; LANES] = x.into();
    let halves: &[[f32; 8]; 2] = must_cast_ref(&lanes);
    let halves = halves.map(
        #[inline(always)]
        |half| {
            let half = f32x8::simd_from(avx2, half);
            let half: f32x8<_> = f(avx2, half.into()).simd_into(avx2);
            <[f32; 8]>::from(half)
        },
    );
    f32x16::simd_from(s, must_cast::<_, [f32; LANES]>(halves))
}

// Two instructions instead of three: a mask of the compiler's own making is one of sign bits to it, which it widens first.
#[cfg(target_arch = "x86_64")]
fearless_simd::kernel!(
    #[inline(always)]
    fn rectify_half(avx2: Avx2, x: __m256) -> __m256 {
        _mm256_and_ps(x, _mm256_cmp_ps::<_CMP_NLT_UQ>(x, _mm256_set1_ps(TINY)))
    }
);

// Two instructions instead of three: a number times the sign of its upper bits, which is 0 or 1.
#[cfg(target_arch = "x86_64")]
fearless_simd::kernel!(
    #[inline(always)]
    fn flush_half(avx2: Avx2, x: __m256, upper: i32) -> __m256 {
        let bits = _mm256_castps_si256(x);
        let upper = _mm256_and_si256(bits, _mm256_set1_epi32(upper));
        _mm256_castsi256_ps(_mm256_sign_epi32(bits, upper))
    }
);

/// The bits of a block.
#[inline(always)]
fn bits<S: Simd>(s: S, block: &[f32; LANES]) -> u32x16<S> {
    f32x16::simd_from(s, *block).bitcast()
}

/// All bits but the sign.
const MAGNITUDE: u32 = u32::MAX >> 1;

/// The magnitudes below it, less one, are tiny.
const BOUND: u32 = TINY.to_bits() - 1;

/// Whether any of the numbers is tiny without being zero.
///
/// Three instructions a register. Less one, the bits of zero wrap to the largest; without the sign, what is left orders
/// tiny numbers below all others.
#[inline(always)]
pub fn any_tiny<S: Simd>(s: S, numbers: &[f32]) -> bool {
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    let mut least = u32x16::splat(s, u32::MAX);
    let (fours, ones) = blocks.as_chunks::<4>();
    for four in fours {
        for block in four {
            least = least.min((bits(s, block) - 1) & MAGNITUDE);
        }
    }
    for block in ones {
        least = least.min((bits(s, block) - 1) & MAGNITUDE);
    }
    let mut tiny = !blocks.is_empty() && least.simd_lt(BOUND).any_true();
    for number in rest {
        tiny |= number.to_bits().wrapping_sub(1) & MAGNITUDE < BOUND;
    }
    tiny
}

/// What is found among numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whether any of them is tiny without being zero.
    pub tiny: bool,
    /// Whether all of them are finite.
    pub finite: bool,
}

/// Looks for tiny numbers, as [`any_tiny`] does, and for those that are infinite or no number.
#[inline(always)]
pub fn find<S: Simd>(s: S, numbers: &[f32]) -> Found {
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    let mut least = [u32x16::splat(s, u32::MAX); 2];
    let mut largest = [u32x16::splat(s, 0); 2];
    let (pairs, one) = blocks.as_chunks::<2>();
    for pair in pairs {
        for i in 0..2 {
            let bits = bits(s, &pair[i]);
            least[i] = least[i].min((bits - 1) & MAGNITUDE);
            largest[i] = largest[i].max(bits & MAGNITUDE);
        }
    }
    for block in one {
        let bits = bits(s, block);
        least[0] = least[0].min((bits - 1) & MAGNITUDE);
        largest[0] = largest[0].max(bits & MAGNITUDE);
    }
    let (least, largest) = (least[0].min(least[1]), largest[0].max(largest[1]));
    let mut found = Found {
        tiny: !blocks.is_empty() && least.simd_lt(BOUND).any_true(),
        finite: largest.simd_lt(EXPONENT).all_true(),
    };
    for number in rest {
        found.tiny |= number.to_bits().wrapping_sub(1) & MAGNITUDE < BOUND;
        found.finite &= number.is_finite();
    }
    found
}

/// [`flush`] of all numbers.
#[inline(always)]
pub fn flush_all<S: Simd>(s: S, numbers: &mut [f32]) {
    let (blocks, rest) = numbers.as_chunks_mut::<LANES>();
    for block in blocks {
        flush(s, f32x16::simd_from(s, *block)).store_array(block);
    }
    for number in rest {
        *number = flush_number(*number);
    }
}

/// The bits of the exponent: all are set in what is infinite or no number.
const EXPONENT: u32 = 0x7f80_0000;

/// Copies numbers, [`flush`]ed; `true` if all are finite. `to` is at least as long as `from`.
///
/// With their mantissas cleared, numbers are powers of two, of which the largest is infinite if not all are finite.
#[inline(always)]
pub fn flush_copy<S: Simd>(s: S, from: &[f32], to: &mut [f32]) -> bool {
    let (blocks, rest) = from.as_chunks::<LANES>();
    let (copies, copied) = to[..from.len()].as_chunks_mut::<LANES>();
    // Two chains hide the latency of a maximum.
    let mut largest = [f32x16::splat(s, 0.0); 2];
    let (pairs, one) = blocks.as_chunks::<2>();
    let (copied_pairs, copied_one) = copies.as_chunks_mut::<2>();
    for (pair, copies) in pairs.iter().zip(copied_pairs) {
        for i in 0..2 {
            largest[i] = exponents(s, &pair[i]).max(largest[i]);
            flush(s, f32x16::simd_from(s, pair[i])).store_array(&mut copies[i]);
        }
    }
    for (block, copy) in one.iter().zip(copied_one) {
        largest[0] = exponents(s, block).max(largest[0]);
        flush(s, f32x16::simd_from(s, *block)).store_array(copy);
    }
    let mut finite = largest[0].max(largest[1]).simd_lt(f32::INFINITY).all_true();
    for (number, copy) in rest.iter().zip(copied) {
        finite &= number.is_finite();
        *copy = flush_number(*number);
    }
    finite
}

/// The powers of two in numbers.
#[inline(always)]
fn exponents<S: Simd>(s: S, block: &[f32; LANES]) -> f32x16<S> {
    (bits(s, block) & EXPONENT).bitcast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        block::Block,
        simd::{self, Isa, Task},
    };
    use std::vec::Vec;

    /// Bit patterns of every exponent and both signs, with mantissas of all kinds.
    fn patterns() -> Vec<f32> {
        let mantissas = [0, 1, 2, 0x0040_0000, 0x0055_5555, 0x007f_fffe, 0x007f_ffff];
        let signed = (0..512_u32).flat_map(|upper| mantissas.map(|low| (upper << 23) | low));
        signed.map(f32::from_bits).collect()
    }

    struct Flush<'a>(&'a mut [Block]);

    impl Task for Flush<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Isa>(self, s: S) {
            for block in self.0 {
                block.store(flush(s, block.load(s)));
            }
        }
    }

    #[test]
    fn only_tiny_numbers_become_zero() {
        assert_eq!(f64::from(TINY), 2.0_f64.powi(-63));
        for level in simd::levels() {
            for chunk in patterns().chunks(LANES) {
                let mut block = [Block::ZERO];
                block[0].0[..chunk.len()].copy_from_slice(chunk);
                simd::dispatch(level, Flush(&mut block));
                for (found, &x) in block[0].0.iter().zip(chunk) {
                    let expected = if x.abs() < TINY { 0.0 } else { x };
                    assert_eq!(found.to_bits(), expected.to_bits(), "{x:e}");
                    assert_eq!(flush_number(x).to_bits(), expected.to_bits(), "{x:e}");
                }
            }
        }
    }

    struct Scan<'a>(&'a [f32]);

    impl Task for Scan<'_> {
        type Output = bool;

        #[inline(always)]
        fn run<S: Isa>(self, s: S) -> bool {
            any_tiny(s, self.0)
        }
    }

    struct Find<'a>(&'a [f32]);

    impl Task for Find<'_> {
        type Output = Found;

        #[inline(always)]
        fn run<S: Isa>(self, s: S) -> Found {
            find(s, self.0)
        }
    }

    struct FlushAll<'a>(&'a mut [f32]);

    impl Task for FlushAll<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Isa>(self, s: S) {
            flush_all(s, self.0);
        }
    }

    /// At any place, and zeros and NaN are none.
    #[test]
    fn a_tiny_number_is_found_anywhere() {
        let ordinary = [
            0.0,
            -0.0,
            TINY,
            -TINY,
            1.0,
            f32::NAN,
            f32::NEG_INFINITY,
            f32::MAX,
        ];
        let below = f32::from_bits(TINY.to_bits() - 1);
        let tiny = [
            f32::from_bits(1),
            -f32::from_bits(1),
            f32::MIN_POSITIVE,
            below,
            -below,
        ];
        for level in simd::levels() {
            for count in [0, 1, 5, 16, 17, 48, 53] {
                let mut numbers: Vec<f32> = (0..count).map(|i| ordinary[i % 8]).collect();
                assert!(!simd::dispatch(level, Scan(&numbers)), "{count}");
                let finite = numbers.iter().all(|x| x.is_finite());
                let found = |tiny| Found { tiny, finite };
                assert_eq!(simd::dispatch(level, Find(&numbers)), found(false));
                for place in 0..count {
                    for x in tiny {
                        let before = core::mem::replace(&mut numbers[place], x);
                        assert!(simd::dispatch(level, Scan(&numbers)), "{x:e} at {place}");
                        assert!(
                            simd::dispatch(level, Find(&numbers)).tiny,
                            "{x:e} at {place}"
                        );
                        simd::dispatch(level, FlushAll(&mut numbers));
                        assert_eq!(numbers[place].to_bits(), 0);
                        numbers[place] = before;
                    }
                }
                for (i, number) in numbers.iter().enumerate() {
                    let expected = flush_number(ordinary[i % 8]);
                    assert!(number.to_bits() == expected.to_bits() || *number == 0.0);
                }
            }
        }
    }

    /// What the bound is for: no product of two numbers that passed is subnormal.
    #[test]
    fn products_are_zero_or_normal() {
        let mut numbers = patterns();
        numbers.iter_mut().for_each(|x| *x = flush_number(*x));
        for a in numbers.iter().filter(|a| a.is_finite()) {
            for b in numbers.iter().filter(|b| b.abs() <= 1.0) {
                assert!(!(a * b).is_subnormal(), "{a:e} {b:e}");
            }
        }
    }
}
