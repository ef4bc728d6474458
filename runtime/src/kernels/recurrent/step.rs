//! Inference: whole sequences, and the steps of one sample.

use super::{
    cell::{Cell, Units},
    forward::{Rows, advance, load},
    layer::{Weights, begin, fits, project, states, units, unpadded},
    order::Order,
};
use crate::{
    block::Block,
    simd::{InstructionSet, Isa, chains},
    tile,
};
use fearless_simd::{f32x16, prelude::*};

/// Runs whole sequences for inference: `y` gets h of every step; `gates` is scratch, and so is `state`. Sizes and states
/// are those of [`forward`](super::forward()).
///
/// A single sample has the bits that it has among many, and in training.
pub fn infer<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const Y: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
>(
    s: S,
    x: &[[[f32; KS]; T]],
    h0: Option<&[[Block; B]]>,
    c0: Option<&[[Block; B]]>,
    order: Order<'_>,
    weights: Weights<'_, I, H, P>,
    gates: &mut [[[Block; P]; T]],
    y: &mut [[[Block; B]; Y]],
    state: &mut [Block],
) {
    const { assert!(fits(H, B, P, G)) };
    assert!(
        x.len() == gates.len() && x.len() == y.len(),
        "as many results as samples"
    );
    // What a single sample pads is not read.
    let steps = match x.len() {
        1 => order.count::<T>(0),
        samples => samples * T,
    };
    let (x, shares) = (
        &x.as_flattened()[..steps],
        &mut gates.as_flattened_mut()[..steps],
    );
    s.vectorize(
        #[inline(always)]
        || project::<S, C, I, KS, H, P, N, G>(s, x, weights, shares, state),
    );
    let recurrent = (weights.recurrent, weights.recurrent_bias);
    let rows = Rows::<T, Y, B, P, W> {
        h0,
        c0,
        order,
        gates,
        saved: None,
        y,
    };
    match rows.y.len() {
        1 => advance_single::<S, C, T, Y, H, B, P, G, W>(s, recurrent, rows, state),
        _ => advance::<S, C, T, Y, H, B, P, G, W>(s, recurrent, rows, state),
    }
}

/// Advances one sample through all steps. A function by itself, which levels of equal width share.
#[inline(never)]
fn advance_single<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const Y: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
    const W: usize,
>(
    s: S,
    recurrent: (&[[Block; H]; P], &[Block; P]),
    rows: Rows<'_, T, Y, B, P, W>,
    state: &mut [Block],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let Rows {
                h0,
                c0,
                order,
                gates: [gates],
                y: [y],
                ..
            } = rows
            else {
                unreachable!("one sample")
            };
            let count = order.count::<T>(0);
            y[count..T].as_flattened_mut().fill(Block::ZERO);
            let [h, c] = states::<B>(state, 1);
            begin(h, h0);
            begin(c, c0);
            let [[first], [c]] = [h, c] else {
                unreachable!("a state has one row for one sample")
            };
            for step in 0..count {
                let t = order.at(step, count);
                let [now, before] = match step.checked_sub(1) {
                    None => [&mut y[t], &mut *first],
                    Some(before) => match y.get_disjoint_mut([t, order.at(before, count)]) {
                        Ok(rows) => rows,
                        Err(_) => unreachable!("two steps of a sequence"),
                    },
                };
                let (gates, backwards) = (&mut gates[t], step % 2 == 1);
                advance_one::<S, C, H, B, P, G>(s, recurrent, gates, before, c, now, backwards);
            }
            if const { Y > T } {
                y[T] = *c;
            }
        },
    );
}

/// One step of one sample, from `previous` to `h`; `gates` holds the input's share of the sums.
///
/// The sums of a block of units are hardly enough to keep the multipliers busy: where registers are wide, two blocks
/// advance at once, unless their panels would compete for the same few sets of the level-1 cache, and always four of a
/// cell of one gate.
#[inline(always)]
pub(super) fn advance_one<
    S: Isa,
    C: Cell<G>,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
>(
    s: S,
    weights: (&[[Block; H]; P], &[Block; P]),
    gates: &mut [Block; P],
    previous: &[Block; B],
    c: &mut [Block; B],
    h: &mut [Block; B],
    backwards: bool,
) {
    const { assert!(P == G * B) };
    if const { C::RESET < G } {
        return reset_one::<S, C, H, B, P, G>(s, weights, gates, previous, c, h);
    }
    let many = const { at_once::<S>(G, H) };
    let groups = B / many;
    let turns = groups + B % many;
    for turn in 0..turns {
        // The weights that the step before met last may still be in the level-1 cache; no bit depends on the order.
        let turn = if backwards { turns - 1 - turn } else { turn };
        macro_rules! blocks {
            ($panels:literal, $first:expr) => {
                blocks::<S, C, H, B, P, G, $panels>(s, weights, gates, previous, c, h, $first)
            };
        }
        if turn < groups {
            let first = many * turn;
            match const { at_once::<S>(G, H) * G } {
                _ if const { at_once::<S>(G, H) > B } => {}
                _ if const { at_once::<S>(G, H) * G == 8 } => blocks!(8, first),
                _ if const { at_once::<S>(G, H) * G == 6 } => blocks!(6, first),
                _ if const { at_once::<S>(G, H) * G == 4 } => blocks!(4, first),
                _ => blocks!(3, first),
            }
        } else if const { !B.is_multiple_of(at_once::<S>(G, H)) } {
            let first = groups * many + (turn - groups);
            match G {
                _ if const { G == 4 } => blocks!(4, first),
                _ if const { G == 3 } => blocks!(3, first),
                _ => blocks!(1, first),
            }
        }
    }
}

