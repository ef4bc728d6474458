//! Numbers too small to matter count as zero.
//!
//! A product of two numbers of at least 2^-63 is at least 2^-126, the smallest normal `f32`; a product with a zero is zero.
//! So a product of stored numbers is never subnormal if whatever is stored has passed [`flush`]: inputs, weights,
//! activations, hidden states, deltas and moments. Subnormal numbers are a hundred times slower than others on most
//! processors, and anything that decays (weights under weight decay, cells, moments) would end among them.
//!
//! Only a sum can still be subnormal, where terms of almost equal magnitude cancel.

use fearless_simd::{Simd, f32x16, prelude::*, u32x16};

/// The smallest magnitude that is not zero: 2^-63.
pub const TINY: f32 = 1.0 / (1_u64 << 63) as f32;

/// The upper two bits of the exponent. Both are zero where the magnitude is below [`TINY`], and only there.
const UPPER: u32 = 0x6000_0000;

/// `x` where its magnitude is at least 2^-63, +0 where it is less; NaN and infinities keep their bits.
#[inline(always)]
pub fn flush<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    let upper = x.bitcast::<u32x16<S>>() & UPPER;
    upper.simd_eq(0).select(f32x16::splat(s, 0.0), x)
}

/// [`flush`] of one number.
#[inline(always)]
pub fn flush_number(x: f32) -> f32 {
    if x.to_bits() & UPPER == 0 { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        block::{Block, LANES},
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
