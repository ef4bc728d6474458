//! Group normalisation (Wu and He 2018) and instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016), as
//! `torch.nn.GroupNorm` and `InstanceNorm1d`, `InstanceNorm2d`: of each sample by itself, over the pixels of a group of
//! channels, which for instance normalisation is a single channel.
//!
//! With the mean m and the variance v of the N numbers of a sample's group, and g and b of each channel:
//!
//! ```text
//! x^ = (x - m) r,  r = 1 / sqrt(v + eps)        y = f(g x^ + b)
//! ```
//!
//! where f is an activation. This is batch normalisation ([`batch_norm`]) of one sample whose
//! channels have their statistics in common, and it shares the passes over memory: the moments of each channel, which
//! are joined in double precision as those of samples are there, the line that each channel's numbers are brought to,
//! and the sums of d = dL/d(g x^ + b) and of d x^. Only what these sums mean for dx is different, since g differs
//! within a group:
//!
//! ```text
//! db = sum d      dg = sum d x^                                 for each channel
//! dx = r (g d - c1 - x^ c2),  c1 = sum g db / N,  c2 = sum g dg / N      over the channels of a group
//! ```
//!
//! Channels of a group are neighbours, which need not fill whole blocks.

#[cfg(test)]
mod tests;

use super::{
    activation::{Declared, Kind},
    batch_norm::{
        self, Affine,
        slope::{Slope, of_slope},
    },
    pixels::Pixels,
};
use crate::{
    batch::Samples,
    block::{Block, LANES, without_padding},
    math,
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, prelude::*};

/// y = f(g x^ + b), and of each sample's panels the mean in two parts and r, and behind them the variance if there is
/// room; writes y's border, too.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
pub fn forward<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    affine: Affine<'_>,
    y: &mut [Block],
    statistics: &mut [Block],
    pixels: Pixels,
    groups: usize,
    eps: f32,
) {
    forward_as(s, x, affine, y, statistics, pixels, groups, eps, A::KIND);
}

