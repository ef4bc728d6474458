//! The second phase of training: equations (8) and (9) of the module above.
//!
//! A batch of sequences has thousands of rows (samples times steps), too many to pass a register tile in one go: the
//! rows' deltas, a panel here and a panel there, would come from far away for every tile. So rows come in sections that
//! stay in the level-1 cache for a rectangle of weights, panels by inputs, whose unfinished sums are parked in between.
//! A sum is still one chain over all rows in their order.

use super::gates_of;
use crate::{
    block::Block,
    simd::{Isa, Visit},
    tile::{self, Accumulators},
    update::Stretch,
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// Rows of a section.
const ROWS: usize = 64;
/// Most panels of a rectangle: a block of units' gates.
const PANELS: usize = 4;
/// Most inputs of a rectangle; all tiles divide it or leave a remainder that some tile fits.
const INPUTS: usize = 144;

/// What `weight_hh` meets in [`update`]: of each whole sequence of `chunks`, h of one step beside dz of the next. A row of h
/// is `F = 16 B` floats. The first step's h\[-1\] is zero, so that its dz meets nothing.
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

/// Finishes the gradients (8) or (9) of the part of `weight_ih` or `weight_hh` that `stretch` asks for; like
/// `dense::update`, but for many rows.
///
/// `rows` gives, piece by piece, x (rows of `KS` floats of which the first `K` count) and dz, or what [`recurrent_rows`]
/// gives. The weights are the layer's `[[Block; K]; P]`, read as one flat slice; any stretch of it, and any pieces, give
/// the same bits. They are cut into rectangles, and each is finished by itself.
pub fn update<'a, S: Isa, const K: usize, const KS: usize, const P: usize>(
    s: S,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    stretch: &mut Stretch<'_>,
) {
    const { assert!(0 < K && K <= KS && P.is_multiple_of(PANELS)) };
    let Range { start, end } = stretch.range();
    assert!(end <= K * P);
    let mut sums = [[Block::ZERO; PANELS]; INPUTS];
    let mut at = start;
    while at < end {
        let (panel, k) = (at / K, at % K);
        // Whole panels of one block of units together where there are some, or else what there is of one panel.
        let whole = if k == 0 { (end - at) / K } else { 0 };
        let (panels, to) = match whole {
            0 => (1, K.min(k + end - at)),
            _ => (whole.min(PANELS - panel % PANELS), K),
        };
        for from in (k..to).step_by(INPUTS) {
            let inputs = from..to.min(from + INPUTS);
            let within = panel % PANELS..panel % PANELS + panels;
            sum(
                s,
                rows.clone(),
                panel / PANELS,
                within.clone(),
                inputs.clone(),
                &mut sums,
            );
            for (panel, within) in (panel..).zip(within) {
                let mut gradients = [Block::ZERO; INPUTS];
                for (gradient, sums) in gradients.iter_mut().zip(&sums[..inputs.len()]) {
                    *gradient = sums[within];
                }
                stretch.finish(panel * K + from, &gradients[..inputs.len()]);
            }
        }
        at = if panels == 1 {
            panel * K + to
        } else {
            (panel + panels) * K
        };
    }
}

/// Sums a rectangle, some gates of a block of units by some inputs, over all rows, section by section.
fn sum<'a, S: Isa, const KS: usize, const P: usize>(
    s: S,
    chunks: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])>,
    units: usize,
    gates: Range<usize>,
    inputs: Range<usize>,
    sums: &mut [[Block; PANELS]; INPUTS],
) {
    sums[..inputs.len()].fill([Block::ZERO; PANELS]);
    let (mut x, mut deltas) = ([&[0.0; KS]; ROWS], [[Block::ZERO; PANELS]; ROWS]);
    let mut rows = 0;
    let mut add = |x: &[&[f32; KS]], deltas: &[[Block; PANELS]]| {
        let section = Section {
            s,
            x,
            deltas,
            input: inputs.start,
            gate: gates.start,
            sums,
        };
        add(section, inputs.len(), gates.len());
    };
    for (xs, dz) in chunks {
        for (row, dz) in xs.iter().zip(dz) {
            x[rows] = row;
            // Side by side, since in memory they lie P blocks apart.
            deltas[rows] = *gates_of(dz, units);
            rows += 1;
            if rows == ROWS {
                add(&x, &deltas);
                rows = 0;
            }
        }
    }
    add(&x[..rows], &deltas[..rows]);
}

/// Adds a section of rows to a rectangle's sums. A function by itself: gradients of equal width share it.
#[inline(never)]
fn add<S: Isa, const KS: usize>(mut section: Section<'_, '_, S, KS>, inputs: usize, gates: usize) {
    let s = section.s;
    s.vectorize(
        #[inline(always)]
        || s.cover_rows(inputs, gates, &mut section),
    );
}

/// Some rows, and the sums of the rectangle that they meet.
struct Section<'a, 'b, S, const KS: usize> {
    s: S,
    x: &'b [&'a [f32; KS]],
    deltas: &'b [[Block; PANELS]],
    /// The rectangle's first input.
    input: usize,
    /// The rectangle's first gate.
    gate: usize,
    sums: &'b mut [[Block; PANELS]; INPUTS],
}

impl<S: Isa, const KS: usize> Visit for Section<'_, '_, S, KS> {
    const BLOCKS: usize = PANELS;

    /// Here the tile's rows are inputs, and the sum runs over the section.
    #[inline(always)]
    fn tile<const M: usize, const N: usize>(&mut self, input: usize, gate: usize) {
        let (s, gate, k) = (self.s, self.gate + gate, self.input + input);
        let parked = &mut self.sums[input..][..M];
        assert!(k + M <= KS && gate + N <= PANELS);
        let mut sums: Accumulators<S, M, N> = [[f32x16::splat(s, 0.0); N]; M];
        for i in 0..M {
            for j in 0..N {
                sums[i][j] = parked[i][gate + j].load(s);
            }
        }
        for (x, deltas) in self.x.iter().zip(self.deltas) {
            tile::step(
                s,
                &mut sums,
                #[inline(always)]
                |i| x[k + i],
                #[inline(always)]
                |j| &deltas[gate + j],
            );
        }
        for i in 0..M {
            for j in 0..N {
                parked[i][gate + j].store(sums[i][j]);
            }
        }
    }
}
