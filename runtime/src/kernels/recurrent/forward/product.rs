//! The product of a step with the recurrent weights.

use super::super::{
    cell::Cell,
    gru::{Gru, GruResetBefore},
    layer::{GROUP, units},
    lstm::Lstm,
    rnn::{RnnRelu, RnnTanh},
};
use crate::{
    block::Block,
    simd::{Isa, chains},
    tile::{self, Accumulators, Visit},
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, prelude::*};

/// Most panels of a turn: a block of units' gates, or those of several blocks.
pub const WIDTH: usize = 6;

/// The sums of some neighbouring panels for all rows of a group: `z = gates[t] + h W_hh`.
pub struct Recurrence<
    'a,
    S,
    C,
    const T: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
> {
    pub s: S,
    pub h: &'a [[Block; B]],
    pub weights: &'a [[Block; H]; P],
    pub bias: &'a [Block; P],
    pub gates: &'a [[[Block; P]; T]],
    /// The step of each row.
    pub t: &'a [usize; GROUP],
    pub panel: usize,
    pub z: &'a mut [Block; WIDTH * GROUP],
    pub cell: PhantomData<C>,
}

impl<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
> Recurrence<'_, S, C, T, H, B, P, G>
{
    /// The sums of `panels`, whose products are left out if h is zero.
    #[inline(always)]
    pub fn cover(&mut self, is_zero: bool, panels: usize) {
        let (s, rows) = (self.s, self.gates.len());
        if !is_zero {
            return s.cover_blocks(rows, panels, self);
        }
        for row in 0..rows {
            for panel in 0..panels {
                self.z[row * WIDTH + panel] = *self.start(row, self.panel + panel);
            }
        }
    }

    /// Where a sum begins.
    #[inline(always)]
    fn start(&self, row: usize, panel: usize) -> &Block {
        match const { C::APART < G } && panel % G >= C::APART {
            true => &self.bias[panel],
            false => &self.gates[row][self.t[row]][panel],
        }
    }
}

impl<
    S: Isa,
    C: Cell<G>,
    const T: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const G: usize,
> Visit for Recurrence<'_, S, C, T, H, B, P, G>
{
    const BLOCKS: usize = C::UNITS * C::RESET;
    const MULTIPLE: usize = if G == 4 { 4 } else { 1 };

    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, panel: usize) {
        let s = self.s;
        let h = &self.h[row..][..ROWS];
        let weights: &[[Block; H]; BLOCKS] = match self.weights[self.panel + panel..].first_chunk()
        {
            Some(weights) => weights,
            None => unreachable!("panels of a turn are those of the layer"),
        };
        let mut sums: Accumulators<S, ROWS, BLOCKS> = [[f32x16::splat(s, 0.0); BLOCKS]; ROWS];
        let mut x = [units::<H, B>(&h[0]); ROWS];
        for i in 0..ROWS {
            x[i] = units(&h[i]);
            if const { C::APART < G } {
                for (j, sum) in sums[i].iter_mut().enumerate() {
                    *sum = self.start(row + i, self.panel + panel + j).load(s);
                }
            } else {
                let start = &self.gates[row + i][self.t[row + i]][self.panel + panel..][..BLOCKS];
                for j in 0..BLOCKS {
                    sums[i][j] = start[j].load(s);
                }
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
        let z = &mut self.z[row * WIDTH..][..ROWS * WIDTH];
        for i in 0..ROWS {
            let z = &mut z[i * WIDTH + panel..][..BLOCKS];
            for j in 0..BLOCKS {
                z[j].store(sums[i][j]);
            }
        }
    }
}

const _: () = {
    // A turn's panels fit.
    assert!(<Lstm as Cell<4>>::UNITS * 4 <= WIDTH);
    assert!(<Gru as Cell<3>>::UNITS * 3 <= WIDTH);
    assert!(<GruResetBefore as Cell<3>>::UNITS * 3 <= WIDTH);
    assert!(<RnnTanh as Cell<1>>::UNITS <= WIDTH);
    assert!(<RnnRelu as Cell<1>>::UNITS <= WIDTH);
};
