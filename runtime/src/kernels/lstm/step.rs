//! Inference: whole sequences, and streams step by step.

use super::{
    cell::{Cell, GROUP, Weights, add_biases, cell, fits, project, states, units},
    forward::advance,
};
use crate::{
    block::Block,
    kernels::{
        activation::Unfinished,
        dense::{self, Start},
    },
    simd::{InstructionSet, Isa, chains},
    tile,
};
use fearless_simd::{f32x16, prelude::*};

/// What a layer remembers between steps, and room for the next; the default is the start of a sequence.
#[derive(Clone, Debug)]
pub struct State<const B: usize> {
    /// The output of the last step.
    pub h: [Block; B],
    /// The cells after the last step.
    pub c: [Block; B],
    previous: [Block; B],
    gates: [[Block; 4]; B],
}

impl<const B: usize> Default for State<B> {
    fn default() -> Self {
        Self {
            h: [Block::ZERO; B],
            c: [Block::ZERO; B],
            previous: [Block::ZERO; B],
            gates: [[Block::ZERO; 4]; B],
        }
    }
}

/// Runs whole sequences for inference: `y` gets h of every step; `gates` is scratch, and so is `state`, which has four rows
/// of units for every sample.
///
/// A single sample has the bits that it has among many, and in training.
pub fn infer<
    S: Isa,
    const T: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
>(
    s: S,
    x: &[[[f32; KS]; T]],
    weights: Weights<'_, I, H, P>,
    gates: &mut [[[Block; P]; T]],
    y: &mut [[[Block; B]; T]],
    state: &mut [Block],
) {
    const { assert!(fits(H, B, P, N)) };
    assert!(
        x.len() == gates.len() && x.len() == y.len(),
        "as many results as samples"
    );
    s.vectorize(
        #[inline(always)]
        || {
            project::<S, I, KS, H, P, N>(
                s,
                x.as_flattened(),
                weights,
                gates.as_flattened_mut(),
                state,
            );
            if let ([gates], [y]) = (&*gates, &mut *y) {
                let [[h], [c]] = states::<B>(state, 1) else {
                    unreachable!("a state has one row for one sample")
                };
                h.fill(Block::ZERO);
                c.fill(Block::ZERO);
                let mut previous = &*h;
                for (t, (gates, y)) in gates.iter().zip(y).enumerate() {
                    step(s, weights.recurrent, gates, previous, c, y, t % 2 == 1);
                    previous = y;
                }
                return;
            }
            for group in tile::groups(gates.len().min(y.len()), GROUP) {
                let (gates, y) = (&mut gates[group.clone()], &mut y[group]);
                advance::<S, T, H, B, P>(s, weights.recurrent, gates, None, y, state);
            }
        },
    );
}

/// Advances a stream by one step; the output is `state.h`. It has the bits of a whole sequence.
pub fn stream<
    S: Isa,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
>(
    s: S,
    x: &[f32; KS],
    weights: Weights<'_, I, H, P>,
    state: &mut State<B>,
) {
    const { assert!(fits(H, B, P, N)) };
    s.vectorize(
        #[inline(always)]
        || {
            let State {
                h,
                c,
                previous,
                gates,
            } = state;
            let Some(gates) = gates.as_flattened_mut().first_chunk_mut::<P>() else {
                unreachable!("four panels for every block of units")
            };
            add_biases(s, weights, gates);
            let start = Start::Add;
            dense::forward_one::<S, Unfinished, I, KS, N, P>(s, x, weights.input, start, gates);
            *previous = *h;
            step(s, weights.recurrent, gates, previous, c, h, false);
        },
    );
}

/// One step of one sample, from `previous` to `h`; `gates` is z without its recurrent part.
///
/// The four sums of a block of units are hardly enough to keep the multipliers busy: where registers are wide, two blocks
/// advance at once, unless their eight panels would compete for the same few sets of the level-1 cache.
#[inline(always)]
fn step<S: Isa, const H: usize, const B: usize, const P: usize>(
    s: S,
    weights: &[[Block; H]; P],
    gates: &[Block; P],
    previous: &[Block; B],
    c: &mut [Block; B],
    h: &mut [Block; B],
    backwards: bool,
) {
    const { assert!(P == 4 * B) };
    let paired = const { pairs::<S>(B, H) };
    let turns = B - paired;
    for turn in 0..turns {
        // The weights that the step before met last may still be in the level-1 cache; no bit depends on the order.
        let turn = if backwards { turns - 1 - turn } else { turn };
        if const { pairs::<S>(B, H) > 0 } && turn < paired {
            blocks::<S, H, B, P, 8>(s, weights, gates, units(previous), c, h, 2 * turn);
        } else if const { 2 * pairs::<S>(B, H) < B } {
            blocks::<S, H, B, P, 4>(s, weights, gates, units(previous), c, h, paired + turn);
        }
    }
}

/// How many pairs of blocks of units advance at once.
const fn pairs<S: Isa>(blocks: usize, units: usize) -> usize {
    match S::SET {
        // A way of the cache holds 64 blocks.
        InstructionSet::Avx512 if !units.is_multiple_of(64) => blocks / 2,
        _ => 0,
    }
}

/// One step of the blocks of units from `block` on whose gates are `N` panels.
#[inline(always)]
fn blocks<S: Isa, const H: usize, const B: usize, const P: usize, const N: usize>(
    s: S,
    weights: &[[Block; H]; P],
    gates: &[Block; P],
    previous: &[f32; H],
    c: &mut [Block; B],
    h: &mut [Block; B],
    block: usize,
) {
    let mut w = [&weights[0]; N];
    let mut z = [f32x16::splat(s, 0.0); N];
    for j in 0..N {
        w[j] = &weights[4 * block + j];
        z[j] = gates[4 * block + j].load(s);
    }
    let run = const { chains::run(H, P, S::SET) };
    z = if const { chains::together(H, P, S::SET) == 1 } {
        tile::row::<S, N, 1, H, H>(s, z, previous, w, run)
    } else {
        const { assert!(chains::together(H, P, S::SET) <= 2, "four panels at least") };
        tile::row::<S, N, 2, H, H>(s, z, previous, w, run)
    };
    for (block, z) in (block..).zip(z.as_chunks().0) {
        let next: Cell<S> = cell::<S, H>(s, block, *z, c[block].load(s));
        c[block].store(next.c);
        h[block].store(next.h);
    }
}
