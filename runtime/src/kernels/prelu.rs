//! A rectifier that learns how much it lets through (He et al. 2015), as `torch.nn.PReLU`: one slope w, or one for each
//! channel.
//!
//! ```text
//! y = x where x > 0, w x elsewhere
//! dx = dy where x > 0, w dy elsewhere        dw = sum of x dy where x <= 0
//! ```
//!
//! The sums of a sample are cut every 4,096 pixels, and the samples' are added up in double precision (see
//! [`batch_norm::gradient`](super::batch_norm::gradient)). Sizes are values: these kernels take memory's time.

#[cfg(test)]
mod tests;

use super::pixels::Pixels;
use crate::{
    block::Block,
    math,
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, prelude::*};

/// The longest run of pixels that is one sum.
const LONGEST: usize = 4096;

/// The slopes of a panel: those of `weight`, or its first number for all if there is but one.
#[inline(always)]
fn slopes<S: Isa>(s: S, weight: &[Block], panel: usize, shared: bool) -> f32x16<S> {
    match shared {
        true => f32x16::splat(s, weight[0].0[0]),
        false => weight[panel].load(s),
    }
}

compiled_here! {
    /// y; writes its border, too. Where the slope is `shared`, it is the first number of `weight`.
    pub fn forward = forward_on(x: &[Block], weight: &[Block], y: &mut [Block], pixels: Pixels, shared: bool);
}

fn forward_on<S: Isa>(
    s: S,
    x: &[Block],
    weight: &[Block],
    y: &mut [Block],
    pixels: Pixels,
    shared: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let blocks = pixels.blocks.max(1);
            for (x, y) in x.chunks_exact(blocks).zip(y.chunks_exact_mut(blocks)) {
                pixels.clear_border(y);
                for row in 0..pixels.rows {
                    let x = pixels.row(x, row);
                    pixels.change_row(
                        s,
                        [x, x],
                        pixels.row_mut(y, row),
                        #[inline(always)]
                        |panel| [slopes(s, weight, panel, shared)],
                        #[inline(always)]
                        |[slope], [x, _], y| {
                            let value = x.simd_gt(0.0).select(x, x * slope);
                            y.store(math::flush(s, value));
                        },
                    );
                }
            }
        },
    );
}

/// dx = dy where x > 0, w dy elsewhere, or dx += that if ADD.
pub fn backward<S: Isa, const ADD: bool>(
    s: S,
    x: &[Block],
    dy: &[Block],
    weight: &[Block],
    dx: &mut [Block],
    pixels: Pixels,
    shared: bool,
) {
    backward_into(s, x, dy, weight, dx, pixels, [shared, ADD]);
}

compiled_here! {
    fn backward_into = backward_into_on(x: &[Block], dy: &[Block], weight: &[Block], dx: &mut [Block], pixels: Pixels, told: [bool; 2]);
}

fn backward_into_on<S: Isa>(
    s: S,
    x: &[Block],
    dy: &[Block],
    weight: &[Block],
    dx: &mut [Block],
    pixels: Pixels,
    [shared, add]: [bool; 2],
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
                    pixels.change_row(
                        s,
                        [pixels.row(x, row), pixels.row(dy, row)],
                        pixels.row_mut(dx, row),
                        #[inline(always)]
                        |panel| [slopes(s, weight, panel, shared)],
                        #[inline(always)]
                        |[slope], [x, dy], dx| {
                            let mut delta = x.simd_gt(0.0).select(dy, dy * slope);
                            if add {
                                delta += dx.load(s);
                            }
                            dx.store(math::flush(s, delta));
                        },
                    );
                }
            }
        },
    );
}

compiled_here! {
    /// What each sample adds to the gradient of w. `sums` has a block for each panel and, behind them, as many for the sums of
    /// a run; a shared slope's sum is the first number.
    pub fn sums = sums_on(x: &[Block], dy: &[Block], sums: &mut [Block], pixels: Pixels, shared: bool);
}

fn sums_on<S: Isa>(
    s: S,
    x: &[Block],
    dy: &[Block],
    sums: &mut [Block],
    pixels: Pixels,
    shared: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let blocks = pixels.blocks.max(1);
            let samples = x.chunks_exact(blocks).zip(dy.chunks_exact(blocks));
            for ((x, dy), sums) in samples.zip(sums.chunks_exact_mut((2 * pixels.panels).max(1))) {
                sums.fill(Block::ZERO);
                let (sums, run) = sums.split_at_mut(pixels.panels);
                let mut taken = 0;
                for row in 0..pixels.rows {
                    let longest = LONGEST * pixels.panels;
                    let x = pixels.row(x, row).chunks(longest);
                    for (x, dy) in x.zip(pixels.row(dy, row).chunks(longest)) {
                        let columns = x.len() / pixels.panels;
                        if taken + columns > LONGEST {
                            add_run(s, run, sums);
                            taken = 0;
                        }
                        taken += columns;
                        let piece = Pixels { columns, ..pixels };
                        piece.add_row(
                            s,
                            [x, dy],
                            run,
                            #[inline(always)]
                            |_| [],
                            #[inline(always)]
                            |[], [x, dy]| [x.simd_gt(0.0).select(f32x16::splat(s, 0.0), x * dy)],
                        );
                    }
                }
                add_run(s, run, sums);
                if shared {
                    let lanes = |block: &Block| block.0.iter().map(|&x| f64::from(x)).sum::<f64>();
                    let total = sums.iter().map(lanes).sum::<f64>();
                    sums.fill(Block::ZERO);
                    sums[0].0[0] = total as f32;
                }
            }
        },
    );
}

/// Adds the sums of a run to those before it, and begins another.
#[inline(always)]
fn add_run<S: Isa>(s: S, run: &mut [Block], sums: &mut [Block]) {
    for (sum, run) in sums.iter_mut().zip(run) {
        sum.store(sum.load(s) + run.load(s));
        *run = Block::ZERO;
    }
}
