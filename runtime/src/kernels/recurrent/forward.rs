//! Forward over many samples at once.

mod product;

use super::{
    cell::{Cell, Units},
    layer::{GROUP, Weights, begin, fits, project, states, unpadded},
    order::{Counts, Order},
};
#[cfg(doc)]
use crate::simd::chains;
use crate::{block::Block, simd::Isa, tile};
use core::{array, marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};
use product::{Recurrence, WIDTH};

/// Runs whole sequences of several samples. Steps that do not count are as if they were not there, and `y` is zero in
/// their places.
///
/// `gates` is left holding the gates and `saved` what a cell [keeps](Cell::save), of every step, which is what `backward`
/// reads, and `y` holds h; where `Y = T + 1`, the last row of `y` is c after the last step. Every sum begins at the
/// bias; inputs follow, then units, each split as [`chains`] says. A sample's bits depend on that sample alone. `h0` and
/// `c0` are the states before the first step, zero by default. `state` has a row of gates, and at least two of units, for
/// every sample.
pub fn forward<
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
    saved: Option<&mut [[[Block; W]; T]]>,
    y: &mut [[[Block; B]; Y]],
    state: &mut [Block],
) {
    const { assert!(fits(H, B, P, G)) };
    let samples = x.len();
    assert!(
        samples == gates.len() && samples == y.len(),
        "as many results as samples"
    );
    s.vectorize(
        #[inline(always)]
        || {
            let flat = gates.as_flattened_mut();
            project::<S, C, I, KS, H, P, N, G>(s, x.as_flattened(), weights, flat, state);
        },
    );
    let recurrent = (weights.recurrent, weights.recurrent_bias);
    let rows = Rows {
        h0,
        c0,
        order,
        gates,
        saved,
        y,
    };
    advance::<S, C, T, Y, H, B, P, G, W>(s, recurrent, rows, state);
}

/// The states of some samples, where there are any.
pub(super) fn part<'a, T>(given: Option<&'a [T]>, group: &Range<usize>) -> Option<&'a [T]> {
    given.map(|given| &given[group.clone()])
}

/// Samples and their states.
pub(super) struct Rows<
    'a,
    const T: usize,
    const Y: usize,
    const B: usize,
    const P: usize,
    const W: usize,
> {
    pub h0: Option<&'a [[Block; B]]>,
    pub c0: Option<&'a [[Block; B]]>,
    pub order: Order<'a>,
    /// What [`project`] left.
    pub gates: &'a mut [[[Block; P]; T]],
    pub saved: Option<&'a mut [[[Block; W]; T]]>,
    pub y: &'a mut [[[Block; B]; Y]],
}

impl<const T: usize, const Y: usize, const B: usize, const P: usize, const W: usize>
    Rows<'_, T, Y, B, P, W>
{
    /// Up to [`GROUP`] of them, which advance together.
    #[inline(always)]
    fn part(&mut self, group: Range<usize>) -> Rows<'_, T, Y, B, P, W> {
        Rows {
            h0: part(self.h0, &group),
            c0: part(self.c0, &group),
            order: self.order.part(&group),
            gates: &mut self.gates[group.clone()],
            saved: match &mut self.saved {
                Some(saved) => Some(&mut saved[group.clone()]),
                None => None,
            },
            y: &mut self.y[group],
        }
    }
}

