//! Normalisation of each sample by itself, over the numbers of a unit: layer normalisation (Ba, Kiros and Hinton 2016),
//! that by the root of the mean square (Zhang and Sennrich 2019), and division by the norm, as `torch.nn.LayerNorm`,
//! `RMSNorm` and `torch.nn.functional.normalize`.
//!
//! A unit is a pixel with its channels (a vector, or a step of a sequence), or a whole sample. With its N numbers x:
//!
//! ```text
//! layer    m = sum x / N      r = 1 / sqrt(sum (x - m)^2 / N + eps)      x^ = (x - m) r
//! rms                         r = 1 / sqrt(sum x^2 / N + eps)            x^ = x r
//! length                      r = 1 / max(sqrt(sum x^2), eps)            x^ = x r
//!
//! y = f(g x^ + b)
//! ```
//!
//! where f is an activation, and g and b have as many numbers as a unit.
//!
//! **Backward.** With d = dL/d(g x^ + b) and h = g d, dL/dx_i = sum_j h_j dx^_j/dx_i. A mean is moved by x_i / N, and r
//! by -r^2 x^_i / N (for the length by -r^2 x^_i, unless eps is larger), so that
//!
//! ```text
//! layer    dx = r (h - sum h / N - x^ sum h x^ / N)
//! rms      dx = r (h             - x^ sum h x^ / N)
//! length   dx = r (h             - x^ sum h x^)         or r h where the norm is below eps
//!
//! db = sum d      dg = sum d x^       over the units of all samples
//! ```
//!
//! **Exactness.** The mean is had in two parts: the first is rounded, and the second is the mean of what numbers have
//! above it. Squares are those of what is above the first part, less the square of the second. So x - m has the digits
//! of x also where the mean is a thousand deviations. No difference of means of squares is formed.
//!
//! **Order.** A run of neighbouring blocks is summed in pieces of 16,384, each of four chains in turn, which are joined
//! lane by lane; then the lanes are, in pairs. All of it depends on the unit's size alone. Up to sixteen units go
//! together, so that their lanes are joined, and their roots taken, by vectors whose lanes are units.

mod backward;
mod line;
mod rule;
mod span;
#[cfg(test)]
mod tests;

pub use backward::{backward, sums};
pub use line::Affine;
pub use rule::{Norm, Rule};

use super::{
    activation::{Declared, Function, Kind, of_kind},
    pixels::Pixels,
};
use crate::{
    block::{Block, LANES},
    math,
    simd::{Isa, compiled_here},
};
use bytemuck::must_cast_slice_mut;
use fearless_simd::{f32x16, prelude::*};
use line::{Lines, normal};
use span::{Group, Span, across, change, keep, sum};

/// y = f(g x^ + b); writes y's border, too.
pub fn infer<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
    rule: Rule,
) {
    forward_as(s, x, affine, y, None, pixels, rule, A::KIND);
}

/// [`infer`] that keeps of every unit what backward needs: for each sample as many blocks as hold the numbers of its
/// units.
pub fn forward<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    affine: Affine<'_>,
    y: &mut [Block],
    statistics: &mut [Block],
    pixels: Pixels,
    rule: Rule,
) {
    forward_as(s, x, affine, y, Some(statistics), pixels, rule, A::KIND);
}

compiled_here! {
    fn forward_as = forward_as_on(x: &[Block], affine: Affine<'_>, y: &mut [Block], statistics: Option<&mut [Block]>, pixels: Pixels, rule: Rule, activation: Kind);
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn forward_as_on<S: Isa>(
    s: S,
    x: &[Block],
    affine: Affine<'_>,
    y: &mut [Block],
    statistics: Option<&mut [Block]>,
    pixels: Pixels,
    rule: Rule,
    activation: Kind,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let span = Span::of(pixels, rule);
            let samples = x.len() / pixels.blocks.max(1);
            for y in y.chunks_exact_mut(pixels.blocks.max(1)) {
                pixels.clear_border(y);
            }
            let statistics = statistics.map_or(&mut [][..], |blocks| {
                blocks.fill(Block::ZERO);
                must_cast_slice_mut::<Block, f32>(blocks)
            });
            for group in span.groups(samples, false) {
                let lines = lines_of(s, x, &group, &span, rule);
                if !statistics.is_empty() {
                    lines.keep(&group, statistics, rule);
                }
                of_kind!(activation, f, then => apply(s, (f, then), (x, &mut *y), affine, &group, &span, &lines));
            }
        },
    );
}

