//! The second phase of training: equations (8) and (9) of the module above.
//!
//! A batch of sequences has thousands of rows (samples times steps), too many to pass a register tile in one go: the
//! rows' deltas, a panel here and a panel there, would come from far away for every tile. So rows come in sections that
//! stay in the level-1 cache for a rectangle of weights, panels by inputs, whose unfinished sums are parked in between.
//! A sum is still one chain over all rows in their order, and the last section ends in the optimizer as ever.

use crate::{
    block::Block,
    simd::{Isa, Visit},
    tile::{self, Accumulators},
    update::Update,
};
use fearless_simd::{f32x16, prelude::*};

/// Rows of a section.
const ROWS: usize = 64;
/// Panels of a rectangle: a block of units' gates.
const PANELS: usize = 4;
/// Most inputs of a rectangle; all tiles divide it or leave a remainder that some tile fits.
const INPUTS: usize = 144;

/// Finishes the gradients (8) of `weight_ih` and applies them; like `dense::update`, but for many rows.
///
/// `rows` gives, chunk by chunk, x (rows of `KS` floats of which the first `I` count) and dz. `weights` is the part of
/// the layer's `[[Block; I]; P]`, read as one flat slice, that begins at block `first`, with `state` beside it; any cut
/// of it, and any chunks, give the same bits.
pub fn update_input<'a, S: Isa, U: Update, const I: usize, const KS: usize, const P: usize>(
    s: S,
    u: &U,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    first: usize,
    weights: &mut [Block],
    state: &mut [U::State],
) {
    update::<S, U, I, KS, P>(s, u, rows, first, weights, state);
}

/// What `weight_hh` meets, for [`update_recurrent`]: of each whole sequence of `chunks`, h of one step beside dz of the
/// next. A row of h is `F = 16 B` floats. The first step's h[-1] is zero, so that its dz meets nothing.
#[inline(always)]
pub fn recurrent_rows<'a, const T: usize, const B: usize, const P: usize, const F: usize>(
    chunks: impl Iterator<Item = (&'a [[[Block; B]; T]], &'a [[[Block; P]; T]])> + Clone,
) -> impl Iterator<Item = (&'a [[f32; F]], &'a [[Block; P]])> + Clone {
    chunks.flat_map(
        #[inline(always)]
        |(y, dz)| {
            y.iter().zip(dz).map(
                #[inline(always)]
                |(y, dz)| {
                    let h: &[[f32; F]] = bytemuck::must_cast_slice(y);
                    (&h[..T - 1], &dz[1..])
                },
            )
        },
    )
}

/// Finishes the gradients (9) of `weight_hh` and applies them, as [`update_input`] does; `rows` are those of
/// [`recurrent_rows`], sequence by sequence, however long each is.
pub fn update_recurrent<'a, S: Isa, U: Update, const H: usize, const P: usize, const F: usize>(
    s: S,
    u: &U,
    rows: impl Iterator<Item = (&'a [[f32; F]], &'a [[Block; P]])> + Clone,
    first: usize,
    weights: &mut [Block],
    state: &mut [U::State],
) {
    update::<S, U, H, F, P>(s, u, rows, first, weights, state);
}

/// Cuts the weights `first..` into rectangles and finishes each.
fn update<'a, S: Isa, U: Update, const K: usize, const KS: usize, const P: usize>(
    s: S,
    u: &U,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    first: usize,
    weights: &mut [Block],
    state: &mut [U::State],
) {
    const { assert!(0 < K && K <= KS && P.is_multiple_of(PANELS)) };
    let end = first + weights.len();
    assert!(weights.len() == state.len() && end <= K * P);
    s.vectorize(
        #[inline(always)]
        || {
            let mut sums = [[Block::ZERO; PANELS]; INPUTS];
            let mut at = first;
            while at < end {
                let (panel, k) = (at / K, at % K);
                // Whole panels together where there are some, or else what there is of one.
                let whole = if k == 0 { (end - at) / K } else { 0 };
                let (panels, to) = match whole {
                    0 => (1, K.min(k + end - at)),
                    _ => (whole.min(PANELS - panel % PANELS), K),
                };
                for from in (k..to).step_by(INPUTS) {
                    let mut rectangle = Rectangle::<S, U, KS, P> {
                        s,
                        u,
                        x: [&[0.0; KS]; ROWS],
                        deltas: [[Block::ZERO; PANELS]; ROWS],
                        rows: 0,
                        k: from,
                        sums: &mut sums,
                        starts: true,
                        ends: false,
                        weights: &mut weights[panel * K + from - first..],
                        state: &mut state[panel * K + from - first..],
                        pitch: K,
                    };
                    let inputs = INPUTS.min(to - from);
                    rectangle.finish(rows.clone(), panel, panels, inputs);
                }
                at = if panels == 1 {
                    panel * K + to
                } else {
                    (panel + panels) * K
                };
            }
        },
    );
}

