//! Average pooling: PyTorch's `AvgPool2d`, of any kernel, stride and padding, and with it the mean of a whole image.
//!
//! ```text
//! y[r][c] = sum over the window's positions inside the image of x / n[r][c]
//! dx[i][j] = sum over the windows that hold (i, j) of dy[r][c] / n[r][c]
//! ```
//!
//! n counts the window's positions: those inside the image, or, if PAD, those inside the image and its padding. A window's last
//! rows and columns may lie beyond both (`ceil_mode`); they never count. Every row of a window is summed from the left, and the
//! rows' sums are added from the top, so that no chain is longer than a side of the window. Layouts are channel-last; borders
//! of x are never read.

use super::{
    image::{Image, clear_border, pixel},
    stencil::Stencil,
};
use crate::{
    block::{Block, LANES},
    math,
    simd::Isa,
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// y = average pool of x; writes Y's border, too.
pub fn forward<
    S: Isa,
    C: Stencil,
    X: Image,
    Y: Image,
    const PAD: bool,
    const XS: usize,
    const YS: usize,
>(
    s: S,
    x: &[[Block; XS]],
    y: &mut [[Block; YS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                clear_border::<Y>(y);
                each::<C, X, Y, PAD>(
                    #[inline(always)]
                    |at, [rows, columns], count, panel| {
                        let mut sum = f32x16::splat(s, 0.0);
                        for row in rows {
                            let mut line = f32x16::splat(s, 0.0);
                            for column in columns.clone() {
                                line += x[pixel::<X>(row, column) + panel].load(s);
                            }
                            sum += line;
                        }
                        let mean = sum / f32x16::splat(s, count);
                        y[pixel::<Y>(at[0], at[1]) + panel].store(math::flush(s, mean));
                    },
                );
            }
        },
    );
}

/// Shares each output's gradient out to its window: dx = that, or dx += that if ADD. G lays out dy.
///
/// Windows may overlap; their gradients are added in scan order. The border of dx is not meaningful afterwards.
pub fn backward<
    S: Isa,
    C: Stencil,
    G: Image,
    X: Image,
    const PAD: bool,
    const ADD: bool,
    const GS: usize,
    const XS: usize,
>(
    s: S,
    dy: &[[Block; GS]],
    dx: &mut [[Block; XS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (dy, dx) in dy.iter().zip(dx) {
                if !ADD {
                    dx.fill(Block::ZERO);
                }
                each::<C, X, G, PAD>(
                    #[inline(always)]
                    |at, [rows, columns], count, panel| {
                        let gradient = dy[pixel::<G>(at[0], at[1]) + panel].load(s);
                        let share = gradient / f32x16::splat(s, count);
                        for row in rows {
                            for column in columns.clone() {
                                let block = &mut dx[pixel::<X>(row, column) + panel];
                                block.store(math::flush(s, block.load(s) + share));
                            }
                        }
                    },
                );
            }
        },
    );
}

/// Visits every output and panel with the rows and columns of the image in its window, and what its sum is divided by.
#[inline(always)]
fn each<C: Stencil, X: Image, Y: Image, const PAD: bool>(
    mut visit: impl FnMut([usize; 2], [Range<usize>; 2], f32, usize),
) {
    const { assert!(X::COLUMN == Y::COLUMN) };
    for row in 0..Y::HEIGHT {
        let (rows, height) = window::<C, PAD>(0, row, X::HEIGHT);
        for column in 0..Y::WIDTH {
            let (columns, width) = window::<C, PAD>(1, column, X::WIDTH);
            let count = height as f32 * width as f32;
            for panel in 0..Y::COLUMN / LANES {
                visit([row, column], [rows.clone(), columns.clone()], count, panel);
            }
        }
    }
}

/// The pixels of an axis of `size` in the window of output `at`, and how many of its positions count.
#[inline(always)]
fn window<C: Stencil, const PAD: bool>(
    axis: usize,
    at: usize,
    size: usize,
) -> (Range<usize>, usize) {
    let padding = C::PADDING[axis];
    // Counted from the first position of the padding.
    let from = at * C::STRIDE[axis];
    let to = (from + C::KERNEL[axis]).min(size + 2 * padding);
    let inside = from.saturating_sub(padding)..to.saturating_sub(padding).min(size);
    let count = if PAD { to - from } else { inside.len() };
    (inside, count)
}

#[cfg(test)]
mod tests;
