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
//! In training every sum is one chain in ascending order (over k, over outputs, over samples), whatever the tile, the
//! chunk or the thread. Only `forward_one`, which serves inference, sums in several chains.

#![allow(
    clippy::needless_range_loop,
    reason = "indices are those of the formulas, and iterators over every size of array cost the user's compiler"
)]

mod product;
mod transpose;
mod update;

#[cfg(test)]
mod tests;

use crate::{block::Block, kernels::activation::Activation, simd::Isa};

pub use product::{Start, forward, forward_one};
pub use transpose::transpose;
pub use update::{update, update_bias};

/// Answers rows in inference: one alone in several chains ([`forward_one`]), many by [`forward`].
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
