//! Gated recurrent units (Cho et al. 2014): with the reset gate behind the product with the hidden state, as
//! `torch.nn.GRU` and cuDNN have it, and before it, as the paper, ONNX by default and older Keras have it.
//!
//! ```text
//! r, z   = sigmoid(z_r), sigmoid(z_z)
//! n      = tanh(a + r q)        a = b_ih + x W,  q = b_hh + h[t-1] W                        reset behind the product
//! n      = tanh(a + q)          a = b_ih + x W,  q = b_hh + (r h[t-1]) W                    reset before it
//! h[t]   = n + z (h[t-1] - n)
//!
//! dz_z   = dh z (h[t-1] - n) (1 - z)                    (1)
//! da     = dh (1 - z) (1 - n^2)                         (2)
//! dh[t-1] receives dh z                                 (3) beside what passes through the gates
//!
//! dq     = da r                                         (4) reset behind the product
//! dz_r   = da r q (1 - r)                               (5)
//!
//! dq     = da;  dp = dq W^T                             (6) reset before it: the delta of p = r h[t-1]
//! dz_r   = dp r h[t-1] (1 - r)                          (7)
//! dh[t-1] receives dp r                                 (8)
//! ```
//!
//! Products are grouped as those of [`Lstm`](super::Lstm): whatever is multiplied again is flushed, or known to be zero or
//! at least 2^-63.

use super::{
    cell::{Cell, Deltas, Next, Units},
    functions::{Exact, Fast, Functions},
};
use crate::{block::Block, math::flush, simd::Isa};
use core::marker::PhantomData;
use fearless_simd::{f32x16, prelude::*};

/// Gated recurrent units whose reset gate multiplies the product: gates r, z, n.
///
/// It keeps a row of three blocks for each block of units: h of the step before, nothing, and q. Backward leaves the
/// deltas that `weight_hh` and `bias_hh` receive there, of which the last differs from that of the inputs.
#[derive(Clone, Copy, Debug)]
pub struct Gru<F = Exact>(PhantomData<F>);

/// [`Gru`] with [`Fast`] functions.
pub type FastGru = Gru<Fast>;

/// Gated recurrent units whose reset gate multiplies the hidden state: gates r, z, n.
///
/// It keeps two rows of units for each step, which `weight_hh` meets: h of the step before, and r h.
#[derive(Clone, Copy, Debug)]
pub struct GruResetBefore<F = Exact>(PhantomData<F>);

/// [`GruResetBefore`] with [`Fast`] functions.
pub type FastGruResetBefore = GruResetBefore<Fast>;

/// h of this step.
#[inline(always)]
fn mix<S: Isa>(s: S, z: f32x16<S>, n: f32x16<S>, h: f32x16<S>) -> f32x16<S> {
    flush(s, z.mul_add(flush(s, h - n), n))
}

/// What (1) to (3) give of a block of units.
struct Through<S: Isa> {
    z: f32x16<S>,
    n: f32x16<S>,
    carried: f32x16<S>,
}

/// Equations (1) to (3), before what is stored is flushed.
#[inline(always)]
fn through<S: Isa>(s: S, [z, n]: [f32x16<S>; 2], h: f32x16<S>, dh: f32x16<S>) -> Through<S> {
    let one = f32x16::splat(s, 1.0);
    let dh = flush(s, dh);
    let carried = flush(s, dh * z);
    let update = carried * flush(s, flush(s, h - n) * (one - z));
    let candidate = flush(s, dh * (one - z)) * (-n).mul_add(n, one);
    Through {
        z: flush(s, update),
        n: flush(s, candidate),
        carried,
    }
}

impl<F: Functions> Cell<3> for Gru<F> {
    const APART: usize = 2;
    const PASSES: bool = true;
    const UNITS: usize = 2;

    #[inline(always)]
    fn next<S: Isa>(
        s: S,
        sums: [f32x16<S>; 3],
        shares: [f32x16<S>; 3],
        before: Units<S>,
    ) -> Next<S, 3> {
        let r = F::gate(s, sums[0]);
        let z = F::gate(s, sums[1]);
        let n = F::tanh(s, flush(s, r.mul_add(flush(s, sums[2]), shares[2])));
        let h = mix(s, z, n, before.h);
        Next {
            gates: [r, z, n],
            units: Units { h, c: before.c },
        }
    }

