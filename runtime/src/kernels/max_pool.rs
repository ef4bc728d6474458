//! Maximum pooling: PyTorch's `MaxPool2d` and `AdaptiveMaxPool2d`, of any window.
//!
//! ```text
//! y[i] = the largest x[j] of the pixels j in window i        dx[j] = sum over the windows i that j has won of dy[i]
//! ```
//!
//! What lies outside of the image never wins. The first of equal maxima in scan order does, and the gradient flows to
//! it alone. Where a window holds NaN the result is NaN, and the last NaN wins, as in PyTorch. Borders of x and dy are
//! never read.

use super::{
    pixels::Pixels,
    pool::{Fold, Give, Rule, axes, fold, gather, is_long, is_near, near, scatter},
    winners,
};
use crate::{
    block::{Block, LANES},
    math,
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, i32x16, prelude::*};

/// The largest number so far.
struct Largest;

impl<S: Isa> Fold<S> for Largest {
    type Part = f32x16<S>;

    #[inline(always)]
    fn begin(s: S, _: i32) -> f32x16<S> {
        f32x16::splat(s, f32::NEG_INFINITY)
    }

    #[inline(always)]
    fn take(s: S, part: f32x16<S>, block: &Block, _: i32x16<S>) -> f32x16<S> {
        math::maximum(s, part, block.load(s))
    }

    #[inline(always)]
    fn join(s: S, part: f32x16<S>, later: f32x16<S>, _: i32) -> f32x16<S> {
        math::maximum(s, part, later)
    }
}

/// The largest number so far and its position.
struct Winner;

impl<S: Isa> Fold<S> for Winner {
    type Part = (f32x16<S>, i32x16<S>);

    #[inline(always)]
    fn begin(s: S, position: i32) -> Self::Part {
        // If all are minus infinity, the first wins.
        let none = f32x16::splat(s, f32::NEG_INFINITY);
        (none, i32x16::splat(s, position))
    }

    #[inline(always)]
    fn take(s: S, part: Self::Part, block: &Block, position: i32x16<S>) -> Self::Part {
        let value = block.load(s);
        let wins = math::wins(value, part.0);
        (wins.select(value, part.0), wins.select(position, part.1))
    }

    #[inline(always)]
    fn join(s: S, part: Self::Part, later: Self::Part, position: i32) -> Self::Part {
        let wins = math::wins(later.0, part.0);
        let place = later.1 + i32x16::splat(s, position);
        (wins.select(later.0, part.0), wins.select(place, part.1))
    }
}

/// A pool's result.
struct Maxima<'a> {
    y: &'a mut [Block],
    pixels: Pixels,
}

impl<S: Isa> Give<S, Largest> for Maxima<'_> {
    #[inline(always)]
    fn give(
        &mut self,
        _: S,
        at: [usize; 2],
        panel: usize,
        count: usize,
        _: usize,
        part: impl Fn(usize) -> f32x16<S>,
    ) {
        let y = &mut self.y[self.pixels.pixel(at) + panel..][..count];
        #[allow(clippy::needless_range_loop, reason = "one count bounds all slices")]
        for index in 0..count {
            y[index].store(part(index));
        }
    }
}

/// A pool's result, and which positions have won.
struct Winners<'a> {
    y: &'a mut [Block],
    winners: &'a mut [Block],
    pixels: Pixels,
}

impl<S: Isa> Give<S, Winner> for Winners<'_> {
    #[inline(always)]
    fn give(
        &mut self,
        _: S,
        at: [usize; 2],
        panel: usize,
        count: usize,
        positions: usize,
        part: impl Fn(usize) -> (f32x16<S>, i32x16<S>),
    ) {
        let first = (at[0] * self.pixels.columns + at[1]) * self.pixels.panels + panel;
        let y = &mut self.y[self.pixels.pixel(at) + panel..][..count];
        #[allow(clippy::needless_range_loop, reason = "one count bounds all slices")]
        for index in 0..count {
            let (value, position) = part(index);
            y[index].store(value);
            winners::store(self.winners, first + index, position, positions);
        }
    }
}

compiled_here! {
    /// y = max pool of x; writes y's border, too. `pixels` are those of x and y, `rules` those of rows and columns.
    pub fn forward = forward_on(x: &[Block], y: &mut [Block], pixels: (Pixels, Pixels), rules: (Rule, Rule));

    /// [`forward`] that also records the winning positions for [`backward`]: [`winners::blocks`] for each sample.
    pub fn forward_winners = forward_winners_on(
        x: &[Block],
        y: &mut [Block],
        winners: &mut [Block],
        pixels: (Pixels, Pixels),
        rules: (Rule, Rule),
    );

    /// Gives each output's gradient to the pixel that won: dx = that, or dx += that. `pixels` are those of dy and dx.
    /// The border of dx is not meaningful afterwards.
    pub fn backward = backward_on(
        dy: &[Block],
        winners: &[Block],
        dx: &mut [Block],
        pixels: (Pixels, Pixels),
        rules: (Rule, Rule),
        add: bool,
    );
}

