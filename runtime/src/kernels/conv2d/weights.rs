//! Backward of the weights: (2) and (3), each gradient handed to the optimizer where it is finished.
//!
//! A tile is M rows k of one panel: for every output pixel one block of deltas times M values of x. What a sample
//! needs (its image and one panel of its delta) fits the level-2 cache, the batch does not; so the tiles of a group, up
//! to [`GROUP`] rows, visit a sample one after the other before the next sample comes. Between samples a group's sums
//! rest in the level-1 cache, which changes no bit of them.
//!
//! A position is a pixel of a sample's output. A chain takes as many whole samples as have at most [`POSITIONS`] pixels;
//! a larger output is taken in parts, some whole rows or a piece of one.
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use crate::{
    block::{Block, LANES},
    kernels::{
        image::{Image, pixel},
        stencil::Stencil,
    },
    simd::{
        Isa,
        chains::{Chain, POSITIONS},
    },
    tile::{
        self, Accumulators,
        shape::{self, Extent, Shape, Tiled},
    },
    update::Stretch,
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

/// Blocks of sums that wait between samples: 18 KiB of stack, and all of a panel of 3 x 3 taps and 32 channels.
const GROUP: usize = 288;

/// Panels whose bias is summed at once, enough chains to hide the latency of an addition.
const BIASES: usize = 4;

/// What the applications of one layer leave for the gradients of its weights. The images of two of them may differ in
/// size, and so their layouts: a pair is one application and, after all its samples, another.
pub trait Applications<S: Isa>: Clone {
    /// Input channels, the same in every application.
    const CHANNELS: usize;
    /// Rows of a panel.
    const DEPTH: usize;
    /// Products in each weight's gradient for one sample.
    const PIXELS: usize;

    /// Positions of the batch.
    fn positions(&self) -> usize;

    /// Adds all samples to the sums of `tiles` of `M` rows of a panel.
    fn accumulate<const M: usize>(
        &self,
        s: S,
        panel: usize,
        tiles: Range<usize>,
        sums: &mut Sums<'_>,
    );

    /// Adds the deltas of all pixels of all samples, for some panels.
    fn total(&self, s: S, panels: [usize; BIASES], total: &mut Total<S>);
}

/// The sums of some weights.
pub struct Sums<'a> {
    /// The chain under way.
    now: &'a mut [Block],
    /// What chains before it have come to; empty if the batch fits one chain.
    joined: &'a mut [Block],
    chain: Chain,
}

impl Sums<'_> {
    /// Makes room for `count` positions that stay together, at most [`POSITIONS`].
    #[inline(always)]
    fn reserve<S: Isa>(&mut self, s: S, count: usize) {
        if self.chain.next(count) {
            self.join(s);
        }
    }

    /// Adds the chain to those before it.
    fn join<S: Isa>(&mut self, s: S) {
        for (joined, now) in self.joined.iter_mut().zip(&mut *self.now) {
            joined.store(joined.load(s) + now.load(s));
            *now = Block::ZERO;
        }
    }
}

/// The sums of some biases.
pub struct Total<S: Isa> {
    now: [f32x16<S>; BIASES],
    joined: [Block; BIASES],
    chain: Chain,
}

impl<S: Isa> Total<S> {
    /// Adds the chain to those before it.
    #[inline(always)]
    fn join(&mut self, s: S) {
        for i in 0..BIASES {
            self.joined[i].store(self.joined[i].load(s) + self.now[i]);
            self.now[i] = f32x16::splat(s, 0.0);
        }
    }
}

/// One application of a layer.
pub struct Application<I, C, X, D> {
    samples: I,
    layouts: PhantomData<(C, X, D)>,
}

impl<I: Clone, C, X, D> Clone for Application<I, C, X, D> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Self {
            samples: self.samples.clone(),
            layouts: PhantomData,
        }
    }
}

/// An application by what it left: `samples` gives the batch in order, chunk by chunk, images laid out as X, deltas as D.
#[inline(always)]
pub fn application<'a, C, X, D, I, const XS: usize, const DS: usize>(
    samples: I,
) -> Application<I, C, X, D>
where
    C: Stencil,
    X: Image,
    D: Image,
    I: Iterator<Item = (&'a [[f32; XS]], &'a [[Block; DS]])> + Clone,
{
    Application {
        samples,
        layouts: PhantomData,
    }
}

