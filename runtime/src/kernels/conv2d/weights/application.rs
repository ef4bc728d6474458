//! What one application of a layer adds to the gradients of its weights: tiles of rows by one panel, pixel by pixel.
//!
//! The deltas of some pixels are brought near together, for as they lie in memory, a panel among many, they would take
//! each other's place in a level-1 cache; then tile after tile passes over them. Of small outputs these are the pixels of
//! several samples.
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::{
    part::{PIECE, Part, pieces},
    sums::{Applications, BIASES, LEAD, Sums, Total, row_of},
};
use crate::{
    block::{Block, LANES},
    kernels::{
        image::{Image, pixel},
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

/// Rows of a panel.
const fn depth<C: Stencil, X: Image>() -> usize {
    C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS
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
        panels: Range<usize>,
        tiles: Range<usize>,
        sums: &mut Sums<'_>,
    ) {
        let each =
            LEAD + row_of::<M>(X::CHANNELS, tiles.end) - row_of::<M>(X::CHANNELS, tiles.start);
        let mut near = [Block::ZERO; PIECE];
        pieces::<S, D, _, _>(
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

/// Outputs along an axis of which those at the border are worth the look.
const SMALL: usize = 16;

/// Of the outputs `from..from + count` along an axis, those whose pixel is not in the border: `at` is the first output's, in
/// X's buffer.
#[inline(always)]
fn inside<const AXIS: usize, C: Stencil, X: Image>(
    at: isize,
    from: usize,
    count: usize,
) -> Range<usize> {
    let (border, size) = const { [(X::TOP, X::HEIGHT), (X::LEFT, X::WIDTH)][AXIS] };
    // In a large image too few for the loops to have sizes that are no constants.
    if const { C::KERNEL[AXIS] == 1 || [X::HEIGHT, X::WIDTH][AXIS] > SMALL * C::STRIDE[AXIS] } {
        return 0..count;
    }
    let step = C::STRIDE[AXIS] as isize;
    let at = at + from as isize * step;
    // The first whose pixel is not before some place.
    let first = |place: usize| {
        let before = (place as isize - at + step - 1).max(0) / step;
        count.min(before as usize)
    };
    first(border)..first(border + size)
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
        // One after the other: as far apart as they lie in the delta, they would take each other's place in a level-1 cache.
        let columns = part.columns::<D>();
        let (group, first_lane) = Self::group(panel);
        let mut rows = near.chunks_exact_mut(columns);
        for delta in delta {
            for row in 0..part.size[0] {
                if const { D::PARTS > 1 } {
                    let Some(near) = rows.next() else { continue };
                    let from = pixel::<D>(part.at[0] + row, part.at[1]) * LANES;
                    let delta: &[f32] = &bytemuck::must_cast_slice(delta)[from + first_lane..];
                    let lanes = D::CHANNELS - panel % const { D::CHANNELS.div_ceil(LANES) } * LANES;
                    let lanes = lanes.min(LANES);
                    for (column, near) in near.iter_mut().enumerate() {
                        *near = Block::ZERO;
                        near.0[..lanes].copy_from_slice(&delta[column * D::COLUMN..][..lanes]);
                    }
                    continue;
                }
                let from = pixel::<D>(part.at[0] + row, part.at[1]) + panel;
                let pixels = delta[from..].iter().step_by(D::COLUMN / LANES);
                if let Some(row) = rows.next() {
                    for (near, pixel) in row.iter_mut().zip(pixels) {
                        *near = *pixel;
                    }
                }
            }
        }
        let begin = row_of::<M>(X::CHANNELS, tiles.start);
        for tile in tiles.clone() {
            let row = row_of::<M>(X::CHANNELS, tile);
            let known = if const { M <= X::CHANNELS && !X::CHANNELS.is_multiple_of(M) } {
                (row % X::CHANNELS + M).saturating_sub(X::CHANNELS)
            } else {
                0
            };
            let sums = &mut sums[LEAD + row - begin - known..][..M];
            Self::add_tile::<S, M, XS>(s, sums, row - known, known, group, x, near, part);
        }
    }

    /// The first channel that a panel's group reads, and the first of its outputs' lanes in a pixel.
    #[inline(always)]
    const fn group(panel: usize) -> (usize, usize) {
        if X::PARTS == 1 {
            return (0, panel * LANES);
        }
        let panels = D::CHANNELS.div_ceil(LANES);
        let (group, panel) = (panel / panels, panel % panels);
        (
            group * X::CHANNELS * X::CHANNEL,
            group * D::CHANNELS + panel * LANES,
        )
    }

    /// Adds a part of each sample to the sums of rows `first..first + M`, but for the first `known`, which another tile
    /// adds; rows past the last repeat it.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "what a closure would capture")]
    fn add_tile<S: Isa, const M: usize, const XS: usize>(
        s: S,
        sums: &mut [Block],
        first: usize,
        known: usize,
        group: usize,
        x: &[[f32; XS]],
        near: &[Block; PIECE],
        part: Part,
    ) {
        // Row and column of X's buffer, and offset within the row, of what the first output multiplies.
        let regular = M <= X::CHANNELS;
        let mut at = [[0; 3]; M];
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
            let offset = column * X::COLUMN + channel * X::CHANNEL + group;
            at[i] = [
                row - C::PADDING[0] as isize,
                column as isize,
                offset as isize,
            ];
        }
        // Of one tap, outputs that read nothing but the border's zeros add nothing.
        let columns = part.columns::<D>();
        let [some_rows, some_columns] = if regular {
            [
                inside::<0, C, X>(at[0][0], part.at[0], part.size[0]),
                inside::<1, C, X>(at[0][1], part.at[1], columns),
            ]
        } else {
            [0..part.size[0], 0..columns]
        };
        if some_rows.is_empty() || some_columns.is_empty() {
            return;
        }
        let mut acc: Accumulators<S, M, 1> = [[f32x16::splat(s, 0.0)]; M];
        for i in 0..M {
            acc[i][0] = sums[i].load(s);
        }
        let (passes, rows) = if Self::CLIP {
            (some_rows, 1)
        } else {
            (some_rows.start..some_rows.start + 1, some_rows.len())
        };
        let (row_step, column_step) = (C::STRIDE[0] * X::ROW, C::STRIDE[1] * X::COLUMN);
        let span = (rows - 1) * row_step + (some_columns.len() - 1) * column_step + 1;
        // Channels of one tap are neighbours: one pointer serves them all.
        let step = if regular { X::CHANNEL } else { 0 };
        for (x, deltas) in x.iter().zip(near.chunks_exact(part.size[0] * columns)) {
            for pass in passes.clone() {
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
                        let column = part.at[1] + some_columns.start;
                        let column = at[i][2] as usize + column * column_step;
                        near = &x[row * X::ROW + column..][..span + (M - 1) * step];
                    }
                    starts[i] = &near[i * step..][..span];
                }
                for row in 0..rows {
                    let deltas = &deltas[(pass + row) * columns..][..columns];
                    let deltas = &deltas[some_columns.clone()];
                    for column in 0..deltas.len() {
                        let offset = row * row_step + column * column_step;
                        tile::step(
                            s,
                            &mut acc,
                            #[inline(always)]
                            |i| starts[i][offset],
                            #[inline(always)]
                            |_| &deltas[column],
                        );
                    }
                }
            }
        }
        for i in 0..M {
            if i >= known {
                sums[i].store(acc[i][0]);
            }
        }
    }
}
