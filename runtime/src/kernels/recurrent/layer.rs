//! What forward, backward and streams share: the parameters, the input projection, and the shapes of memory.

use super::cell::Cell;
use crate::{
    block::{Block, LANES, without_padding},
    kernels::{
        activation::Unfinished,
        dense::{self, Start},
    },
    simd::{HAS_VECTORS, Isa},
};
use fearless_simd::f32x16;

/// Samples that advance together, so that recurrent weights stream from memory once for all of them. Tiles of
/// twelve rows divide it, and so many states of some hundred units fit into the level-1 cache beside a panel of weights.
pub const GROUP: usize = if HAS_VECTORS { 24 } else { 4 };

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
pub const fn fits(units: usize, blocks: usize, panels: usize, gates: usize) -> bool {
    blocks == units.div_ceil(LANES) && panels == gates * blocks
}

/// The input's share of the sums, for all samples and steps at once: `gates = b_ih + b_hh + x W_ih`. `scratch` has a row
/// of gates for every sample.
#[inline(always)]
pub fn project<
    S: Isa,
    C: Cell<G>,
    const I: usize,
    const KS: usize,
    const H: usize,
    const P: usize,
    const N: usize,
    const G: usize,
>(
    s: S,
    x: &[[f32; KS]],
    weights: Weights<'_, I, H, P>,
    gates: &mut [[Block; P]],
    scratch: &mut [Block],
) {
    const { assert!(N == LANES * P) };
    let Some(bias) = scratch.first_chunk_mut() else {
        // There are no samples.
        return;
    };
    add_biases::<S, C, I, H, P, G>(s, weights, bias);
    dense::forward::<S, Unfinished, I, KS, N, P>(s, x, weights.input, Start::Bias(bias), gates);
}

/// `b_ih + b_hh`, and `b_ih` alone for gates whose products stay apart.
#[inline(always)]
pub fn add_biases<
    S: Isa,
    C: Cell<G>,
    const I: usize,
    const H: usize,
    const P: usize,
    const G: usize,
>(
    s: S,
    weights: Weights<'_, I, H, P>,
    sums: &mut [Block; P],
) {
    let biases = weights.input_bias.iter().zip(weights.recurrent_bias);
    for (panel, (sum, (input, recurrent))) in sums.iter_mut().zip(biases).enumerate() {
        let both = input.load(s) + recurrent.load(s);
        let is_apart = const { C::APART < G } && panel % G >= C::APART;
        sum.store(if is_apart { input.load(s) } else { both });
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

/// Rows of units before the first step: those that are given, or zeros.
#[inline(always)]
pub fn begin<const B: usize>(rows: &mut [[Block; B]], given: Option<&[[Block; B]]>) {
    match given {
        Some(given) => rows.copy_from_slice(given),
        None => rows.as_flattened_mut().fill(Block::ZERO),
    }
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

/// `x` of the units of a block, zero in padding lanes.
#[inline(always)]
pub fn unpadded<S: Isa, const H: usize>(s: S, block: usize, x: f32x16<S>) -> f32x16<S> {
    match const { H % LANES } > 0 && block == H / LANES {
        true => without_padding(s, x, H / LANES, H),
        false => x,
    }
}

/// The panels of one block of units, gate by gate.
#[inline(always)]
pub fn gates_of<T, const G: usize>(panels: &[T], block: usize) -> &[T; G] {
    &panels.as_chunks().0[block]
}

/// A learnt state as that of every sample: `y = state`.
pub fn initial<S: Isa, const B: usize>(s: S, state: &[Block; B], y: &mut [[Block; B]]) {
    let _ = s;
    y.fill(*state);
}
