//! Random numbers that are counted: a function of seed, epoch, sample, change and place.

use crate::{parameters::Seed, random::mix};

/// The random numbers of a sample, or of one change to it, one behind another.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    key: u64,
    next: u64,
}

/// Keeps these numbers apart from others of the same seed.
const AUGMENT: u64 = 0x6175_676d_656e_7421;

impl Draw {
    /// Those of a sample in an epoch.
    pub fn new(seed: Seed, epoch: u64, index: usize) -> Self {
        let run = mix(mix(mix(seed.0) ^ AUGMENT) ^ epoch);
        Self {
            key: mix(run ^ mix(index as u64)),
            next: 0,
        }
    }

    /// Those of a change to it.
    pub fn change(&self, number: usize) -> Self {
        Self {
            key: mix(self.key ^ mix(number as u64)),
            next: 0,
        }
    }

    fn bits(&mut self) -> u64 {
        let bits = mix(self.key ^ self.next);
        self.next += 1;
        bits
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True every second time.
    pub fn coin(&mut self) -> bool {
        self.bits() >> 63 == 1
    }

    /// From 0 to below `count`, which is at least 1.
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count.max(1) as u128) >> 64) as usize
    }

    /// From -`most` to `most`.
    pub fn around(&mut self, most: usize) -> isize {
        // More than an image has pixels is as good as as many.
        let most = most.min(isize::MAX as usize / 4);
        self.below(2 * most + 1) as isize - most as isize
    }

    /// Two of the standard normal distribution (Box and Muller 1958).
    pub fn normals(&mut self) -> [f64; 2] {
        // From above 0 to 1, so that the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        let (sin, cos) = libm::sincos(core::f64::consts::TAU * self.unit());
        [radius * cos, radius * sin]
    }
}
