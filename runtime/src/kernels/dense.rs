//! The matrix kernels from which Dense and the recurrent layers are built.
//!
//! With samples as rows, a layer of K inputs and N outputs is
//!
//! ```text
//! forward    y  = f(x W + b)       [rows][K] [K][N]      -> [rows][N]     `forward`, `forward_one`
//! backward   dx = dz W^T           [rows][N] [N][K]      -> [rows][K]     `transpose`, then `forward`
//!            dW = x^T dz           [K][rows] [rows][N]   -> [K][N]        `update`
//!            db = sum over rows of dz                                     `update_bias`
//! ```
//!
//! where dz = dL/dz is the delta of the pre-activation z = x W + b.
//!
//! W lies packed as `[[Block; K]; P]`, P = ceil(N / 16): sixteen outputs side by side, so that the weights that one
//! tile needs stream contiguously. Its transpose is packed the same way, `[[Block; N]; Q]` with Q = ceil(K / 16), so
//! that dx is a forward product with the roles of K and N exchanged. dW needs no transpose at all: row k of a panel's
//! gradient is the sum over samples of splat(x\[k\]) * dz, which is again the register tile, with samples in the role of k.
//!
//! The sum over a layer's inputs is split into runs as [`chains`](crate::simd::chains) says, which depends on the layer's
//! shape and the instruction set alone: one row, a batch and training give the same bits. The sums over samples of
//! `update` and `update_bias` are cut every [`POSITIONS`](crate::simd::chains::POSITIONS) rows of the batch, wherever its
//! chunks begin.

#![allow(
    clippy::needless_range_loop,
    reason = "indices are those of the formulas, and iterators over every size of array cost the user's compiler"
)]

mod packed;
mod product;
mod transpose;
mod update;

#[cfg(test)]
mod tests;

use crate::{
    block::Block,
    kernels::{
        activation::{Activation, Declared, Unfinished},
        batch_norm,
    },
    simd::Isa,
};

pub use product::{Start, forward, forward_one, step};
pub use transpose::transpose;
pub use update::{update, update_bias};

/// Answers rows in inference, one alone by [`forward_one`], which is fast for one, with the same bits as [`forward`].
#[inline(always)]
pub fn infer<
    S: Isa,
    A: Activation,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
>(
    s: S,
    x: &[[f32; KS]],
    w: &[[Block; K]; P],
    start: Start<'_, P>,
    y: &mut [[Block; P]],
) {
    if let ([x], [y]) = (x, &mut *y) {
        forward_one::<S, A, K, KS, N, P>(s, x, w, start, y);
    } else {
        forward::<S, A, K, KS, N, P>(s, x, w, start, y);
    }
}

/// [`infer`], and what becomes of it is normalised, added to `residual` if RESIDUAL, and given to f; `lines` say how
/// ([`batch_norm::lines`]).
#[inline(always)]
pub fn infer_normal<
    S: Isa,
    A: Declared,
    const RESIDUAL: bool,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
>(
    s: S,
    x: &[[f32; KS]],
    w: &[[Block; K]; P],
    start: Start<'_, P>,
    lines: &[Block],
    residual: &[[Block; P]],
    y: &mut [[Block; P]],
) {
    infer::<S, Unfinished, K, KS, N, P>(s, x, w, start, y);
    let residual = RESIDUAL.then_some(residual.as_flattened());
    batch_norm::rows(s, lines, residual, y.as_flattened_mut(), [P, N], A::KIND);
}