/// Blocks of units that advance at once.
const fn at_once<S: Isa>(gates: usize, units: usize) -> usize {
    match (gates, S::SET) {
        (1, _) => 4,
        // A way of the cache holds 64 blocks.
        (_, InstructionSet::Avx512) if !units.is_multiple_of(64) => 2,
        _ => 1,
    }
}

/// One step of the blocks of units from `block` on whose gates are `N` panels.
#[inline(always)]
fn blocks<
    S: Isa,
    C: Cell<G>,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
    const N: usize,
>(
    s: S,
    (weights, bias): (&[[Block; H]; P], &[Block; P]),
    gates: &[Block; P],
    previous: &[Block; B],
    c: &mut [Block; B],
    h: &mut [Block; B],
    block: usize,
) {
    let mut shares = [f32x16::splat(s, 0.0); N];
    for (j, share) in shares.iter_mut().enumerate() {
        *share = gates[G * block + j].load(s);
    }
    turn::<S, C, H, B, P, G, N>(s, (weights, bias), shares, previous, c, h, block);
}

/// [`blocks`] from the input's shares of the sums, which are in registers.
#[inline(always)]
pub(super) fn turn<
    S: Isa,
    C: Cell<G>,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
    const N: usize,
>(
    s: S,
    (weights, bias): (&[[Block; H]; P], &[Block; P]),
    shares: [f32x16<S>; N],
    previous: &[Block; B],
    c: &mut [Block; B],
    h: &mut [Block; B],
    block: usize,
) {
    let mut w = [&weights[0]; N];
    let mut z = shares;
    for j in 0..N {
        let panel = G * block + j;
        w[j] = &weights[panel];
        if const { C::APART < G } && j % G >= C::APART {
            z[j] = bias[panel].load(s);
        }
    }
    let z = sums::<S, H, H, P, N>(s, z, units(previous), w);
    let sums = z.as_chunks().0.iter().zip(shares.as_chunks().0);
    for (block, (z, shares)) in (block..).zip(sums) {
        let before = Units {
            h: previous[block].load(s),
            c: c[block].load(s),
        };
        let next = C::next(s, *z, *shares, before);
        if const { C::REMEMBERS } {
            c[block].store(unpadded::<S, H>(s, block, next.units.c));
        }
        h[block].store(unpadded::<S, H>(s, block, next.units.h));
    }
}

/// `start + x w` of `N` panels for one row, split as all sums of a layer of `P` panels are: with the bits of many rows.
#[inline(always)]
pub(super) fn sums<S: Isa, const K: usize, const KS: usize, const P: usize, const N: usize>(
    s: S,
    start: [f32x16<S>; N],
    x: &[f32; KS],
    w: [&[Block; K]; N],
) -> [f32x16<S>; N] {
    let run = const { chains::run(K, P, S::SET) };
    match P {
        _ if const { chains::together(K, P, S::SET) == 1 } => {
            tile::row::<S, N, 1, K, KS>(s, start, x, w, run)
        }
        _ if const { chains::together(K, P, S::SET) == 2 } => {
            tile::row::<S, N, 2, K, KS>(s, start, x, w, run)
        }
        _ if const { chains::together(K, P, S::SET) == 3 } => {
            tile::row::<S, N, 3, K, KS>(s, start, x, w, run)
        }
        _ => tile::row::<S, N, 4, K, KS>(s, start, x, w, run),
    }
}

/// One step of a cell that resets: first the gates that do, of all units, then those that read r h.
#[inline(always)]
pub(super) fn reset_one<
    S: Isa,
    C: Cell<G>,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
>(
    s: S,
    (weights, _): (&[[Block; H]; P], &[Block; P]),
    gates: &mut [Block; P],
    previous: &[Block; B],
    c: &mut [Block; B],
    h: &mut [Block; B],
) {
    for block in 0..B {
        let gates: &mut [Block; G] = &mut gates.as_chunks_mut().0[block];
        let mut all = load(s, gates);
        let (start, w) = (
            [all[0], all[1]],
            [&weights[G * block], &weights[G * block + 1]],
        );
        [all[0], all[1]] = sums::<S, H, H, P, 2>(s, start, units(previous), w);
        let reset = C::reset(s, &mut all, previous[block].load(s));
        for gate in 0..C::RESET {
            gates[gate].store(all[gate]);
        }
        c[block].store(unpadded::<S, H>(s, block, reset));
    }
    for block in 0..B {
        let gates: &[Block; G] = &gates.as_chunks().0[block];
        let mut all = load(s, gates);
        let (start, w) = ([all[C::RESET]], [&weights[G * block + C::RESET]]);
        [all[C::RESET]] = sums::<S, H, H, P, 1>(s, start, units(c), w);
        let before = Units {
            h: previous[block].load(s),
            c: c[block].load(s),
        };
        let next = C::next(s, all, all, before);
        h[block].store(unpadded::<S, H>(s, block, next.units.h));
    }
}