/// Finishes the gradients (2) of the weights, the flat `[[Block; K]; P]`, that `stretch` asks for.
pub fn weight_gradient<S: Isa>(
    s: S,
    applications: impl Applications<S>,
    stretch: &mut Stretch<'_>,
) {
    /// The rows of a panel, without a name for the type of the applications.
    fn depth<S: Isa, A: Applications<S>>(_: &A) -> usize {
        A::DEPTH
    }
    s.vectorize(
        #[inline(always)]
        || {
            let k = depth(&applications);
            let long = applications.positions() > POSITIONS;
            let Range { mut start, end } = stretch.range();
            while start < end {
                let panel = start / k;
                let to = end.min((panel + 1) * k);
                S::tiled(Gradient {
                    s,
                    applications: applications.clone(),
                    panel,
                    rows: start - panel * k..to - panel * k,
                    long,
                    stretch: &mut *stretch,
                });
                start = to;
            }
        },
    );
}

/// Finishes the gradients (3) of the biases `[Block; P]` that `stretch` asks for.
pub fn bias_gradient<S: Isa>(s: S, applications: impl Applications<S>, stretch: &mut Stretch<'_>) {
    s.vectorize(
        #[inline(always)]
        || {
            let Range { start, end } = stretch.range();
            for first in (start..end).step_by(BIASES) {
                let mut total = Total {
                    now: [f32x16::splat(s, 0.0); BIASES],
                    joined: [Block::ZERO; BIASES],
                    chain: Chain::first(),
                };
                // Past the last panel, its sum is repeated and dropped.
                let mut panels = [0; BIASES];
                for i in 0..BIASES {
                    panels[i] = (first + i).min(end - 1);
                }
                applications.total(s, panels, &mut total);
                total.join(s);
                stretch.finish(first, &total.joined[..BIASES.min(end - first)]);
            }
        },
    );
}

/// Rows of a panel.
const fn depth<C: Stencil, X: Image>() -> usize {
    C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS
}

/// The gradient of a stretch of rows of one panel.
struct Gradient<'a, 'b, S, A> {
    s: S,
    applications: A,
    panel: usize,
    rows: Range<usize>,
    /// Whether the batch has more than one chain.
    long: bool,
    stretch: &'a mut Stretch<'b>,
}

impl<S: Isa, A: Applications<S>> Tiled for Gradient<'_, '_, S, A> {
    const SHAPE: Shape = shape::best::<S>(Extent {
        windows: A::DEPTH,
        run: A::CHANNELS,
        width: 1,
        panels: 1,
        depth: A::PIXELS,
    });

    #[inline(always)]
    fn run<const M: usize, const ONE: usize>(mut self) {
        if self.long {
            self.finish::<M>(&mut [Block::ZERO; GROUP]);
        } else {
            self.finish::<M>(&mut []);
        }
    }
}

impl<S: Isa, A: Applications<S>> Gradient<'_, '_, S, A> {
    /// Sums and hands over group by group; `joined` is as long as a group if the batch has more than one chain.
    #[inline(never)]
    fn finish<const M: usize>(&mut self, joined: &mut [Block]) {
        let s = self.s;
        s.vectorize(
            #[inline(always)]
            || {
                let mut now = [Block::ZERO; GROUP];
                // Tiles begin at multiples of M wherever the stretch begins; rows outside it are dropped.
                let tiles = self.rows.start / M..self.rows.end.div_ceil(M);
                let groups = tiles.len().div_ceil(GROUP / M);
                let length = tiles.len().div_ceil(groups);
                for first in tiles.clone().step_by(length) {
                    let tiles = first..tiles.end.min(first + length);
                    let mut sums = Sums {
                        now: &mut now[..tiles.len() * M],
                        joined,
                        chain: Chain::first(),
                    };
                    sums.now.fill(Block::ZERO);
                    sums.joined.fill(Block::ZERO);
                    self.applications
                        .accumulate::<M>(s, self.panel, tiles.clone(), &mut sums);
                    let finished = if sums.chain.joined {
                        sums.join(s);
                        sums.joined
                    } else {
                        sums.now
                    };
                    let rows = self.rows.start.max(first * M)..self.rows.end.min(tiles.end * M);
                    let gradients = &finished[rows.start - first * M..rows.end - first * M];
                    self.stretch
                        .finish(self.panel * A::DEPTH + rows.start, gradients);
                }
            },
        );
    }
}

