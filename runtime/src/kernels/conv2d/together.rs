//! Samples side by side in a tile, for small images.
//!
//! An image of few pixels does not fill a tile, and every weight that is read serves these few pixels alone: two by two
//! pixels of 512 channels read nine megabytes of weights again for each sample. In a batch, a tile is therefore the
//! same output of Q samples:
//!
//! ```text
//! sums[q][n] = start[n] + sum over taps inside the image and channels  of
//!              x[first + q][pixel of the tap][channel] * w[n][tap][channel]
//! ```
//!
//! All of a tile read the same pixels, so that taps that meet only the border are left out exactly. The order of a sum
//! and where it is cut are those of [`Sums`](super::tiles::Sums): a product that is left out is zero, so one sample and
//! many have the same bits.
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::walk::{FAR, Fixed, Reads, nth, run};
use crate::{
    block::{Block, LANES},
    kernels::image::Image,
    simd::{Isa, chains::POSITIONS},
    tile::{
        self, Accumulators, Edge,
        shape::{self, Extent, Shape, Tiled, Tiles},
    },
};
use bytemuck::NoUninit;
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

/// Whether samples of so many outputs, each a sum over so many channels of some taps by so many weights in all, go side
/// by side: where a tile of one sample would be nearly empty, and where few outputs must wait for weights from behind
/// the level-2 cache. Elsewhere a second kernel is not worth its code.
pub const fn are_together(outputs: usize, channels: usize, weights: usize) -> bool {
    channels >= LANES && (outputs <= 4 || outputs <= 16 && weights > FAR)
}

/// Samples of a tile at most: more would leave small batches without one.
const SAMPLES: usize = 8;

/// How many of so many samples go side by side in tiles of `tile`. A rest that fills at most half of one goes alone: an
/// overlapping tile would take longer.
pub const fn side_by_side(samples: usize, tile: usize) -> usize {
    let rest = samples % tile;
    if samples < tile || 2 * rest <= tile {
        samples - rest
    } else {
        samples
    }
}

/// The shape of the tiles, samples by panels, of so many panels and products in each sum.
pub const fn tiles_of_samples<S: Tiles>(panels: usize, depth: usize) -> Shape {
    shape::best::<S>(
        Extent {
            windows: SAMPLES,
            run: SAMPLES,
            width: 1,
            panels,
            depth,
            edges: [Edge::NONE; 2],
            grid: false,
        },
        false,
    )
}

/// Where sums of several samples begin and end.
pub trait Batch<S: Isa> {
    /// Shape of the tiles: samples by panels.
    const SHAPE: Shape;
    /// What the sums of a panel begin with.
    fn start(&self, s: S, panel: usize) -> f32x16<S>;
    /// Takes the sum of an output of a sample.
    fn store(&mut self, s: S, sample: usize, output: [usize; 2], panel: usize, sum: f32x16<S>);
}

/// All outputs and panels of some samples, at least as many as a tile has, which are read from images laid out as `G`.
pub struct Together<'a, S, F, G, T, X, const K: usize, const P: usize> {
    pub s: S,
    pub reads: Reads,
    pub x: &'a [X],
    pub w: &'a [[Block; K]; P],
    pub ends: &'a mut T,
    pub kind: PhantomData<(F, G)>,
}

impl<S: Isa, F: Fixed, G: Image, T: Batch<S>, X: NoUninit, const K: usize, const P: usize> Tiled
    for Together<'_, S, F, G, T, X, K, P>
{
    const SHAPE: Shape = T::SHAPE;

    #[inline(always)]
    fn run<const Q: usize, const N: usize>(mut self) {
        let [height, width] = self.reads.windows;
        for group in 0..const { P.div_ceil(N) } {
            for output in 0..height * width {
                let output = [output / width, output % width];
                for tile in 0..self.x.len().div_ceil(Q) {
                    self.tile::<Q, N>(tile, group, output);
                }
            }
        }
    }
}

