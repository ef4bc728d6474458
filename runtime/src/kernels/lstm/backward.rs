//! Backpropagation through time: equations (1) to (7) of the module above.
//!
//! Each of (2) to (6) is a product of four or five numbers. They are grouped so that most products serve twice, and what is
//! multiplied again is flushed or known to be zero or at least 2^-63: a gate, or 1 - x where x is rounded (at least 2^-24).

use super::cell::{GROUP, fits, gates_of, states};
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::Identity,
        dense::{self, Start},
    },
    math::{self, flush},
    simd::{Isa, chains::POSITIONS},
    tile::{self, Accumulators, Visit},
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// Floats of dz that belong to one block of units: the stretches in which (1) is summed.
const STRETCH: usize = 4 * LANES;

/// Stretches that all rows meet before the next: so many transposed weights of one block of units share the level-1
/// cache with the rows.
const DEPTH: usize = 2;

/// Whether a chain over all gates of `panels` would be too long; then every [`DEPTH`] stretches are one.
const fn cuts(panels: usize) -> bool {
    panels * LANES > POSITIONS
}

/// Turns the deltas `dy` of the outputs into the deltas dz of the preactivations, which replace i, f, g and o in `gates`.
///
/// `gates` and `cells` are what `forward` left; `recurrent` is the transposed `weight_hh` (`dense::transpose`). Sums begin at
/// dy and add gates ascending, in one chain up to 1,024 units. `carried` has two rows of units for every sample.
pub fn backward<
    S: Isa,
    const T: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
>(
    s: S,
    recurrent: &[[Block; N]; B],
    cells: &[[[Block; B]; T]],
    dy: &[[[Block; B]; T]],
    gates: &mut [[[Block; P]; T]],
    carried: &mut [Block],
) {
    const { assert!(fits(H, B, P, N)) };
    assert!(
        cells.len() == gates.len() && dy.len() == gates.len(),
        "as many deltas as samples"
    );
    s.vectorize(
        #[inline(always)]
        || {
            for group in tile::groups(gates.len(), GROUP) {
                let (cells, dy) = (&cells[group.clone()], &dy[group.clone()]);
                let gates = &mut gates[group];
                retreat::<S, T, B, P, N>(s, recurrent, cells, dy, gates, carried);
            }
        },
    );
}

/// Takes up to [`GROUP`] samples back through all steps.
#[inline(always)]
fn retreat<S: Isa, const T: usize, const B: usize, const P: usize, const N: usize>(
    s: S,
    recurrent: &[[Block; N]; B],
    cells: &[[[Block; B]; T]],
    dy: &[[[Block; B]; T]],
    gates: &mut [[[Block; P]; T]],
    carried: &mut [Block],
) {
    let rows = gates.len();
    // f[t+1] dc[t+1]
    let [dh, dc] = states::<B>(carried, rows);
    dc.as_flattened_mut().fill(Block::ZERO);
    for t in (0..T).rev() {
        for (dh, dy) in dh.iter_mut().zip(dy) {
            *dh = dy[t];
        }
        if t + 1 < T {
            for from in (0..B).step_by(DEPTH) {
                let mut product = Recurrence::<S, T, B, P, N> {
                    s,
                    gates,
                    t: t + 1,
                    stretches: from..B.min(from + DEPTH),
                    recurrent,
                    dh: &mut *dh,
                };
                s.cover_blocks(rows, B, &mut product);
            }
        }
        for row in 0..rows {
            for block in 0..B {
                let previous = match t.checked_sub(1) {
                    Some(before) => cells[row][before][block].load(s),
                    None => f32x16::splat(s, 0.0),
                };
                let gates = &mut gates[row][t].as_chunks_mut().0[block];
                let c = cells[row][t][block].load(s);
                let dh = dh[row][block].load(s);
                let carried = dc[row][block].load(s);
                dc[row][block].store(cell(s, gates, c, previous, dh, carried));
            }
        }
    }
}

