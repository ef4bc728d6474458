//! One layer of long short-term memory, as `torch.nn.LSTM` defines it (Hochreiter & Schmidhuber 1997, with the forget
//! gate of Gers, Schmidhuber & Cummins 2000).
//!
//! With h\[-1\] = c\[-1\] = 0, step t of a sample's sequence computes
//!
//! ```text
//! z      = b_ih + b_hh + x[t] W_ih + h[t-1] W_hh        4 H preactivations: z_i, z_f, z_g, z_o
//! i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o);    g = tanh(z_g)
//! c[t]   = f c[t-1] + i g
//! h[t]   = o tanh(c[t])
//! ```
//!
//! and from dh\[t\], the delta that the layer's output receives, t descending, backward computes
//!
//! ```text
//! dh[t] += dz[t+1] W_hh^T                                 (1) through the next step's gates
//! dc     = f[t+1] dc[t+1] + dh[t] o (1 - tanh(c[t])^2)    (2) through the next step's cell and through the output
//! dz_i   = dc g i (1 - i)                                 (3)
//! dz_f   = dc c[t-1] f (1 - f)                            (4)
//! dz_g   = dc i (1 - g^2)                                 (5)
//! dz_o   = dh[t] tanh(c[t]) o (1 - o)                     (6)
//! dx[t]  = dz[t] W_ih^T                                   (7)
//! dW_ih  = sum over samples and t of x[t]^T dz[t]         (8)
//! dW_hh  = sum over samples and t of h[t-1]^T dz[t]       (9)
//! db_ih  = db_hh = sum over samples and t of dz[t]        (10)
//! ```
//!
//! **Layout.** Units come in blocks of sixteen, B = ceil(H / 16), and the gates of a block are neighbours: panel
//! `4 b + gate`, lane l belongs to unit 16 b + l, gates in the order i f g o. So the weights are Dense weights
//! `[[Block; I]; P]` and `[[Block; H]; P]` of P = 4 B panels whose output rows were permuted, and each bias is
//! `[Block; P]`. A step of one block is one tile of four panels whose nonlinearities happen where the sums are.
//!
//! **Products.** What does not wait for the step before is a product over all samples and steps at once: the share of
//! x in z, and (7) to (10). Those are `dense`'s kernels. Only h W_hh and (1) go step by step.
//!
//! **Sums.** z begins at the biases; inputs follow, then units, each split as [`chains`](crate::simd::chains) says, whether
//! one sample or many advance, and in a stream. (8) to (10) add samples, then steps, in chains of 4,096 steps.
//!
//! **Tiny numbers.** Magnitudes below 2^-63 count as zero (see [`math::flush`]), except that the gates i, f and o never
//! close further than to 2^-63. Then no product of two of these numbers is subnormal: c, h, dc and every product that
//! is multiplied again are flushed.
//!
//! **Padding.** In padding lanes z = 0, or NaN where an input is infinite; c and h are made zero there. Backward starts from
//! dh = 0 and adds products with zero weights, so dz is zero there too, although i, f and o are not.
//!
//! The sizes of every function: `T` steps, `I` inputs in rows of `KS` floats, `H` units in `B` blocks, `P = 4 B` panels
//! of gates, which are `N = 16 P` floats.

mod backward;
mod forward;
mod step;
mod update;

#[cfg(test)]
mod tests;

pub use backward::{backward, input_gradient};
pub use forward::forward;
pub use step::{State, infer, stream};
pub use update::{recurrent_rows, update};

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

/// Samples that advance together, so that recurrent weights stream from memory once for all of them. All tiles divide
/// it, and so many states of some hundred units fit into the level-1 cache beside a panel of weights.
const GROUP: usize = 24;

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
const fn fits(units: usize, blocks: usize, panels: usize, floats: usize) -> bool {
    blocks == units.div_ceil(LANES) && panels == 4 * blocks && floats == LANES * panels
}

/// z without its recurrent part, for all samples and steps at once: `gates = b_ih + b_hh + x W_ih`. `scratch` has four rows
/// of units for every sample.
#[inline(always)]
fn project<
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
fn add_biases<S: Isa, const I: usize, const H: usize, const P: usize>(
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
struct Cell<S: Simd> {
    /// i, f, g, o.
    gates: [f32x16<S>; 4],
    /// c\[t\].
    c: f32x16<S>,
    /// h\[t\].
    h: f32x16<S>,
}

/// The elementwise half of a step of a block of units: from z and c\[t-1\].
#[inline(always)]
fn cell<S: Simd, const H: usize>(s: S, block: usize, z: [f32x16<S>; 4], c: f32x16<S>) -> Cell<S> {
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
fn states<const B: usize>(memory: &mut [Block], rows: usize) -> [&mut [[Block; B]]; 2] {
    let (first, second) = memory.as_chunks_mut().0.split_at_mut(rows);
    [first, &mut second[..rows]]
}

/// The `H` units of a stored row.
#[inline(always)]
fn units<const H: usize, const B: usize>(row: &[Block; B]) -> &[f32; H] {
    const { assert!(B == H.div_ceil(LANES)) };
    match bytemuck::must_cast_slice::<Block, f32>(row).first_chunk() {
        Some(units) => units,
        None => unreachable!("B blocks hold H units"),
    }
}

/// The panels of one block of units, gate by gate.
#[inline(always)]
fn gates_of<T>(panels: &[T], block: usize) -> &[T; 4] {
    &panels.as_chunks().0[block]
}
