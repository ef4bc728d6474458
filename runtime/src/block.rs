//! The unit of all storage: sixteen floats, one cache line.

use bytemuck::{Pod, Zeroable};
use fearless_simd::{Simd, f32x16, prelude::*};

/// Lanes in a [`Block`].
pub const LANES: usize = 16;

/// Sixteen floats that share a cache line: one AVX-512 register, two of AVX2, four of NEON.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Block(pub [f32; LANES]);

impl Block {
    /// All lanes zero.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// Loads the block into registers.
    #[inline(always)]
    pub fn load<S: Simd>(&self, s: S) -> f32x16<S> {
        f32x16::simd_from(s, self.0)
    }

    /// Stores registers into the block.
    #[inline(always)]
    pub fn store<S: Simd>(&mut self, value: f32x16<S>) {
        value.store_array(&mut self.0);
    }
}
