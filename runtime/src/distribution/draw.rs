//! Random numbers that are counted, not drawn.

use crate::{
    parameters::Seed,
    random::{self, Key},
};

/// Random numbers of a place in a run: a function of (seed, step, row, index), as the masks of dropout are, so that neither
/// the order in which things are sampled nor the number of threads changes them. A place has as many numbers as are asked
/// for by their indices; two things that are sampled at the same place share them.
///
/// ```
/// use kiln::{Draw, Seed};
///
/// // Step 3 of a run, its second environment.
/// let draw = Draw::new(Seed(7), 3, 1);
/// assert_eq!(draw.uniform(0), draw.uniform(0));
/// assert_ne!(draw.uniform(0), draw.uniform(1));
/// assert_ne!(draw.uniform(0), Draw::new(Seed(7), 4, 1).uniform(0));
/// assert!(draw.below(0, 6) < 6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Draw {
    key: u64,
}

impl Draw {
    /// The numbers of row `row` at step `step` of a run. Dropout and initial weights of the same seed have others.
    pub fn new(seed: impl Into<Seed>, step: u64, row: usize) -> Self {
        let Seed(seed) = seed.into();
        Self::of(random::OUTSIDE, [seed, step], row)
    }

    /// The noise that is added to the gradients of tensor `tensor` at step `step`.
    #[cfg(feature = "train")]
    pub(crate) fn noise(seed: u64, step: u64, tensor: usize) -> Self {
        Self::of(random::NOISE, [seed, step], tensor)
    }

    fn of(layer: u32, [seed, step]: [u64; 2], row: usize) -> Self {
        let place = Key {
            seed,
            step,
            layer,
            first_sample: 0,
        };
        Self {
            key: place.bits(row),
        }
    }

    /// 64 random bits: number `index` of SplitMix64 that begins with the place's key.
    pub fn bits(self, index: u64) -> u64 {
        random::mix(
            self.key
                .wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        )
    }

    /// Uniform from 0 to less than 1: a multiple of 2^-53.
    pub fn uniform(self, index: u64) -> f64 {
        (self.bits(index) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of the integers `0..count`, each equally likely but for a bias of `count` in 2^64; 0 if there are none.
    pub fn below(self, index: u64, count: usize) -> usize {
        ((u128::from(self.bits(index)) * count as u128) >> 64) as usize
    }

    /// A number from the standard normal distribution, of mean 0 and variance 1 (Box and Muller 1958): it is made of the
    /// uniform numbers `2 index` and `2 index + 1`.
    pub fn normal(self, index: u64) -> f64 {
        let first = index.wrapping_mul(2);
        // More than 0, for its logarithm.
        let uniform = 1.0 - self.uniform(first);
        let angle = core::f64::consts::TAU * self.uniform(first.wrapping_add(1));
        libm::sqrt(-2.0 * libm::log(uniform)) * libm::cos(angle)
    }
}
