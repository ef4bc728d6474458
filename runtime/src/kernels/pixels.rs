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

    /// Sums of what `f` gives for the numbers of panel `panel` at each pixel of two images that are laid out alike. A row is
    /// summed in four runs, which are added, and the rows' sums are added from the top, so that no chain is longer than a
    /// side of the image.
    #[inline(always)]
    pub(super) fn sums<S: Isa, const N: usize>(
        &self,
        s: S,
        [a, b]: [&[Block]; 2],
        panel: usize,
        f: impl Fn(f32x16<S>, f32x16<S>) -> [f32x16<S>; N],
    ) -> [f32x16<S>; N] {
        const RUNS: usize = 4;
        let zeros = [f32x16::splat(s, 0.0); N];
        let mut sums = zeros;
        for row in 0..self.rows {
            let pixels = |image| self.row(image, row)[panel..].iter().step_by(self.panels);
            let mut pixels = pixels(a).zip(pixels(b));
            let mut runs = [zeros; RUNS];
            for _ in 0..self.columns / RUNS {
                for run in &mut runs {
                    if let Some((a, b)) = pixels.next() {
                        add(run, f(a.load(s), b.load(s)));
                    }
                }
            }
            for (run, (a, b)) in runs.iter_mut().zip(pixels) {
                add(run, f(a.load(s), b.load(s)));
            }
            let [mut line, second, mut third, fourth] = runs;
            add(&mut line, second);
            add(&mut third, fourth);
            add(&mut line, third);
            add(&mut sums, line);
        }
        sums
    }
}

#[inline(always)]
fn add<S: Isa, const N: usize>(sums: &mut [f32x16<S>; N], terms: [f32x16<S>; N]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}
