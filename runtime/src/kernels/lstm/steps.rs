//! Streams: the steps of one sequence as they come, with the state that is kept between them.

use super::cell::{Cell, Weights, add_biases, cell, fits, units};
use crate::{
    block::Block,
    kernels::{
        activation::Unfinished,
        dense::{self, Start},
    },
    simd::{InstructionSet, Isa, chains, inlined},
    tile,
};
use fearless_simd::{f32x16, prelude::*};

/// Advances a sequence by as many steps as `x` has, one or many; `y` gets h of every step, and `gates` is scratch. `state`
/// is h and c before the first of them, and then after the last: zeros where a sequence begins.
///
/// Steps have the bits that they have in a whole sequence. This is a part of what calls it, so that a small network is one
/// function.
#[inline(always)]
pub fn steps<
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
    let (x, y) = (x.as_flattened(), y.as_flattened_mut());
    let ([h, c, ..], _) = state.as_chunks_mut::<B>() else {
        unreachable!("a state holds hidden units and cells")
    };
    if let ([x], [y]) = (x, &mut *y) {
        inlined(
            s,
            #[inline(always)]
            || {
                let before = Before::Inputs(x, weights);
                one::<S, I, KS, H, B, P>(s, before, weights.recurrent, h, c, y);
            },
        );
        *h = *y;
    } else {
        many::<S, I, KS, H, B, P, N>(s, x, weights, [h, c], gates.as_flattened_mut(), y);
    }
}

/// Inputs of a step that are multiplied in its own turn: more are worth a product of all steps at once.
const FEW: usize = 16;

/// Many steps: what does not wait for the step before is one product over all of them, if it is worth one.
#[inline(never)]
fn many<
    S: Isa,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
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
                for (x, y) in x.iter().zip(&mut *y) {
                    one::<S, I, KS, H, B, P>(
                        s,
                        Before::Inputs(x, weights),
                        weights.recurrent,
                        previous,
                        c,
                        y,
                    );
                    previous = y;
                }
            } else {
                let mut bias = [Block::ZERO; P];
                add_biases(s, weights, &mut bias);
                let start = Start::Bias(&bias);
                dense::forward::<S, Unfinished, I, KS, N, P>(s, x, weights.input, start, gates);
                for (gates, y) in gates.iter().zip(&mut *y) {
                    one::<S, I, KS, H, B, P>(
                        s,
                        Before::Gates(gates),
                        weights.recurrent,
                        previous,
                        c,
                        y,
                    );
                    previous = y;
                }
            }
            *h = *previous;
        },
    );
}

/// What z has before its recurrent part.
#[derive(Clone, Copy)]
enum Before<'a, const I: usize, const KS: usize, const H: usize, const P: usize> {
    /// Inputs, which are still to be multiplied.
    Inputs(&'a [f32; KS], Weights<'a, I, H, P>),
    /// The sums so far.
    Gates(&'a [Block; P]),
}

/// One step, whose sums stay in registers.
#[inline(always)]
fn one<S: Isa, const I: usize, const KS: usize, const H: usize, const B: usize, const P: usize>(
    s: S,
    before: Before<'_, I, KS, H, P>,
    recurrent: &[[Block; H]; P],
    h: &[Block; B],
    c: &mut [Block; B],
    y: &mut [Block; B],
) {
    let mut block = 0;
    while block < B {
        if const { at_once::<S>(B, H) == 3 } && block + 3 <= B {
            blocks::<S, I, KS, H, B, P, 12>(s, before, recurrent, h, c, y, block);
            block += 3;
        } else if const { at_once::<S>(B, H) > 1 && B > 1 } && block + 2 <= B {
            blocks::<S, I, KS, H, B, P, 8>(s, before, recurrent, h, c, y, block);
            block += 2;
        } else if const { at_once::<S>(B, H) < 3 || !B.is_multiple_of(3) } {
            blocks::<S, I, KS, H, B, P, 4>(s, before, recurrent, h, c, y, block);
            block += 1;
        }
    }
}

/// How many blocks of units advance at once: as many as keep the multipliers busy and fit the registers, unless their panels
/// compete for the same few sets of the level-1 cache.
const fn at_once<S: Isa>(blocks: usize, units: usize) -> usize {
    match S::SET {
        InstructionSet::Avx512 if units.is_multiple_of(64) => 1,
        InstructionSet::Avx512 if blocks.is_multiple_of(3) || blocks == 5 => 3,
        InstructionSet::Avx512 => 2,
        _ => 1,
    }
}

/// One step of the blocks of units from `block` on whose gates are `N` panels.
#[inline(always)]
fn blocks<
    S: Isa,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
>(
    s: S,
    before: Before<'_, I, KS, H, P>,
    recurrent: &[[Block; H]; P],
    h: &[Block; B],
    c: &mut [Block; B],
    y: &mut [Block; B],
    block: usize,
) {
    let mut z = [f32x16::splat(s, 0.0); N];
    let mut w = [&recurrent[0]; N];
    for j in 0..N {
        w[j] = &recurrent[4 * block + j];
    }
    match before {
        Before::Inputs(x, weights) => {
            let mut input = [&weights.input[0]; N];
            for j in 0..N {
                let panel = 4 * block + j;
                input[j] = &weights.input[panel];
                let bias = weights.input_bias[panel].load(s);
                z[j] = bias + weights.recurrent_bias[panel].load(s);
            }
            z = sums::<S, N, I, KS, P>(s, z, x, input);
        }
        Before::Gates(gates) => {
            for j in 0..N {
                z[j] = gates[4 * block + j].load(s);
            }
        }
    }
    z = sums::<S, N, H, H, P>(s, z, units(h), w);
    for (block, z) in (block..).zip(z.as_chunks().0) {
        let next: Cell<S> = cell::<S, H>(s, block, *z, c[block].load(s));
        c[block].store(next.c);
        y[block].store(next.h);
    }
}

/// `start + x w`, split as all sums of a layer of `P` panels are.
#[inline(always)]
fn sums<S: Isa, const N: usize, const K: usize, const KS: usize, const P: usize>(
    s: S,
    start: [f32x16<S>; N],
    x: &[f32; KS],
    w: [&[Block; K]; N],
) -> [f32x16<S>; N] {
    let run = const { chains::run(K, P, S::SET) };
    if const { chains::together(K, P, S::SET) == 1 } {
        tile::row::<S, N, 1, K, KS>(s, start, x, w, run)
    } else {
        const { assert!(chains::together(K, P, S::SET) <= 2, "four panels at least") };
        tile::row::<S, N, 2, K, KS>(s, start, x, w, run)
    }
}
