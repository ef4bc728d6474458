//! The way back, window by window: each gives its pixels what is theirs.

use super::axis::{Axis, Taps, Walk, of_small, small};
use crate::{block::Block, kernels::pixels::Pixels, math, simd::Isa};
use core::{array::from_fn, ops::Range};
use fearless_simd::{f32x16, i32x16, prelude::*};

/// Writes, or adds to dx, what each window gives to its pixels, window by window.
///
/// `load` gives what a window has for a panel, told how many positions it has, and `term` what of it goes to a
/// position. The border of dx is not written.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn scatter<S: Isa, T: Copy>(
    s: S,
    dx: &mut [Block],
    pixels: Pixels,
    axes: [Axis; 2],
    add: bool,
    load: impl Fn([usize; 2], usize, usize) -> T,
    term: impl Fn(T, i32x16<S>) -> f32x16<S>,
) {
    let apart = axes[0].is_disjoint() && axes[1].is_disjoint();
    if !add {
        clear(dx, pixels, axes, apart);
    }
    let [rows, columns] = axes;
    let windows = Windows {
        pixels,
        walk: columns.walk(),
        axes,
    };
    for row in 0..rows.outputs {
        let down = rows.taps(row);
        if apart && !add {
            windows.row::<S, T, false>(s, dx, row, down, &load, &term);
        } else {
            windows.row::<S, T, true>(s, dx, row, down, &load, &term);
        }
    }
}

/// Zeros for all pixels, or for those that are in no window if none is in two.
fn clear(dx: &mut [Block], pixels: Pixels, [rows, columns]: [Axis; 2], apart: bool) {
    let covered = match apart {
        true => [rows.covered(), columns.covered()],
        false => [0, 0],
    };
    for row in 0..pixels.rows {
        let covered = if row < covered[0] { covered[1] } else { 0 };
        pixels.row_mut(dx, row)[covered * pixels.panels..].fill(Block::ZERO);
    }
}

/// The windows of an image.
struct Windows {
    pixels: Pixels,
    walk: Walk,
    axes: [Axis; 2],
}

impl Windows {
    /// Those of a row of outputs.
    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn row<S: Isa, T: Copy, const ADD: bool>(
        &self,
        s: S,
        dx: &mut [Block],
        row: usize,
        down: Taps,
        load: &impl Fn([usize; 2], usize, usize) -> T,
        term: &impl Fn(T, i32x16<S>) -> f32x16<S>,
    ) {
        let columns = self.axes[1];
        let small = small(self.axes, down);
        let middle = if small.is_some() {
            columns.full()
        } else {
            0..0
        };
        self.any::<S, T, ADD>(s, dx, row, down, 0..middle.start, load, term);
        let end = middle.end;
        of_small!(small, (KH, KW, STEP) => {
            self.small::<S, T, ADD, KH, KW, STEP>(s, dx, row, down, middle, load, term);
        });
        self.any::<S, T, ADD>(s, dx, row, down, end..columns.outputs, load, term);
    }

    /// Those of some outputs of a row, of KH x KW pixels each, all of them in the image, STEP columns after each other:
    /// without loops over pixels.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "a loop's body")]
    fn small<
        S: Isa,
        T: Copy,
        const ADD: bool,
        const KH: usize,
        const KW: usize,
        const STEP: usize,
    >(
        &self,
        s: S,
        dx: &mut [Block],
        row: usize,
        down: Taps,
        columns: Range<usize>,
        load: &impl Fn([usize; 2], usize, usize) -> T,
        term: &impl Fn(T, i32x16<S>) -> f32x16<S>,
    ) {
        let (pixels, panels) = (self.pixels, self.pixels.panels);
        let from = down.from * pixels.row + self.walk.taps(columns.start).from * panels;
        let mut lines = lines::<KH>(&mut dx[pixels.first + from..], pixels.row);
        for column in columns.clone() {
            let at = (column - columns.start) * STEP;
            if panels == 1 {
                let held = load([row, column], 0, KH * KW);
                for (u, line) in lines.iter_mut().enumerate() {
                    for (v, block) in line[at..][..KW].iter_mut().enumerate() {
                        let position = i32x16::splat(s, (u * KW + v) as i32);
                        give::<S, ADD>(s, block, term(held, position));
                    }
                }
                continue;
            }
            macro_rules! spread {
                ($count:literal from $panel:expr) => {
                    let mut held = [load([row, column], $panel, KH * KW); $count];
                    for (index, held) in held.iter_mut().enumerate().skip(1) {
                        *held = load([row, column], $panel + index, KH * KW);
                    }
                    let first = [at * panels + $panel, panels];
                    spread::<S, T, ADD, $count, KH, KW>(s, &mut lines, first, held, term);
                };
            }
            for four in 0..panels / 4 {
                spread!(4 from 4 * four);
            }
            if panels & 2 != 0 {
                spread!(2 from panels & !3);
            }
            if panels & 1 != 0 {
                spread!(1 from panels - 1);
            }
        }
    }

    /// Those of some outputs of a row.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "a loop's body")]
    fn any<S: Isa, T: Copy, const ADD: bool>(
        &self,
        s: S,
        dx: &mut [Block],
        row: usize,
        high: Taps,
        outputs: Range<usize>,
        load: &impl Fn([usize; 2], usize, usize) -> T,
        term: &impl Fn(T, i32x16<S>) -> f32x16<S>,
    ) {
        let (pixels, [rows, columns]) = (self.pixels, self.axes);
        let width = columns.longest();
        let positions = rows.longest() * width;
        let (down, across) = (rows.dilation(), columns.dilation());
        for column in outputs {
            let wide = self.walk.taps(column);
            for panel in 0..pixels.panels {
                let held = load([row, column], panel, positions);
                for u in 0..high.count {
                    let line = pixels.first + (high.from + u * down) * pixels.row + panel;
                    let position = ((high.first + u) * width + wide.first) as i32;
                    for v in 0..wide.count {
                        let block = &mut dx[line + (wide.from + v * across) * pixels.panels];
                        let place = i32x16::splat(s, position + v as i32);
                        give::<S, ADD>(s, block, term(held, place));
                    }
                }
            }
        }
    }
}

/// Rows of an image from a pixel on.
#[inline(always)]
fn lines<const KH: usize>(image: &mut [Block], row: usize) -> [&mut [Block]; KH] {
    let mut rest = image;
    from_fn(|_| {
        let end = row.min(rest.len());
        let (line, below) = core::mem::take(&mut rest).split_at_mut(end);
        rest = below;
        line
    })
}

/// Gives the pixels of a window what is theirs, for G panels.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn spread<S: Isa, T: Copy, const ADD: bool, const G: usize, const KH: usize, const KW: usize>(
    s: S,
    lines: &mut [&mut [Block]; KH],
    [first, panels]: [usize; 2],
    held: [T; G],
    term: &impl Fn(T, i32x16<S>) -> f32x16<S>,
) {
    for (u, line) in lines.iter_mut().enumerate() {
        for v in 0..KW {
            let position = i32x16::splat(s, (u * KW + v) as i32);
            let cell = &mut line[first + v * panels..][..G];
            for index in 0..G {
                give::<S, ADD>(s, &mut cell[index], term(held[index], position));
            }
        }
    }
}

/// Stores a term, or adds it.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn give<S: Isa, const ADD: bool>(s: S, block: &mut Block, term: f32x16<S>) {
    block.store(match ADD {
        true => math::flush(s, block.load(s) + term),
        false => term,
    });
}
