//! Units: where they lie, and sums over their numbers.

use super::rule::Rule;
use crate::{
    block::{Block, LANES},
    kernels::pixels::Pixels,
    simd::{Isa, chains::POSITIONS},
};
use fearless_simd::{f32x16, prelude::*, u32x16};

/// Most blocks of a group of units: what is read thrice stays in a level-1 cache.
const NEAR: usize = 256;

/// What the units of a network's value have in common. A unit is `rows` times `pieces` runs of so many `blocks`, of
/// which the last one has padding lanes if any has.
pub struct Span {
    pixels: Pixels,
    whole: bool,
    /// Numbers that a sample's statistics take, whole blocks.
    kept: usize,
    /// Numbers of a unit's statistics.
    each: usize,
    rows: usize,
    pieces: usize,
    /// Blocks of a run.
    pub blocks: usize,
    /// Numbers of a unit.
    pub numbers: usize,
}

/// Some units that go together.
pub struct Group {
    /// How many.
    pub units: usize,
    /// The first block of each.
    pub at: [usize; LANES],
    /// The first number that is kept of each.
    pub kept: [usize; LANES],
}

impl Group {
    /// The first block of each.
    #[inline(always)]
    pub fn starts(&self) -> impl Iterator<Item = usize> {
        self.at[..self.units].iter().copied()
    }
}

impl Span {
    pub fn of(pixels: Pixels, rule: Rule) -> Self {
        let padded = !pixels.channels.is_multiple_of(LANES);
        let (rows, pieces, run) = match (rule.whole, padded) {
            (false, _) => (1, 1, pixels.panels),
            (true, false) => (pixels.rows, 1, pixels.columns * pixels.panels),
            (true, true) => (pixels.rows, pixels.columns, pixels.panels),
        };
        let (units, numbers) = match rule.whole {
            true => (1, pixels.count() * pixels.channels),
            false => (pixels.count(), pixels.channels),
        };
        Self {
            pixels,
            whole: rule.whole,
            kept: (units * rule.kept()).next_multiple_of(LANES),
            each: rule.kept(),
            rows,
            pieces,
            blocks: run,
            numbers,
        }
    }

    /// Units of a sample.
    pub fn units(&self) -> usize {
        match self.whole {
            true => 1,
            false => self.pixels.count(),
        }
    }

    /// Runs of a unit.
    #[inline(always)]
    pub fn runs(&self) -> usize {
        self.rows * self.pieces
    }

    /// Where a run begins, from the unit's first block on.
    #[inline(always)]
    pub fn place(&self, run: usize) -> usize {
        match self.pieces {
            1 => run * self.pixels.row,
            pieces => run / pieces * self.pixels.row + run % pieces * self.blocks,
        }
    }

