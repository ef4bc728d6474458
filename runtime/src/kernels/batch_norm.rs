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
//! Products of three numbers are flushed in between (see [`math::flush`]). Sizes are values: these kernels take memory's time.

use super::{
    activation::{Activation, Declared, Kind, of_kind},
    finish::{Finish, Normal},
    pixels::Pixels,
};
use crate::{
    batch::Samples,
    block::{Block, LANES, without_padding},
    math,
    simd::{Isa, compiled_here},
    tensor::{joined_count, split_count},
    update::Stretch,
};
use core::marker::PhantomData;
use fearless_simd::{Simd, f32x16, prelude::*};

/// What x^ is multiplied by and what is added to it, a panel of sixteen channels after another.
#[derive(Clone, Copy)]
pub enum Affine<'a> {
    /// Learnt numbers.
    Learnt {
        /// g.
        weight: &'a [Block],
        /// b.
        bias: &'a [Block],
    },
    /// 1 and 0.
    Fixed,
}

impl Affine<'_> {
    #[inline(always)]
    fn weight<S: Simd>(self, s: S, panel: usize) -> f32x16<S> {
        match self {
            Self::Learnt { weight, .. } => weight[panel].load(s),
            Self::Fixed => f32x16::splat(s, 1.0),
        }
    }

    #[inline(always)]
    fn bias<S: Simd>(self, s: S, panel: usize) -> f32x16<S> {
        match self {
            Self::Learnt { bias, .. } => bias[panel].load(s),
            Self::Fixed => f32x16::splat(s, 0.0),
        }
    }
}

/// What was seen while training: the mean and the variance of each channel.
#[derive(Clone, Copy)]
pub struct Running<'a> {
    /// The mean.
    pub mean: &'a [Block],
    /// The variance.
    pub variance: &'a [Block],
    /// What is added to the variance.
    pub eps: f32,
}

/// How numbers of a panel are normalised: `(x - mean - rest) * scale + shift`.
struct Line<S: Simd> {
    mean: f32x16<S>,
    rest: f32x16<S>,
    scale: f32x16<S>,
    shift: f32x16<S>,
}

impl<S: Simd> Line<S> {
    #[inline(always)]
    fn at(&self, s: S, x: f32x16<S>) -> f32x16<S> {
        let centred = math::flush(s, (x - self.mean) - self.rest);
        centred.mul_add(self.scale, self.shift)
    }
}

/// The line of a panel by the running statistics.
#[inline(always)]
fn running_line<S: Simd>(s: S, running: Running<'_>, affine: Affine<'_>, panel: usize) -> Line<S> {
    let variance = running.variance[panel].load(s) + f32x16::splat(s, running.eps);
    let inverse = f32x16::splat(s, 1.0) / variance.sqrt();
    Line {
        mean: running.mean[panel].load(s),
        rest: f32x16::splat(s, 0.0),
        scale: math::flush(s, inverse * affine.weight(s, panel)),
        shift: affine.bias(s, panel),
    }
}

/// The line of a panel by the batch's statistics.
#[inline(always)]
fn batch_line<S: Simd>(
    s: S,
    statistics: &[Block],
    affine: Affine<'_>,
    [panel, panels]: [usize; 2],
) -> Line<S> {
    let [mean, rest, inverse] = centre(s, statistics, panel, panels);
    Line {
        mean,
        rest,
        scale: math::flush(s, inverse * affine.weight(s, panel)),
        shift: affine.bias(s, panel),
    }
}

/// y = f(g x^ + b) with the running statistics; writes y's border, too.
pub fn infer<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    running: Running<'_>,
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
) {
    infer_as(s, x, running, affine, y, pixels, A::KIND);
}

compiled_here! {
    fn infer_as = infer_as_on(x: &[Block], running: Running<'_>, affine: Affine<'_>, y: &mut [Block], pixels: Pixels, activation: Kind);
}

fn infer_as_on<S: Isa>(
    s: S,
    x: &[Block],
    running: Running<'_>,
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
    activation: Kind,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let line = |panel| running_line(s, running, affine, panel);
            of_kind!(activation, A => normalise::<S, A>(s, x, y, pixels, line));
        },
    );
}

compiled_here! {
    /// How a contraction normalises its sums by running statistics: for each panel the mean, then what each is multiplied by,
    /// then what is added.
    pub fn lines = lines_on(running: Running<'_>, affine: Affine<'_>, lines: &mut [Block]);
}

fn lines_on<S: Isa>(s: S, running: Running<'_>, affine: Affine<'_>, lines: &mut [Block]) {
    s.vectorize(
        #[inline(always)]
        || {
            let panels = running.mean.len();
            for panel in 0..panels {
                let line = running_line(s, running, affine, panel);
                let parts = [line.mean, line.scale, line.shift];
                for (place, part) in parts.into_iter().enumerate() {
                    lines[place * panels + panel].store(part);
                }
            }
        },
    );
}

