//! Backpropagation through time: equations (1) and (2) of the module above, and those of the cells.

mod given;

use super::{
    cell::{Cell, Deltas},
    forward::part,
    layer::{GROUP, fits, states},
    order::{Counts, Order},
};
use crate::{
    block::{Block, LANES},
    math::flush,
    simd::{Isa, chains::POSITIONS},
    tile::{self, Accumulators, Visit},
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

pub use given::{initial_gradient, input_gradient};

/// Floats of deltas that all rows meet before the next: so many transposed weights of one block of units share the level-1
/// cache with the rows.
const FLOATS: usize = 128;

/// Blocks of units of which that are the gates.
const fn depth(gates: usize) -> usize {
    FLOATS / (gates * LANES)
}

/// Whether a chain over all gates of `panels` would be too long; then those of every [`depth`] blocks of units are one.
const fn cuts(panels: usize) -> bool {
    panels * LANES > POSITIONS
}

/// Turns the deltas `dy` of the outputs into the deltas of the gates' sums, which replace the gates in `gates`; where the
/// sums of h have deltas of their own (`Gru`), those replace what is `saved`.
///
/// `gates`, `saved`, `c0` and `order` are those of `forward`; steps that do not count have no deltas. `recurrent` is the
/// transposed `weight_hh` (`dense::transpose`). Sums begin at dy and add gates ascending, in one chain up to 4,096 of them.
/// `dh0` and `dc0`, where they are wanted, are the deltas of the states before the first step. `carried` has two rows of
/// units for every sample.
pub fn backward<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const Y: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
>(
    s: S,
    recurrent: &[[Block; N]; B],
    c0: Option<&[[Block; B]]>,
    order: Order<'_>,
    dy: &[[[Block; B]; Y]],
    gates: &mut [[[Block; P]; T]],
    mut saved: Option<&mut [[[Block; W]; T]]>,
    mut dh0: Option<&mut [[Block; B]]>,
    mut dc0: Option<&mut [[Block; B]]>,
    carried: &mut [Block],
) {
    const { assert!(fits(H, B, P, G) && N == LANES * P) };
    assert!(dy.len() == gates.len(), "as many deltas as samples");
    s.vectorize(
        #[inline(always)]
        || {
            for group in tile::groups(gates.len(), GROUP) {
                let rows = Rows {
                    c0: part(c0, &group),
                    order: order.part(&group),
                    dy: &dy[group.clone()],
                    gates: &mut gates[group.clone()],
                    saved: match &mut saved {
                        Some(saved) => &mut saved[group.clone()],
                        None => &mut [],
                    },
                    dh0: match &mut dh0 {
                        Some(dh0) => Some(&mut dh0[group.clone()]),
                        None => None,
                    },
                    dc0: match &mut dc0 {
                        Some(dc0) => Some(&mut dc0[group]),
                        None => None,
                    },
                };
                retreat::<S, C, T, Y, B, P, N, G, W>(s, recurrent, rows, carried);
            }
        },
    );
}

/// Up to [`GROUP`] samples that go back together.
struct Rows<'a, const T: usize, const Y: usize, const B: usize, const P: usize, const W: usize> {
    c0: Option<&'a [[Block; B]]>,
    order: Order<'a>,
    dy: &'a [[[Block; B]; Y]],
    gates: &'a mut [[[Block; P]; T]],
    /// Nothing for a cell that keeps nothing.
    saved: &'a mut [[[Block; W]; T]],
    dh0: Option<&'a mut [[Block; B]]>,
    dc0: Option<&'a mut [[Block; B]]>,
}

