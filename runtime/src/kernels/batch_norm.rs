//! Batch normalisation (Ioffe and Szegedy 2015), as `torch.nn.BatchNorm1d` and `BatchNorm2d`.
//!
//! With the mean m and the variance v of a channel over all N positions of the batch (samples times pixels), in training:
//!
//! ```text
//! x^ = (x - m) r,  r = 1 / sqrt(v + eps)        y = g x^ + b
//! ```
//!
//! and in inference m and v are running statistics. m and r depend on every x, so that with d = dL/dy
//!
//! ```text
//! db = sum d      dg = sum d x^      dx = g r (d - db / N - x^ dg / N)
//! ```
//!
//! **Exactness.** Each sample gives its own mean and centred squares, found in two passes: the first sums what pixels have
//! above the first one and gives a shift near the mean, the second sums what they have above the shift, and its squares. They
//! are joined in double precision in the order of the samples (Chan, Golub and LeVeque 1979):
//!
//! ```text
//! e = m_b - m_a,  n = n_a + n_b      m = m_a + e n_b / n      M = M_a + M_b + e^2 n_a n_b / n
//! ```
//!
//! The mean is kept as two floats, so that x - m has the digits of x also where the mean is a thousand deviations. Each
//! number depends on the batch alone, and not on how it was cut.
//!
//! **Few passes over memory.** A residual r and an activation are a part of the pass: y = f(g x^ + b + r). In backward d is
//! then f'(y) dy, and the delta of r. Where f is made of straight pieces, as a rectifier is, and there is no r, d follows from x
//! and is made in registers wherever it is needed; otherwise the pass of the sums leaves it where r has its delta. The panels of a pixel are taken
//! together, so that memory is read as it lies.
//!
//! Products of three numbers are flushed in between (see [`math::flush`]). Sizes are values: these kernels take memory's time.

mod backward;
mod inference;
mod line;
pub(super) mod slope;
#[cfg(test)]
mod tests;

pub use backward::{backward, gradient, means, sums, sums_apart};
pub(super) use backward::{sums_as, told};
pub use inference::{Running, infer, lines, rows};
pub use line::Affine;
pub(super) use line::Line;
use line::{batch_line, normalise};

use super::{
    activation::{Declared, Function, Kind, of_kind},
    pixels::Pixels,
};
use crate::{
    batch::Samples,
    block::{Block, LANES},
    math,
    simd::{Isa, compiled_here},
    tensor::{joined_count, split_count},
};
use fearless_simd::{f32x16, prelude::*};

compiled_here! {
    /// The mean and the centred squares of each sample's channels, as the three numbers they are made of: a shift, the sum of
    /// what is above it, and the sum of the squares of that.
    pub fn moments = moments_on(x: &[Block], moments: &mut [Block], pixels: Pixels);
}

fn moments_on<S: Isa>(s: S, x: &[Block], moments: &mut [Block], pixels: Pixels) {
    s.vectorize(
        #[inline(always)]
        || {
            let count = f32x16::splat(s, pixels.count() as f32);
            let panels = pixels.panels;
            let samples = x.chunks_exact(pixels.blocks.max(1));
            for (x, moments) in samples.zip(moments.chunks_exact_mut((3 * panels).max(1))) {
                moments.fill(Block::ZERO);
                let (shifts, sums) = moments.split_at_mut(panels);
                let first = &x[pixels.first..][..panels];
                for row in 0..pixels.rows {
                    let row = pixels.row(x, row);
                    pixels.add_row(
                        s,
                        [row, row],
                        shifts,
                        #[inline(always)]
                        |panel| [first[panel].load(s)],
                        #[inline(always)]
                        |[first], [x, _]| [x - first],
                    );
                }
                for (shift, first) in shifts.iter_mut().zip(first) {
                    shift.store(first.load(s) + shift.load(s) / count);
                }
                for row in 0..pixels.rows {
                    let row = pixels.row(x, row);
                    pixels.add_row(
                        s,
                        [row, row],
                        sums,
                        #[inline(always)]
                        |panel| [shifts[panel].load(s)],
                        #[inline(always)]
                        |[shift], [x, _]| {
                            let centred = math::flush(s, x - shift);
                            [centred, centred * centred]
                        },
                    );
                }
            }
        },
    );
}

