//! Sums along axes, and along lanes; and the largest numbers, which are found in the same order.
//!
//! What is summed is walked in the order in which it lies. Positions of the innermost axis are taken in pieces of at most
//! 4,096, in up to four chains that take them in turn; 4,096 sums of pieces make one of the next level, and so on. In the end
//! levels are joined from the earliest positions on, and then lanes.

use super::super::copy::transposed;
use super::formula::{self, Formula, Term};
use super::levels::{Added, BAND, CHAIN, Chain, Join, Largest, Sums, across_lanes};
use super::place::{
    Axis, Lanes, Memory, MemoryMut, NONE, Place, lanes_of, masked, run, sample, store,
};
use crate::{
    block::{Block, LANES},
    math,
    simd::Isa,
};
use bytemuck::must_cast_slice_mut;
use fearless_simd::{f32x16, prelude::*};

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
pub fn sums<S: Isa>(
    s: S,
    a: Memory<'_>,
    b: Memory<'_>,
    c: Memory<'_>,
    dx: MemoryMut<'_>,
    kept: &[Axis],
    summed: &[Axis],
    lanes: Lanes,
    by: Term,
    divisor: f32,
    add: bool,
) {
    let sum = Sum {
        summed,
        lanes,
        divisor,
        add,
    };
    let from = [a, b, c];
    match by {
        Term::Scaled { factor } => {
            sum.samples::<S, _, Added>(s, from, dx, kept, formula::Scaled { factor })
        }
        Term::Product => sum.samples::<S, _, Added>(s, from, dx, kept, formula::Product {}),
        Term::Quotient => sum.samples::<S, _, Added>(s, from, dx, kept, formula::Quotient {}),
        Term::Divisor => sum.samples::<S, _, Added>(s, from, dx, kept, formula::Divisor {}),
        Term::Equal => sum.samples::<S, _, Added>(s, from, dx, kept, formula::Equal {}),
        Term::Share => sum.samples::<S, _, Added>(s, from, dx, kept, formula::Share {}),
    }
}

/// The largest number of x, or the least if the `sign` is -1.
#[allow(clippy::too_many_arguments, reason = "called by expansions")]
pub fn extremes<S: Isa>(
    s: S,
    x: Memory<'_>,
    y: MemoryMut<'_>,
    kept: &[Axis],
    summed: &[Axis],
    lanes: Lanes,
    sign: f32,
) {
    let sum = Sum {
        summed,
        lanes,
        divisor: sign,
        add: false,
    };
    let f = formula::Scaled { factor: sign };
    sum.samples::<S, _, Largest>(s, [x, NONE, NONE], y, kept, f);
}

/// How a sum is visited.
#[derive(Clone, Copy)]
struct Sum<'a> {
    summed: &'a [Axis],
    lanes: Lanes,
    divisor: f32,
    add: bool,
}

