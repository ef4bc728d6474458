//! The lanes of inputs brought to the lanes of outputs that read them.
//!
//! O outputs of a group stand side by side in lanes, and so do its I inputs, of which there are no more than outputs; both
//! divide a block. Output lane l of panel p belongs to the group l / O of the panel's, and reads, as its input i,
//!
//! ```text
//! lane  first + l / O * I + i  of block  p I / O  of the pixel,   first = p I mod O * 16 / O
//! ```
//!
//! For I = O = 4 and i = 2, lanes 0..16 are 2 2 2 2 6 6 6 6 10 10 10 10 14 14 14 14.

use crate::{
    block::{Block, LANES},
    simd::{InstructionSet, Isa},
};
use fearless_simd::{f32x4, f32x8, f32x16, prelude::*, u8x64};

/// Which lanes of a block the outputs of a panel read.
#[derive(Clone, Copy)]
pub(super) struct Spread<S: Isa, const I: usize, const O: usize> {
    /// The lane that the first output reads.
    first: usize,
    /// For each byte, which one it is.
    bytes: u8x64<S>,
}

impl<S: Isa, const I: usize, const O: usize> Spread<S, I, O> {
    /// Whether a block is permuted in a register, and not put together from numbers.
    const PERMUTES: bool = O > 1 && matches!(S::SET, InstructionSet::Avx512);

    /// What each byte is where the first output reads lane 0.
    const BYTES: [u8; 64] = {
        let mut bytes = [0; 64];
        let mut byte = 0;
        while byte < 64 {
            bytes[byte] = (byte / 4 / O * I * 4 + byte % 4) as u8;
            byte += 1;
        }
        bytes
    };

    /// Those of a panel's outputs for input `i` of each of their groups.
    #[inline(always)]
    pub fn of(s: S, panel: usize, i: usize) -> Self {
        let first = panel * I % O * const { LANES / O } + i;
        let bytes = if const { Self::PERMUTES } {
            u8x64::simd_from(s, Self::BYTES) + u8x64::splat(s, 4 * first as u8)
        } else {
            u8x64::splat(s, 0)
        };
        Self { first, bytes }
    }

    /// What the outputs read of a block.
    #[inline(always)]
    pub fn load(self, s: S, x: &Block) -> f32x16<S> {
        if const { O == 1 } {
            return x.load(s);
        }
        if const { Self::PERMUTES } {
            return x.load(s).swizzle_dyn(self.bytes);
        }
        let lane = |lane: usize| x.0[(self.first + lane / O * I) % LANES];
        if const { O < 4 } {
            return f32x16::simd_from(s, core::array::from_fn(lane));
        }
        let four = |lanes: usize| f32x4::splat(s, lane(lanes));
        let eight = |lanes: usize| -> f32x8<S> { s.combine_f32x4(four(lanes), four(lanes + 4)) };
        s.combine_f32x8(eight(0), eight(8))
    }
}