compiled_here! {
    fn forward_as = forward_as_on(x: &[Block], affine: Affine<'_>, y: &mut [Block], statistics: &mut [Block], pixels: Pixels, groups: usize, eps: f32, activation: Kind);
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn forward_as_on<S: Isa>(
    s: S,
    x: &[Block],
    affine: Affine<'_>,
    y: &mut [Block],
    statistics: &mut [Block],
    pixels: Pixels,
    groups: usize,
    eps: f32,
    activation: Kind,
) {
    let blocks = pixels.blocks.max(1);
    let kept = statistics.len() / (x.len() / blocks).max(1);
    let samples = x.chunks_exact(blocks).zip(y.chunks_exact_mut(blocks));
    for ((x, y), statistics) in samples.zip(statistics.chunks_exact_mut(kept.max(1))) {
        batch_norm::moments(s, x, &mut statistics[..3 * pixels.panels], pixels);
        join_channels(s, statistics, pixels, groups, eps);
        batch_norm::forward_as(s, x, statistics, affine, &[], y, pixels, activation);
    }
}

/// The moments of a sample's channels become the statistics of their groups: the mean in two parts, and r.
#[inline(always)]
fn join_channels<S: Isa>(s: S, statistics: &mut [Block], pixels: Pixels, groups: usize, eps: f32) {
    s.vectorize(
        #[inline(always)]
        || {
            let count = f32x16::splat(s, pixels.count() as f32);
            let (eps, one) = (f32x16::splat(s, eps), f32x16::splat(s, 1.0));
            let zero = f32x16::splat(s, 0.0);
            let alone = groups == pixels.channels;
            if !alone {
                join_groups(statistics, pixels, groups);
            }
            let panels = pixels.panels;
            for panel in 0..panels {
                let [mut near, mut rest, mut variance] = [0, 1, 2].map(
                    #[inline(always)]
                    |place| statistics[place * panels + panel].load(s),
                );
                if alone {
                    // A shift, the sum of what is above it, and that of the squares.
                    let (shift, above) = (near, rest / count);
                    near = math::flush(s, shift + above);
                    rest = (shift - near) + above;
                    variance = variance / count - above * above;
                }
                // What is below zero is rounding; NaN stays.
                let variance = math::maximum(s, variance, zero);
                if let Some(kept) = statistics.get_mut(3 * panels + panel) {
                    kept.store(math::flush(s, variance));
                }
                let inverse = one / (variance + eps).sqrt();
                let inverse = without_padding(s, inverse, panel, pixels.channels);
                for (place, part) in [near, rest, inverse].into_iter().enumerate() {
                    statistics[place * panels + panel].store(math::flush(s, part));
                }
            }
        },
    );
}

/// The moments of channels become, in all channels of a group, its mean in two parts and its variance.
#[inline(always)]
fn join_groups(statistics: &mut [Block], pixels: Pixels, groups: usize) {
    let (panels, count) = (pixels.panels, pixels.count() as f64);
    let each = pixels.channels / groups.max(1);
    let of = |statistics: &[Block], place: usize, channel: usize| {
        f64::from(statistics[place * panels + channel / LANES].0[channel % LANES])
    };
    for first in (0..groups * each).step_by(each.max(1)) {
        let channels = first..first + each;
        let mean = |channel| of(statistics, 0, channel) + of(statistics, 1, channel) / count;
        let total = channels.clone().map(mean).sum::<f64>() / each as f64;
        let squares = |channel| {
            let sum = of(statistics, 1, channel);
            let apart = mean(channel) - total;
            of(statistics, 2, channel) - sum * sum / count + apart * apart * count
        };
        let variance = channels.clone().map(squares).sum::<f64>() / (count * each as f64);
        let near = math::flush_number(total as f32);
        let numbers = [near, (total - f64::from(near)) as f32, variance as f32];
        for channel in channels {
            for (place, number) in numbers.into_iter().enumerate() {
                statistics[place * panels + channel / LANES].0[channel % LANES] = number;
            }
        }
    }
}

compiled_here! {
    /// The means over the samples, in their order, of what forward kept with variances: of the means, and of the
    /// unbiased variances of so many numbers each, in the places where those of a batch stand.
    pub fn join = join_on(statistics: Samples<'_>, joined: &mut [Block], numbers: usize);
}

fn join_on<S: Isa>(s: S, statistics: Samples<'_>, joined: &mut [Block], numbers: usize) {
    s.vectorize(
        #[inline(always)]
        || {
            joined.fill(Block::ZERO);
            let panels = joined.len() / 4;
            let samples = statistics.count() as f64;
            let unbiased = numbers as f64 / (numbers as f64 - 1.0).max(1.0);
            for panel in 0..panels {
                let [mut mean, mut variance] = [[0.0_f64; LANES]; 2];
                for sample in statistics.iter() {
                    for lane in 0..LANES {
                        let part = |place: usize| f64::from(sample[place * panels + panel].0[lane]);
                        mean[lane] += part(0) + part(1);
                        variance[lane] += part(3);
                    }
                }
                for lane in 0..LANES {
                    let mean = (mean[lane] / samples) as f32;
                    let variance = (variance[lane] / samples * unbiased) as f32;
                    joined[panel].0[lane] = math::flush_number(mean);
                    joined[3 * panels + panel].0[lane] = math::flush_number(variance);
                }
            }
        },
    );
}

/// Of each sample's panels the sums of d, and behind them those of d x^, and then c1 and c2. f is made of straight pieces, so
/// that d = f' dy follows from x; where dy is d already, it is the identity.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
pub fn sums<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    affine: Affine<'_>,
    sums: &mut [Block],
    pixels: Pixels,
    groups: usize,
) {
    sums_as(s, x, dy, statistics, affine, sums, pixels, groups, A::KIND);
}

compiled_here! {
    fn sums_as = sums_on(x: &[Block], dy: &[Block], statistics: &[Block], affine: Affine<'_>, sums: &mut [Block], pixels: Pixels, groups: usize, activation: Kind);
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn sums_on<S: Isa>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    affine: Affine<'_>,
    sums: &mut [Block],
    pixels: Pixels,
    groups: usize,
    activation: Kind,
) {
    let (blocks, panels) = (pixels.blocks.max(1), pixels.panels.max(1));
    let samples = x.chunks_exact(blocks).zip(dy.chunks_exact(blocks));
    let kept = statistics.len() / (x.len() / blocks).max(1);
    let statistics = statistics.chunks_exact(kept.max(1));
    for (((x, dy), statistics), sums) in samples
        .zip(statistics)
        .zip(sums.chunks_exact_mut(4 * panels))
    {
        let (sums, means) = sums.split_at_mut(2 * panels);
        batch_norm::sums_as(s, x, dy, statistics, affine, sums, pixels, activation);
        weigh(s, sums, affine, means, pixels, groups);
    }
}

/// c1 and c2 of a sample's groups, in all channels of each.
#[inline(always)]
fn weigh<S: Isa>(
    s: S,
    sums: &[Block],
    affine: Affine<'_>,
    means: &mut [Block],
    pixels: Pixels,
    groups: usize,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let (panels, each) = (pixels.panels, pixels.channels / groups.max(1));
            let numbers = pixels.count() as f64 * each as f64;
            for (kind, means) in means.chunks_exact_mut(panels).enumerate() {
                for (panel, mean) in means.iter_mut().enumerate() {
                    let sum = sums[kind * panels + panel].load(s);
                    mean.store(sum * affine.weight(s, panel));
                }
                let floats = bytemuck::must_cast_slice_mut::<Block, f32>(means);
                for group in floats[..groups * each].chunks_exact_mut(each.max(1)) {
                    let sum = group.iter().map(|&number| f64::from(number)).sum::<f64>();
                    group.fill(math::flush_number((sum / numbers) as f32));
                }
            }
        },
    );
}

/// dx = r (g d - c1 - x^ c2), or dx += that if ADD, with d as for [`sums`]. The border of dx is zero afterwards, or
/// what it was if ADD.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
pub fn backward<S: Isa, A: Declared, const ADD: bool>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    sums: &[Block],
    affine: Affine<'_>,
    dx: &mut [Block],
    pixels: Pixels,
) {
    let kind = (A::KIND, ADD);
    backward_into(s, x, dy, statistics, sums, affine, dx, pixels, kind);
}