    /// A run of the unit whose first block is `at`.
    #[inline(always)]
    pub fn run<'a>(&self, blocks: &'a [Block], at: usize, run: usize) -> &'a [Block] {
        &blocks[at + self.place(run)..][..self.blocks]
    }

    /// The same, to be changed.
    #[inline(always)]
    pub fn run_mut<'a>(&self, blocks: &'a mut [Block], at: usize, run: usize) -> &'a mut [Block] {
        &mut blocks[at + self.place(run)..][..self.blocks]
    }

    /// What of weights belongs to a run; `other` where there are none.
    #[inline(always)]
    pub fn part<'a>(&self, weights: &'a [Block], run: usize, other: &'a [Block]) -> &'a [Block] {
        match weights.is_empty() {
            true => other,
            false => &weights[run * self.blocks..][..self.blocks],
        }
    }

    /// The lanes of a run's last block that hold numbers.
    #[inline(always)]
    pub fn tail<S: Isa>(&self, s: S) -> u32x16<S> {
        let numbers = self.pixels.channels - (self.pixels.panels - 1) * LANES;
        let lanes: [u32; LANES] = core::array::from_fn(
            #[inline(always)]
            |lane| if lane < numbers { u32::MAX } else { 0 },
        );
        u32x16::simd_from(s, lanes)
    }

    /// All units of some samples, in their order. Where `apart`, a group has whole samples, or a part of one: what is summed
    /// group by group does not depend on where a sample stands among others.
    pub fn groups(&self, samples: usize, apart: bool) -> impl Iterator<Item = Group> {
        let pixels = self.pixels;
        let most = (NEAR / (self.runs() * self.blocks).max(1)).clamp(1, LANES);
        let (units, kept, numbers) = (samples * self.units(), self.kept, self.each);
        // Units of a sample.
        let each = self.units().max(1);
        // Sample, row and column of the next unit.
        let mut next = [0; 3];
        let columns = if self.whole { 1 } else { pixels.columns };
        let rows = if self.whole { 1 } else { pixels.rows };
        let mut first = 0;
        core::iter::from_fn(move || {
            if first == units {
                return None;
            }
            let count = match apart {
                false => most,
                true if each < most => most - most % each,
                true => most.min(each - first % each),
            };
            let mut group = Group {
                units: count.min(units - first),
                at: [0; LANES],
                kept: [0; LANES],
            };
            first += group.units;
            for unit in 0..group.units {
                let [sample, row, column] = next;
                group.at[unit] = sample * pixels.blocks
                    + pixels.first
                    + row * pixels.row
                    + column * pixels.panels;
                group.kept[unit] = sample * kept + (row * columns + column) * numbers;
                next[2] += 1;
                if next[2] == columns {
                    (next[1], next[2]) = (row + 1, 0);
                }
                if next[1] == rows {
                    (next[0], next[1]) = (sample + 1, 0);
                }
            }
            Some(group)
        })
    }
}

/// `value` in the lanes that hold numbers, and zero in the others, whatever was there.
#[inline(always)]
pub fn keep<S: Isa>(value: f32x16<S>, lanes: u32x16<S>) -> f32x16<S> {
    (value.bitcast::<u32x16<S>>() & lanes).bitcast()
}

/// The sum of the lanes of each of sixteen blocks, in the lane of its index: neighbours in pairs eight lanes apart,
/// then four, two and one.
#[inline(always)]
pub fn across<S: Isa>(s: S, blocks: &[Block; LANES]) -> f32x16<S> {
    let mut sums = [f32x16::splat(s, 0.0); LANES];
    for (sum, block) in sums.iter_mut().zip(blocks) {
        *sum = block.load(s);
    }
    fold::<S, 8>(&mut sums);
    fold::<S, 4>(&mut sums);
    fold::<S, 2>(&mut sums);
    fold::<S, 1>(&mut sums);
    sums[0]
}

/// Adds the halves of H and H blocks, and interleaves what is left of each pair.
#[inline(always)]
fn fold<S: Isa, const H: usize>(sums: &mut [f32x16<S>; LANES]) {
    for index in 0..H {
        let (low, high) = sums[index].interleave(sums[index + H]);
        sums[index] = low + high;
    }
}

/// Sums over a unit of what `f` gives for the blocks of some operands, of which `runs` gives the run of an index.
/// Padding lanes do not count. Every 4,096 runs have a sum of their own.
#[inline(always)]
pub fn sum<'a, S: Isa, const R: usize, const N: usize>(
    s: S,
    span: &Span,
    runs: impl Fn(usize) -> [&'a [Block]; R],
    f: impl Fn([f32x16<S>; R]) -> [f32x16<S>; N],
) -> [f32x16<S>; N] {
    let tail = span.tail(s);
    let mut total = [f32x16::splat(s, 0.0); N];
    if span.runs() == 1 {
        sum_run(s, runs(0), tail, &mut total, &f);
        return total;
    }
    for from in (0..span.runs()).step_by(POSITIONS) {
        let mut part = [f32x16::splat(s, 0.0); N];
        for run in from..span.runs().min(from + POSITIONS) {
            sum_run(s, runs(run), tail, &mut part, &f);
        }
        add(&mut total, part);
    }
    total
}

