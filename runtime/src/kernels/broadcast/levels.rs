//! Sums whose chains are cut: of 4,096 terms one is made of the next level, so that no chain is longer. Maxima are joined in
//! the same way.

use crate::{
    block::{Block, LANES},
    math,
    simd::Isa,
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, prelude::*};

/// The longest chain.
pub const CHAIN: usize = 4096;
/// Sums of sums: enough for 2^36 terms.
const LEVELS: usize = 3;
/// Panels that are summed together, so that what is read comes as it lies.
pub const BAND: usize = 8;

/// What many numbers become.
pub trait Join: Copy {
    /// What none are.
    const NONE: f32;

    /// Of two vectors, lane by lane.
    fn join<S: Isa>(s: S, a: f32x16<S>, b: f32x16<S>) -> f32x16<S>;
}

/// Their sum.
#[derive(Clone, Copy)]
pub struct Added;

/// The largest of them; NaN if one is.
#[derive(Clone, Copy)]
pub struct Largest;

impl Join for Added {
    const NONE: f32 = 0.0;

    #[inline(always)]
    fn join<S: Isa>(_: S, a: f32x16<S>, b: f32x16<S>) -> f32x16<S> {
        a + b
    }
}

impl Join for Largest {
    const NONE: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn join<S: Isa>(s: S, a: f32x16<S>, b: f32x16<S>) -> f32x16<S> {
        math::maximum(s, a, b)
    }
}

/// All sixteen lanes joined: halves are, until one is left.
#[inline(always)]
pub fn across_lanes<S: Isa, J: Join>(s: S, lanes: f32x16<S>) -> f32 {
    let mut joined = lanes;
    for width in [8, 4, 2, 1] {
        let lanes: [f32; LANES] = joined.into();
        let mut other = [J::NONE; LANES];
        other[..width].copy_from_slice(&lanes[width..2 * width]);
        joined = J::join(s, joined, f32x16::simd_from(s, other));
    }
    <[f32; LANES]>::from(joined)[0]
}

/// A chain that is cut into levels.
pub struct Chain<S: Isa, J> {
    join: PhantomData<J>,
    levels: [f32x16<S>; LEVELS],
    counts: [usize; LEVELS - 1],
}

impl<S: Isa, J: Join> Chain<S, J> {
    #[inline(always)]
    pub fn new(s: S) -> Self {
        Self {
            join: PhantomData,
            levels: [f32x16::splat(s, J::NONE); LEVELS],
            counts: [0; LEVELS - 1],
        }
    }

    #[inline(always)]
    pub fn push(&mut self, s: S, term: f32x16<S>) {
        self.levels[0] = J::join(s, self.levels[0], term);
        for level in 0..LEVELS - 1 {
            self.counts[level] += 1;
            if self.counts[level] < CHAIN {
                return;
            }
            self.counts[level] = 0;
            let above = J::join(s, self.levels[level + 1], self.levels[level]);
            self.levels[level + 1] = above;
            self.levels[level] = f32x16::splat(s, J::NONE);
        }
    }

    #[inline(always)]
    pub fn total(&self, s: S) -> f32x16<S> {
        let [low, middle, high] = self.levels;
        J::join(s, J::join(s, high, middle), low)
    }
}

/// Sums of one band of panels.
pub struct Sums<J> {
    join: PhantomData<J>,
    pub levels: [[Block; BAND]; LEVELS],
    /// How many terms each level but the last holds.
    counts: [usize; LEVELS - 1],
    /// Levels that hold something.
    used: usize,
    /// Panels of the band.
    pub panels: usize,
}

impl<J: Join> Sums<J> {
    const NONE: Block = Block([J::NONE; LANES]);

    #[inline(always)]
    pub fn new() -> Self {
        Self {
            join: PhantomData,
            levels: [[Self::NONE; BAND]; LEVELS],
            counts: [0; LEVELS - 1],
            used: 1,
            panels: 0,
        }
    }

    /// Nothing yet, of so many panels.
    #[inline(always)]
    pub fn begin(&mut self, panels: usize) {
        for level in &mut self.levels[..self.used] {
            level[..BAND.min(panels.max(self.panels))].fill(Self::NONE);
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
                above.store(J::join(s, above.load(s), sum));
                self.levels[level][panel] = Self::NONE;
            }
        }
    }

    /// The sum of a panel, from the earliest positions on.
    #[inline(always)]
    pub fn total<S: Isa>(&self, s: S, panel: usize) -> f32x16<S> {
        let mut total = self.levels[self.used - 1][panel].load(s);
        for level in (0..self.used - 1).rev() {
            total = J::join(s, total, self.levels[level][panel].load(s));
        }
        total
    }
}