/// Some panels of weights by some inputs, and the section of rows that they meet.
struct Rectangle<'a, 'b, S, U: Update, const KS: usize, const P: usize> {
    s: S,
    u: &'b U,
    x: [&'a [f32; KS]; ROWS],
    /// dz of the rectangle's panels: side by side, since in memory they lie P blocks apart.
    deltas: [[Block; PANELS]; ROWS],
    rows: usize,
    k: usize,
    sums: &'b mut [[Block; PANELS]; INPUTS],
    starts: bool,
    ends: bool,
    weights: &'b mut [Block],
    state: &'b mut [U::State],
    /// Blocks from panel to panel of `weights`.
    pitch: usize,
}

impl<'a, S: Isa, U: Update, const KS: usize, const P: usize> Rectangle<'a, '_, S, U, KS, P> {
    /// Sums over all rows, section by section.
    #[inline(always)]
    fn finish(
        &mut self,
        chunks: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
        panel: usize,
        panels: usize,
        inputs: usize,
    ) {
        let s = self.s;
        let mut left: usize = chunks.clone().map(|(x, _)| x.len()).sum();
        let mut rows = chunks.flat_map(
            #[inline(always)]
            |(x, dz)| x.iter().zip(dz),
        );
        loop {
            self.rows = left.min(ROWS);
            left -= self.rows;
            self.ends = left == 0;
            let section = self.x.iter_mut().zip(&mut self.deltas);
            for ((x, deltas), (row, dz)) in section.zip(rows.by_ref().take(self.rows)) {
                *x = row;
                deltas[..panels].copy_from_slice(&dz[panel..][..panels]);
            }
            s.cover_rows(inputs, panels, self);
            self.starts = false;
            if self.ends {
                break;
            }
        }
    }
}

impl<S: Isa, U: Update, const KS: usize, const P: usize> Visit for Rectangle<'_, '_, S, U, KS, P> {
    /// Here the tile's rows are inputs, and the sum runs over the section.
    #[inline(always)]
    fn tile<const M: usize, const N: usize>(&mut self, input: usize, panel: usize) {
        let s = self.s;
        let parked = &mut self.sums[input..][..M];
        let mut sums: Accumulators<S, M, N> = [[f32x16::splat(s, 0.0); N]; M];
        if !self.starts {
            for (sums, parked) in sums.iter_mut().zip(&*parked) {
                for (sum, parked) in sums.iter_mut().zip(&parked[panel..][..N]) {
                    *sum = parked.load(s);
                }
            }
        }
        let k = self.k + input;
        assert!(k + M <= KS && panel + N <= PANELS);
        for (x, deltas) in self.x.iter().zip(&self.deltas).take(self.rows) {
            tile::step(
                s,
                &mut sums,
                #[inline(always)]
                |i| x[k + i],
                #[inline(always)]
                |j| &deltas[panel + j],
            );
        }
        if !self.ends {
            for (sums, parked) in sums.into_iter().zip(parked) {
                for (sum, parked) in sums.into_iter().zip(&mut parked[panel..][..N]) {
                    parked.store(sum);
                }
            }
            return;
        }
        for (i, sums) in sums.into_iter().enumerate() {
            for (j, sum) in sums.into_iter().enumerate() {
                let at = (panel + j) * self.pitch + input + i;
                self.u
                    .apply(s, sum, &mut self.weights[at], &mut self.state[at]);
            }
        }
    }
}
