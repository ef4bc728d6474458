//! Backward: what a sample adds to the gradients, and dx.

use super::{
    line::{Lines, normal},
    rule::{Norm, Rule},
    span::{Group, Span, across, add, change, keep, sum},
};
use crate::{
    block::{Block, LANES},
    kernels::pixels::Pixels,
    math,
    simd::{Isa, chains::POSITIONS, compiled_here},
};
use bytemuck::must_cast_slice;
use fearless_simd::{f32x16, prelude::*};

compiled_here! {
    /// The terms of the gradients of g and, behind it, of b, if there are two `kinds`: the sums of d x^ and of d over a
    /// sample's units. Every 4,096 units have sums of their own.
    pub fn sums = sums_on(x: &[Block], dy: &[Block], statistics: &[Block], sums: &mut [Block], pixels: Pixels, rule: Rule, kinds: usize);
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn sums_on<S: Isa>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    sums: &mut [Block],
    pixels: Pixels,
    rule: Rule,
    kinds: usize,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let span = Span::of(pixels, rule);
            let weights = span.runs() * span.blocks;
            let statistics = must_cast_slice::<Block, f32>(statistics);
            let mut sums = sums.chunks_exact_mut((kinds * weights).max(1));
            let samples = x.len() / pixels.blocks.max(1);
            // Units that are left of the sample, and of the sums under way.
            let (mut left, mut open) = (0, 0);
            let mut current = &mut [][..];
            for group in span.groups(samples, true) {
                let lines = Lines::kept(&group, statistics, rule);
                let mut unit = 0;
                while unit < group.units {
                    if left == 0 {
                        left = span.units();
                        open = 0;
                    }
                    if open == 0 {
                        open = left.min(POSITIONS);
                        current = sums.next().unwrap_or_default();
                        current.fill(Block::ZERO);
                    }
                    let end = group.units.min(unit + open);
                    let units = [unit, end];
                    add_units(s, [x, dy], &group, units, &span, &lines, current);
                    (left, open) = (left - (end - unit), open - (end - unit));
                    unit = end;
                }
            }
        },
    );
}

/// Adds the terms of some units of a group.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn add_units<S: Isa>(
    s: S,
    [x, dy]: [&[Block]; 2],
    group: &Group,
    [from, to]: [usize; 2],
    span: &Span,
    lines: &Lines,
    sums: &mut [Block],
) {
    for run in 0..span.runs() {
        let mut block = 0;
        while block + 4 <= span.blocks {
            add_blocks::<S, 4>(
                s,
                [x, dy],
                group,
                [from, to],
                span,
                lines,
                [run, block],
                sums,
            );
            block += 4;
        }
        while block < span.blocks {
            add_blocks::<S, 1>(
                s,
                [x, dy],
                group,
                [from, to],
                span,
                lines,
                [run, block],
                sums,
            );
            block += 1;
        }
    }
}

/// [`add_units`] for B blocks of a run.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "an inner loop")]
fn add_blocks<S: Isa, const B: usize>(
    s: S,
    [x, dy]: [&[Block]; 2],
    group: &Group,
    [from, to]: [usize; 2],
    span: &Span,
    lines: &Lines,
    [run, block]: [usize; 2],
    sums: &mut [Block],
) {
    let mut total = [[f32x16::splat(s, 0.0); 2]; B];
    for unit in from..to {
        let line = lines.of(s, unit);
        let at = group.at[unit] + span.place(run) + block;
        if let (Some(x), Some(dy)) = (x[at..].first_chunk::<B>(), dy[at..].first_chunk::<B>()) {
            for (total, (x, dy)) in total.iter_mut().zip(x.iter().zip(dy)) {
                let (x, dy) = (x.load(s), dy.load(s));
                add(total, [normal(s, x, line) * dy, dy]);
            }
        }
    }
    if block + B == span.blocks {
        // Where x is infinite, x^ is no number in padding, either.
        total[B - 1][0] = keep(total[B - 1][0], span.tail(s));
    }
    let weights = span.runs() * span.blocks;
    for (kind, sums) in sums.chunks_exact_mut(weights).enumerate() {
        let sums = &mut sums[run * span.blocks + block..][..B];
        for (sum, total) in sums.iter_mut().zip(&total) {
            sum.store(sum.load(s) + total[kind]);
        }
    }
}

/// dx, or dx += that if ADD. The border of dx is zero afterwards, or what it was if ADD.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
pub fn backward<S: Isa, const ADD: bool>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    weight: &[Block],
    dx: &mut [Block],
    pixels: Pixels,
    rule: Rule,
) {
    backward_into(s, x, dy, statistics, weight, dx, pixels, rule, ADD);
}

