//! Forward over many samples at once, in training.

use super::cell::{GROUP, Weights, cell, fits, gates_of, project, states, units};
use crate::{
    block::Block,
    simd::{Isa, chains},
    tile::{self, Accumulators, Visit},
};
use fearless_simd::{f32x16, prelude::*};

/// Runs whole sequences of several samples.
///
/// `gates` is left holding i, f, g and o, `cells` c and `y` h, of every step, which is what `backward` reads. Every sum
/// begins at the bias; inputs follow, then units, each split as [`chains`] says. A sample's bits depend on that sample
/// alone. `state` has four rows of units for every sample.
pub fn forward<
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
    cells: &mut [[[Block; B]; T]],
    y: &mut [[[Block; B]; T]],
    state: &mut [Block],
) {
    const { assert!(fits(H, B, P, N)) };
    assert!(
        x.len() == gates.len() && x.len() == cells.len() && x.len() == y.len(),
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
            for group in tile::groups(x.len(), GROUP) {
                let (gates, cells) = (&mut gates[group.clone()], &mut cells[group.clone()]);
                let y = &mut y[group];
                advance::<S, T, H, B, P>(s, weights.recurrent, gates, Some(cells), y, state);
            }
        },
    );
}

/// Advances up to [`GROUP`] samples through all steps; `gates` holds what [`project`] left. A function by itself: levels of
/// equal width share it, and so do inference and training, which alone keeps the cells.
#[inline(never)]
pub(super) fn advance<S: Isa, const T: usize, const H: usize, const B: usize, const P: usize>(
    s: S,
    weights: &[[Block; H]; P],
    gates: &mut [[[Block; P]; T]],
    mut cells: Option<&mut [[[Block; B]; T]]>,
    y: &mut [[[Block; B]; T]],
    state: &mut [Block],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let rows = gates.len();
            let [h, c] = states::<B>(state, rows);
            c.as_flattened_mut().fill(Block::ZERO);
            let mut z = [[Block::ZERO; 4]; GROUP];
            for t in 0..T {
                for block in 0..B {
                    let mut product = Recurrence {
                        s,
                        h: &*h,
                        weights: gates_of(weights, block),
                        gates,
                        t,
                        panel: 4 * block,
                        z: &mut z,
                    };
                    if t == 0 {
                        product.start(rows);
                    } else {
                        s.cover_blocks(rows, 4, &mut product);
                    }
                    for row in 0..rows {
                        let next = cell::<S, H>(
                            s,
                            block,
                            z[row].map(
                                #[inline(always)]
                                |z| z.load(s),
                            ),
                            c[row][block].load(s),
                        );
                        for (gate, value) in next.gates.into_iter().enumerate() {
                            gates[row][t][4 * block + gate].store(value);
                        }
                        c[row][block].store(next.c);
                        y[row][t][block].store(next.h);
                        if let Some(cells) = &mut cells {
                            cells[row][t][block].store(next.c);
                        }
                    }
                }
                for (h, y) in h.iter_mut().zip(&*y) {
                    *h = y[t];
                }
            }
        },
    );
}

/// z of one block of units for all rows of a group: `z = gates[t] + h W_hh`.
struct Recurrence<'a, S, const T: usize, const H: usize, const B: usize, const P: usize> {
    s: S,
    h: &'a [[Block; B]],
    weights: &'a [[Block; H]; 4],
    gates: &'a [[[Block; P]; T]],
    t: usize,
    panel: usize,
    z: &'a mut [[Block; 4]; GROUP],
}

impl<S, const T: usize, const H: usize, const B: usize, const P: usize>
    Recurrence<'_, S, T, H, B, P>
{
    /// The first step, whose h\[-1\] is zero.
    #[inline(always)]
    fn start(&mut self, rows: usize) {
        for row in 0..rows {
            self.z[row] = *gates_of(&self.gates[row][self.t], self.panel / 4);
        }
    }
}

impl<S: Isa, const T: usize, const H: usize, const B: usize, const P: usize> Visit
    for Recurrence<'_, S, T, H, B, P>
{
    const BLOCKS: usize = 4;
    const MULTIPLE: usize = 4;

    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, gate: usize) {
        let s = self.s;
        let h = &self.h[row..][..ROWS];
        let gates = &self.gates[row..][..ROWS];
        let weights = &self.weights[gate..][..BLOCKS];
        let mut sums: Accumulators<S, ROWS, BLOCKS> = [[f32x16::splat(s, 0.0); BLOCKS]; ROWS];
        let mut x = [units::<H, B>(&h[0]); ROWS];
        for i in 0..ROWS {
            x[i] = units(&h[i]);
            let start = &gates[i][self.t][self.panel + gate..][..BLOCKS];
            for j in 0..BLOCKS {
                sums[i][j] = start[j].load(s);
            }
        }
        let mut w = [&weights[0]; BLOCKS];
        for j in 0..BLOCKS {
            w[j] = &weights[j];
        }
        let run = const { chains::run(H, P, S::SET) };
        if const { chains::run(H, P, S::SET) == H } {
            tile::accumulate(s, &mut sums, x, w);
        } else {
            tile::accumulate_runs(s, &mut sums, x, w, run);
        }
        let z = &mut self.z[row..][..ROWS];
        for i in 0..ROWS {
            let z = &mut z[i][gate..][..BLOCKS];
            for j in 0..BLOCKS {
                z[j].store(sums[i][j]);
            }
        }
    }
}
