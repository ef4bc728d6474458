//! Results and deltas of which there are as many as lanes and axes have indices.

use super::formula::{self, Combine, Formula, Term};
use super::place::{
    Axis, Lanes, Memory, MemoryMut, NONE, Place, lanes_of, masked, run, sample, store,
};
use crate::{
    block::{Block, LANES},
    simd::Isa,
};
use bytemuck::must_cast_slice_mut;
use fearless_simd::{f32x16, prelude::*};

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
pub fn results<S: Isa>(
    s: S,
    a: Memory<'_>,
    b: Memory<'_>,
    z: MemoryMut<'_>,
    axes: &[Axis],
    lanes: Lanes,
    by: Combine,
    gaps: bool,
) {
    let walk = Walk { axes, lanes, gaps };
    let from = [a, b, NONE];
    match by {
        Combine::Sum => walk.samples::<S, _, false>(s, from, z, formula::Sum {}),
        Combine::Difference => walk.samples::<S, _, false>(s, from, z, formula::Difference {}),
        Combine::Product => walk.samples::<S, _, false>(s, from, z, formula::Product {}),
        Combine::Quotient => walk.samples::<S, _, false>(s, from, z, formula::Quotient {}),
        Combine::Line { factor, offset } => {
            walk.samples::<S, _, false>(s, from, z, formula::Line { factor, offset });
        }
        Combine::Over { numerator } => {
            walk.samples::<S, _, false>(s, from, z, formula::Over { numerator });
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
pub fn deltas<S: Isa>(
    s: S,
    a: Memory<'_>,
    b: Memory<'_>,
    c: Memory<'_>,
    dx: MemoryMut<'_>,
    axes: &[Axis],
    lanes: Lanes,
    by: Term,
    gaps: bool,
    add: bool,
) {
    let walk = Walk { axes, lanes, gaps };
    let from = [a, b, c];
    match (by, add) {
        (Term::Scaled { factor }, false) => {
            walk.samples::<S, _, false>(s, from, dx, formula::Scaled { factor });
        }
        (Term::Scaled { factor }, true) => {
            walk.samples::<S, _, true>(s, from, dx, formula::Scaled { factor });
        }
        (Term::Product, false) => walk.samples::<S, _, false>(s, from, dx, formula::Product {}),
        (Term::Product, true) => walk.samples::<S, _, true>(s, from, dx, formula::Product {}),
        (Term::Quotient, false) => walk.samples::<S, _, false>(s, from, dx, formula::Quotient {}),
        (Term::Quotient, true) => walk.samples::<S, _, true>(s, from, dx, formula::Quotient {}),
        (Term::Divisor, false) => walk.samples::<S, _, false>(s, from, dx, formula::Divisor {}),
        (Term::Equal, false) => walk.samples::<S, _, false>(s, from, dx, formula::Equal {}),
        (Term::Equal, true) => walk.samples::<S, _, true>(s, from, dx, formula::Equal {}),
        (Term::Share, false) => walk.samples::<S, _, false>(s, from, dx, formula::Share {}),
        (Term::Share, true) => walk.samples::<S, _, true>(s, from, dx, formula::Share {}),
        (Term::Divisor, true) => walk.samples::<S, _, true>(s, from, dx, formula::Divisor {}),
    }
}

/// How results are visited: in the order in which they lie.
#[derive(Clone, Copy)]
struct Walk<'a> {
    axes: &'a [Axis],
    lanes: Lanes,
    gaps: bool,
}

/// Indices whose numbers are spread at once.
const SPREAD: usize = 16;

/// One sample: what is written, and how far; and what is read.
struct Sample<'a> {
    y: &'a mut [f32],
    /// Everything before is written.
    end: usize,
    from: [&'a [f32]; 3],
}

impl Walk<'_> {
    fn samples<S: Isa, F: Formula, const ADD: bool>(
        self,
        s: S,
        from: [Memory<'_>; 3],
        (y, blocks, first): MemoryMut<'_>,
        f: F,
    ) {
        let place = Place {
            to: first,
            from: from.map(|(_, _, first)| first),
        };
        for (index, y) in y.chunks_exact_mut(blocks).enumerate() {
            let mut sample = Sample {
                y: must_cast_slice_mut::<Block, f32>(y),
                end: 0,
                from: sample(from, index),
            };
            self.axes::<S, F, ADD>(s, &mut sample, place, self.axes, f);
            if self.gaps && !ADD {
                sample.y[sample.end..].fill(0.0);
            }
        }
    }

    /// It calls itself, so that only what it ends in is vectorized.
    fn axes<S: Isa, F: Formula, const ADD: bool>(
        self,
        s: S,
        sample: &mut Sample<'_>,
        place: Place,
        axes: &[Axis],
        f: F,
    ) {
        match axes {
            [] => self.row::<S, F, ADD>(
                s,
                sample,
                place,
                &Axis {
                    size: 1,
                    ..Axis::default()
                },
                f,
            ),
            [axis] => self.row::<S, F, ADD>(s, sample, place, axis, f),
            [axis, inner @ ..] => {
                for index in 0..axis.size {
                    self.axes::<S, F, ADD>(s, sample, place.along(axis, index), inner, f);
                }
            }
        }
    }

    /// The innermost axis; its lanes follow one another without a gap.
    fn row<S: Isa, F: Formula, const ADD: bool>(
        self,
        s: S,
        sample: &mut Sample<'_>,
        place: Place,
        axis: &Axis,
        f: F,
    ) {
        let run = run(&self.lanes);
        if self.gaps && !ADD {
            sample.y[sample.end..place.to].fill(0.0);
            sample.end = place.to + (axis.size - 1) * axis.to + run;
        }
        let Sample { y, from, .. } = sample;
        let blocks = self.lies_in_blocks(*from, place.from, axis, F::READS);
        s.vectorize(
            #[inline(always)]
            || {
                if blocks {
                    let y = &mut y[place.to..];
                    return self.blocks::<S, F, ADD>(s, y, *from, place.from, axis, f);
                }
                for index in 0..axis.size {
                    let at = place.along(axis, index);
                    self.pixel::<S, F, ADD>(s, &mut y[at.to..at.to + run], *from, at.from, f);
                }
            },
        );
    }

    /// Whether all lanes begin a whole number of blocks apart, and end with a block, in what is written and in as many tensors
    /// as are read.
    fn lies_in_blocks(self, from: [&[f32]; 3], at: [usize; 3], axis: &Axis, reads: usize) -> bool {
        let Lanes {
            count,
            a,
            b,
            c,
            whole,
            ..
        } = self.lanes;
        let (full, strides) = ([a, b, c], [axis.a, axis.b, axis.c]);
        let lies = |source: usize| {
            let end =
                at[source] + (axis.size - 1) * strides[source] + count.next_multiple_of(LANES);
            strides[source].is_multiple_of(LANES) && end <= from[source].len()
        };
        whole
            && axis.to.is_multiple_of(LANES)
            && (0..reads).all(|source| !full[source] || lies(source))
    }

    /// The innermost axis where everything lies in whole blocks. Numbers that serve all lanes are first spread over a block
    /// for each index, so that what follows is one loop, whatever is stretched.
    #[inline(always)]
    fn blocks<S: Isa, F: Formula, const ADD: bool>(
        self,
        s: S,
        y: &mut [f32],
        from: [&[f32]; 3],
        at: [usize; 3],
        axis: &Axis,
        f: F,
    ) {
        let Lanes { count, a, b, c, .. } = self.lanes;
        let (full, strides) = ([a, b, c], [axis.a, axis.b, axis.c]);
        let panels = count.div_ceil(LANES);
        let partial = !count.is_multiple_of(LANES);
        let (y, _) = y.as_chunks_mut::<LANES>();
        let mut spread = [[[0.0; LANES]; SPREAD]; 3];
        for first in (0..axis.size).step_by(SPREAD) {
            let size = SPREAD.min(axis.size - first);
            for source in 0..F::READS {
                if !full[source] {
                    let numbers = &from[source][at[source] + first * strides[source]..];
                    for (index, block) in spread[source][..size].iter_mut().enumerate() {
                        f32x16::splat(s, numbers[index * strides[source]]).store_array(block);
                    }
                }
            }
            // Blocks from index to index, and from panel to panel.
            let mut reads: [(&[[f32; LANES]], usize, usize); 3] = [(&[], 0, 0); 3];
            for source in 0..F::READS {
                reads[source] = if full[source] {
                    let (blocks, _) = from[source][at[source]..].as_chunks();
                    let step = strides[source] / LANES;
                    (&blocks[first * step..], step, 1)
                } else {
                    (&spread[source], 1, 0)
                };
            }
            let y = &mut y[first * (axis.to / LANES)..];
            for index in 0..size {
                let y = &mut y[index * (axis.to / LANES)..][..panels];
                let mut next = [0; 3];
                for source in 0..F::READS {
                    next[source] = index * reads[source].1;
                }
                for (panel, y) in y.iter_mut().enumerate() {
                    let mut read = [f32x16::splat(s, 0.0); 3];
                    for source in 0..F::READS {
                        read[source] = f32x16::simd_from(s, reads[source].0[next[source]]);
                        next[source] += reads[source].2;
                    }
                    let mut value = f.of(s, read);
                    if partial && panel + 1 == panels {
                        value = masked(s, value, panel, count, 0.0);
                    }
                    store::<S, ADD>(s, y, value);
                }
            }
        }
    }

    /// All lanes at one index of all axes.
    #[inline(always)]
    fn pixel<S: Isa, F: Formula, const ADD: bool>(
        self,
        s: S,
        y: &mut [f32],
        from: [&[f32]; 3],
        at: [usize; 3],
        f: F,
    ) {
        let Lanes { count, a, b, c, .. } = self.lanes;
        let full = [a, b, c];
        let mut read = [f32x16::splat(s, 0.0); 3];
        for source in 0..F::READS {
            if !full[source] {
                read[source] = f32x16::splat(s, from[source][at[source]]);
            }
        }
        let (blocks, rest) = y.as_chunks_mut::<LANES>();
        let whole = blocks.len();
        for (panel, block) in blocks.iter_mut().enumerate() {
            for source in 0..F::READS {
                if full[source] {
                    read[source] = lanes_of(s, from[source], at[source], true, panel);
                }
            }
            let value = masked(s, f.of(s, read), panel, count, 0.0);
            store::<S, ADD>(s, block, value);
        }
        if !rest.is_empty() {
            for source in 0..F::READS {
                if full[source] {
                    read[source] = lanes_of(s, from[source], at[source], true, whole);
                }
            }
            let mut block = [0.0; LANES];
            block[..rest.len()].copy_from_slice(rest);
            store::<S, ADD>(s, &mut block, f.of(s, read));
            rest.copy_from_slice(&block[..rest.len()]);
        }
    }
}
