//! Backward: each sample's sums, the batch's, and what they make of each delta.

use super::line::{Affine, centre};
use crate::{
    batch::Samples,
    block::{Block, LANES},
    kernels::pixels::Pixels,
    math,
    simd::{Isa, compiled_here},
    update::Stretch,
};

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
