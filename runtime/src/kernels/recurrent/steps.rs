//! Streams: the steps of one sequence as they come, with the state that is kept between them.

#![allow(
    clippy::needless_range_loop,
    reason = "indices are those of the formulas, and iterators over every size of array cost the user's compiler"
)]

use super::{
    cell::Cell,
    layer::{Weights, add_biases, fits, project},
    step::{advance_one, reset_one, sums, turn},
};
use crate::{
    block::Block,
    kernels::{
        activation::Unfinished,
        dense::{self, Start},
    },
    simd::{InstructionSet, Isa, inlined},
};
use fearless_simd::{f32x16, prelude::*};

/// Advances a sequence by as many steps as `x` has, one or many; `y` gets h of every step, and `gates` is scratch. `state`
/// is h, and c of a cell that remembers, before the first of them, and then after the last: zeros where a sequence begins,
/// as it does if no steps came before (`clock`), or else `h0` and `c0` of the first sample.
///
/// Steps have the bits that they have in a whole sequence. This is a part of what calls it, so that a small network is one
/// function.
#[inline(always)]
pub fn steps<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
>(
    s: S,
    x: &[[[f32; KS]; T]],
    h0: Option<&[[Block; B]]>,
    c0: Option<&[[Block; B]]>,
    clock: u64,
    weights: Weights<'_, I, H, P>,
    gates: &mut [[[Block; P]; T]],
    y: &mut [[[Block; B]; T]],
    state: &mut [Block],
) {
    const { assert!(fits(H, B, P, G)) };
    let (x, y, gates) = (
        x.as_flattened(),
        y.as_flattened_mut(),
        gates.as_flattened_mut(),
    );
    // Cells that remember nothing work in a row of their own.
    let mut own = [Block::ZERO; B];
    let (h, c) = match state.as_chunks_mut::<B>().0 {
        [h, c, ..] if const { C::REMEMBERS } => (h, c),
        [h, ..] => (h, &mut own),
        [] => unreachable!("a state holds hidden units"),
    };
    if clock == 0 {
        for (state, given) in [(&mut *h, h0), (&mut *c, c0)] {
            if let Some([first, ..]) = given {
                *state = *first;
            }
        }
    }
    if let ([x], [y], [gates]) = (x, &mut *y, &mut *gates) {
        inlined(
            s,
            #[inline(always)]
            || one::<S, C, I, KS, H, B, P, N, G>(s, x, weights, gates, h, c, y),
        );
        *h = *y;
    } else {
        many::<S, C, I, KS, H, B, P, N, G>(s, x, weights, [h, c], gates, y);
    }
}

/// One step, whose sums stay in registers from the biases to the cells, unless the reset gate comes between two products.
#[inline(always)]
fn one<
    S: Isa,
    C: Cell<G>,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
>(
    s: S,
    x: &[f32; KS],
    weights: Weights<'_, I, H, P>,
    gates: &mut [Block; P],
    h: &[Block; B],
    c: &mut [Block; B],
    y: &mut [Block; B],
) {
    if const { C::RESET < G } {
        add_biases::<S, C, I, H, P, G>(s, weights, gates);
        dense::forward_one::<S, Unfinished, I, KS, N, P>(s, x, weights.input, Start::Add, gates);
        let recurrent = (weights.recurrent, weights.recurrent_bias);
        return reset_one::<S, C, H, B, P, G>(s, recurrent, gates, h, c, y);
    }
    let mut block = 0;
    macro_rules! advance {
        ($panels:literal) => {{
            blocks::<S, C, I, KS, H, B, P, G, $panels>(s, x, weights, h, c, y, block);
            block += $panels / G;
        }};
    }
    while block < B {
        let (most, left) = (const { at_once::<S>(G, B, H) }, B - block);
        if const { G == 4 && at_once::<S>(G, B, H) >= 3 } && left >= 3 {
            advance!(12);
        } else if const { G == 4 && at_once::<S>(G, B, H) >= 2 } && left >= 2 {
            advance!(8);
        } else if const { G == 4 } || const { G == 1 } && most >= 4 && left >= 4 {
            advance!(4);
        } else if const { G == 3 && at_once::<S>(G, B, H) >= 2 } && left >= 2 {
            advance!(6);
        } else if const { G == 3 } {
            advance!(3);
        } else if const { G == 1 } {
            advance!(1);
        } else {
            unreachable!("cells have one gate, three or four")
        }
    }
}

/// How many blocks of units advance at once: as many as keep the multipliers busy and fit the registers, unless their panels
/// compete for the same few sets of the level-1 cache.
const fn at_once<S: Isa>(gates: usize, blocks: usize, units: usize) -> usize {
    match (S::SET, gates) {
        (_, 1) => 4,
        (InstructionSet::Avx512, _) if units.is_multiple_of(64) => 1,
        (InstructionSet::Avx512, 4) if blocks.is_multiple_of(3) || blocks == 5 => 3,
        (InstructionSet::Avx512, _) => 2,
        _ => 1,
    }
}

/// One step of the blocks of units from `block` on whose gates are `N` panels.
#[inline(always)]
fn blocks<
    S: Isa,
    C: Cell<G>,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
    const N: usize,
>(
    s: S,
    x: &[f32; KS],
    weights: Weights<'_, I, H, P>,
    h: &[Block; B],
    c: &mut [Block; B],
    y: &mut [Block; B],
    block: usize,
) {
    let mut start = [f32x16::splat(s, 0.0); N];
    let mut input = [&weights.input[0]; N];
    for j in 0..N {
        let panel = G * block + j;
        input[j] = &weights.input[panel];
        let bias = weights.input_bias[panel].load(s);
        start[j] = match const { C::APART < G } && j % G >= C::APART {
            true => bias,
            false => bias + weights.recurrent_bias[panel].load(s),
        };
    }
    let shares = sums::<S, I, KS, P, N>(s, start, x, input);
    let recurrent = (weights.recurrent, weights.recurrent_bias);
    turn::<S, C, H, B, P, G, N>(s, recurrent, shares, h, c, y, block);
}

/// Inputs of a step that are multiplied in its own turn: more are worth a product of all steps at once.
const FEW: usize = 16;

/// Many steps: what does not wait for the step before is one product over all of them, if it is worth one.
#[inline(never)]
fn many<
    S: Isa,
    C: Cell<G>,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
>(
    s: S,
    x: &[[f32; KS]],
    weights: Weights<'_, I, H, P>,
    [h, c]: [&mut [Block; B]; 2],
    gates: &mut [[Block; P]],
    y: &mut [[Block; B]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let mut previous = &*h;
            if const { I <= FEW } {
                for ((x, gates), y) in x.iter().zip(gates).zip(&mut *y) {
                    one::<S, C, I, KS, H, B, P, N, G>(s, x, weights, gates, previous, c, y);
                    previous = y;
                }
            } else {
                let mut biases = [Block::ZERO; P];
                project::<S, C, I, KS, H, P, N, G>(s, x, weights, gates, &mut biases);
                let recurrent = (weights.recurrent, weights.recurrent_bias);
                for (t, (gates, y)) in gates.iter_mut().zip(&mut *y).enumerate() {
                    let turned = t % 2 == 1;
                    advance_one::<S, C, H, B, P, G>(s, recurrent, gates, previous, c, y, turned);
                    previous = y;
                }
            }
            *h = *previous;
        },
    );
}