compiled_here! {
    /// Rows of sums, of so many panels and numbers, become what [`lines`] say, added to `residual`, under an activation.
    pub(super) fn rows = rows_on(
        lines: &[Block],
        residual: Option<&[Block]>,
        y: &mut [Block],
        sizes: [usize; 2],
        activation: Kind,
    );
}

fn rows_on<S: Isa>(
    s: S,
    lines: &[Block],
    residual: Option<&[Block]>,
    y: &mut [Block],
    [panels, numbers]: [usize; 2],
    activation: Kind,
) {
    s.vectorize(
        #[inline(always)]
        || {
            of_kind!(activation, A => for (at, y) in y.iter_mut().enumerate() {
                let panel = at % panels;
                let (activation, sums) = (PhantomData::<A>, y.load(s));
                let value = match residual {
                    Some(residual) => {
                        let normal = Normal::<A, true> { lines, panels, residual, activation };
                        normal.finish(s, sums, panel, at)
                    }
                    None => {
                        let residual = &[];
                        let normal = Normal::<A, false> { lines, panels, residual, activation };
                        normal.finish(s, sums, panel, at)
                    }
                };
                y.store(without_padding(s, value, panel, numbers));
            });
        },
    );
}

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
            let samples = x.chunks_exact(pixels.blocks.max(1));
            let moments = moments.chunks_exact_mut((3 * pixels.panels).max(1));
            for (x, moments) in samples.zip(moments) {
                for panel in 0..pixels.panels {
                    let first = x[pixels.first + panel].load(s);
                    let [above] = pixels.sums(
                        s,
                        [x, x],
                        panel,
                        #[inline(always)]
                        |x, _| [x - first],
                    );
                    let shift = first + above / count;
                    let sums = pixels.sums(
                        s,
                        [x, x],
                        panel,
                        #[inline(always)]
                        |x, _| {
                            let centred = math::flush(s, x - shift);
                            [centred, centred * centred]
                        },
                    );
                    let [sum, squares] = sums;
                    for (place, number) in [shift, sum, squares].into_iter().enumerate() {
                        moments[place * pixels.panels + panel].store(number);
                    }
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

/// y = f(g x^ + b) with the batch's statistics; writes y's border, too.
pub fn forward<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    statistics: &[Block],
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
) {
    forward_as(s, x, statistics, affine, y, pixels, A::KIND);
}

compiled_here! {
    fn forward_as = forward_as_on(x: &[Block], statistics: &[Block], affine: Affine<'_>, y: &mut [Block], pixels: Pixels, activation: Kind);
}

fn forward_as_on<S: Isa>(
    s: S,
    x: &[Block],
    statistics: &[Block],
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
    activation: Kind,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let line = |panel| batch_line(s, statistics, affine, [panel, pixels.panels]);
            of_kind!(activation, A => normalise::<S, A>(s, x, y, pixels, line));
        },
    );
}

/// The mean in two parts and r of a panel.
#[inline(always)]
fn centre<S: Simd>(s: S, statistics: &[Block], panel: usize, panels: usize) -> [f32x16<S>; 3] {
    [0, 1, 2].map(
        #[inline(always)]
        |place| statistics[place * panels + panel].load(s),
    )
}

/// y = f of x on each panel's line.
#[inline(always)]
fn normalise<S: Isa, A: Activation>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    pixels: Pixels,
    line: impl Fn(usize) -> Line<S>,
) {
    let blocks = pixels.blocks.max(1);
    for y in y.chunks_exact_mut(blocks) {
        pixels.clear_border(y);
    }
    for panel in 0..pixels.panels {
        let line = line(panel);
        for (x, y) in x.chunks_exact(blocks).zip(y.chunks_exact_mut(blocks)) {
            for row in 0..pixels.rows {
                let x = pixels.row(x, row)[panel..].iter();
                let y = pixels.row_mut(y, row)[panel..].iter_mut();
                for (x, y) in x.step_by(pixels.panels).zip(y.step_by(pixels.panels)) {
                    let normal = A::apply(s, line.at(s, x.load(s)));
                    y.store(if A::KEEPS_ZERO {
                        normal
                    } else {
                        without_padding(s, normal, panel, pixels.channels)
                    });
                }
            }
        }
    }
}

compiled_here! {
    /// The sums over each sample's pixels that backward needs: of d, and of d x^.
    pub fn sums = sums_on(x: &[Block], dy: &[Block], statistics: &[Block], sums: &mut [Block], pixels: Pixels);
}