impl<S: Isa, F: Fixed, G: Image, T: Batch<S>, X: NoUninit, const K: usize, const P: usize>
    Together<'_, S, F, G, T, X, K, P>
{
    /// Floats of a sample.
    const FLOATS: usize = size_of::<X>() / size_of::<f32>();

    /// One output of the samples of a tile. The last tile, and the last group of panels, overlap those before them.
    #[inline(always)]
    fn tile<const Q: usize, const N: usize>(
        &mut self,
        tile: usize,
        group: usize,
        output: [usize; 2],
    ) {
        let s = self.s;
        let first = (tile * Q).min(self.x.len() - Q);
        let panel = (group * N).min(P - N);
        let mut start = [f32x16::splat(s, 0.0); N];
        for n in 0..N {
            start[n] = self.ends.start(s, panel + n);
        }
        let sums = self.sums([start; Q], first, panel, output);
        for q in 0..Q {
            for n in 0..N {
                if first + q >= tile * Q && panel + n >= group * N {
                    self.ends.store(s, first + q, output, panel + n, sums[q][n]);
                }
            }
        }
    }

    /// Adds all taps inside the image, in ascending order.
    #[inline(always)]
    fn sums<const Q: usize, const N: usize>(
        &self,
        mut sums: Accumulators<S, Q, N>,
        first: usize,
        panel: usize,
        output: [usize; 2],
    ) -> Accumulators<S, Q, N> {
        let Reads {
            taps,
            dilation,
            panel_step,
            ..
        } = self.reads;
        let cut = const { K > POSITIONS };
        let mut total = [[f32x16::splat(self.s, 0.0); N]; Q];
        let at: [isize; 2] = [0, 1].map(
            #[inline(always)]
            |axis| self.reads.origin[axis] + (output[axis] * self.reads.stride[axis]) as isize,
        );
        for row in 0..taps[0] {
            let y = at[0] + (row * dilation[0]) as isize;
            for column in 0..taps[1] {
                let x = at[1] + (column * dilation[1]) as isize;
                let ends_run =
                    (row * taps[1] + column + 1).is_multiple_of(const { run(G::CHANNELS) });
                if is_inside(y, G::TOP, G::HEIGHT) && is_inside(x, G::LEFT, G::WIDTH) {
                    let offset = y as usize * G::ROW + x as usize * G::COLUMN;
                    let [tall, wide] = [(taps[0], row), (taps[1], column)].map(
                        #[inline(always)]
                        |(taps, tap)| nth(F::DESCENDS, taps, tap),
                    );
                    let block = self.reads.panel + tall * panel_step[0] + wide * panel_step[1];
                    for piece in 0..const { G::CHANNELS.div_ceil(POSITIONS) } {
                        let from = piece * POSITIONS;
                        let channels = from..G::CHANNELS.min(from + POSITIONS);
                        self.tap(&mut sums, [first, offset], [panel, block], channels);
                        if cut && ends_run {
                            self.join(&mut total, &mut sums);
                        }
                    }
                } else if cut && ends_run {
                    self.join(&mut total, &mut sums);
                }
            }
        }
        if cut {
            self.join(&mut total, &mut sums);
            return total;
        }
        sums
    }

    /// Adds some channels of one tap, one after the other: of samples from `first` on, at `offset` of each, and of
    /// panels from `panel` on, at `block` of each.
    #[inline(always)]
    fn tap<const Q: usize, const N: usize>(
        &self,
        sums: &mut Accumulators<S, Q, N>,
        [first, offset]: [usize; 2],
        [panel, block]: [usize; 2],
        channels: Range<usize>,
    ) {
        // Samples are at a constant distance: one pointer serves all of them.
        let reach = const { (G::CHANNELS - 1) * G::CHANNEL + 1 };
        let x: &[f32] = bytemuck::must_cast_slice(self.x);
        let x = &x[first * Self::FLOATS + offset..][..(Q - 1) * Self::FLOATS + reach];
        let mut w: [&[Block]; N] = [&[]; N];
        for n in 0..N {
            w[n] = &self.w[panel + n][block..][..G::CHANNELS];
        }
        for channel in channels {
            tile::step(
                self.s,
                sums,
                #[inline(always)]
                |q| x[q * Self::FLOATS + channel * G::CHANNEL],
                #[inline(always)]
                |n| &w[n][channel],
            );
        }
    }

    /// Adds a run's sums to those before it, and begins the next.
    #[inline(always)]
    fn join<const Q: usize, const N: usize>(
        &self,
        total: &mut Accumulators<S, Q, N>,
        sums: &mut Accumulators<S, Q, N>,
    ) {
        for q in 0..Q {
            for n in 0..N {
                total[q][n] += sums[q][n];
                sums[q][n] = f32x16::splat(self.s, 0.0);
            }
        }
    }
}

/// Whether a pixel of the buffer is one of the image, along an axis.
#[inline(always)]
const fn is_inside(at: isize, border: usize, size: usize) -> bool {
    at >= border as isize && at < (border + size) as isize
}
