//! Every window of an image folded to one number for each channel.
//!
//! Where nothing is optimised, every temporary of what is inlined has a place on the stack: large functions stay functions
//! there.

mod window;

use super::axis::{Axis, Taps, Walk, of_small, small};
use crate::{block::Block, kernels::pixels::Pixels, simd::Isa};
use core::{array::from_fn, ops::Range};
use fearless_simd::{i32x16, prelude::*};
pub use window::Fold;
use window::{LONG, Steps, tile, window};

/// Where folds go.
pub trait Give<S: Isa, F: Fold<S>> {
    /// Takes the folds of so many blocks of the output, which lie side by side from panel `panel` of a pixel on. Their
    /// windows have so many positions.
    fn give(
        &mut self,
        s: S,
        at: [usize; 2],
        panel: usize,
        count: usize,
        positions: usize,
        part: impl Fn(usize) -> F::Part,
    );
}

/// Folds all windows. A fold's order is a matter of the window's size and the number of panels.
#[inline(always)]
pub fn fold<S: Isa, F: Fold<S>>(
    s: S,
    x: &[Block],
    pixels: Pixels,
    axes: [Axis; 2],
    to: &mut impl Give<S, F>,
) {
    let [rows, columns] = axes;
    let windows = Windows {
        x,
        pixels,
        walk: columns.walk(),
        steps: Steps {
            row: rows.dilation() * pixels.row,
            column: columns.dilation() * pixels.panels,
            width: columns.longest(),
        },
        positions: rows.longest() * columns.longest(),
    };
    for row in 0..rows.outputs {
        let down = rows.taps(row);
        let small = small(axes, down);
        let middle = if small.is_some() {
            columns.full()
        } else {
            0..0
        };
        windows.any::<S, F>(s, row, down, 0..middle.start, to);
        let mut end = middle.end;
        of_small!(small, (KH, KW, STEP) => {
            end = windows.small::<S, F, KH, KW, STEP>(s, row, down, middle, to);
        });
        windows.any::<S, F>(s, row, down, end..columns.outputs, to);
    }
}

/// The windows of an image.
struct Windows<'a> {
    x: &'a [Block],
    pixels: Pixels,
    walk: Walk,
    steps: Steps,
    positions: usize,
}

impl Windows<'_> {
    /// Those of some outputs of a row, of KH x KW pixels each, all of them in the image, STEP columns after each other:
    /// without loops over pixels. Gives the first output that is left.
    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn small<S: Isa, F: Fold<S>, const KH: usize, const KW: usize, const STEP: usize>(
        &self,
        s: S,
        row: usize,
        down: Taps,
        columns: Range<usize>,
        to: &mut impl Give<S, F>,
    ) -> usize {
        let (pixels, panels) = (self.pixels, self.pixels.panels);
        let from = down.from * pixels.row + self.walk.taps(columns.start).from * panels;
        let line = &self.x[pixels.first + from..];
        if panels == 1 {
            // Four outputs, whose windows are some pixels side by side.
            let mut column = columns.start;
            while column + 4 <= columns.end {
                let at = (column - columns.start) * STEP;
                let lines: [&[Block]; KH] = from_fn(
                    #[inline(always)]
                    |u| &line[u * pixels.row + at..][..3 * STEP + KW],
                );
                to.give(
                    s,
                    [row, column],
                    0,
                    4,
                    KH * KW,
                    #[inline(always)]
                    |part| whole::<S, F, KH, KW>(s, |u, v| &lines[u][part * STEP + v]),
                );
                column += 4;
            }
            return column;
        }
        for column in columns.clone() {
            let at = &line[(column - columns.start) * STEP * panels..];
            let taps: [[&[Block]; KW]; KH] = from_fn(
                #[inline(always)]
                |u| {
                    let line = &at[u * pixels.row..][..KW * panels];
                    from_fn(
                        #[inline(always)]
                        |v| &line[v * panels..][..panels],
                    )
                },
            );
            to.give(
                s,
                [row, column],
                0,
                panels,
                KH * KW,
                #[inline(always)]
                |panel| whole::<S, F, KH, KW>(s, |u, v| &taps[u][v][panel]),
            );
        }
        columns.end
    }

    /// Those of some outputs of a row.
    ///
    /// Where a pixel has few panels, several outputs are folded at a time, or several bands of one large window: the
    /// processor has some four chains under way.
    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn any<S: Isa, F: Fold<S>>(
        &self,
        s: S,
        row: usize,
        down: Taps,
        columns: Range<usize>,
        to: &mut impl Give<S, F>,
    ) {
        match self.pixels.panels {
            1 => self.by::<S, F, 4, 1>(s, row, down, columns, to),
            2 => self.by::<S, F, 2, 2>(s, row, down, columns, to),
            _ => self.by::<S, F, 1, 4>(s, row, down, columns, to),
        }
    }

    /// [`any`](Self::any) with G panels at a time, of P outputs.
    #[inline(always)]
    fn by<S: Isa, F: Fold<S>, const P: usize, const G: usize>(
        &self,
        s: S,
        row: usize,
        down: Taps,
        columns: Range<usize>,
        to: &mut impl Give<S, F>,
    ) {
        let (steps, panels, positions) = (self.steps, self.pixels.panels, self.positions);
        let line = &self.x[self.pixels.first + down.from * self.pixels.row..];
        let mut column = columns.start;
        while column < columns.end {
            let across = self.walk.taps(column);
            let at = &line[across.from * panels..];
            let position = (down.first * steps.width + across.first) as i32;
            let size = [down.count, across.count];
            let together = P > 1 && column + P <= columns.end && size[0] * size[1] <= LONG;
            if together && self.walk.are_full(column, P) {
                let apart = self.walk.stride * panels;
                let parts = tile::<S, F, P, G>(s, at, steps, apart, size, position);
                for (part, parts) in parts.iter().enumerate() {
                    give::<S, F, G>(s, [row, column + part], 0, positions, parts, to);
                }
                column += P;
                continue;
            }
            let mut panel = 0;
            while panel + G <= panels {
                let parts = window::<S, F, P, G>(s, &at[panel..], steps, size, position);
                give::<S, F, G>(s, [row, column], panel, positions, &parts, to);
                panel += G;
            }
            // Of more than two panels up to three are left.
            for panel in panel..panels {
                let parts = window::<S, F, 4, 1>(s, &at[panel..], steps, size, position);
                give::<S, F, 1>(s, [row, column], panel, positions, &parts, to);
            }
            column += 1;
        }
    }
}

#[inline(always)]
fn give<S: Isa, F: Fold<S>, const G: usize>(
    s: S,
    at: [usize; 2],
    panel: usize,
    positions: usize,
    parts: &[F::Part; G],
    to: &mut impl Give<S, F>,
) {
    to.give(
        s,
        at,
        panel,
        G,
        positions,
        #[inline(always)]
        |index| parts[index],
    );
}

/// The fold of a window of KH x KW pixels that is whole.
#[inline(always)]
fn whole<'a, S: Isa, F: Fold<S>, const KH: usize, const KW: usize>(
    s: S,
    tap: impl Fn(usize, usize) -> &'a Block,
) -> F::Part {
    let mut part = F::begin(s, 0);
    for u in 0..KH {
        for v in 0..KW {
            let position = i32x16::splat(s, (u * KW + v) as i32);
            part = F::take(s, part, tap(u, v), position);
        }
    }
    part
}
