//! Every kernel against loops in f64 written from the definition, on every instruction set of the machine.

mod border;
mod cases;
mod long;
mod normal;
pub mod reference;
mod striped;
mod together;

use super::*;
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::{Identity, Relu, Sigmoid},
        image::{ChannelLast, Image, Planar},
        stencil::{Along, Stencil, Taps},
        winners,
    },
    simd::{self, Isa, Task},
    update::{Consumer, Store, Stretch},
};
use std::{vec, vec::Vec};

/// What a kernel must overwrite.
pub const DIRTY: Block = Block([f32::NAN; LANES]);

/// Copies `[C][H][W]` without borders into the layout `I`, whose borders become zero; floats of `to` beyond it are left alone.
pub fn import<I: Image>(from: &[f32], to: &mut [f32]) {
    let to = &mut to[..I::FLOATS];
    to.fill(0.0);
    for channel in 0..I::CHANNELS {
        for row in 0..I::HEIGHT {
            let source = &from[(channel * I::HEIGHT + row) * I::WIDTH..][..I::WIDTH];
            let start = channel * I::CHANNEL + (I::TOP + row) * I::ROW + I::LEFT * I::COLUMN;
            for (column, value) in source.iter().enumerate() {
                to[start + column * I::COLUMN] = *value;
            }
        }
    }
}

/// One axis by its numbers.
pub const fn along(
    size: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: usize,
) -> Along {
    Along {
        size,
        outputs,
        kernel,
        stride,
        dilation,
        padding,
    }
}

/// Reproducible numbers in -1..1.
pub fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) + 1;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

pub fn close(name: &str, got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{name}");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(*got) - expected).abs();
        assert!(
            error <= tolerance * (1.0 + expected.abs()),
            "{name}[{i}]: {got} for {expected}"
        );
    }
}

pub fn floats(blocks: &[Block]) -> &[f32] {
    bytemuck::must_cast_slice(blocks)
}
