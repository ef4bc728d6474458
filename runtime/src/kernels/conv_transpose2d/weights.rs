//! Backward of the weights (2) and the biases (3): what an application leaves for the kernels of
//! [`conv2d`](crate::kernels::conv2d).
//!
//! A position is a pixel of the input. A row of a panel is a tap and an input channel: it adds the pixel's value times the
//! block of D that the tap reaches from there. So the blocks that are brought near together are those of one tap, and all
//! tiles of its channels pass over them before the next tap's come.
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use crate::{
    block::{Block, LANES},
    kernels::{
        conv2d::weights::{
            part::{PIECE, Part, pieces},
            sums::{Applications, BIASES, LEAD, Sums, Total, row_of},
        },
        image::{Channels, Image},
        lanes::{lanes, some},
        stencil::Stencil,
    },
    simd::Isa,
    tile::{self, Accumulators},
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

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

/// An application by what it left: `samples` gives the batch in order, chunk by chunk, images laid out as X, deltas as D. C is
/// the stencil from D to X.
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
    const {
        let [top, left] = C::PADDING;
        assert!(D::TOP >= top && D::LEFT >= left);
        let down = (X::HEIGHT - 1) * C::STRIDE[0] + (C::KERNEL[0] - 1) * C::DILATION[0];
        let across = (X::WIDTH - 1) * C::STRIDE[1] + (C::KERNEL[1] - 1) * C::DILATION[1];
        assert!(D::TOP - top + down < D::ROWS && D::LEFT - left + across < D::COLUMNS);
    }
    Application {
        samples,
        layouts: PhantomData,
    }
}

/// [`application`] of groups of C0 channels of X and D0 of D.
#[inline(always)]
pub fn application_groups<
    'a,
    C,
    X,
    D,
    I,
    const C0: usize,
    const D0: usize,
    const XS: usize,
    const DS: usize,
>(
    samples: I,
) -> Application<I, C, Channels<X, C0>, Channels<D, D0>>
where
    C: Stencil,
    X: Image,
    D: Image,
    I: Iterator<Item = (&'a [[f32; XS]], &'a [[Block; DS]])> + Clone,
{
    application::<C, Channels<X, C0>, Channels<D, D0>, I, XS, DS>(samples)
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
    const DEPTH: usize = C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS;
    const PIXELS: usize = X::HEIGHT * X::WIDTH;

    #[inline(always)]
    fn positions(&self) -> usize {
        let samples = self.samples.clone().map(
            #[inline(always)]
            |(x, _)| x.len(),
        );
        samples.sum::<usize>() * X::HEIGHT * X::WIDTH
    }

    #[inline(always)]
    fn accumulate<const M: usize>(
        &self,
        s: S,
        panels: Range<usize>,
        tiles: Range<usize>,
        sums: &mut Sums<'_>,
    ) {
        let each =
            LEAD + row_of::<M>(X::CHANNELS, tiles.end) - row_of::<M>(X::CHANNELS, tiles.start);
        let mut near = [Block::ZERO; PIECE];
        pieces::<S, X, _, _>(
            s,
            self.samples.clone(),
            sums,
            #[inline(always)]
            |x, delta, piece, sums| {
                for (panel, sums) in panels.clone().zip(sums.now.chunks_exact_mut(each)) {
                    Self::add::<S, M, XS, DS>(s, panel, &tiles, sums, x, delta, piece, &mut near);
                }
            },
        );
    }

    #[inline(always)]
    fn total(&self, s: S, panels: [usize; BIASES], total: &mut Total<S>) {
        total.add::<D, DS>(
            s,
            self.samples.clone().flat_map(
                #[inline(always)]
                |(_, delta)| delta,
            ),
            panels,
        );
    }
}

impl<I, C: Stencil, X: Image, D: Image> Application<I, C, X, D> {
    /// Blocks from the block that one pixel's tap reaches to the next row's, and the next column's.
    const STEP: [usize; 2] = [
        C::STRIDE[0] * D::ROW / LANES,
        C::STRIDE[1] * D::COLUMN / LANES,
    ];

    /// Whether a panel's outputs are a block of D, or lanes of one.
    const BLOCKS: bool = D::WHOLE || D::CHANNELS.is_multiple_of(LANES);

    /// Panels of a group.
    const EACH: usize = D::CHANNELS.div_ceil(LANES);

    /// The first channel of X that a panel multiplies.
    #[inline(always)]
    fn channels(panel: usize) -> usize {
        panel / Self::EACH * X::CHANNELS
    }

    /// Where the outputs of a panel begin in a pixel of D, and how many there are.
    #[inline(always)]
    fn outputs(panel: usize) -> [usize; 2] {
        let (group, panel) = (panel / Self::EACH, panel % Self::EACH);
        [
            group * D::CHANNELS + panel * LANES,
            lanes(D::CHANNELS, panel),
        ]
    }

    /// The block of D that a tap reaches from the first pixel of a part.
    #[inline(always)]
    fn reached(tap: usize, part: Part) -> usize {
        let [row, column] = [tap / C::KERNEL[1], tap % C::KERNEL[1]];
        let row = D::TOP - C::PADDING[0] + row * C::DILATION[0];
        let column = D::LEFT - C::PADDING[1] + column * C::DILATION[1];
        (row * D::ROW + column * D::COLUMN) / LANES
            + part.at[0] * Self::STEP[0]
            + part.at[1] * Self::STEP[1]
    }

    /// The float of X at the first pixel of a part.
    #[inline(always)]
    fn first(part: Part) -> usize {
        (X::TOP + part.at[0]) * X::ROW + (X::LEFT + part.at[1]) * X::COLUMN
    }