fn sums_on<S: Isa>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    sums: &mut [Block],
    pixels: Pixels,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let blocks = pixels.blocks.max(1);
            let samples = x.chunks_exact(blocks).zip(dy.chunks_exact(blocks));
            let sums = sums.chunks_exact_mut((2 * pixels.panels).max(1));
            for ((x, dy), sums) in samples.zip(sums) {
                for panel in 0..pixels.panels {
                    let [mean, rest, inverse] = centre(s, statistics, panel, pixels.panels);
                    let both = pixels.sums(
                        s,
                        [x, dy],
                        panel,
                        #[inline(always)]
                        |x, dy| {
                            let centred = math::flush(s, (x - mean) - rest);
                            [dy, dy * math::flush(s, centred * inverse)]
                        },
                    );
                    for (place, sum) in both.into_iter().enumerate() {
                        sums[place * pixels.panels + panel].store(sum);
                    }
                }
            }
        },
    );
}

compiled_here! {
    /// Both sums over the batch, divided by its positions.
    pub fn means = means_on(sums: Samples<'_>, means: &mut [Block], pixels: Pixels);
}

fn means_on<S: Isa>(s: S, sums: Samples<'_>, means: &mut [Block], pixels: Pixels) {
    s.vectorize(
        #[inline(always)]
        || {
            let positions = (pixels.count() * sums.count()) as f64;
            for (place, mean) in means.iter_mut().enumerate() {
                let sum = total(sums.iter().map(
                    #[inline(always)]
                    |sample| &sample[place],
                ));
                *mean = Block(sum.map(|sum| math::flush_number((sum / positions) as f32)));
            }
        },
    );
}

/// The sum of some blocks in double precision, in their order.
#[inline(always)]
fn total<'a>(blocks: impl Iterator<Item = &'a Block>) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for block in blocks {
        for (sum, number) in sums.iter_mut().zip(block.0) {
            *sum += f64::from(number);
        }
    }
    sums
}

/// dx = g r (d - mean d - x^ mean(d x^)), or dx += that if ADD. The border of dx is not meaningful afterwards.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
pub fn backward<S: Isa, const ADD: bool>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    means: &[Block],
    affine: Affine<'_>,
    dx: &mut [Block],
    pixels: Pixels,
) {
    backward_into(s, x, dy, statistics, means, affine, dx, pixels, ADD);
}

compiled_here! {
    /// dx = g r (d - mean d - x^ mean(d x^)), or dx += that if `add`. The border of dx is not meaningful afterwards.
    fn backward_into = backward_into_on(x: &[Block], dy: &[Block], statistics: &[Block], means: &[Block], affine: Affine<'_>, dx: &mut [Block], pixels: Pixels, add: bool);
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn backward_into_on<S: Isa>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    means: &[Block],
    affine: Affine<'_>,
    dx: &mut [Block],
    pixels: Pixels,
    add: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let (blocks, panels) = (pixels.blocks.max(1), pixels.panels);
            for panel in 0..panels {
                let [mean, rest, inverse] = centre(s, statistics, panel, panels);
                let scale = math::flush(s, inverse * affine.weight(s, panel));
                let [all, along] = [means[panel].load(s), means[panels + panel].load(s)];
                let samples = x.chunks_exact(blocks).zip(dy.chunks_exact(blocks));
                for ((x, dy), dx) in samples.zip(dx.chunks_exact_mut(blocks)) {
                    for row in 0..pixels.rows {
                        let read = |image| pixels.row(image, row)[panel..].iter().step_by(panels);
                        let written = pixels.row_mut(dx, row)[panel..].iter_mut().step_by(panels);
                        for ((x, dy), dx) in read(x).zip(read(dy)).zip(written) {
                            let centred = math::flush(s, (x.load(s) - mean) - rest);
                            let normal = math::flush(s, centred * inverse);
                            let rest = (dy.load(s) - all) - normal * along;
                            let mut gradient = math::flush(s, rest) * scale;
                            if add {
                                gradient += dx.load(s);
                            }
                            dx.store(math::flush(s, gradient));
                        }
                    }
                }
            }
        },
    );
}

/// The gradient of b, or of g: the samples' sums from block `FIRST` on, of `BOTH` that each sample has, summed in double
/// precision in the order of the batch.
pub fn gradient<'a, S: Isa, const BOTH: usize, const FIRST: usize>(
    s: S,
    sums: impl Iterator<Item = &'a [[Block; BOTH]]> + Clone,
    stretch: &mut Stretch<'_>,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for panel in stretch.range() {
                let samples = sums.clone().flatten();
                let sum = total(samples.map(
                    #[inline(always)]
                    |sample| &sample[FIRST + panel],
                ));
                stretch.finish(panel, &[Block(sum.map(|sum| sum as f32))]);
            }
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

#[cfg(test)]
mod tests;
