//! What a cell is: how many gates it has, what it makes of their sums, and how deltas pass back through it.

use crate::{block::Block, simd::Isa};
use fearless_simd::f32x16;

/// One block of units between two steps.
#[derive(Clone, Copy)]
pub struct Units<S: Isa> {
    /// h, the hidden state.
    pub h: f32x16<S>,
    /// c for a cell that [remembers](Cell::REMEMBERS) it, r h for one that [resets](Cell::RESET), else nothing.
    pub c: f32x16<S>,
}

/// What a step leaves of one block of units.
pub struct Next<S: Isa, const G: usize> {
    /// The gates, as backward reads them.
    pub gates: [f32x16<S>; G],
    /// h and c.
    pub units: Units<S>,
}

/// A recurrent cell of `G` gates: the elementwise half of a step of sixteen units, forward and backward.
///
/// The sum of a gate is b_ih + x W_ih + b_hh + h W_hh. Two constants say where a cell differs:
///
/// ```text
///                  gates       APART        RESET
/// Lstm             i f g o     -            -
/// Gru              r z n       n            -         n = tanh(x W + b_ih + r (h W + b_hh))
/// GruResetBefore   r z n       -            n         n = tanh(x W + b_ih + (r h) W + b_hh)
/// RnnTanh, RnnRelu h           -            -
/// ```
pub trait Cell<const G: usize> {
    /// The first gate whose two halves are not added: [`next`](Self::next) gets b_hh + h W_hh as its sum, and b_ih + x W_ih
    /// as its share.
    const APART: usize = G;
    /// The first gate that reads r h in the place of h.
    const RESET: usize = G;
    /// Whether there is a second state, c.
    const REMEMBERS: bool = false;
    /// Whether a part of h passes to the next step without a product with weights.
    const PASSES: bool = false;
    /// Blocks of units that advance together where there are many samples.
    const UNITS: usize = 1;

    /// The step of one block of units.
    fn next<S: Isa>(
        s: S,
        sums: [f32x16<S>; G],
        shares: [f32x16<S>; G],
        before: Units<S>,
    ) -> Next<S, G>;

    /// The gates before the first that [resets](Self::RESET), in the place of their sums; gives r h.
    #[inline(always)]
    fn reset<S: Isa>(s: S, sums: &mut [f32x16<S>; G], h: f32x16<S>) -> f32x16<S> {
        let _ = (s, sums);
        h
    }

    /// Keeps for backward what gates do not hold, in a row of `W` blocks for all units of a step.
    #[inline(always)]
    fn save<S: Isa, const W: usize>(
        s: S,
        saved: &mut [Block; W],
        block: usize,
        (sums, before): ([f32x16<S>; G], Units<S>),
        next: &Next<S, G>,
    ) {
        let _ = (s, saved, block, sums, before, next);
    }

    /// Turns gates into deltas of their sums, from `dh`, and what the next step `carried` back: dc of a cell that
    /// remembers, the part of dh that passes. Gives what this step carries back.
    fn back<S: Isa, const W: usize>(
        s: S,
        gates: &mut [Block; G],
        saved: &mut [Block; W],
        block: usize,
        deltas: Deltas<S>,
    ) -> f32x16<S>;

    /// The same for the gates before the first that resets, from the delta of r h.
    #[inline(always)]
    fn back_reset<S: Isa, const W: usize>(
        s: S,
        gates: &mut [Block; G],
        saved: &[Block; W],
        block: usize,
        deltas: Deltas<S>,
    ) -> f32x16<S> {
        let _ = (s, gates, saved, block);
        deltas.carried
    }
}

/// What one block of units of a step receives in backward.
#[derive(Clone, Copy)]
pub struct Deltas<S: Isa> {
    /// dh, or the delta of r h.
    pub h: f32x16<S>,
    /// What the next step carried back.
    pub carried: f32x16<S>,
    /// c of the step before, for a cell that remembers.
    pub c: f32x16<S>,
}
