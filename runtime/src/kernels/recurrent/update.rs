//! Gradients of the weights: equations (3) and (4) of the module above.
//!
//! A batch of sequences has thousands of rows (samples times steps), too many to pass a register tile in one go: the
//! rows' deltas, a panel here and a panel there, would come from far away for every tile. So rows come in sections that
//! stay in the level-1 cache for a rectangle of weights, panels by inputs, whose unfinished sums are parked in between.
//! A sum still adds all rows in their order, in chains of [`POSITIONS`] rows that are joined ascending.

use super::layer::gates_of;
use crate::{
    block::{Block, LANES},
    kernels::length::counted,
    simd::{HAS_VECTORS, Isa, chains::POSITIONS},
    tile::{self, Accumulators, Visit},
    update::Stretch,
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// Rows of a section; so many sections are a chain.
const ROWS: usize = if HAS_VECTORS { 64 } else { 8 };
const SECTIONS: usize = POSITIONS / ROWS;
/// Most panels of a rectangle: a block of units' gates, or a gate of several blocks.
const PANELS: usize = 4;
/// Most inputs of a rectangle; all tiles divide it or leave a remainder that some tile fits.
const INPUTS: usize = if HAS_VECTORS { 144 } else { 8 };

/// The sums of a rectangle, input by input.
type Sums<const U: usize> = [[Block; U]; INPUTS];

/// What `weight_hh` meets in [`update`]: of each whole sequence of `chunks`, h of one step beside the deltas of the next, or
/// of the one before if `REVERSE`. A row of h is `F = 16 B` floats. The first step's h is zero, so that its deltas meet
/// nothing; a state that is given meets them in [`initial_rows`].
#[inline(always)]
pub fn recurrent_rows<
    'a,
    const T: usize,
    const Y: usize,
    const B: usize,
    const P: usize,
    const F: usize,
    const REVERSE: bool,
>(
    chunks: impl Iterator<Item = (&'a [[[Block; B]; Y]], &'a [[[Block; P]; T]])> + Clone,
) -> impl Iterator<Item = (&'a [[f32; F]], &'a [[Block; P]])> + Clone {
    chunks.flat_map(
        #[inline(always)]
        |(y, dz)| {
            y.iter().zip(dz).map(
                #[inline(always)]
                |(y, dz)| {
                    let h: &[[f32; F]] = bytemuck::must_cast_slice(&y[..T]);
                    match REVERSE {
                        true => (&h[1..], &dz[..T - 1]),
                        false => (&h[..T - 1], &dz[1..]),
                    }
                },
            )
        },
    )
}

/// What `weight_hh` meets besides, of sequences whose first state is given: that state beside the deltas of the first step,
/// or of the last if `REVERSE`.
#[inline(always)]
pub fn initial_rows<
    'a,
    const T: usize,
    const B: usize,
    const P: usize,
    const F: usize,
    const REVERSE: bool,
>(
    chunks: impl Iterator<Item = (&'a [[[Block; B]; 1]], &'a [[[Block; P]; T]])> + Clone,
) -> impl Iterator<Item = (&'a [[f32; F]], &'a [[Block; P]])> + Clone {
    chunks.flat_map(
        #[inline(always)]
        |(h, dz)| {
            h.iter().zip(dz).map(
                #[inline(always)]
                |(h, dz)| {
                    let first = if REVERSE { T - 1 } else { 0 };
                    (bytemuck::must_cast_slice(h), &dz[first..][..1])
                },
            )
        },
    )
}

/// The same of sequences that are read from the last step that counts, which lengths say.
#[inline(always)]
pub fn last_rows<'a, const T: usize, const B: usize, const P: usize, const F: usize>(
    chunks: impl Iterator<Item = ((&'a [[[Block; B]; 1]], &'a [[[Block; P]; T]]), Lengths<'a>)> + Clone,
) -> impl Iterator<Item = (&'a [[f32; F]], &'a [[Block; P]])> + Clone {
    chunks.flat_map(
        #[inline(always)]
        |((h, dz), lengths)| {
            h.iter().zip(dz).zip(lengths).map(
                #[inline(always)]
                |((h, dz), length)| {
                    let first = counted(length, T) - 1;
                    (bytemuck::must_cast_slice(h), &dz[first..][..1])
                },
            )
        },
    )
}

/// What `weight_ih` meets in [`update`] of sequences of `T` steps of which some count: each step's input beside its deltas.
/// Others are left out, lest zeros meet what is infinite.
#[inline(always)]
pub fn counted_rows<'a, const T: usize, const P: usize, const KS: usize>(
    chunks: impl Iterator<Item = ((&'a [[f32; KS]], &'a [[Block; P]]), Lengths<'a>)> + Clone,
) -> impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone {
    chunks.flat_map(
        #[inline(always)]
        |((x, dz), lengths)| {
            x.chunks_exact(T).zip(dz.chunks_exact(T)).zip(lengths).map(
                #[inline(always)]
                |((x, dz), length)| {
                    let count = counted(length, T);
                    (&x[..count], &dz[..count])
                },
            )
        },
    )
}

/// How many steps count, of some samples.
type Lengths<'a> = &'a [[u32; LANES]];

/// Finishes the gradients (3) or (4) of the part of `weight_ih` or `weight_hh` that `stretch` asks for; like
/// `dense::update`, but for many rows.
///
/// `rows` gives, piece by piece, x (rows of `KS` floats of which the first `K` count) and the deltas of sums, or what
/// [`recurrent_rows`] gives. The weights are the layer's `[[Block; K]; P]`, read as one flat slice; any stretch of it, and
/// any pieces, give the same bits. They are cut into rectangles of up to `U` panels, which divide `P`, and each is finished
/// by itself. Every panel of `U` from the panel `R` on meets the second half of x, which has `KS / 2` floats: the operand of
/// gates that [read r h](super::Cell::RESET). Where all meet the first, `R = U`.
pub fn update<
    'a,
    S: Isa,
    const K: usize,
    const KS: usize,
    const P: usize,
    const U: usize,
    const R: usize,
>(
    s: S,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    stretch: &mut Stretch<'_>,
) {
    const { assert!(0 < K && K <= KS && P.is_multiple_of(U) && U <= PANELS && R <= U) };
    const { assert!(R == U || K <= KS / 2) };
    assert!(stretch.range().end <= K * P);
    let count: usize = rows.clone().map(|(x, _)| x.len()).sum();
    let rows: Pieces<'_, '_, KS, P> = &|piece| rows.clone().for_each(piece);
    if count > POSITIONS {
        chains::<S, K, KS, P, U, R>(s, rows, stretch);
    } else {
        finish::<S, K, KS, P, U, R>(s, rows, stretch, None);
    }
}

/// [`finish`] of more than one chain, which alone has memory for what chains come to.
#[inline(never)]
fn chains<
    S: Isa,
    const K: usize,
    const KS: usize,
    const P: usize,
    const U: usize,
    const R: usize,
>(
    s: S,
    rows: Pieces<'_, '_, KS, P>,
    stretch: &mut Stretch<'_>,
) {
    let joined = Some(&mut [[Block::ZERO; U]; INPUTS]);
    finish::<S, K, KS, P, U, R>(s, rows, stretch, joined);
}

/// Hands out all rows, piece by piece.
type Pieces<'a, 'r, const KS: usize, const P: usize> = &'r dyn Fn(Piece<'a, '_, KS, P>);
/// Receives some rows.
type Piece<'a, 'r, const KS: usize, const P: usize> =
    &'r mut dyn FnMut((&'a [[f32; KS]], &'a [[Block; P]]));

/// Finishes rectangle by rectangle; `joined` is needed if there is more than one chain. Weights of equal sizes share it,
/// wherever their rows come from.
#[inline(never)]
fn finish<
    S: Isa,
    const K: usize,
    const KS: usize,
    const P: usize,
    const U: usize,
    const R: usize,
>(
    s: S,
    rows: Pieces<'_, '_, KS, P>,
    stretch: &mut Stretch<'_>,
    mut joined: Option<&mut Sums<U>>,
) {
    let Range { start, end } = stretch.range();
    let mut sums = [[Block::ZERO; U]; INPUTS];
    let mut at = start;
    while at < end {
        let (panel, k) = (at / K, at % K);
        // Whole panels that meet the same operand together where there are some, or else what there is of one panel.
        let whole = if k == 0 { (end - at) / K } else { 0 };
        let first = panel % U;
        let alike = if first < R { R - first } else { U - first };
        let (panels, to) = match whole {
            0 => (1, K.min(k + end - at)),
            _ => (whole.min(alike), K),
        };
        let operand = if first < R { 0 } else { KS / 2 };
        for from in (k..to).step_by(INPUTS) {
            let inputs = from..to.min(from + INPUTS);
            let within = first..first + panels;
            sum::<S, KS, P, U>(
                s,
                rows,
                panel / U,
                within.clone(),
                operand + inputs.start..operand + inputs.end,
                &mut sums,
                joined.as_deref_mut(),
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

/// Sums a rectangle, some of `U` panels by some inputs, over all rows, section by section.
fn sum<S: Isa, const KS: usize, const P: usize, const U: usize>(
    s: S,
    pieces: Pieces<'_, '_, KS, P>,
    units: usize,
    gates: Range<usize>,
    inputs: Range<usize>,
    sums: &mut Sums<U>,
    mut joined: Option<&mut Sums<U>>,
) {
    let length = inputs.len();
    sums[..length].fill([Block::ZERO; U]);
    if let Some(joined) = &mut joined {
        joined[..length].fill([Block::ZERO; U]);
    }
    let (mut x, mut deltas) = ([&[0.0; KS]; ROWS], [[Block::ZERO; U]; ROWS]);
    let (mut rows, mut sections) = (0, 0);
    let add = |x: &[&[f32; KS]], deltas: &[[Block; U]], sums: &mut Sums<U>| {
        let section = Section {
            s,
            x,
            deltas,
            input: inputs.start,
            gate: gates.start,
            sums,
        };
        add(section, length, gates.len());
    };
    pieces(&mut |(xs, dz)| {
        let mut row = rows;
        for (xs, dz) in xs.iter().zip(dz) {
            x[row] = xs;
            // Side by side, since in memory they lie P blocks apart.
            deltas[row] = *gates_of(dz, units);
            row += 1;
            if row == ROWS {
                add(&x, &deltas, sums);
                (row, sections) = (0, sections + 1);
                if let (SECTIONS, Some(joined)) = (sections, &mut joined) {
                    join(s, &mut joined[..length], &sums[..length]);
                    sums[..length].fill([Block::ZERO; U]);
                    sections = 0;
                }
            }
        }
        rows = row;
    });
    add(&x[..rows], &deltas[..rows], sums);
    if let Some(joined) = joined {
        join(s, &mut joined[..length], &sums[..length]);
        sums[..length].copy_from_slice(&joined[..length]);
    }
}

/// Adds the sums of a chain to those before it.
#[inline(never)]
fn join<S: Isa, const U: usize>(s: S, joined: &mut [[Block; U]], sums: &[[Block; U]]) {
    s.vectorize(
        #[inline(always)]
        || {
            for (joined, sum) in joined
                .as_flattened_mut()
                .iter_mut()
                .zip(sums.as_flattened())
            {
                joined.store(joined.load(s) + sum.load(s));
            }
        },
    );
}

/// Adds a section of rows to a rectangle's sums. A function by itself: gradients of equal width share it.
#[inline(never)]
fn add<S: Isa, const KS: usize, const U: usize>(
    mut section: Section<'_, '_, S, KS, U>,
    inputs: usize,
    gates: usize,
) {
    let s = section.s;
    s.vectorize(
        #[inline(always)]
        || s.cover_rows(inputs, gates, &mut section),
    );
}

/// Some rows, and the sums of the rectangle that they meet.
struct Section<'a, 'b, S, const KS: usize, const U: usize> {
    s: S,
    x: &'b [&'a [f32; KS]],
    deltas: &'b [[Block; U]],
    /// The rectangle's first input.
    input: usize,
    /// The rectangle's first gate.
    gate: usize,
    sums: &'b mut Sums<U>,
}

impl<S: Isa, const KS: usize, const U: usize> Visit for Section<'_, '_, S, KS, U> {
    const BLOCKS: usize = U;

    /// Here the tile's rows are inputs, and the sum runs over the section.
    #[inline(always)]
    fn tile<const M: usize, const N: usize>(&mut self, input: usize, gate: usize) {
        let (s, gate, k) = (self.s, self.gate + gate, self.input + input);
        let parked = &mut self.sums[input..][..M];
        assert!(k + M <= KS && gate + N <= U);
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
