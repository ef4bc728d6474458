//! Sums whose chains are cut: of 4,096 terms one is made of the next level, so that no chain is longer.

use crate::{block::Block, simd::Isa};
use fearless_simd::{f32x16, prelude::*};

/// The longest chain.
pub const CHAIN: usize = 4096;
/// Sums of sums: enough for 2^36 terms.
const LEVELS: usize = 3;
/// Panels that are summed together, so that what is read comes as it lies.
pub const BAND: usize = 32;

/// A chain that is cut into levels.
pub struct Chain<S: Isa> {
    levels: [f32x16<S>; LEVELS],
    counts: [usize; LEVELS - 1],
}

impl<S: Isa> Chain<S> {
    #[inline(always)]
    pub fn new(s: S) -> Self {
        Self {
            levels: [f32x16::splat(s, 0.0); LEVELS],
            counts: [0; LEVELS - 1],
        }
    }

    #[inline(always)]
    pub fn push(&mut self, s: S, term: f32x16<S>) {
        self.levels[0] += term;
        for level in 0..LEVELS - 1 {
            self.counts[level] += 1;
            if self.counts[level] < CHAIN {
                return;
            }
            self.counts[level] = 0;
            let full = self.levels[level];
            self.levels[level + 1] += full;
            self.levels[level] = f32x16::splat(s, 0.0);
        }
    }

    #[inline(always)]
    pub fn total(&self) -> f32x16<S> {
        let [low, middle, high] = self.levels;
        (high + middle) + low
    }
}

/// Sums of one band of panels.
pub struct Sums {
    pub levels: [[Block; BAND]; LEVELS],
    /// How many terms each level but the last holds.
    counts: [usize; LEVELS - 1],
    /// Levels that hold something.
    used: usize,
    /// Panels of the band.
    pub panels: usize,
}

impl Sums {
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            levels: [[Block::ZERO; BAND]; LEVELS],
            counts: [0; LEVELS - 1],
            used: 1,
            panels: 0,
        }
    }

    /// Nothing yet, of so many panels.
    #[inline(always)]
    pub fn begin(&mut self, panels: usize) {
        for level in &mut self.levels[..self.used] {
            level[..BAND.min(panels.max(self.panels))].fill(Block::ZERO);
        }
        (self.counts, self.used, self.panels) = ([0; LEVELS - 1], 1, panels);
    }

    /// A piece has been added to the lowest level; what is full is handed on.
    #[inline(always)]
    pub fn count<S: Isa>(&mut self, s: S) {
        for level in 0..LEVELS - 1 {
            self.counts[level] += 1;
            if self.counts[level] < CHAIN {
                return;
            }
            self.counts[level] = 0;
            self.used = self.used.max(level + 2);
            for panel in 0..self.panels {
                let sum = self.levels[level][panel].load(s);
                let above = &mut self.levels[level + 1][panel];
                above.store(above.load(s) + sum);
                self.levels[level][panel] = Block::ZERO;
            }
        }
    }

    /// The sum of a panel, from the earliest positions on.
    #[inline(always)]
    pub fn total<S: Isa>(&self, s: S, panel: usize) -> f32x16<S> {
        let mut total = self.levels[self.used - 1][panel].load(s);
        for level in (0..self.used - 1).rev() {
            total += self.levels[level][panel].load(s);
        }
        total
    }
}