/// Adds the sums of a run.
#[inline(always)]
fn sum_run<S: Isa, const R: usize, const N: usize>(
    s: S,
    runs: [&[Block]; R],
    tail: u32x16<S>,
    total: &mut [f32x16<S>; N],
    f: &impl Fn([f32x16<S>; R]) -> [f32x16<S>; N],
) {
    let mut left = runs[0].len() - 1;
    let mut runs = runs;
    while left > 4 * POSITIONS {
        let mut pieces = runs;
        for (piece, run) in pieces.iter_mut().zip(&mut runs) {
            (*piece, *run) = run.split_at(4 * POSITIONS);
        }
        left -= 4 * POSITIONS;
        let zero = [f32x16::splat(s, 0.0); N];
        add(total, sum_piece(s, pieces, zero, f));
    }
    let mut bodies = runs;
    let mut loaded = [f32x16::splat(s, 0.0); R];
    for ((body, loaded), run) in bodies.iter_mut().zip(&mut loaded).zip(runs) {
        *body = &run[..left];
        *loaded = run[left].load(s);
    }
    let mut last = f(loaded);
    for term in &mut last {
        *term = keep(*term, tail);
    }
    add(total, sum_piece(s, bodies, last, f));
}

/// The sums of a piece of a run in four chains, of which one begins at `last`.
#[inline(always)]
fn sum_piece<S: Isa, const R: usize, const N: usize>(
    s: S,
    runs: [&[Block]; R],
    last: [f32x16<S>; N],
    f: &impl Fn([f32x16<S>; R]) -> [f32x16<S>; N],
) -> [f32x16<S>; N] {
    let blocks = runs[0].len();
    let mut fours: [&[[Block; 4]]; R] = [&[]; R];
    for (fours, run) in fours.iter_mut().zip(runs) {
        *fours = run[..blocks].as_chunks().0;
    }
    let zero = [f32x16::splat(s, 0.0); N];
    let mut chains = [zero, zero, zero, last];
    let mut loaded = [f32x16::splat(s, 0.0); R];
    for four in 0..blocks / 4 {
        for (lane, chain) in chains.iter_mut().enumerate() {
            for (loaded, fours) in loaded.iter_mut().zip(fours) {
                *loaded = fours[four][lane].load(s);
            }
            add(chain, f(loaded));
        }
    }
    let rest = blocks - blocks % 4;
    for (lane, chain) in chains.iter_mut().take(3).enumerate() {
        if rest + lane < blocks {
            for (loaded, run) in loaded.iter_mut().zip(runs) {
                *loaded = run[rest + lane].load(s);
            }
            add(chain, f(loaded));
        }
    }
    let [mut a, mut b, c, d] = chains;
    add(&mut a, c);
    add(&mut b, d);
    add(&mut a, b);
    a
}

/// Hands `put` each block of a run with what `f` gives for those of other runs at its place, and zero in padding.
#[inline(always)]
pub fn change<S: Isa, const R: usize>(
    s: S,
    runs: [&[Block]; R],
    tail: u32x16<S>,
    changed: &mut [Block],
    f: impl Fn([f32x16<S>; R]) -> f32x16<S>,
    put: impl Fn(&mut Block, f32x16<S>),
) {
    let Some((last, body)) = changed.split_last_mut() else {
        return;
    };
    let blocks = body.len();
    let mut bodies: [&[Block]; R] = [&[]; R];
    for (body, run) in bodies.iter_mut().zip(runs) {
        *body = &run[..blocks];
    }
    let mut loaded = [f32x16::splat(s, 0.0); R];
    for (index, changed) in body.iter_mut().enumerate() {
        for (loaded, body) in loaded.iter_mut().zip(bodies) {
            *loaded = body[index].load(s);
        }
        put(changed, f(loaded));
    }
    for (loaded, run) in loaded.iter_mut().zip(runs) {
        *loaded = run[blocks].load(s);
    }
    put(last, keep(f(loaded), tail));
}

#[inline(always)]
pub fn add<S: Isa, const N: usize>(sums: &mut [f32x16<S>; N], terms: [f32x16<S>; N]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}
