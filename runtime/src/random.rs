//! Counted randomness: numbers that are a function of where they are used, not of how many were drawn before.
//!
//! Two generators are fixed for ever, so that a seed always means the same:
//!
//! - Parameters begin with numbers from PCG-XSH-RR 64/32 (O'Neill 2014), one stream for each tensor: see [`stream`].
//! - Masks come from a keyed integer hash: see [`Row`] and [`bits`]. An element's bits depend on (seed, step, layer,
//!   sample, index) alone, so forward and backward agree without storing the mask, and no thread or chunk can change it.
//!
//! The hash is `triple32` of Wellons' hash-prospector, a bijection of 32 bits by three multiplications whose avalanche
//! bias (0.0208 on the prospector's scale) is about that of a random permutation. Each row has 64 bits of key, made by two rounds
//! of the SplitMix64 finalizer (Steele, Lea and Flood 2014): one half enters before the first round, the other between the
//! rounds, so that two rows whose first halves are close still have unrelated sequences.

use fearless_simd::{Simd, prelude::*, u32x16};
use rand_core::Rng;
use rand_pcg::Pcg32;

/// The finalizer of SplitMix64: a bijection of 64 bits in which every input bit reaches every output bit.
#[inline]
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The generator number `index` of a seed. States are mixed, since PCG's streams alone are correlated.
pub fn stream(seed: u64, index: u64) -> Pcg32 {
    Pcg32::new(mix(mix(seed) ^ index), index)
}

/// Where in a training run a mask is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Seed of the run.
    pub seed: u64,
    /// Training step, counted from 0.
    pub step: u64,
    /// Which of the network's random layers.
    pub layer: u32,
    /// Index of the first sample in the batch.
    pub first_sample: usize,
}

/// The key of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    before: u32,
    between: u32,
}

impl Key {
    /// The key of the sample `row` places after the first.
    #[inline]
    pub fn row(&self, row: usize) -> Row {
        let key = self.bits(row);
        Row {
            before: key as u32,
            between: (key >> 32) as u32,
        }
    }

    /// The same as a number.
    #[inline]
    pub fn bits(&self, row: usize) -> u64 {
        let sample = (self.first_sample as u64).wrapping_add(row as u64);
        let run = mix(mix(self.seed) ^ self.step);
        mix(run ^ mix((u64::from(self.layer) << 40) ^ sample))
    }
}

/// Which layer's bits serve what is sampled outside of a network: the last of the 2^24 that a [`Key`] tells apart.
pub const OUTSIDE: u32 = 0xff_ffff;

/// Which layer's bits serve the noise that is added to gradients: the one before.
#[cfg(feature = "train")]
pub const NOISE: u32 = OUTSIDE - 1;

/// 32 random bits for each index.
#[inline(always)]
pub fn bits<S: Simd>(s: S, row: Row, index: u32x16<S>) -> u32x16<S> {
    let mut x = index ^ u32x16::splat(s, row.before);
    x = (x ^ (x >> 17)) * u32x16::splat(s, 0xed5a_d4bb);
    x += u32x16::splat(s, row.between);
    x = (x ^ (x >> 11)) * u32x16::splat(s, 0xac4c_1b51);
    x = (x ^ (x >> 15)) * u32x16::splat(s, 0x3184_8bab);
    x ^ (x >> 14)
}

/// Fisher and Yates' shuffle of `count` things, each of whose orders is equally likely.
pub fn shuffle(count: usize, generator: &mut Pcg32, mut swap: impl FnMut(usize, usize)) {
    for last in (1..count).rev() {
        // A multiple of 2^-64 of the range; the bias is below 2^-32 for whatever fits into memory.
        let wide = u128::from(generator.next_u64()) * (last as u128 + 1);
        swap(last, (wide >> 64) as usize);
    }
}
