//! Average pooling: PyTorch's `AvgPool2d` and `AdaptiveAvgPool2d`, of any window, and with it the mean of a whole
//! image.
//!
//! ```text
//! y[i] = sum over the pixels j in window i of x[j] / n[i]
//! dx[j] = sum over the windows i that hold j of dy[i] / n[i]
//! ```
//!
//! n counts the window's positions: those inside the image, or, if `pad`, those inside the image and its padding. A
//! window's last rows and columns may lie beyond both (`ceil_mode`); they never count. No chain of additions is longer
//! than 256 forward and 4,096 backward. Borders of x and dy are never read.

use super::{
    pixels::Pixels,
    pool::{Fold, Give, Rule, Shared, axes, fold, gather, is_long, is_near, near, scatter},
};
use crate::{
    block::Block,
    math,
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, i32x16, prelude::*};

/// The sum so far.
struct Sum;

impl<S: Isa> Fold<S> for Sum {
    type Part = f32x16<S>;

    #[inline(always)]
    fn begin(s: S, _: i32) -> f32x16<S> {
        f32x16::splat(s, 0.0)
    }

    #[inline(always)]
    fn take(s: S, part: f32x16<S>, block: &Block, _: i32x16<S>) -> f32x16<S> {
        part + block.load(s)
    }

    #[inline(always)]
    fn join(_: S, part: f32x16<S>, later: f32x16<S>, _: i32) -> f32x16<S> {
        part + later
    }
}

/// A pool's result.
struct Means<'a> {
    y: &'a mut [Block],
    pixels: Pixels,
    shared: &'a Shared,
}

impl<S: Isa> Give<S, Sum> for Means<'_> {
    #[inline(always)]
    fn give(
        &mut self,
        s: S,
        at: [usize; 2],
        panel: usize,
        count: usize,
        _: usize,
        part: impl Fn(usize) -> f32x16<S>,
    ) {
        // Of several outputs all have whole windows.
        let share = f32x16::splat(s, self.shared.of(at));
        let y = &mut self.y[self.pixels.pixel(at) + panel..][..count];
        #[allow(clippy::needless_range_loop, reason = "one count bounds all slices")]
        for index in 0..count {
            y[index].store(math::flush(s, part(index) * share));
        }
    }
}

compiled_here! {
    /// y = average pool of x; writes y's border, too. `pixels` are those of x and y, `rules` those of rows and columns;
    /// `pad` says whether padding counts.
    pub fn forward = forward_on(x: &[Block], y: &mut [Block], pixels: (Pixels, Pixels), rules: (Rule, Rule), pad: bool);

    /// Shares each output's gradient out to its window: dx = that, or dx += that. `pixels` are those of dy and dx. The
    /// border of dx is not meaningful afterwards.
    pub fn backward = backward_on(
        dy: &[Block],
        dx: &mut [Block],
        pixels: (Pixels, Pixels),
        rules: (Rule, Rule),
        pad: bool,
        add: bool,
    );
}

fn forward_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    (of_x, of_y): (Pixels, Pixels),
    rules: (Rule, Rule),
    pad: bool,
) {
    let axes = axes(rules, of_x, of_y);
    let shared = Shared::new(axes, pad);
    s.vectorize(
        #[inline(always)]
        || {
            let samples = x.chunks_exact(of_x.blocks);
            for (x, y) in samples.zip(y.chunks_exact_mut(of_y.blocks)) {
                of_y.clear_border(y);
                fold::<S, Sum>(
                    s,
                    x,
                    of_x,
                    axes,
                    &mut Means {
                        y,
                        pixels: of_y,
                        shared: &shared,
                    },
                );
            }
        },
    );
}

fn backward_on<S: Isa>(
    s: S,
    dy: &[Block],
    dx: &mut [Block],
    (of_dy, of_dx): (Pixels, Pixels),
    rules: (Rule, Rule),
    pad: bool,
    add: bool,
) {
    let axes = axes(rules, of_dx, of_dy);
    let shared = Shared::new(axes, pad);
    s.vectorize(
        #[inline(always)]
        || {
            let samples = dy.chunks_exact(of_dy.blocks);
            for (dy, dx) in samples.zip(dx.chunks_exact_mut(of_dx.blocks)) {
                if is_near(axes, of_dx.panels) {
                    near(
                        s,
                        dx,
                        of_dx,
                        axes,
                        add,
                        #[inline(always)]
                        |at, _| {
                            let gradients = &dy[of_dy.pixel(at)..][..of_dy.panels];
                            (gradients, f32x16::splat(s, shared.of(at)))
                        },
                        #[inline(always)]
                        |(gradients, share), panel| gradients[panel].load(s) * share,
                    );
                } else if is_long(axes) {
                    gather(
                        s,
                        dx,
                        of_dx,
                        axes,
                        add,
                        #[inline(always)]
                        |at, _| (of_dy.pixel(at), f32x16::splat(s, shared.of(at))),
                        #[inline(always)]
                        |(pixel, share), panel| dy[pixel + panel].load(s) * share,
                    );
                } else {
                    scatter(
                        s,
                        dx,
                        of_dx,
                        axes,
                        add,
                        #[inline(always)]
                        |at, panel, _| {
                            let share = f32x16::splat(s, shared.of(at));
                            math::flush(s, dy[of_dy.pixel(at) + panel].load(s) * share)
                        },
                        #[inline(always)]
                        |share, _| share,
                    );
                }
            }
        },
    );
}

#[cfg(test)]
mod tests;
