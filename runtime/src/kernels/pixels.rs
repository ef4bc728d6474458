//! A channel-last image whose sizes are values: for kernels that a network has at many sizes, and whose time is memory's.
//!
//! A vector is an image of one pixel, a sequence of steps one of a single column.

use super::image::Image;
use crate::{
    block::{Block, LANES},
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*};

/// Where the pixels of a sample lie, in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Blocks of a sample, its border included.
    pub blocks: usize,
    /// The first pixel.
    pub first: usize,
    /// Rows of pixels.
    pub rows: usize,
    /// Pixels of a row.
    pub columns: usize,
    /// From a row to the next.
    pub row: usize,
    /// Blocks of a pixel: its channels, rounded up to whole blocks.
    pub panels: usize,
    /// Channels.
    pub channels: usize,
}

/// The most pixels of one chain of additions.
const LONGEST: usize = 4096;

impl Pixels {
    /// Those of a layout that is a type, in samples of so many blocks.
    pub(super) const fn of<I: Image>(blocks: usize) -> Self {
        assert!(I::CHANNEL == 1 && I::COLUMN.is_multiple_of(LANES));
        Self {
            blocks,
            first: (I::TOP * I::ROW + I::LEFT * I::COLUMN) / LANES,
            rows: I::HEIGHT,
            columns: I::WIDTH,
            row: I::ROW / LANES,
            panels: I::COLUMN / LANES,
            channels: I::CHANNELS,
        }
    }

    /// How many pixels there are.
    pub fn count(&self) -> usize {
        self.rows * self.columns
    }

    /// The first block of a pixel.
    #[inline(always)]
    pub(super) fn pixel(&self, [row, column]: [usize; 2]) -> usize {
        self.first + row * self.row + column * self.panels
    }

