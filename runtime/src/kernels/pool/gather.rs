//! The way back, pixel by pixel: what the windows that hold a pixel give to it is summed in registers.

use super::axis::Axis;
use crate::{block::Block, kernels::pixels::Pixels, math, simd::Isa};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// The most terms of one chain.
const LONGEST: usize = 4096;

/// The most windows of an axis that [`near`] takes.
const NEAR: usize = 3;

/// Whether windows overlap, and are so few for so many panels that [`near`] serves: it looks up each of them for each
/// pixel.
pub fn is_near(axes: [Axis; 2], panels: usize) -> bool {
    let few = |axis: &Axis| axis.held() <= NEAR && axis.dilation() == 1;
    let overlap = !axes.iter().all(Axis::is_disjoint);
    overlap && axes.iter().all(few) && panels >= 2 * axes[0].held() * axes[1].held()
}

/// [`gather`] of at most 3 x 3 windows for each pixel.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn near<S: Isa, W: Copy>(
    s: S,
    dx: &mut [Block],
    pixels: Pixels,
    axes: [Axis; 2],
    add: bool,
    of: impl Fn([usize; 2], usize) -> W,
    term: impl Fn(W, usize) -> f32x16<S>,
) {
    let [rows, columns] = axes;
    let panels = pixels.panels;
    let width = columns.longest();
    for row in 0..pixels.rows {
        let down = rows.holders(row);
        let blocks = pixels.row_mut(dx, row).chunks_exact_mut(panels);
        for (column, blocks) in blocks.enumerate() {
            let across = columns.holders(column);
            macro_rules! sum {
                ($($rows:literal $columns:literal),*) => {
                    match (down.len(), across.len()) {
                        $(($rows, $columns) => {
                            let first = of([down.start, across.start], 0);
                            let mut windows = [[first; $columns]; $rows];
                            for r in 0..$rows {
                                let u = rows.position(down.start + r, row).unwrap_or(0);
                                for c in 0..$columns {
                                    let v = columns.position(across.start + c, column).unwrap_or(0);
                                    windows[r][c] = of([down.start + r, across.start + c], u * width + v);
                                }
                            }
                            sum::<S, W, $rows, $columns>(s, blocks, add, &windows, &term);
                        })*
                        _ if add => {}
                        _ => blocks.fill(Block::ZERO),
                    }
                };
            }
            sum!(1 1, 1 2, 1 3, 2 1, 2 2, 2 3, 3 1, 3 2, 3 3);
        }
    }
}

/// Sums the terms of R x C windows.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn sum<S: Isa, W: Copy, const R: usize, const C: usize>(
    s: S,
    blocks: &mut [Block],
    add: bool,
    windows: &[[W; C]; R],
    term: &impl Fn(W, usize) -> f32x16<S>,
) {
    for (panel, block) in blocks.iter_mut().enumerate() {
        let mut sum = f32x16::splat(s, 0.0);
        for row in windows {
            for &window in row {
                sum += term(window, panel);
            }
        }
        if add {
            sum += block.load(s);
        }
        block.store(math::flush(s, sum));
    }
}

/// Whether so many windows hold a pixel that their terms are too many for one chain: then [`gather`] serves.
pub fn is_long(axes: [Axis; 2]) -> bool {
    axes[0].held().saturating_mul(axes[1].held()) > LONGEST
}

/// Writes, or adds to dx, the sum of what windows give to each pixel: by rows of windows, which are added from the top.
///
/// `of` says what all panels take of a window at one of its positions, and `term` what of it is one panel's. The border
/// of dx is not written.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn gather<S: Isa, W: Copy>(
    s: S,
    dx: &mut [Block],
    pixels: Pixels,
    [rows, columns]: [Axis; 2],
    add: bool,
    of: impl Fn([usize; 2], usize) -> W,
    term: impl Fn(W, usize) -> f32x16<S>,
) {
    let zero = f32x16::splat(s, 0.0);
    let width = columns.longest();
    for row in 0..pixels.rows {
        let line = pixels.row_mut(dx, row).chunks_exact_mut(pixels.panels);
        for (column, blocks) in line.enumerate() {
            for (panel, block) in blocks.iter_mut().enumerate() {
                let mut sum = zero;
                for down in pieces(rows.holders(row)) {
                    let mut part = zero;
                    for r in down {
                        let Some(u) = rows.position(r, row) else {
                            continue;
                        };
                        for across in pieces(columns.holders(column)) {
                            let mut line = zero;
                            for c in across {
                                if let Some(v) = columns.position(c, column) {
                                    line += term(of([r, c], u * width + v), panel);
                                }
                            }
                            part += line;
                        }
                    }
                    sum += part;
                }
                let sum = if add { block.load(s) + sum } else { sum };
                block.store(math::flush(s, sum));
            }
        }
    }
}

/// A range cut into such as one chain takes.
#[inline(always)]
fn pieces(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range
        .step_by(LONGEST)
        .map(move |at| at..end.min(at + LONGEST))
}
