//! What forward, backward and streams share: the parameters, the elementwise half of a step, and the shapes of memory.

use crate::{
    block::{Block, LANES, without_padding},
    kernels::{
        activation::Unfinished,
        dense::{self, Start},
    },
    math,
    simd::Isa,
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// Samples that advance together, so that recurrent weights stream from memory once for all of them. Tiles of
/// twelve rows divide it, and so many states of some hundred units fit into the level-1 cache beside a panel of weights.
pub const GROUP: usize = 24;

/// The parameters of a layer.
#[derive(Clone, Copy)]
pub struct Weights<'a, const I: usize, const H: usize, const P: usize> {
    /// `weight_ih`, packed.
    pub input: &'a [[Block; I]; P],
    /// `weight_hh`, packed.
    pub recurrent: &'a [[Block; H]; P],
    /// `bias_ih`.
    pub input_bias: &'a [Block; P],
    /// `bias_hh`.
    pub recurrent_bias: &'a [Block; P],
}

/// Whether the sizes belong together.
pub const fn fits(units: usize, blocks: usize, panels: usize, floats: usize) -> bool {
    blocks == units.div_ceil(LANES) && panels == 4 * blocks && floats == LANES * panels
}

/// z without its recurrent part, for all samples and steps at once: `gates = b_ih + b_hh + x W_ih`. `scratch` has four rows
/// of units for every sample.
#[inline(always)]
pub fn project<
    S: Isa,
    const I: usize,
    const KS: usize,
    const H: usize,
    const P: usize,
    const N: usize,
>(
    s: S,
    x: &[[f32; KS]],
    weights: Weights<'_, I, H, P>,
    gates: &mut [[Block; P]],
    scratch: &mut [Block],
) {
    let Some(bias) = scratch.first_chunk_mut() else {
        // There are no samples.
        return;
    };
    add_biases(s, weights, bias);
    dense::forward::<S, Unfinished, I, KS, N, P>(s, x, weights.input, Start::Bias(bias), gates);
}

/// `b_ih + b_hh`.
#[inline(always)]
pub fn add_biases<S: Isa, const I: usize, const H: usize, const P: usize>(
    s: S,
    weights: Weights<'_, I, H, P>,
    sums: &mut [Block; P],
) {
    let biases = weights.input_bias.iter().zip(weights.recurrent_bias);
    for (sum, (input, recurrent)) in sums.iter_mut().zip(biases) {
        sum.store(input.load(s) + recurrent.load(s));
    }
}

/// What a step leaves of one block of units.
pub struct Cell<S: Simd> {
    /// i, f, g, o.
    pub gates: [f32x16<S>; 4],
    /// c\[t\].
    pub c: f32x16<S>,
    /// h\[t\].
    pub h: f32x16<S>,
}

/// The elementwise half of a step of a block of units: from z and c\[t-1\].
#[inline(always)]
pub fn cell<S: Simd, const H: usize>(
    s: S,
    block: usize,
    z: [f32x16<S>; 4],
    c: f32x16<S>,
) -> Cell<S> {
    let i = math::gate(s, z[0]);
    let f = math::gate(s, z[1]);
    let g = math::tanh(s, math::flush(s, z[2]));
    let o = math::gate(s, z[3]);
    let c = math::flush(s, f.mul_add(c, i * g));
    let h = math::flush(s, o * math::tanh(s, c));
    let (c, h) = match const { H % LANES } > 0 && block == H / LANES {
        true => {
            let units = |x| without_padding(s, x, H / LANES, H);
            (units(c), units(h))
        }
        false => (c, h),
    };
    Cell {
        gates: [i, f, g, o],
        c,
        h,
    }
}

/// Two matrices of `B` blocks a row, for so many rows, at the beginning of planned memory. Every group of samples works in
/// the same rows, which therefore stay in the caches near the core, and dense, lest samples that lie a power of two of bytes
/// apart compete for the same few cache sets.
#[inline(always)]
pub fn states<const B: usize>(memory: &mut [Block], rows: usize) -> [&mut [[Block; B]]; 2] {
    let (first, second) = memory.as_chunks_mut().0.split_at_mut(rows);
    [first, &mut second[..rows]]
}

/// The `H` units of a stored row.
#[inline(always)]
pub fn units<const H: usize, const B: usize>(row: &[Block; B]) -> &[f32; H] {
    const { assert!(B == H.div_ceil(LANES)) };
    match bytemuck::must_cast_slice::<Block, f32>(row).first_chunk() {
        Some(units) => units,
        None => unreachable!("B blocks hold H units"),
    }
}

/// The panels of one block of units, gate by gate.
#[inline(always)]
pub fn gates_of<T>(panels: &[T], block: usize) -> &[T; 4] {
    &panels.as_chunks().0[block]
}