    /// The blocks of row `row`, one pixel after another.
    #[inline(always)]
    pub(super) fn row<'a>(&self, image: &'a [Block], row: usize) -> &'a [Block] {
        &image[self.first + row * self.row..][..self.columns * self.panels]
    }

    /// The blocks of row `row`, to be changed.
    #[inline(always)]
    pub(super) fn row_mut<'a>(&self, image: &'a mut [Block], row: usize) -> &'a mut [Block] {
        &mut image[self.first + row * self.row..][..self.columns * self.panels]
    }

    /// Writes zeros around the pixels.
    #[inline(always)]
    pub(super) fn clear_border(&self, image: &mut [Block]) {
        let mut end = 0;
        for row in 0..self.rows {
            let begin = self.first + row * self.row;
            image[end..begin].fill(Block::ZERO);
            end = begin + self.columns * self.panels;
        }
        image[end..].fill(Block::ZERO);
    }

    /// Adds to `sums` what `f` gives for each pair of numbers in two rows: N sums for each panel, those of one kind side by
    /// side. `of` gives what `f` is told of a panel.
    ///
    /// Panels are taken four, two or one at a time, so that memory is read as it lies, and a panel's pixels in one, two or four
    /// runs, enough chains to hide the latency of an addition. No chain is longer than a row, or than [`LONGEST`] pixels.
    #[inline(always)]
    pub(super) fn add_row<S: Isa, const N: usize, const C: usize>(
        &self,
        s: S,
        rows: [&[Block]; 2],
        sums: &mut [Block],
        of: impl Fn(usize) -> [f32x16<S>; C],
        f: impl Fn([f32x16<S>; C], [f32x16<S>; 2]) -> [f32x16<S>; N],
    ) {
        let longest = (LONGEST * self.panels).max(1);
        for (a, b) in rows[0].chunks(longest).zip(rows[1].chunks(longest)) {
            let columns = a.len() / self.panels;
            let piece = Self { columns, ..*self };
            let mut panel = 0;
            while panel + 4 <= self.panels {
                piece.add_panels::<S, N, C, 4, 1>(s, [a, b], panel, sums, &of, &f);
                panel += 4;
            }
            if panel + 2 <= self.panels {
                piece.add_panels::<S, N, C, 2, 2>(s, [a, b], panel, sums, &of, &f);
                panel += 2;
            }
            if panel < self.panels {
                piece.add_panels::<S, N, C, 1, 4>(s, [a, b], panel, sums, &of, &f);
            }
        }
    }

    /// [`add_row`](Self::add_row) for G panels in R runs.
    #[inline(always)]
    fn add_panels<S: Isa, const N: usize, const C: usize, const G: usize, const R: usize>(
        &self,
        s: S,
        [a, b]: [&[Block]; 2],
        first: usize,
        sums: &mut [Block],
        of: &impl Fn(usize) -> [f32x16<S>; C],
        f: &impl Fn([f32x16<S>; C], [f32x16<S>; 2]) -> [f32x16<S>; N],
    ) {
        let zero = f32x16::splat(s, 0.0);
        let mut told = [[zero; C]; G];
        for (panel, told) in told.iter_mut().enumerate() {
            *told = of(first + panel);
        }
        let mut runs = [[[zero; N]; G]; R];
        let (a, b) = (
            a[first..].chunks(self.panels),
            b[first..].chunks(self.panels),
        );
        let mut pixels = a.zip(b);
        for _ in 0..self.columns / R {
            for run in &mut runs {
                if let Some((a, b)) = pixels.next() {
                    add_pixel(s, run, &told, [a, b], f);
                }
            }
        }
        for (run, (a, b)) in runs.iter_mut().zip(pixels) {
            add_pixel(s, run, &told, [a, b], f);
        }
        let mut count = R;
        while count > 1 {
            count /= 2;
            for run in 0..count {
                let other = runs[run + count];
                for (sums, other) in runs[run].iter_mut().zip(other) {
                    add(sums, other);
                }
            }
        }
        for (panel, run) in runs[0].into_iter().enumerate() {
            for (kind, sum) in run.into_iter().enumerate() {
                let total = &mut sums[kind * self.panels + first + panel];
                total.store(total.load(s) + sum);
            }
        }
    }

    /// Hands `f` each block of a row with those of two other rows at its place. `of` gives what `f` is told of a panel.
    #[inline(always)]
    pub(super) fn change_row<S: Isa, const C: usize>(
        &self,
        s: S,
        rows: [&[Block]; 2],
        changed: &mut [Block],
        of: impl Fn(usize) -> [f32x16<S>; C],
        f: impl Fn([f32x16<S>; C], [f32x16<S>; 2], &mut Block),
    ) {
        let mut panel = 0;
        while panel + 4 <= self.panels {
            self.change_panels::<S, C, 4>(s, rows, panel, changed, &of, &f);
            panel += 4;
        }
        if panel + 2 <= self.panels {
            self.change_panels::<S, C, 2>(s, rows, panel, changed, &of, &f);
            panel += 2;
        }
        if panel < self.panels {
            self.change_panels::<S, C, 1>(s, rows, panel, changed, &of, &f);
        }
    }

    /// [`change_row`](Self::change_row) for G panels.
    #[inline(always)]
    fn change_panels<S: Isa, const C: usize, const G: usize>(
        &self,
        s: S,
        [a, b]: [&[Block]; 2],
        first: usize,
        changed: &mut [Block],
        of: &impl Fn(usize) -> [f32x16<S>; C],
        f: &impl Fn([f32x16<S>; C], [f32x16<S>; 2], &mut Block),
    ) {
        let mut told = [[f32x16::splat(s, 0.0); C]; G];
        for (panel, told) in told.iter_mut().enumerate() {
            *told = of(first + panel);
        }
        let (a, b) = (
            a[first..].chunks(self.panels),
            b[first..].chunks(self.panels),
        );
        let pixels = a.zip(b).zip(changed[first..].chunks_mut(self.panels));
        for ((a, b), changed) in pixels {
            let blocks = (a.first_chunk::<G>(), b.first_chunk::<G>());
            if let ((Some(a), Some(b)), Some(changed)) = (blocks, changed.first_chunk_mut::<G>()) {
                for panel in 0..G {
                    let pair = [a[panel].load(s), b[panel].load(s)];
                    f(told[panel], pair, &mut changed[panel]);
                }
            }
        }
    }
}

/// Adds what `f` gives for some panels of a pixel.
#[inline(always)]
fn add_pixel<S: Isa, const N: usize, const C: usize, const G: usize>(
    s: S,
    sums: &mut [[f32x16<S>; N]; G],
    told: &[[f32x16<S>; C]; G],
    [a, b]: [&[Block]; 2],
    f: &impl Fn([f32x16<S>; C], [f32x16<S>; 2]) -> [f32x16<S>; N],
) {
    if let (Some(a), Some(b)) = (a.first_chunk::<G>(), b.first_chunk::<G>()) {
        for panel in 0..G {
            let pair = [a[panel].load(s), b[panel].load(s)];
            add(&mut sums[panel], f(told[panel], pair));
        }
    }
}

#[inline(always)]
fn add<S: Isa, const N: usize>(sums: &mut [f32x16<S>; N], terms: [f32x16<S>; N]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}