/// How the units of a group are normalised.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn lines_of<S: Isa>(s: S, x: &[Block], group: &Group, span: &Span, rule: Rule) -> Lines {
    let numbers = f32x16::splat(s, span.numbers as f32);
    let eps = f32x16::splat(s, rule.eps);
    let (zero, one) = (f32x16::splat(s, 0.0), f32x16::splat(s, 1.0));
    let mut near = [0.0; LANES];
    // A sum of each unit, and another.
    let [mut plain, mut squared] = [[Block::ZERO; LANES]; 2];
    if rule.norm == Norm::Layer {
        for (at, plain) in group.starts().zip(&mut plain) {
            let [total] = sum(
                s,
                span,
                #[inline(always)]
                |run| [span.run(x, at, run)],
                #[inline(always)]
                |[x]| [x],
            );
            plain.store(total);
        }
        math::flush(s, across(s, &plain) / numbers).store_array(&mut near);
        let sums = plain.iter_mut().zip(&mut squared);
        for ((at, near), (plain, squared)) in group.starts().zip(near).zip(sums) {
            let near = f32x16::splat(s, near);
            let totals = sum(
                s,
                span,
                #[inline(always)]
                |run| [span.run(x, at, run)],
                #[inline(always)]
                |[x]| {
                    let above = x - near;
                    [above, above * above]
                },
            );
            plain.store(totals[0]);
            squared.store(totals[1]);
        }
    } else {
        for (at, squared) in group.starts().zip(&mut squared) {
            let [total] = sum(
                s,
                span,
                #[inline(always)]
                |run| [span.run(x, at, run)],
                #[inline(always)]
                |[x]| [x * x],
            );
            squared.store(total);
        }
    }
    let squares = across(s, &squared);
    let mut above = zero;
    let inverse = match rule.norm {
        Norm::Layer => {
            above = across(s, &plain) / numbers;
            // What is below zero is rounding; NaN stays.
            let variance = math::maximum(s, squares / numbers - above * above, zero);
            one / (variance + eps).sqrt()
        }
        Norm::Rms => one / (squares / numbers + eps).sqrt(),
        Norm::Length => one / math::maximum(s, squares.sqrt(), eps),
    };
    let inverse = math::flush(s, inverse);
    let mut lines = Lines {
        near,
        shift: [0.0; LANES],
        inverse: [0.0; LANES],
    };
    math::flush(s, -above * inverse).store_array(&mut lines.shift);
    inverse.store_array(&mut lines.inverse);
    lines
}

/// y of the units of a group.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn apply<S: Isa, F: Function>(
    s: S,
    (f, then): (F, Option<Kind>),
    (x, y): (&[Block], &mut [Block]),
    affine: Affine<'_>,
    group: &Group,
    span: &Span,
    lines: &Lines,
) {
    let tail = span.tail(s);
    let (weighted, biased) = (!affine.weight.is_empty(), !affine.bias.is_empty());
    for unit in 0..group.units {
        let line = lines.of(s, unit);
        for run in 0..span.runs() {
            let x = span.run(x, group.at[unit], run);
            let weight = span.part(affine.weight, run, x);
            let bias = span.part(affine.bias, run, x);
            change(
                s,
                [x, weight, bias],
                tail,
                span.run_mut(y, group.at[unit], run),
                #[inline(always)]
                |[x, weight, bias]| {
                    let normal = normal(s, x, line);
                    let scaled = match (weighted, biased) {
                        (true, true) => normal.mul_add(weight, bias),
                        (true, false) => normal * weight,
                        (false, true) => normal + bias,
                        (false, false) => normal,
                    };
                    f.apply(s, scaled)
                },
                #[inline(always)]
                |y, value| y.store(value),
            );
            if let Some(kind) = then {
                let y = span.run_mut(y, group.at[unit], run);
                kind.change(s, y);
                if let Some(last) = y.last_mut().filter(|_| !kind.keeps_zero()) {
                    last.store(keep(last.load(s), tail));
                }
            }
        }
    }
}
