//! Backward: each sample's sums, the batch's, and what they make of each delta.

use super::{
    line::{Affine, Line, batch_line, centre},
    slope::{Every, Slope, of_slope},
};
use crate::{
    batch::Samples,
    block::{Block, LANES},
    kernels::{
        activation::{Declared, Function, Kind, of_kind},
        pixels::Pixels,
    },
    math,
    simd::{Isa, compiled_here},
    update::Stretch,
};
use fearless_simd::f32x16;

/// The sums over each sample's pixels that backward needs: of d, and of d x^, where y = f(g x^ + b). f is made of straight
/// pieces, so that d = f' dy follows from x; where dy is d already, it is the identity.
pub fn sums<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    affine: Affine<'_>,
    sums: &mut [Block],
    pixels: Pixels,
) {
    sums_as(s, x, dy, statistics, affine, sums, pixels, A::KIND);
}

compiled_here! {
    pub(in crate::kernels) fn sums_as = sums_on(x: &[Block], dy: &[Block], statistics: &[Block], affine: Affine<'_>, sums: &mut [Block], pixels: Pixels, activation: Kind);
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
    activation: Kind,
) {
    of_slope!(activation, slope => sums_of(s, slope, [x, dy], statistics, affine, sums, pixels));
}

fn sums_of<S: Isa>(
    s: S,
    slope: impl Slope,
    [x, dy]: [&[Block]; 2],
    statistics: &[Block],
    affine: Affine<'_>,
    sums: &mut [Block],
    pixels: Pixels,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let blocks = pixels.blocks.max(1);
            let samples = x.chunks_exact(blocks).zip(dy.chunks_exact(blocks));
            for ((x, dy), sums) in samples.zip(sums.chunks_exact_mut((2 * pixels.panels).max(1))) {
                sums.fill(Block::ZERO);
                for row in 0..pixels.rows {
                    let rows = [pixels.row(x, row), pixels.row(dy, row)];
                    row_sums(s, slope, rows, statistics, affine, sums, pixels);
                }
            }
        },
    );
}

/// Adds the sums of a row.
#[inline(always)]
fn row_sums<S: Isa>(
    s: S,
    slope: impl Slope,
    rows: [&[Block]; 2],
    statistics: &[Block],
    affine: Affine<'_>,
    sums: &mut [Block],
    pixels: Pixels,
) {
    pixels.add_row(
        s,
        rows,
        sums,
        #[inline(always)]
        |panel| told(s, statistics, affine, [panel, pixels.panels]),
        #[inline(always)]
        |[mean, rest, scale, shift, inverse], [x, dy]| {
            let line = Line::of([mean, rest, scale, shift]);
            let dy = slope.passes(s, line, x, dy);
            let centred = line.centred(s, x);
            [dy, dy * math::flush(s, centred * inverse)]
        },
    );
}

/// The line of a panel, and r.
#[inline(always)]
pub(in crate::kernels) fn told<S: Isa>(
    s: S,
    statistics: &[Block],
    affine: Affine<'_>,
    [panel, panels]: [usize; 2],
) -> [f32x16<S>; 5] {
    let [mean, rest, scale, shift] = batch_line(s, statistics, affine, [panel, panels]).told();
    let [.., inverse] = centre(s, statistics, panel, panels);
    [mean, rest, scale, shift, inverse]
}

/// [`sums`] where y = f(g x^ + b + r): d = f'(y) dy, which is the residual's delta too, is written apart.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
pub fn sums_apart<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    y: &[Block],
    dy: &[Block],
    statistics: &[Block],
    delta: &mut [Block],
    sums: &mut [Block],
    pixels: Pixels,
) {
    sums_apart_as(s, x, y, dy, statistics, delta, sums, pixels, A::KIND);
}

compiled_here! {
    fn sums_apart_as = sums_apart_on(x: &[Block], y: &[Block], dy: &[Block], statistics: &[Block], delta: &mut [Block], sums: &mut [Block], pixels: Pixels, activation: Kind);
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn sums_apart_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &[Block],
    dy: &[Block],
    statistics: &[Block],
    delta: &mut [Block],
    sums: &mut [Block],
    pixels: Pixels,
    activation: Kind,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let blocks = pixels.blocks.max(1);
            let samples = x.chunks_exact(blocks).zip(y.chunks_exact(blocks));
            let deltas = dy.chunks_exact(blocks).zip(delta.chunks_exact_mut(blocks));
            let sums = sums.chunks_exact_mut((2 * pixels.panels).max(1));
            for (((x, y), (dy, delta)), sums) in samples.zip(deltas).zip(sums) {
                sums.fill(Block::ZERO);
                for row in 0..pixels.rows {
                    let delta = pixels.row_mut(delta, row);
                    let (y, dy) = (pixels.row(y, row), pixels.row(dy, row));
                    of_kind!(activation, f, then => match then {
                        Some(kind) => kind.gradient(s, y, dy, delta),
                        None => for ((y, dy), delta) in y.iter().zip(dy).zip(&mut *delta) {
                            delta.store(f.gradient(s, y.load(s), dy.load(s)));
                        },
                    });
                    let rows = [pixels.row(x, row), &*delta];
                    row_sums(s, Every, rows, statistics, Affine::Fixed, sums, pixels);
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

/// dx = g r (d - mean d - x^ mean(d x^)), or dx += that if ADD, with d as for [`sums`]. The border of dx is zero afterwards,
/// or what it was if ADD.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
pub fn backward<S: Isa, A: Declared, const ADD: bool>(
    s: S,
    x: &[Block],
    dy: &[Block],
    statistics: &[Block],
    means: &[Block],
    affine: Affine<'_>,
    dx: &mut [Block],
    pixels: Pixels,
) {
    let kind = (A::KIND, ADD);
    backward_into(s, x, dy, statistics, means, affine, dx, pixels, kind);
}

compiled_here! {
    fn backward_into = backward_into_on(x: &[Block], dy: &[Block], statistics: &[Block], means: &[Block], affine: Affine<'_>, dx: &mut [Block], pixels: Pixels, kind: (Kind, bool));
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
    (activation, add): (Kind, bool),
) {
    of_slope!(activation, slope => back(s, slope, [x, dy], statistics, means, affine, dx, pixels, add));
}

#[allow(clippy::too_many_arguments, reason = "as `backward`")]
fn back<S: Isa>(
    s: S,
    slope: impl Slope,
    [x, dy]: [&[Block]; 2],
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
            let blocks = pixels.blocks.max(1);
            let samples = x.chunks_exact(blocks).zip(dy.chunks_exact(blocks));
            for ((x, dy), dx) in samples.zip(dx.chunks_exact_mut(blocks)) {
                if !add {
                    pixels.clear_border(dx);
                }
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
            let [mean, rest, scale, shift, inverse] = told(s, statistics, affine, [panel, panels]);
            let [all, along] = [means[panel].load(s), means[panels + panel].load(s)];
            [mean, rest, scale, shift, inverse, all, along]
        },
        #[inline(always)]
        |[mean, rest, scale, shift, inverse, all, along], [x, dy], dx| {
            let line = Line::of([mean, rest, scale, shift]);
            let dy = slope.passes(s, line, x, dy);
            let normal = math::flush(s, line.centred(s, x) * inverse);
            let rest = (dy - all) - normal * along;
            let mut gradient = math::flush(s, rest) * scale;
            if add {
                gradient += dx.load(s);
            }
            dx.store(math::flush(s, gradient));
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