impl Sum<'_> {
    fn samples<S: Isa, F: Formula, J: Join>(
        self,
        s: S,
        from: [Memory<'_>; 3],
        (y, blocks, first): MemoryMut<'_>,
        kept: &[Axis],
        f: F,
    ) {
        let place = Place {
            to: first,
            from: from.map(|(_, _, first)| first),
        };
        for (index, y) in y.chunks_exact_mut(blocks).enumerate() {
            if !self.add {
                y.fill(Block::ZERO);
            }
            let y = must_cast_slice_mut(y);
            self.kept::<S, F, J>(s, y, sample(from, index), place, kept, f);
        }
    }

    /// It calls itself, so that only what it ends in is vectorized.
    fn kept<S: Isa, F: Formula, J: Join>(
        self,
        s: S,
        y: &mut [f32],
        from: [&[f32]; 3],
        place: Place,
        kept: &[Axis],
        f: F,
    ) {
        let one = Axis {
            size: 1,
            ..Axis::default()
        };
        let axis = match kept {
            [] => &one,
            [axis] => axis,
            [axis, inner @ ..] => {
                for index in 0..axis.size {
                    self.kept::<S, F, J>(s, y, from, place.along(axis, index), inner, f);
                }
                return;
            }
        };
        s.vectorize(
            #[inline(always)]
            || match (self.lanes.to, self.summed) {
                (false, []) => self.pixels::<S, F, J>(s, y, from, place, axis, f),
                _ => {
                    let mut sums = Sums::<J>::new();
                    for index in 0..axis.size {
                        self.cell(s, y, &mut sums, from, place.along(axis, index), f);
                    }
                }
            },
        );
    }

    /// The sum along all summed axes.
    #[inline(always)]
    fn cell<S: Isa, F: Formula, J: Join>(
        self,
        s: S,
        y: &mut [f32],
        sums: &mut Sums<J>,
        from: [&[f32]; 3],
        at: Place,
        f: F,
    ) {
        let panels = self.lanes.count.div_ceil(LANES);
        let y = &mut y[at.to..][..run(&self.lanes)];
        let mut across = Chain::<S, J>::new(s);
        for band in (0..panels).step_by(BAND) {
            sums.begin(BAND.min(panels - band));
            self.band(s, sums, from, at.from, band, f);
            for panel in 0..sums.panels {
                let total = masked(
                    s,
                    sums.total(s, panel),
                    band + panel,
                    self.lanes.count,
                    J::NONE,
                );
                if self.lanes.to {
                    self.finish(s, y, band + panel, total);
                } else {
                    across.push(s, total);
                }
            }
        }
        if !self.lanes.to {
            self.finish_number(&mut y[0], across_lanes::<S, J>(s, across.total(s)));
        }
    }

    /// Stores the sums of a panel, or adds them.
    #[inline(always)]
    fn finish<S: Isa>(self, s: S, y: &mut [f32], panel: usize, total: f32x16<S>) {
        let value = total / f32x16::splat(s, self.divisor);
        let y = &mut y[panel * LANES..];
        let mut block = [0.0; LANES];
        let lanes = y.len().min(LANES);
        block[..lanes].copy_from_slice(&y[..lanes]);
        if self.add {
            store::<S, true>(s, &mut block, value);
        } else {
            store::<S, false>(s, &mut block, value);
        }
        y[..lanes].copy_from_slice(&block[..lanes]);
    }

    /// Stores the sum of all lanes, or adds it.
    #[inline(always)]
    fn finish_number(self, y: &mut f32, total: f32) {
        let value = total / self.divisor;
        *y = math::flush_number(if self.add { *y + value } else { value });
    }

    /// Adds all that is summed to a band of panels, of which the first is `band`.
    #[inline(always)]
    fn band<S: Isa, F: Formula, J: Join>(
        self,
        s: S,
        sums: &mut Sums<J>,
        from: [&[f32]; 3],
        at: [usize; 3],
        band: usize,
        f: F,
    ) {
        let one = Axis {
            size: 1,
            ..Axis::default()
        };
        let (inner, outer) = self.summed.split_last().unwrap_or((&one, &[]));
        let mut indices = [0; AXES];
        loop {
            let mut at = Place { to: 0, from: at };
            for (axis, &index) in outer.iter().zip(&indices) {
                at = at.along(axis, index);
            }
            for first in (0..inner.size).step_by(CHAIN) {
                let piece = Axis {
                    size: CHAIN.min(inner.size - first),
                    ..*inner
                };
                self.piece(
                    s,
                    sums,
                    from,
                    at.along(inner, first).from,
                    (band, &piece),
                    f,
                );
                sums.count(s);
            }
            // The next index of the outer axes, the last of which runs fastest.
            let mut axis = outer.len().min(AXES);
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                indices[axis] += 1;
                if indices[axis] < outer[axis].size {
                    break;
                }
                indices[axis] = 0;
            }
        }
    }

    /// Adds some positions of the innermost axis.
    #[inline(always)]
    fn piece<S: Isa, F: Formula, J: Join>(
        self,
        s: S,
        sums: &mut Sums<J>,
        from: [&[f32]; 3],
        at: [usize; 3],
        (band, piece): (usize, &Axis),
        f: F,
    ) {
        let mut panel = 0;
        while panel + 4 <= sums.panels {
            self.group::<S, F, J, 4, 1>(s, sums, from, at, (band, panel, piece), f);
            panel += 4;
        }
        if panel + 2 <= sums.panels {
            self.group::<S, F, J, 2, 2>(s, sums, from, at, (band, panel, piece), f);
            panel += 2;
        }
        if panel < sums.panels {
            self.group::<S, F, J, 1, 4>(s, sums, from, at, (band, panel, piece), f);
        }
    }

    /// The same for G panels, in R chains: enough of them to hide the latency of an addition.
    #[inline(always)]
    fn group<S: Isa, F: Formula, J: Join, const G: usize, const R: usize>(
        self,
        s: S,
        sums: &mut Sums<J>,
        from: [&[f32]; 3],
        at: [usize; 3],
        (band, first, piece): (usize, usize, &Axis),
        f: F,
    ) {
        let none = f32x16::splat(s, J::NONE);
        let mut chains = [[none; G]; R];
        let place = Place { to: 0, from: at };
        let mut position = 0;
        while position + R <= piece.size {
            for (next, chain) in chains.iter_mut().enumerate() {
                let at = place.along(piece, position + next).from;
                self.add::<S, F, J, _>(s, chain, from, at, band + first, f);
            }
            position += R;
        }
        for chain in chains.iter_mut().take(piece.size - position) {
            let at = place.along(piece, position).from;
            self.add::<S, F, J, _>(s, chain, from, at, band + first, f);
            position += 1;
        }
        let mut count = R;
        while count > 1 {
            count /= 2;
            for chain in 0..count {
                let other = chains[chain + count];
                for (sum, other) in chains[chain].iter_mut().zip(other) {
                    *sum = J::join(s, *sum, other);
                }
            }
        }
        for (panel, sum) in chains[0].into_iter().enumerate() {
            let total = &mut sums.levels[0][first + panel];
            total.store(J::join(s, total.load(s), sum));
        }
    }

    /// Adds the terms of one position, of some panels.
    #[inline(always)]
    fn add<S: Isa, F: Formula, J: Join, const G: usize>(
        self,
        s: S,
        chain: &mut [f32x16<S>; G],
        from: [&[f32]; 3],
        at: [usize; 3],
        panel: usize,
        f: F,
    ) {
        let Lanes { a, b, c, .. } = self.lanes;
        let full = [a, b, c];
        for (next, sum) in chain.iter_mut().enumerate() {
            let mut read = [f32x16::splat(s, 0.0); 3];
            for source in 0..F::READS {
                let x = from[source];
                read[source] = lanes_of(s, x, at[source], full[source], panel + next);
            }
            *sum = J::join(s, *sum, f.of(s, read));
        }
    }

    /// The sums of all lanes at each index of an axis. Those of sixteen are transposed, so that their lanes are added at once.
    #[inline(always)]
    fn pixels<S: Isa, F: Formula, J: Join>(
        self,
        s: S,
        y: &mut [f32],
        from: [&[f32]; 3],
        place: Place,
        axis: &Axis,
        f: F,
    ) {
        let mut index = 0;
        while index + LANES <= axis.size {
            let mut sums = [f32x16::splat(s, J::NONE); LANES];
            for (next, sum) in sums.iter_mut().enumerate() {
                let at = place.along(axis, index + next).from;
                *sum = self.across::<S, F, J>(s, from, at, f);
            }
            let mut sums = transposed(sums);
            for width in [8, 4, 2, 1] {
                for lane in 0..width {
                    sums[lane] = J::join(s, sums[lane], sums[lane + width]);
                }
            }
            let totals: [f32; LANES] = sums[0].into();
            for (next, total) in totals.into_iter().enumerate() {
                let at = place.to + (index + next) * axis.to;
                self.finish_number(&mut y[at], total);
            }
            index += LANES;
        }
        for index in index..axis.size {
            let at = place.along(axis, index);
            let total = self.across::<S, F, J>(s, from, at.from, f);
            self.finish_number(&mut y[at.to], across_lanes::<S, J>(s, total));
        }
    }

    /// The sum of all panels at one position, one after another.
    #[inline(always)]
    fn across<S: Isa, F: Formula, J: Join>(
        self,
        s: S,
        from: [&[f32]; 3],
        at: [usize; 3],
        f: F,
    ) -> f32x16<S> {
        let none = f32x16::splat(s, J::NONE);
        let count = self.lanes.count;
        let panels = count / LANES;
        let mut last = none;
        if !count.is_multiple_of(LANES) {
            let mut sum = [none];
            self.add::<S, F, J, _>(s, &mut sum, from, at, panels, f);
            last = masked(s, sum[0], panels, count, J::NONE);
        }
        if panels <= CHAIN {
            let mut sum = [none];
            for panel in 0..panels {
                self.add::<S, F, J, _>(s, &mut sum, from, at, panel, f);
            }
            return J::join(s, sum[0], last);
        }
        let mut total = Chain::<S, J>::new(s);
        for panel in 0..panels {
            let mut sum = [none];
            self.add::<S, F, J, _>(s, &mut sum, from, at, panel, f);
            total.push(s, sum[0]);
        }
        J::join(s, total.total(s), last)
    }
}

/// The most axes around the innermost that is summed.
const AXES: usize = 8;