impl<S: Isa, A: Applications<S>, B: Applications<S>> Applications<S> for (A, B) {
    const CHANNELS: usize = A::CHANNELS;
    const DEPTH: usize = {
        assert!(A::DEPTH == B::DEPTH && A::CHANNELS == B::CHANNELS);
        A::DEPTH
    };
    const PIXELS: usize = A::PIXELS + B::PIXELS;

    #[inline(always)]
    fn positions(&self) -> usize {
        self.0.positions() + self.1.positions()
    }

    #[inline(always)]
    fn accumulate<const M: usize>(
        &self,
        s: S,
        panel: usize,
        tiles: Range<usize>,
        sums: &mut Sums<'_>,
    ) {
        self.0.accumulate::<M>(s, panel, tiles.clone(), sums);
        self.1.accumulate::<M>(s, panel, tiles, sums);
    }

    #[inline(always)]
    fn total(&self, s: S, panels: [usize; BIASES], total: &mut Total<S>) {
        self.0.total(s, panels, total);
        self.1.total(s, panels, total);
    }
}

impl<'a, S, I, C, X, D, const XS: usize, const DS: usize> Applications<S>
    for Application<I, C, X, D>
where
    S: Isa,
    C: Stencil,
    X: Image,
    D: Image,
    I: Iterator<Item = (&'a [[f32; XS]], &'a [[Block; DS]])> + Clone,
{
    const CHANNELS: usize = X::CHANNELS;
    const DEPTH: usize = depth::<C, X>();
    const PIXELS: usize = D::HEIGHT * D::WIDTH;

    #[inline(always)]
    fn positions(&self) -> usize {
        let samples = self.samples.clone().map(
            #[inline(always)]
            |(x, _)| x.len(),
        );
        samples.sum::<usize>() * D::HEIGHT * D::WIDTH
    }

    #[inline(always)]
    fn accumulate<const M: usize>(
        &self,
        s: S,
        panel: usize,
        tiles: Range<usize>,
        sums: &mut Sums<'_>,
    ) {
        let first = tiles.start;
        for (x, delta) in self.samples.clone() {
            for (x, delta) in x.iter().zip(delta) {
                let [rows, columns] = Self::PART;
                for part in 0..D::HEIGHT.div_ceil(rows) * D::WIDTH.div_ceil(columns) {
                    let part = Self::part(part);
                    sums.reserve(s, part.size[0] * part.size[1]);
                    for tile in tiles.clone() {
                        let sums = &mut sums.now[(tile - first) * M..][..M];
                        Self::add_part::<S, M, XS, DS>(s, panel, sums, tile * M, x, delta, part);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn total(&self, s: S, panels: [usize; BIASES], total: &mut Total<S>) {
        for delta in self.samples.clone().flat_map(
            #[inline(always)]
            |(_, delta)| delta,
        ) {
            for row in 0..D::HEIGHT {
                let mut row = &delta[pixel::<D>(row, 0)..][..D::WIDTH * D::COLUMN / LANES];
                while !row.is_empty() {
                    let count = total.chain.take(row.len() / (D::COLUMN / LANES));
                    let (now, later) = row.split_at(count * (D::COLUMN / LANES));
                    for pixel in now.chunks_exact(D::COLUMN / LANES) {
                        for i in 0..BIASES {
                            total.now[i] += pixel[panels[i]].load(s);
                        }
                    }
                    if total.chain.ends() {
                        total.join(s);
                    }
                    row = later;
                }
            }
        }
    }
}

/// A part of an output whose pixels are summed together.
#[derive(Clone, Copy)]
struct Part {
    /// The first row and column.
    at: [usize; 2],
    /// Rows and columns.
    size: [usize; 2],
}

impl<I, C: Stencil, X: Image, D: Image> Application<I, C, X, D> {
    /// Whether some taps read rows outside X's buffer.
    const CLIP: bool = {
        let last = (D::HEIGHT - 1) * C::STRIDE[0] + (C::KERNEL[0] - 1) * C::DILATION[0];
        let clip = X::TOP < C::PADDING[0] || X::TOP - C::PADDING[0] + last >= X::ROWS;
        assert!(
            !clip || X::TOP > 0,
            "a row of zeros stands in for rows out of reach"
        );
        clip
    };

    /// Rows and columns of a part of at most [`POSITIONS`] pixels.
    const PART: [usize; 2] = if D::WIDTH > POSITIONS {
        [1, POSITIONS]
    } else if D::WIDTH * D::HEIGHT > POSITIONS {
        [POSITIONS / D::WIDTH, D::WIDTH]
    } else {
        [D::HEIGHT, D::WIDTH]
    };

    /// The output's part of this number.
    #[inline(always)]
    fn part(index: usize) -> Part {
        // Constants where there is one part, so that its loops have constant bounds.
        if const { Self::PART[0] == D::HEIGHT && Self::PART[1] == D::WIDTH } {
            return Part {
                at: [0, 0],
                size: [D::HEIGHT, D::WIDTH],
            };
        }
        let [rows, columns] = Self::PART;
        let across = D::WIDTH.div_ceil(columns);
        let at = [index / across * rows, index % across * columns];
        Part {
            at,
            size: [rows.min(D::HEIGHT - at[0]), columns.min(D::WIDTH - at[1])],
        }
    }

    /// Adds a part of a sample to the sums of rows `first..first + M`; those past the last repeat it.
    #[inline(always)]
    fn add_part<S: Isa, const M: usize, const XS: usize, const DS: usize>(
        s: S,
        panel: usize,
        sums: &mut [Block],
        first: usize,
        x: &[f32; XS],
        delta: &[Block; DS],
        part: Part,
    ) {
        // Row of X's buffer and offset within it of what the first output multiplies.
        let regular = X::CHANNELS.is_multiple_of(M);
        let mut at = [[0; 2]; M];
        for i in 0..M {
            let k = if regular {
                first
            } else {
                (first + i).min(depth::<C, X>() - 1)
            };
            let (tap, channel) = (k / X::CHANNELS, k % X::CHANNELS);
            let channel = if regular { channel + i } else { channel };
            let row = (tap / C::KERNEL[1] * C::DILATION[0] + X::TOP) as isize;
            let column = tap % C::KERNEL[1] * C::DILATION[1] + X::LEFT - C::PADDING[1];
            let offset = column * X::COLUMN + channel * X::CHANNEL;
            at[i] = [row - C::PADDING[0] as isize, offset as isize];
        }
        let mut acc: Accumulators<S, M, 1> = [[f32x16::splat(s, 0.0)]; M];
        for i in 0..M {
            acc[i][0] = sums[i].load(s);
        }
        let (passes, rows) = if Self::CLIP {
            (part.size[0], 1)
        } else {
            (1, part.size[0])
        };
        let (row_step, column_step) = (C::STRIDE[0] * X::ROW, C::STRIDE[1] * X::COLUMN);
        for pass in 0..passes {
            let span = (rows - 1) * row_step + (part.size[1] - 1) * column_step + 1;
            // Channels of one tap are neighbours: one pointer serves them all.
            let step = if regular { X::CHANNEL } else { 0 };
            let mut starts: [&[f32]; M] = [&[]; M];
            let mut near: &[f32] = &[];
            for i in 0..M {
                if i == 0 || !regular {
                    let row = at[i][0] + ((part.at[0] + pass) * C::STRIDE[0]) as isize;
                    let row = if Self::CLIP && !(0..X::ROWS as isize).contains(&row) {
                        0
                    } else {
                        row as usize
                    };
                    let column = at[i][1] as usize + part.at[1] * column_step;
                    near = &x[row * X::ROW + column..][..span + (M - 1) * step];
                }
                starts[i] = &near[i * step..][..span];
            }
            for row in 0..rows {
                for column in 0..part.size[1] {
                    let at = pixel::<D>(part.at[0] + pass + row, part.at[1] + column);
                    let offset = row * row_step + column * column_step;
                    tile::step(
                        s,
                        &mut acc,
                        #[inline(always)]
                        |i| starts[i][offset],
                        #[inline(always)]
                        |_| &delta[at + panel],
                    );
                }
            }
        }
        for i in 0..M {
            sums[i].store(acc[i][0]);
        }
    }
}