    #[inline(always)]
    fn save<S: Isa, const W: usize>(
        s: S,
        saved: &mut [Block; W],
        block: usize,
        (sums, before): ([f32x16<S>; 3], Units<S>),
        _: &Next<S, 3>,
    ) {
        let saved = &mut saved.as_chunks_mut::<3>().0[block];
        saved[0].store(before.h);
        saved[2].store(flush(s, sums[2]));
    }

    /// Equations (1) to (5).
    #[inline(always)]
    fn back<S: Isa, const W: usize>(
        s: S,
        gates: &mut [Block; 3],
        saved: &mut [Block; W],
        block: usize,
        deltas: Deltas<S>,
    ) -> f32x16<S> {
        let one = f32x16::splat(s, 1.0);
        let saved = &mut saved.as_chunks_mut::<3>().0[block];
        let [r, z, n] = gates.each_ref().map(
            #[inline(always)]
            |gate| gate.load(s),
        );
        let (h, q) = (saved[0].load(s), saved[2].load(s));
        let through = through(s, [z, n], h, deltas.h);
        let dq = flush(s, through.n * r);
        let reset = flush(s, dq * flush(s, q * (one - r)));
        for (at, delta) in [reset, through.z].into_iter().enumerate() {
            gates[at].store(delta);
            saved[at].store(delta);
        }
        gates[2].store(through.n);
        saved[2].store(dq);
        through.carried
    }
}

impl<F: Functions> Cell<3> for GruResetBefore<F> {
    const RESET: usize = 2;
    const PASSES: bool = true;

    /// `before.c` is r h, which is in the sum of n already; the gates r and z stand in the places of their sums.
    #[inline(always)]
    fn next<S: Isa>(
        s: S,
        [r, z, n]: [f32x16<S>; 3],
        _: [f32x16<S>; 3],
        before: Units<S>,
    ) -> Next<S, 3> {
        let n = F::tanh(s, flush(s, n));
        let h = mix(s, z, n, before.h);
        Next {
            gates: [r, z, n],
            units: Units { h, c: before.c },
        }
    }

    #[inline(always)]
    fn reset<S: Isa>(s: S, sums: &mut [f32x16<S>; 3], h: f32x16<S>) -> f32x16<S> {
        sums[0] = F::gate(s, sums[0]);
        sums[1] = F::gate(s, sums[1]);
        flush(s, sums[0] * h)
    }

    #[inline(always)]
    fn save<S: Isa, const W: usize>(
        _: S,
        saved: &mut [Block; W],
        block: usize,
        (_, before): ([f32x16<S>; 3], Units<S>),
        _: &Next<S, 3>,
    ) {
        saved[block].store(before.h);
        saved[W / 2 + block].store(before.c);
    }

    /// Equations (1) to (3); the gate r stays for (7) and (8).
    #[inline(always)]
    fn back<S: Isa, const W: usize>(
        s: S,
        gates: &mut [Block; 3],
        saved: &mut [Block; W],
        block: usize,
        deltas: Deltas<S>,
    ) -> f32x16<S> {
        let h = saved[block].load(s);
        let through = through(s, [gates[1].load(s), gates[2].load(s)], h, deltas.h);
        gates[1].store(through.z);
        gates[2].store(through.n);
        through.carried
    }

    /// Equations (7) and (8).
    #[inline(always)]
    fn back_reset<S: Isa, const W: usize>(
        s: S,
        gates: &mut [Block; 3],
        saved: &[Block; W],
        block: usize,
        deltas: Deltas<S>,
    ) -> f32x16<S> {
        let one = f32x16::splat(s, 1.0);
        let (r, h) = (gates[0].load(s), saved[block].load(s));
        let passed = flush(s, flush(s, deltas.h) * r);
        gates[0].store(flush(s, passed * flush(s, h * (one - r))));
        flush(s, deltas.carried + passed)
    }
}