/// Takes samples back through all steps.
#[inline(always)]
fn retreat<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const Y: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
>(
    s: S,
    recurrent: &[[Block; N]; B],
    rows: Rows<'_, T, Y, B, P, W>,
    carried: &mut [Block],
) {
    let Rows {
        c0,
        order,
        dy,
        gates,
        saved,
        dh0,
        dc0,
    } = rows;
    let rows = gates.len();
    let zero = f32x16::splat(s, 0.0);
    let mut nothing = [Block::ZERO; W];
    let [dh, carried] = states::<B>(carried, rows);
    for (carried, dy) in carried.iter_mut().zip(dy) {
        // What c receives as a result of its own.
        *carried = if const { Y > T } {
            dy[T]
        } else {
            [Block::ZERO; B]
        };
    }
    let counts = Counts::of::<T>(order, rows);
    for (row, &count) in counts.each[..rows].iter().enumerate() {
        gates[row][count..].as_flattened_mut().fill(Block::ZERO);
        if let Some(saved) = saved.get_mut(row) {
            saved[count..].as_flattened_mut().fill(Block::ZERO);
        }
    }
    // Where the samples were one step later.
    let mut later: Option<[usize; GROUP]> = None;
    for step in (0..counts.most).rev() {
        let t = counts.at(order, step);
        for (((dh, dy), carried), &t) in dh.iter_mut().zip(dy).zip(&*carried).zip(&t) {
            *dh = dy[t];
            if const { C::PASSES } {
                for (dh, carried) in dh.iter_mut().zip(carried) {
                    dh.store(dh.load(s) + carried.load(s));
                }
            }
        }
        if let Some(later) = &later.replace(t) {
            through::<S, C, T, B, P, N, G, W>(s, recurrent, gates, saved, later, 0, C::RESET, dh);
        }
        for row in 0..rows {
            if step >= counts.each[row] {
                continue;
            }
            let t = t[row];
            for block in 0..B {
                let before = match step.checked_sub(1) {
                    _ if !C::REMEMBERS => zero,
                    Some(step) => saved[row][order.at(step, counts.each[row])][block].load(s),
                    None => c0.map_or(zero, |c0| c0[row][block].load(s)),
                };
                let deltas = Deltas {
                    h: dh[row][block].load(s),
                    carried: carried[row][block].load(s),
                    c: before,
                };
                let gates = &mut gates[row][t].as_chunks_mut().0[block];
                let saved = match const { W > 0 } {
                    true => &mut saved[row][t],
                    false => &mut nothing,
                };
                carried[row][block].store(C::back(s, gates, saved, block, deltas));
            }
        }
        if const { C::RESET < G } {
            dh.as_flattened_mut().fill(Block::ZERO);
            through::<S, C, T, B, P, N, G, W>(s, recurrent, gates, saved, &t, C::RESET, G, dh);
            for row in 0..rows {
                if step >= counts.each[row] {
                    continue;
                }
                let t = t[row];
                for block in 0..B {
                    let deltas = Deltas {
                        h: dh[row][block].load(s),
                        carried: carried[row][block].load(s),
                        c: zero,
                    };
                    let gates = &mut gates[row][t].as_chunks_mut().0[block];
                    let passed = C::back_reset(s, gates, &saved[row][t], block, deltas);
                    carried[row][block].store(passed);
                }
            }
        }
    }
    if let Some(dh0) = dh0 {
        for (dh, carried) in dh.iter_mut().zip(&*carried) {
            *dh = if const { C::PASSES } {
                *carried
            } else {
                [Block::ZERO; B]
            };
        }
        let t = &counts.at(order, 0);
        through::<S, C, T, B, P, N, G, W>(s, recurrent, gates, saved, t, 0, C::RESET, dh);
        for (dh0, dh) in dh0.as_flattened_mut().iter_mut().zip(dh.as_flattened()) {
            dh0.store(flush(s, dh.load(s)));
        }
    }
    if let Some(dc0) = dc0 {
        dc0.copy_from_slice(carried);
    }
}

/// Equation (1), `dh += dz[t] W_hh^T`, from the gates `from..to` of every unit. A function by itself: the steps share it
/// with what is before the first.
#[inline(never)]
fn through<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
>(
    s: S,
    recurrent: &[[Block; N]; B],
    gates: &[[[Block; P]; T]],
    saved: &[[[Block; W]; T]],
    t: &[usize; GROUP],
    from: usize,
    to: usize,
    dh: &mut [[Block; B]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let rows = gates.len();
            for first in (0..B).step_by(const { depth(G) }) {
                let stretches = first..B.min(first + const { depth(G) });
                macro_rules! cover {
                    ($floats:literal) => {{
                        let mut product = Recurrence::<S, C, T, B, P, N, G, W, $floats> {
                            s,
                            gates,
                            saved,
                            t,
                            stretches,
                            from,
                            recurrent,
                            dh: &mut *dh,
                            cell: PhantomData,
                        };
                        s.cover_blocks(rows, B, &mut product);
                    }};
                }
                // All gates of a cell together, or those before and behind the first that resets.
                match to - from {
                    _ if const { G == 4 } => cover!(64),
                    _ if const { G == 3 && C::RESET == 3 } => cover!(48),
                    2 if const { G == 3 } => cover!(32),
                    _ => cover!(16),
                }
            }
        },
    );
}

/// Some stretches of (1), `D` floats of every block of units from the gate `from` on, for all rows of a group.
struct Recurrence<
    'a,
    S,
    C,
    const T: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
    const D: usize,
> {
    s: S,
    gates: &'a [[[Block; P]; T]],
    saved: &'a [[[Block; W]; T]],
    /// The step of each row.
    t: &'a [usize; GROUP],
    stretches: Range<usize>,
    from: usize,
    recurrent: &'a [[Block; N]; B],
    dh: &'a mut [[Block; B]],
    cell: PhantomData<C>,
}

impl<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
    const D: usize,
> Visit for Recurrence<'_, S, C, T, B, P, N, G, W, D>
{
    const BLOCKS: usize = B;
    const MULTIPLE: usize = 1 << B.trailing_zeros();

    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, block: usize) {
        let s = self.s;
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
            let at = (stretch * G + self.from) * LANES;
            let mut x = [&[0.0; D]; ROWS];
            for (i, x) in x.iter_mut().enumerate() {
                // The sums of h have the deltas of the gates, or deltas of their own.
                let deltas: &[Block] = match const { C::APART < G } {
                    true => &self.saved[row + i][self.t[row + i]],
                    false => &self.gates[row + i][self.t[row + i]],
                };
                *x = floats(bytemuck::must_cast_slice(deltas), at);
            }
            let mut w = [&[Block::ZERO; D]; BLOCKS];
            for j in 0..BLOCKS {
                w[j] = floats(&recurrent[j], at);
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

/// So many elements from one on.
#[inline(always)]
fn floats<T, const D: usize>(row: &[T], from: usize) -> &[T; D] {
    match row[from..].first_chunk() {
        Some(chunk) => chunk,
        None => unreachable!("a stretch lies within its row"),
    }
}