compiled_here! {
    fn backward_into = backward_into_on(x: &[Block], dy: &[Block], statistics: &[Block], weight: &[Block], dx: &mut [Block], pixels: Pixels, rule: Rule, adds: bool);
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn backward_into_on<S: Isa>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    weight: &[Block],
    dx: &mut [Block],
    pixels: Pixels,
    rule: Rule,
    adds: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let span = Span::of(pixels, rule);
            let samples = x.len() / pixels.blocks.max(1);
            let statistics = must_cast_slice::<Block, f32>(statistics);
            if !adds {
                for dx in dx.chunks_exact_mut(pixels.blocks.max(1)) {
                    pixels.clear_border(dx);
                }
            }
            for group in span.groups(samples, false) {
                let lines = Lines::kept(&group, statistics, rule);
                let means = means(s, [x, dy, weight], &group, &span, &lines, rule);
                for unit in 0..group.units {
                    let line = lines.of(s, unit);
                    let [all, along] = &means;
                    let [all, along] = [all[unit], along[unit]];
                    let means = [f32x16::splat(s, all), f32x16::splat(s, along)];
                    let at = group.at[unit];
                    back(s, [x, dy, weight], at, &span, line, means, dx, adds);
                }
            }
        },
    );
}

/// What of h is taken off in dx, and of x^: the means of h and of h x^ over each unit, or what stands for them.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn means<S: Isa>(
    s: S,
    [x, dy, weight]: [&[Block]; 3],
    group: &Group,
    span: &Span,
    lines: &Lines,
    rule: Rule,
) -> [[f32; LANES]; 2] {
    let mut parts = [[Block::ZERO; LANES]; 2];
    let [plain, along] = &mut parts;
    let sums = plain.iter_mut().zip(along);
    for ((unit, at), (plain, along)) in group.starts().enumerate().zip(sums) {
        let line = lines.of(s, unit);
        let totals = match weight.is_empty() {
            true => sum(
                s,
                span,
                #[inline(always)]
                |run| [span.run(x, at, run), span.run(dy, at, run)],
                #[inline(always)]
                |[x, dy]| [dy, dy * normal(s, x, line)],
            ),
            false => sum(
                s,
                span,
                #[inline(always)]
                |run| {
                    let x = span.run(x, at, run);
                    [x, span.run(dy, at, run), span.part(weight, run, x)]
                },
                #[inline(always)]
                |[x, dy, weight]| {
                    let h = math::flush(s, dy * weight);
                    [h, h * normal(s, x, line)]
                },
            ),
        };
        plain.store(totals[0]);
        along.store(totals[1]);
    }
    let numbers = f32x16::splat(s, span.numbers as f32);
    let (all, along) = (across(s, &parts[0]), across(s, &parts[1]));
    let mut means = [[0.0; LANES]; 2];
    if rule.norm == Norm::Layer {
        math::flush(s, all / numbers).store_array(&mut means[0]);
    }
    let along = match rule.norm {
        Norm::Length => {
            // Below eps, r does not depend on x.
            let inverse = f32x16::simd_from(s, lines.inverse);
            let is_fixed = inverse.simd_ge(1.0 / rule.eps);
            is_fixed.select(f32x16::splat(s, 0.0), along)
        }
        Norm::Layer | Norm::Rms => along / numbers,
    };
    math::flush(s, along).store_array(&mut means[1]);
    means
}

/// dx of a unit, as r h - r all - x^ r along.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
#[allow(clippy::too_many_arguments, reason = "an inner loop")]
fn back<S: Isa>(
    s: S,
    [x, dy, weight]: [&[Block]; 3],
    at: usize,
    span: &Span,
    line: [f32x16<S>; 3],
    [all, along]: [f32x16<S>; 2],
    dx: &mut [Block],
    adds: bool,
) {
    let (tail, weighted) = (span.tail(s), !weight.is_empty());
    let [.., inverse] = line;
    let (all, along) = (-all * inverse, -math::flush(s, along * inverse));
    for run in 0..span.runs() {
        let (x, dy) = (span.run(x, at, run), span.run(dy, at, run));
        let weight = span.part(weight, run, x);
        change(
            s,
            [x, dy, weight],
            tail,
            span.run_mut(dx, at, run),
            #[inline(always)]
            |[x, dy, weight]| {
                let h = if weighted {
                    math::flush(s, dy * weight)
                } else {
                    dy
                };
                normal(s, x, line).mul_add(along, h.mul_add(inverse, all))
            },
            #[inline(always)]
            |dx, value| {
                let value = if adds { value + dx.load(s) } else { value };
                dx.store(math::flush(s, value));
            },
        );
    }
}