/// Equations (2) to (6) for one block of units; gives f dc, which is the next step's first term of (2).
#[inline(always)]
fn cell<S: Isa>(
    s: S,
    gates: &mut [Block; 4],
    c: f32x16<S>,
    previous: f32x16<S>,
    dh: f32x16<S>,
    carried: f32x16<S>,
) -> f32x16<S> {
    let one = f32x16::splat(s, 1.0);
    let [i, f, g, o] = gates.each_ref().map(
        #[inline(always)]
        |gate| gate.load(s),
    );
    let tanh = math::tanh(s, c);
    let through_output = flush(s, flush(s, dh) * o);
    let dc = flush(
        s,
        through_output.mul_add((-tanh).mul_add(tanh, one), carried),
    );
    let (through_input, through_forget) = (flush(s, dc * i), flush(s, dc * f));
    let deltas = [
        through_input * flush(s, g * (one - i)),
        through_forget * flush(s, previous * (one - f)),
        through_input * (-g).mul_add(g, one),
        through_output * flush(s, tanh * (one - o)),
    ];
    for (gate, delta) in gates.iter_mut().zip(deltas) {
        gate.store(flush(s, delta));
    }
    through_forget
}

/// Some stretches of (1), `dh += dz[t] W_hh^T`, for all rows of a group.
struct Recurrence<'a, S, const T: usize, const B: usize, const P: usize, const N: usize> {
    s: S,
    gates: &'a [[[Block; P]; T]],
    t: usize,
    stretches: Range<usize>,
    recurrent: &'a [[Block; N]; B],
    dh: &'a mut [[Block; B]],
}

impl<S: Isa, const T: usize, const B: usize, const P: usize, const N: usize> Visit
    for Recurrence<'_, S, T, B, P, N>
{
    const BLOCKS: usize = B;
    const MULTIPLE: usize = 1 << B.trailing_zeros();

    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, block: usize) {
        let s = self.s;
        let gates = &self.gates[row..][..ROWS];
        let dh = &mut self.dh[row..][..ROWS];
        let recurrent = &self.recurrent[block..][..BLOCKS];
        let mut sums: Accumulators<S, ROWS, BLOCKS> = [[f32x16::splat(s, 0.0); BLOCKS]; ROWS];
        for i in 0..ROWS {
            let dh = &dh[i][block..][..BLOCKS];
            for j in 0..BLOCKS {
                if const { !cuts(P) } {
                    sums[i][j] = dh[j].load(s);
                }
            }
        }
        for stretch in self.stretches.clone() {
            let mut x = [&[0.0; STRETCH]; ROWS];
            for i in 0..ROWS {
                x[i] = bytemuck::must_cast_ref(gates_of(&gates[i][self.t], stretch));
            }
            let mut w = [&[Block::ZERO; STRETCH]; BLOCKS];
            for j in 0..BLOCKS {
                w[j] = &recurrent[j].as_chunks().0[stretch];
            }
            tile::accumulate(s, &mut sums, x, w);
        }
        for i in 0..ROWS {
            let dh = &mut dh[i][block..][..BLOCKS];
            for j in 0..BLOCKS {
                if const { cuts(P) } {
                    sums[i][j] = dh[j].load(s) + sums[i][j];
                }
                dh[j].store(sums[i][j]);
            }
        }
    }
}

/// (7) for all samples and steps at once: `dx = dz W_ih^T`, or `dx += dz W_ih^T` if `ADD`.
///
/// `input` is the transposed `weight_ih` (`dense::transpose`), `Q = ceil(I / 16)` the blocks of a row of dx.
pub fn input_gradient<
    S: Isa,
    const T: usize,
    const I: usize,
    const P: usize,
    const N: usize,
    const Q: usize,
    const ADD: bool,
>(
    s: S,
    gates: &[[[Block; P]; T]],
    input: &[[Block; N]; Q],
    dx: &mut [[[Block; Q]; T]],
) {
    const { assert!(N == P * LANES) };
    let dz: &[[f32; N]] = bytemuck::must_cast_slice(gates.as_flattened());
    let start = if ADD { Start::Add } else { Start::Zero };
    dense::forward::<S, Identity, N, N, I, Q>(s, dz, input, start, dx.as_flattened_mut());
}
