//! Maximum pooling on its own: PyTorch's `MaxPool2d`, of any kernel, stride, dilation and padding.
//!
//! `y[r][c] = max over u, v of x[r SH + u DH - PT][c SW + v DW - PL]`, where positions outside the image count as minus
//! infinity. The first of equal maxima in scan order wins, and the gradient flows to it alone. Where a window holds NaN the
//! result is NaN, and the last NaN wins, as in PyTorch. Layouts are channel-last; borders of x are never read.

use super::{
    image::{Image, clear_border, pixel},
    stencil::Stencil,
    winners,
};
use crate::{
    block::{Block, LANES},
    math,
    simd::Isa,
};
use core::ops::Range;
use fearless_simd::{f32x16, i32x16, prelude::*};

/// y = max pool of x; writes Y's border, too.
pub fn forward<S: Isa, C: Stencil, X: Image, Y: Image, const XS: usize, const YS: usize>(
    s: S,
    x: &[[Block; XS]],
    y: &mut [[Block; YS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                clear_border::<Y>(y);
                each::<C, X, Y>(
                    #[inline(always)]
                    |at, rows, columns, panel| {
                        let (value, _) = largest::<S, C, X, false>(s, x, at, rows, columns, panel);
                        y[pixel::<Y>(at[0], at[1]) + panel].store(value);
                    },
                );
            }
        },
    );
}

/// [`forward`] that also records the winning positions for [`backward`].
///
/// A sample's winners take WS >= [`winners::blocks`]`(Y's pixels, panels, KH * KW)` blocks.
pub fn forward_winners<
    S: Isa,
    C: Stencil,
    X: Image,
    Y: Image,
    const XS: usize,
    const YS: usize,
    const WS: usize,
>(
    s: S,
    x: &[[Block; XS]],
    y: &mut [[Block; YS]],
    winners: &mut [[Block; WS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((x, y), winners) in x.iter().zip(y).zip(winners) {
                clear_border::<Y>(y);
                each::<C, X, Y>(
                    #[inline(always)]
                    |at, rows, columns, panel| {
                        let (value, position) =
                            largest::<S, C, X, true>(s, x, at, rows, columns, panel);
                        y[pixel::<Y>(at[0], at[1]) + panel].store(value);
                        let index = (at[0] * Y::WIDTH + at[1]) * (Y::COLUMN / LANES) + panel;
                        winners::store(winners, index, position, C::KERNEL[0] * C::KERNEL[1]);
                    },
                );
            }
        },
    );
}

/// Gives each output's gradient to the position that won: dx = that, or dx += that if ADD. G lays out dy.
///
/// Windows may overlap; their gradients are added in scan order. The border of dx is not meaningful afterwards.
pub fn backward<
    S: Isa,
    C: Stencil,
    G: Image,
    X: Image,
    const ADD: bool,
    const GS: usize,
    const WS: usize,
    const XS: usize,
>(
    s: S,
    dy: &[[Block; GS]],
    winners: &[[Block; WS]],
    dx: &mut [[Block; XS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let zero = f32x16::splat(s, 0.0);
            for ((dy, winners), dx) in dy.iter().zip(winners).zip(dx) {
                if !ADD {
                    dx.fill(Block::ZERO);
                }
                each::<C, X, G>(
                    #[inline(always)]
                    |at, rows, columns, panel| {
                        let gradient = dy[pixel::<G>(at[0], at[1]) + panel].load(s);
                        let index = (at[0] * G::WIDTH + at[1]) * (G::COLUMN / LANES) + panel;
                        let window = C::KERNEL[0] * C::KERNEL[1];
                        let winner = winners::load(s, winners, index, window);
                        for u in rows {
                            for v in columns.clone() {
                                let position = i32x16::splat(s, (u * C::KERNEL[1] + v) as i32);
                                let won = winner.simd_eq(position).select(gradient, zero);
                                let block = &mut dx[read::<C, X>(at, u, v) + panel];
                                block.store(math::flush(s, block.load(s) + won));
                            }
                        }
                    },
                );
            }
        },
    );
}

/// Visits every output and panel with the rows and columns of its window that lie inside the image.
#[inline(always)]
fn each<C: Stencil, X: Image, Y: Image>(
    mut visit: impl FnMut([usize; 2], Range<usize>, Range<usize>, usize),
) {
    const { assert!(X::COLUMN == Y::COLUMN) };
    for row in 0..Y::HEIGHT {
        let rows = inside::<C>(0, row, X::HEIGHT);
        for column in 0..Y::WIDTH {
            let columns = inside::<C>(1, column, X::WIDTH);
            for panel in 0..Y::COLUMN / LANES {
                visit([row, column], rows.clone(), columns.clone(), panel);
            }
        }
    }
}

/// The taps of output `at` along an axis that read one of its `size` pixels.
#[inline(always)]
fn inside<C: Stencil>(axis: usize, at: usize, size: usize) -> Range<usize> {
    let from = at * C::STRIDE[axis];
    let (padding, dilation) = (C::PADDING[axis], C::DILATION[axis]);
    let low = padding.saturating_sub(from).div_ceil(dilation);
    let high = (size + padding).saturating_sub(from).div_ceil(dilation);
    low..high.min(C::KERNEL[axis])
}

/// The block that tap (u, v) of an output reads.
#[inline(always)]
fn read<C: Stencil, X: Image>([row, column]: [usize; 2], u: usize, v: usize) -> usize {
    pixel::<X>(
        row * C::STRIDE[0] + u * C::DILATION[0] - C::PADDING[0],
        column * C::STRIDE[1] + v * C::DILATION[1] - C::PADDING[1],
    )
}

/// The largest of a window, and if WINNERS its position.
#[inline(always)]
fn largest<S: Isa, C: Stencil, X: Image, const WINNERS: bool>(
    s: S,
    x: &[Block],
    at: [usize; 2],
    rows: Range<usize>,
    columns: Range<usize>,
    panel: usize,
) -> (f32x16<S>, i32x16<S>) {
    let mut best = f32x16::splat(s, f32::NEG_INFINITY);
    // If all are minus infinity, the first wins.
    let first = rows.start * C::KERNEL[1] + columns.start;
    let mut winner = i32x16::splat(s, first as i32);
    for u in rows {
        for v in columns.clone() {
            let value = x[read::<C, X>(at, u, v) + panel].load(s);
            if WINNERS {
                let wins = math::wins(value, best);
                let position = i32x16::splat(s, (u * C::KERNEL[1] + v) as i32);
                winner = wins.select(position, winner);
                best = wins.select(value, best);
            } else {
                best = math::maximum(s, best, value);
            }
        }
    }
    (best, winner)
}

#[cfg(test)]
mod tests;