compiled_here! {
    fn backward_into = backward_into_on(x: &[Block], dy: &[Block], statistics: &[Block], sums: &[Block], affine: Affine<'_>, dx: &mut [Block], pixels: Pixels, kind: (Kind, bool));
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn backward_into_on<S: Isa>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    sums: &[Block],
    affine: Affine<'_>,
    dx: &mut [Block],
    pixels: Pixels,
    (activation, add): (Kind, bool),
) {
    of_slope!(activation, slope => back(s, slope, [x, dy], statistics, sums, affine, dx, pixels, add));
}

#[allow(clippy::too_many_arguments, reason = "as `backward`")]
fn back<S: Isa>(
    s: S,
    slope: impl Slope,
    [x, dy]: [&[Block]; 2],
    statistics: &[Block],
    sums: &[Block],
    affine: Affine<'_>,
    dx: &mut [Block],
    pixels: Pixels,
    add: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let (blocks, panels) = (pixels.blocks.max(1), pixels.panels.max(1));
            let samples = x.chunks_exact(blocks).zip(dy.chunks_exact(blocks));
            let told = statistics
                .chunks_exact((statistics.len() / (x.len() / blocks).max(1)).max(1))
                .zip(sums.chunks_exact(4 * panels));
            let samples = samples.zip(told).zip(dx.chunks_exact_mut(blocks));
            for (((x, dy), (statistics, sums)), dx) in samples {
                if !add {
                    pixels.clear_border(dx);
                }
                let means = &sums[2 * panels..];
                for row in 0..pixels.rows {
                    let rows = [pixels.row(x, row), pixels.row(dy, row)];
                    let dx = pixels.row_mut(dx, row);
                    row_back(s, slope, rows, statistics, means, affine, dx, pixels, add);
                }
            }
        },
    );
}

/// dx of a row.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "as `backward`")]
fn row_back<S: Isa>(
    s: S,
    slope: impl Slope,
    rows: [&[Block]; 2],
    statistics: &[Block],
    means: &[Block],
    affine: Affine<'_>,
    dx: &mut [Block],
    pixels: Pixels,
    add: bool,
) {
    let panels = pixels.panels;
    pixels.change_row(
        s,
        rows,
        dx,
        #[inline(always)]
        |panel| {
            let [mean, rest, scale, shift, inverse] =
                batch_norm::told(s, statistics, affine, [panel, panels]);
            let weight = affine.weight(s, panel);
            let [all, along] = [means[panel].load(s), means[panels + panel].load(s)];
            [mean, rest, scale, shift, inverse, weight, all, along]
        },
        #[inline(always)]
        |[mean, rest, scale, shift, inverse, weight, all, along], [x, dy], dx| {
            let line = batch_norm::Line::of([mean, rest, scale, shift]);
            let dy = slope.passes(s, line, x, dy);
            let normal = math::flush(s, line.centred(s, x) * inverse);
            let rest = (math::flush(s, dy * weight) - all) - normal * along;
            let mut gradient = math::flush(s, rest) * inverse;
            if add {
                gradient += dx.load(s);
            }
            dx.store(math::flush(s, gradient));
        },
    );
}
