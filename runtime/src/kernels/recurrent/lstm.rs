//! Long short-term memory, as `torch.nn.LSTM` defines it (Hochreiter & Schmidhuber 1997, with the forget gate of Gers,
//! Schmidhuber & Cummins 2000).
//!
//! ```text
//! i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o);    g = tanh(z_g)
//! c[t]   = f c[t-1] + i g
//! h[t]   = o tanh(c[t])
//!
//! dc     = f[t+1] dc[t+1] + dh[t] o (1 - tanh(c[t])^2)    (1) through the next step's cell and through the output
//! dz_i   = dc g i (1 - i)                                 (2)
//! dz_f   = dc c[t-1] f (1 - f)                            (3)
//! dz_g   = dc i (1 - g^2)                                 (4)
//! dz_o   = dh[t] tanh(c[t]) o (1 - o)                     (5)
//! ```
//!
//! Each of (1) to (5) is a product of four or five numbers. They are grouped so that most products serve twice, and what
//! is multiplied again is flushed or known to be zero or at least 2^-63: a gate, or 1 - x where x is rounded (at least
//! 2^-24).

use super::{
    cell::{Cell, Deltas, Next, Units},
    functions::{Exact, Fast, Functions},
};
use crate::{block::Block, math::flush, simd::Isa};
use core::marker::PhantomData;
use fearless_simd::{f32x16, prelude::*};

/// Long short-term memory: gates i, f, g, o. It keeps c of every step.
#[derive(Clone, Copy, Debug)]
pub struct Lstm<F = Exact>(PhantomData<F>);

/// [`Lstm`] with [`Fast`] functions.
pub type FastLstm = Lstm<Fast>;

impl<F: Functions> Cell<4> for Lstm<F> {
    const REMEMBERS: bool = true;

    #[inline(always)]
    fn next<S: Isa>(s: S, sums: [f32x16<S>; 4], _: [f32x16<S>; 4], before: Units<S>) -> Next<S, 4> {
        let i = F::gate(s, sums[0]);
        let f = F::gate(s, sums[1]);
        let g = F::tanh(s, flush(s, sums[2]));
        let o = F::gate(s, sums[3]);
        let c = flush(s, f.mul_add(before.c, i * g));
        let h = flush(s, o * F::tanh(s, c));
        Next {
            gates: [i, f, g, o],
            units: Units { h, c },
        }
    }

    #[inline(always)]
    fn save<S: Isa, const W: usize>(
        _: S,
        saved: &mut [Block; W],
        block: usize,
        _: ([f32x16<S>; 4], Units<S>),
        next: &Next<S, 4>,
    ) {
        saved[block].store(next.units.c);
    }

    /// Equations (1) to (5); gives f dc, the first term of (1) in the step before.
    #[inline(always)]
    fn back<S: Isa, const W: usize>(
        s: S,
        gates: &mut [Block; 4],
        saved: &mut [Block; W],
        block: usize,
        deltas: Deltas<S>,
    ) -> f32x16<S> {
        let one = f32x16::splat(s, 1.0);
        let [i, f, g, o] = gates.each_ref().map(
            #[inline(always)]
            |gate| gate.load(s),
        );
        let tanh = F::tanh(s, saved[block].load(s));
        let through_output = flush(s, flush(s, deltas.h) * o);
        let dc = flush(
            s,
            through_output.mul_add((-tanh).mul_add(tanh, one), deltas.carried),
        );
        let (through_input, through_forget) = (flush(s, dc * i), flush(s, dc * f));
        let deltas = [
            through_input * flush(s, g * (one - i)),
            through_forget * flush(s, deltas.c * (one - f)),
            through_input * (-g).mul_add(g, one),
            through_output * flush(s, tanh * (one - o)),
        ];
        for (gate, delta) in gates.iter_mut().zip(deltas) {
            gate.store(flush(s, delta));
        }
        through_forget
    }
}
