//! The unit of all storage: sixteen floats, one cache line.

use bytemuck::{Pod, Zeroable, must_cast_slice, must_cast_slice_mut};
use fearless_simd::{Simd, f32x16, prelude::*, u32x16};

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

/// The first floats of some blocks as an array.
#[inline(always)]
pub(crate) fn array<T: Pod>(blocks: &[Block]) -> &T {
    let floats = &must_cast_slice::<Block, f32>(blocks)[..size_of::<T>() / size_of::<f32>()];
    &bytemuck::cast_slice(floats)[0]
}

/// The first floats of some blocks as an array.
#[inline(always)]
pub(crate) fn array_mut<T: Pod>(blocks: &mut [Block]) -> &mut T {
    let floats = size_of::<T>() / size_of::<f32>();
    let floats = &mut must_cast_slice_mut::<Block, f32>(blocks)[..floats];
    &mut bytemuck::cast_slice_mut(floats)[0]
}

/// Block `index` of a row of `numbers` with zeros behind the last one, whatever was there: in padding, an infinite input
/// times a weight of zero leaves NaN. Both are constants where this is called.
#[inline(always)]
pub(crate) fn without_padding<S: Simd>(
    s: S,
    value: f32x16<S>,
    index: usize,
    numbers: usize,
) -> f32x16<S> {
    if (index + 1) * LANES <= numbers {
        return value;
    }
    let kept: [u32; LANES] = core::array::from_fn(
        #[inline(always)]
        |lane| match index * LANES + lane < numbers {
            true => u32::MAX,
            false => 0,
        },
    );
    (value.bitcast::<u32x16<S>>() & u32x16::simd_from(s, kept)).bitcast()
}