fn forward_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    (of_x, of_y): (Pixels, Pixels),
    rules: (Rule, Rule),
) {
    let axes = axes(rules, of_x, of_y);
    s.vectorize(
        #[inline(always)]
        || {
            let samples = x.chunks_exact(of_x.blocks);
            for (x, y) in samples.zip(y.chunks_exact_mut(of_y.blocks)) {
                of_y.clear_border(y);
                fold::<S, Largest>(s, x, of_x, axes, &mut Maxima { y, pixels: of_y });
            }
        },
    );
}

fn forward_winners_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    winners: &mut [Block],
    (of_x, of_y): (Pixels, Pixels),
    rules: (Rule, Rule),
) {
    let axes = axes(rules, of_x, of_y);
    let window = axes[0].longest() * axes[1].longest();
    let kept = winners::blocks(of_y.count(), of_y.panels, window);
    s.vectorize(
        #[inline(always)]
        || {
            let samples = x.chunks_exact(of_x.blocks);
            let samples = samples.zip(y.chunks_exact_mut(of_y.blocks));
            for ((x, y), winners) in samples.zip(winners.chunks_exact_mut(kept)) {
                of_y.clear_border(y);
                fold::<S, Winner>(
                    s,
                    x,
                    of_x,
                    axes,
                    &mut Winners {
                        y,
                        winners,
                        pixels: of_y,
                    },
                );
            }
        },
    );
}

fn backward_on<S: Isa>(
    s: S,
    dy: &[Block],
    winners: &[Block],
    dx: &mut [Block],
    (of_dy, of_dx): (Pixels, Pixels),
    rules: (Rule, Rule),
    add: bool,
) {
    let axes = axes(rules, of_dx, of_dy);
    let window = axes[0].longest() * axes[1].longest();
    let kept = winners::blocks(of_dy.count(), of_dy.panels, window);
    s.vectorize(
        #[inline(always)]
        || {
            let zero = f32x16::splat(s, 0.0);
            let samples = dy.chunks_exact(of_dy.blocks);
            let samples = samples.zip(winners.chunks_exact(kept));
            for ((dy, winners), dx) in samples.zip(dx.chunks_exact_mut(of_dx.blocks)) {
                let index =
                    |[row, column]: [usize; 2]| (row * of_dy.columns + column) * of_dy.panels;
                if is_near(axes, of_dx.panels) && winners::bytes(window) == 1 {
                    let won: &[[u8; LANES]] = bytemuck::must_cast_slice(winners);
                    near(
                        s,
                        dx,
                        of_dx,
                        axes,
                        add,
                        #[inline(always)]
                        |at, position| {
                            let gradients = &dy[of_dy.pixel(at)..][..of_dy.panels];
                            let won = &won[index(at)..][..of_dy.panels];
                            (gradients, won, i32x16::splat(s, position as i32))
                        },
                        #[inline(always)]
                        |(gradients, won, position), panel| {
                            let winner = i32x16::simd_from(s, won[panel].map(i32::from));
                            let gradient = gradients[panel].load(s);
                            winner.simd_eq(position).select(gradient, zero)
                        },
                    );
                } else if is_long(axes) {
                    gather(
                        s,
                        dx,
                        of_dx,
                        axes,
                        add,
                        #[inline(always)]
                        |at, position| {
                            (
                                of_dy.pixel(at),
                                index(at),
                                i32x16::splat(s, position as i32),
                            )
                        },
                        #[inline(always)]
                        |(pixel, index, position), panel| {
                            let winner = winners::load(s, winners, index + panel, window);
                            let gradient = dy[pixel + panel].load(s);
                            winner.simd_eq(position).select(gradient, zero)
                        },
                    );
                } else {
                    scatter(
                        s,
                        dx,
                        of_dx,
                        axes,
                        add,
                        #[inline(always)]
                        |at, panel, window| {
                            let gradient = dy[of_dy.pixel(at) + panel].load(s);
                            (
                                gradient,
                                winners::load(s, winners, index(at) + panel, window),
                            )
                        },
                        #[inline(always)]
                        |(gradient, winner), position| {
                            winner.simd_eq(position).select(gradient, zero)
                        },
                    );
                }
            }
        },
    );
}

#[cfg(test)]
mod tests;