compiled_here! {
    /// Joins the samples' moments, in their order: for each panel the mean in two parts, r, and the unbiased variance.
    pub fn join = join_on(moments: Samples<'_>, statistics: &mut [Block], pixels: Pixels, eps: f32);
}

fn join_on<S: Isa>(s: S, moments: Samples<'_>, statistics: &mut [Block], pixels: Pixels, eps: f32) {
    s.vectorize(
        #[inline(always)]
        || {
            let (panels, each) = (pixels.panels, pixels.count() as f64);
            for panel in 0..panels {
                let (mut mean, mut squares) = ([0.0_f64; LANES], [0.0_f64; LANES]);
                let mut count = 0.0;
                for sample in moments.iter() {
                    let share = each / (count + each);
                    let between = count * share;
                    for lane in 0..LANES {
                        let part = |place: usize| f64::from(sample[place * panels + panel].0[lane]);
                        let (shift, sum) = (part(0), part(1));
                        let own = part(2) - sum * sum / each;
                        let apart = shift + sum / each - mean[lane];
                        mean[lane] += apart * share;
                        // What is below zero is rounding; NaN stays.
                        squares[lane] += if own < 0.0 { 0.0 } else { own };
                        squares[lane] += apart * apart * between;
                    }
                    count += each;
                }
                let unbiased = (count - 1.0).max(1.0);
                let channels = pixels.channels.saturating_sub(panel * LANES).min(LANES);
                for lane in 0..LANES {
                    let near = mean[lane] as f32;
                    let inverse = 1.0 / libm::sqrt(squares[lane] / count + f64::from(eps));
                    let numbers = [
                        near,
                        (mean[lane] - f64::from(near)) as f32,
                        if lane < channels { inverse as f32 } else { 0.0 },
                        (squares[lane] / unbiased) as f32,
                    ];
                    for (place, number) in numbers.into_iter().enumerate() {
                        statistics[place * panels + panel].0[lane] = math::flush_number(number);
                    }
                }
            }
        },
    );
}

/// y = f(g x^ + b) with the batch's statistics, or f(g x^ + b + r) with a residual, laid out alike; writes y's border, too.
/// Without one, `residual` is empty.
pub fn forward<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    statistics: &[Block],
    affine: Affine<'_>,
    residual: &[Block],
    y: &mut [Block],
    pixels: Pixels,
) {
    forward_as(s, x, statistics, affine, residual, y, pixels, A::KIND);
}

compiled_here! {
    pub(super) fn forward_as = forward_as_on(x: &[Block], statistics: &[Block], affine: Affine<'_>, residual: &[Block], y: &mut [Block], pixels: Pixels, activation: Kind);
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn forward_as_on<S: Isa>(
    s: S,
    x: &[Block],
    statistics: &[Block],
    affine: Affine<'_>,
    residual: &[Block],
    y: &mut [Block],
    pixels: Pixels,
    activation: Kind,
) {
    of_kind!(activation, f, then => if residual.is_empty() {
        by_batch::<S, _, false>(s, (f, then), [x, x], statistics, affine, y, pixels);
    } else {
        by_batch::<S, _, true>(s, (f, then), [x, residual], statistics, affine, y, pixels);
    });
}

fn by_batch<S: Isa, F: Function, const RESIDUAL: bool>(
    s: S,
    activation: (F, Option<Kind>),
    read: [&[Block]; 2],
    statistics: &[Block],
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
) {
    s.vectorize(
        #[inline(always)]
        || {
            normalise::<S, F, RESIDUAL>(
                s,
                activation,
                read,
                y,
                pixels,
                #[inline(always)]
                |panel| batch_line(s, statistics, affine, [panel, pixels.panels]),
            );
        },
    );
}

compiled_here! {
    /// The running statistics go a step of `momentum` towards the batch's, and the batch is counted.
    pub fn follow = follow_on(statistics: &[Block], mean: &mut [Block], variance: &mut [Block], count: &mut [Block], momentum: f32);
}

fn follow_on<S: Isa>(
    s: S,
    statistics: &[Block],
    mean: &mut [Block],
    variance: &mut [Block],
    count: &mut [Block],
    momentum: f32,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let panels = mean.len();
            let (keep, gain) = (f32x16::splat(s, 1.0 - momentum), f32x16::splat(s, momentum));
            let both = [(mean, 0), (variance, 3)];
            for (running, place) in both {
                let batch = &statistics[place * panels..][..panels];
                for (running, batch) in running.iter_mut().zip(batch) {
                    let sum = running.load(s) * keep + batch.load(s) * gain;
                    running.store(math::flush(s, sum));
                }
            }
        },
    );
    for Block([low, high, ..]) in count {
        [*low, *high] = split_count(joined_count([*low, *high]) + 1);
    }
}
