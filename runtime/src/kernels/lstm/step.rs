//! Inference: whole sequences, and streams step by step.

use super::{Cell, GROUP, Weights, cell, fits, forward::advance, gates_of, project, units};
use crate::{
    block::Block,
    simd::{InstructionSet, Isa},
    tile::{self, Accumulators},
};
use fearless_simd::{f32x16, prelude::*};

/// What a layer remembers between steps; the default is the start of a sequence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State<const B: usize> {
    /// The output of the last step.
    pub h: [Block; B],
    /// The cells after the last step.
    pub c: [Block; B],
}

impl<const B: usize> Default for State<B> {
    fn default() -> Self {
        Self {
            h: [Block::ZERO; B],
            c: [Block::ZERO; B],
        }
    }
}

/// Runs whole sequences for inference: `y` gets h of every step; `gates` is scratch.
///
/// A single sample's sums run in as many chains as fill the machine, so its bits may differ from those of training.
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
) {
    const { assert!(fits(H, B, P, N)) };
    assert!(
        x.len() == gates.len() && x.len() == y.len(),
        "as many results as samples"
    );
    s.vectorize(
        #[inline(always)]
        || {
            project::<S, I, KS, H, P, N>(s, x.as_flattened(), weights, gates.as_flattened_mut());
            if let ([gates], [y]) = (&*gates, &mut *y) {
                let mut state = State::default();
                for (t, (gates, y)) in gates.iter().zip(y).enumerate() {
                    step(s, weights.recurrent, &mut state, t % 2 == 1, |s, block| {
                        gates_of(gates, block).map(
                            #[inline(always)]
                            |z| z.load(s),
                        )
                    });
                    *y = state.h;
                }
                return;
            }
            for (gates, y) in gates.chunks_mut(GROUP).zip(y.chunks_mut(GROUP)) {
                advance::<S, T, H, B, P>(s, weights.recurrent, gates, None, y);
            }
        },
    );
}

/// Advances a stream by one step; the output is `state.h`.
pub fn stream<
    S: Isa,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
>(
    s: S,
    x: &[f32; KS],
    weights: Weights<'_, I, H, P>,
    state: &mut State<B>,
) {
    const { assert!(I <= KS) };
    s.vectorize(
        #[inline(always)]
        || {
            let Some(x) = x.first_chunk::<I>() else {
                unreachable!("KS floats hold I inputs")
            };
            step(
                s,
                weights.recurrent,
                state,
                false,
                #[inline(always)]
                |s, block| {
                    let input = gates_of(weights.input_bias, block);
                    let recurrent = gates_of(weights.recurrent_bias, block);
                    let bias = core::array::from_fn(
                        #[inline(always)]
                        |gate| input[gate].load(s) + recurrent[gate].load(s),
                    );
                    product(s, bias, x, gates_of(weights.input, block))
                },
            );
        },
    );
}

/// One step of one sample; `start` gives z of a block of units without its recurrent part.
#[inline(always)]
fn step<S: Isa, const H: usize, const B: usize, const P: usize>(
    s: S,
    weights: &[[Block; H]; P],
    state: &mut State<B>,
    backwards: bool,
    start: impl Fn(S, usize) -> [f32x16<S>; 4],
) {
    const { assert!(P == 4 * B) };
    let previous = state.h;
    for index in 0..B {
        // The weights that the step before met last may still be in the level-1 cache; no bit depends on the order.
        let block = if backwards { B - 1 - index } else { index };
        let z = product(
            s,
            start(s, block),
            units(&previous),
            gates_of(weights, block),
        );
        let Cell { c, h, .. } = cell::<S, H>(s, block, z, state.c[block].load(s));
        state.c[block].store(c);
        state.h[block].store(h);
    }
}

/// `start + x W` for the four gates of a block of units.
///
/// Four registers of sixteen lanes are too few chains to hide the latency of a multiply-add; there, even and odd inputs
/// get chains of their own.
#[inline(always)]
fn product<S: Isa, const K: usize>(
    s: S,
    start: [f32x16<S>; 4],
    x: &[f32; K],
    w: &[[Block; K]; 4],
) -> [f32x16<S>; 4] {
    let panels = w.each_ref();
    if !matches!(S::SET, InstructionSet::Avx512) {
        let mut sums: Accumulators<S, 1, 4> = [start];
        tile::accumulate(s, &mut sums, [x], panels);
        return sums[0];
    }
    let mut sums = [start, [f32x16::splat(s, 0.0); 4]];
    let (pairs, rest) = x.as_chunks::<2>();
    let weights = panels.map(
        #[inline(always)]
        |w| w.as_chunks::<2>().0,
    );
    for (k, pair) in pairs.iter().enumerate() {
        for (i, &value) in pair.iter().enumerate() {
            let value = f32x16::splat(s, value);
            for j in 0..4 {
                sums[i][j] = value.mul_add(weights[j][k][i].load(s), sums[i][j]);
            }
        }
    }
    if let [value] = rest {
        let value = f32x16::splat(s, *value);
        for j in 0..4 {
            sums[0][j] = value.mul_add(panels[j][K - 1].load(s), sums[0][j]);
        }
    }
    core::array::from_fn(
        #[inline(always)]
        |j| sums[0][j] + sums[1][j],
    )
}