    /// Adds a part of each sample to the sums of some tiles of a panel.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "what a closure would capture")]
    fn add<S: Isa, const M: usize, const XS: usize, const DS: usize>(
        s: S,
        panel: usize,
        tiles: &Range<usize>,
        sums: &mut [Block],
        x: &[[f32; XS]],
        delta: &[[Block; DS]],
        part: Part,
        near: &mut [Block; PIECE],
    ) {
        let begin = row_of::<M>(X::CHANNELS, tiles.start);
        // The tap whose blocks are near.
        let mut there = usize::MAX;
        for tile in tiles.clone() {
            let row = row_of::<M>(X::CHANNELS, tile);
            if const { M > X::CHANNELS } {
                let sums = &mut sums[LEAD + row - begin..][..M];
                Self::add_taps::<S, M, XS, DS>(s, panel, sums, row, x, delta, part);
                continue;
            }
            let (tap, channel) = (row / X::CHANNELS, row % X::CHANNELS);
            if tap != there {
                Self::bring(Self::reached(tap, part), panel, delta, part, near);
                there = tap;
            }
            let known = (channel + M).saturating_sub(X::CHANNELS);
            let sums = &mut sums[LEAD + row - begin - known..][..M];
            let channel = Self::channels(panel) + channel - known;
            Self::add_tile::<S, M, XS>(s, sums, channel, known, x, near, part);
        }
    }

    /// Copies the outputs of a panel that a tap reaches from the pixels of a part, of which those of the first are in the pixel
    /// that begins with block `first`.
    #[inline(always)]
    fn bring<const DS: usize>(
        first: usize,
        panel: usize,
        delta: &[[Block; DS]],
        part: Part,
        near: &mut [Block; PIECE],
    ) {
        let mut rows = near.chunks_exact_mut(part.columns::<X>());
        for delta in delta {
            for row in 0..part.size[0] {
                let Some(near) = rows.next() else {
                    continue;
                };
                let pixel = first + row * Self::STEP[0];
                let [lane, count] = Self::outputs(panel);
                if const { Self::BLOCKS } {
                    let blocks = delta[pixel + lane / LANES..].iter();
                    for (near, block) in near.iter_mut().zip(blocks.step_by(Self::STEP[1])) {
                        *near = *block;
                    }
                } else {
                    let floats: &[f32] = bytemuck::must_cast_slice(&delta[pixel..]);
                    for (column, near) in near.iter_mut().enumerate() {
                        *near = some(&floats[column * Self::STEP[1] * LANES + lane..], count);
                    }
                }
            }
        }
    }

    /// Adds a part of each sample to the sums of M channels of a tap from `channel` on, but for the first `known`, which another
    /// tile adds.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "what a closure would capture")]
    fn add_tile<S: Isa, const M: usize, const XS: usize>(
        s: S,
        sums: &mut [Block],
        channel: usize,
        known: usize,
        x: &[[f32; XS]],
        near: &[Block; PIECE],
        part: Part,
    ) {
        let columns = part.columns::<X>();
        let span = (columns - 1) * X::COLUMN + (M - 1) * X::CHANNEL + 1;
        let mut acc: Accumulators<S, M, 1> = [[f32x16::splat(s, 0.0)]; M];
        for i in 0..M {
            acc[i][0] = sums[i].load(s);
        }
        let mut rows = near.chunks_exact(columns);
        for x in x {
            let mut from = Self::first(part) + channel * X::CHANNEL;
            for deltas in rows.by_ref().take(part.size[0]) {
                let x = &x[from..][..span];
                for column in 0..columns {
                    tile::step(
                        s,
                        &mut acc,
                        #[inline(always)]
                        |i| x[column * X::COLUMN + i * X::CHANNEL],
                        #[inline(always)]
                        |_| &deltas[column],
                    );
                }
                from += X::ROW;
            }
        }
        for i in 0..M {
            if i >= known {
                sums[i].store(acc[i][0]);
            }
        }
    }

    /// Adds a part of each sample to the sums of rows `first..first + M` of several taps; rows past the last repeat it.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "what a closure would capture")]
    fn add_taps<S: Isa, const M: usize, const XS: usize, const DS: usize>(
        s: S,
        panel: usize,
        sums: &mut [Block],
        first: usize,
        x: &[[f32; XS]],
        delta: &[[Block; DS]],
        part: Part,
    ) {
        let depth = C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS;
        let [lane, count] = Self::outputs(panel);
        let mut at = [[0; 2]; M];
        let mut acc = [f32x16::splat(s, 0.0); M];
        for i in 0..M {
            let row = (first + i).min(depth - 1);
            let channel = Self::channels(panel) + row % X::CHANNELS;
            at[i] = [
                Self::first(part) + channel * X::CHANNEL,
                Self::reached(row / X::CHANNELS, part) * LANES + lane,
            ];
            acc[i] = sums[i].load(s);
        }
        for (x, delta) in x.iter().zip(delta) {
            let floats: &[f32] = bytemuck::must_cast_slice(delta);
            for row in 0..part.size[0] {
                for column in 0..part.columns::<X>() {
                    let pixel = row * X::ROW + column * X::COLUMN;
                    let step = (row * Self::STEP[0] + column * Self::STEP[1]) * LANES;
                    for i in 0..M {
                        let x = f32x16::splat(s, x[at[i][0] + pixel]);
                        let delta = if const { Self::BLOCKS } {
                            delta[(at[i][1] + step) / LANES]
                        } else {
                            some(&floats[at[i][1] + step..], count)
                        };
                        acc[i] = x.mul_add(delta.load(s), acc[i]);
                    }
                }
            }
        }
        for i in 0..M {
            sums[i].store(acc[i]);
        }
    }
}