/// Advances samples through all steps, group by group. A function by itself: levels of equal width share it, and so do directions,
/// inference and training, which alone saves.
#[inline(never)]
pub(super) fn advance<
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
    (weights, bias): (&[[Block; H]; P], &[Block; P]),
    mut rows: Rows<'_, T, Y, B, P, W>,
    state: &mut [Block],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for group in tile::groups(rows.gates.len(), GROUP) {
                let group = rows.part(group);
                let Rows {
                    h0,
                    c0,
                    order,
                    gates,
                    mut saved,
                    y,
                } = group;
                let rows = gates.len();
                let [h, c] = states::<B>(state, rows);
                begin(h, h0);
                begin(c, c0);
                let mut z = [Block::ZERO; WIDTH * GROUP];
                let counts = Counts::of::<T>(order, rows);
                for (y, &count) in y.iter_mut().zip(&counts.each) {
                    y[count..T].as_flattened_mut().fill(Block::ZERO);
                }
                for step in 0..counts.most {
                    let t = counts.at(order, step);
                    let is_zero = step == 0 && h0.is_none();
                    for first in (0..B).step_by(C::UNITS) {
                        let blocks = const { C::UNITS }.min(B - first);
                        // Of a cell that resets, only the gates before the first that does.
                        let panels = blocks * C::RESET;
                        let mut product = Recurrence::<S, C, T, H, B, P, G> {
                            s,
                            h: &*h,
                            weights,
                            bias,
                            gates,
                            t: &t,
                            panel: G * first,
                            z: &mut z,
                            cell: PhantomData,
                        };
                        product.cover(is_zero, panels);
                        for row in 0..rows {
                            if step >= counts.each[row] {
                                continue;
                            }
                            let t = t[row];
                            for block in first..first + blocks {
                                let from = row * WIDTH + (block - first) * G;
                                let mut sums = [f32x16::splat(s, 0.0); G];
                                for (gate, sum) in sums[..C::RESET].iter_mut().enumerate() {
                                    *sum = z[from + gate].load(s);
                                }
                                let gates = gates[row][t].as_chunks_mut().0;
                                let gates: &mut [Block; G] = &mut gates[block];
                                if const { C::RESET < G } {
                                    let reset = C::reset(s, &mut sums, h[row][block].load(s));
                                    c[row][block].store(unpadded::<S, H>(s, block, reset));
                                    for gate in 0..C::RESET {
                                        gates[gate].store(sums[gate]);
                                    }
                                    continue;
                                }
                                let before = Units {
                                    h: h[row][block].load(s),
                                    c: c[row][block].load(s),
                                };
                                let shares = load(s, gates);
                                let mut next = C::next(s, sums, shares, before);
                                next.units.h = unpadded::<S, H>(s, block, next.units.h);
                                next.units.c = unpadded::<S, H>(s, block, next.units.c);
                                for (gate, value) in gates.iter_mut().zip(next.gates) {
                                    gate.store(value);
                                }
                                if const { C::REMEMBERS } {
                                    c[row][block].store(next.units.c);
                                }
                                y[row][t][block].store(next.units.h);
                                if let Some(saved) = &mut saved {
                                    C::save(s, &mut saved[row][t], block, (sums, before), &next);
                                }
                            }
                        }
                    }
                    if const { C::RESET < G } {
                        for block in 0..B {
                            let mut product = Recurrence::<S, C, T, H, B, P, G> {
                                s,
                                h: &*c,
                                weights,
                                bias,
                                gates,
                                t: &t,
                                panel: G * block + C::RESET,
                                z: &mut z,
                                cell: PhantomData,
                            };
                            product.cover(is_zero, G - C::RESET);
                            for row in 0..rows {
                                if step >= counts.each[row] {
                                    continue;
                                }
                                let t = t[row];
                                let gates = gates[row][t].as_chunks_mut().0;
                                let gates: &mut [Block; G] = &mut gates[block];
                                let mut sums = load(s, gates);
                                for gate in C::RESET..G {
                                    sums[gate] = z[row * WIDTH + gate - C::RESET].load(s);
                                }
                                let before = Units {
                                    h: h[row][block].load(s),
                                    c: c[row][block].load(s),
                                };
                                let next = C::next(s, sums, sums, before);
                                let news = gates.iter_mut().zip(next.gates).skip(C::RESET);
                                for (gate, value) in news {
                                    gate.store(value);
                                }
                                y[row][t][block].store(unpadded::<S, H>(s, block, next.units.h));
                                if let Some(saved) = &mut saved {
                                    C::save(s, &mut saved[row][t], block, (sums, before), &next);
                                }
                            }
                        }
                    }
                    for row in 0..rows {
                        if step >= counts.each[row] {
                            continue;
                        }
                        h[row] = y[row][t[row]];
                    }
                }
                if const { Y > T } {
                    for (c, y) in c.iter().zip(y) {
                        y[T] = *c;
                    }
                }
            }
        },
    );
}

/// All gates of a block of units.
#[inline(always)]
pub(super) fn load<S: Isa, const G: usize>(s: S, gates: &[Block; G]) -> [f32x16<S>; G] {
    array::from_fn(
        #[inline(always)]
        |gate| gates[gate].load(s),
    )
}
