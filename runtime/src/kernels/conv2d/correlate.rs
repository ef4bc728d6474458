//! The sums of a tile: every tap and every channel.

#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::{
    place::Place,
    tiles::{Ends, Sums},
    walk::{Fixed, Walk},
};
use crate::{
    block::{Block, LANES},
    kernels::image::Image,
    simd::{Isa, chains::POSITIONS},
    tile::{self, Accumulators},
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// Rows of a small image: of 3 x 3 taps on 32 rows, one in 48 lies in the border.
const SMALL: usize = 32;

impl<
    S: Isa,
    G: Image,
    L: Walk,
    T: Ends<S>,
    const PH: usize,
    const PW: usize,
    const K: usize,
    const P: usize,
> Sums<'_, S, G, L, T, PH, PW, K, P>
{
    /// Whether rows of taps that lie in the border for all windows of a tile are worth a look: in small images, and if a
    /// tile is of one row.
    const SKIPS: bool =
        T::REGULAR && !L::Fixed::CLIP && G::TOP > 0 && G::HEIGHT <= SMALL && G::CHANNELS >= LANES;

    /// Whether sums are cut into runs.
    pub(super) const CUT: bool = K > POSITIONS;

    /// Taps of a run.
    const RUN: usize = if G::CHANNELS < POSITIONS {
        POSITIONS / G::CHANNELS
    } else {
        1
    };

    /// Adds some rows of taps of output row `dy` of the windows to their sums, in ascending order; what is cut off goes to
    /// `total`.
    #[inline(always)]
    pub(super) fn correlate<const Q: usize, const N: usize>(
        &self,
        sums: &mut [Accumulators<S, PW, N>; Q],
        total: &mut [Accumulators<S, PW, N>; Q],
        place: &Place<Q>,
        dy: usize,
        taps: Range<usize>,
    ) {
        let (windows, panel) = (&place.windows, place.panel);
        // Row and first column of each window's first tap.
        let mut at = [[0; 2]; Q];
        for q in 0..Q {
            let [row, column] = windows[q];
            at[q] = [
                self.walk.origin()[0] + ((row * PH + dy) * self.walk.stride()[0]) as isize,
                self.walk.origin()[1] + (column * PW * self.walk.stride()[1]) as isize,
            ];
        }
        // Without clipping one pass takes all tap rows; with it, each pass takes one and picks its rows anew. Tap rows that lie
        // outside the image for all windows are skipped.
        let step = self.walk.dilation()[0] as isize;
        let taps = if const { L::Fixed::CLIP || Self::SKIPS } {
            let [top, bottom] = const {
                if L::Fixed::CLIP {
                    [0, G::ROWS as isize]
                } else {
                    [G::TOP as isize, (G::TOP + G::HEIGHT) as isize]
                }
            };
            let low = taps_below(at[Q - 1][0] - top, step) as usize;
            let high = taps_below(at[0][0] - bottom, step) as usize;
            low.max(taps.start).min(taps.end)..high.min(taps.end)
        } else {
            taps
        };
        let (passes, rows) = if const { L::Fixed::CLIP } {
            (taps, 1)
        } else {
            let some = !Self::SKIPS || taps.start < taps.end;
            (taps.start..taps.start + usize::from(some), taps.len())
        };
        for pass in passes {
            let reach =
                self.reach() + (self.walk.taps()[1] - 1) * self.walk.dilation()[1] * G::COLUMN;
            let span = (rows - 1) * self.walk.dilation()[0] * G::ROW + reach;
            let mut x: [&[f32]; Q] = [&[]; Q];
            for q in 0..Q {
                let row = at[q][0] + (pass * self.walk.dilation()[0]) as isize;
                let row = if const { L::Fixed::CLIP } && !(0..G::ROWS as isize).contains(&row) {
                    0
                } else {
                    row as usize
                };
                x[q] = &self.x[row * G::ROW + at[q][1] as usize * G::COLUMN..][..span];
            }
            let depth = (self.walk.taps()[1] - 1) * self.walk.panel_step()[1] + G::CHANNELS;
            for row in 0..rows {
                let block = self.walk.panel() + (pass + row) * self.walk.panel_step()[0];
                let mut x = x;
                for x in &mut x {
                    *x = &x[row * self.walk.dilation()[0] * G::ROW..][..reach];
                }
                let mut w: [&[Block]; N] = [&[]; N];
                for n in 0..N {
                    w[n] = &self.w[panel + n][block..][..depth];
                }
                for column in 0..self.walk.taps()[1] {
                    let offset = column * self.walk.dilation()[1] * G::COLUMN;
                    let block = column * self.walk.panel_step()[1];
                    for piece in 0..G::CHANNELS.div_ceil(POSITIONS) {
                        let from = piece * POSITIONS;
                        let channels = from..G::CHANNELS.min(from + POSITIONS);
                        self.tap(sums, x, offset, w, block, channels);
                        let tap = (pass + row) * self.walk.taps()[1] + column + 1;
                        if Self::CUT && tap.is_multiple_of(Self::RUN) {
                            self.join(total, sums);
                        }
                    }
                }
            }
        }
    }

    /// Adds a run's sums to those before it, and begins the next.
    #[inline(always)]
    pub(super) fn join<const Q: usize, const N: usize>(
        &self,
        total: &mut [Accumulators<S, PW, N>; Q],
        sums: &mut [Accumulators<S, PW, N>; Q],
    ) {
        for q in 0..Q {
            for dx in 0..PW {
                for n in 0..N {
                    total[q][dx][n] += sums[q][dx][n];
                    sums[q][dx][n] = f32x16::splat(self.s, 0.0);
                }
            }
        }
    }

    /// Floats from a tap's first channel of a window's first output to its last channel of the last, and one more.
    #[inline(always)]
    fn reach(&self) -> usize {
        (PW - 1) * self.walk.stride()[1] * G::COLUMN + (G::CHANNELS - 1) * G::CHANNEL + 1
    }

    /// Adds some channels of one tap, one after the other.
    #[inline(always)]
    fn tap<const Q: usize, const N: usize>(
        &self,
        sums: &mut [Accumulators<S, PW, N>; Q],
        x: [&[f32]; Q],
        offset: usize,
        w: [&[Block]; N],
        block: usize,
        channels: Range<usize>,
    ) {
        let s = self.s;
        let step = self.walk.stride()[1] * G::COLUMN;
        let mut pixels: [[&[f32]; PW]; Q] = [[&[]; PW]; Q];
        for q in 0..Q {
            for dx in 0..PW {
                let from = offset + dx * step;
                pixels[q][dx] = &x[q][from..][..(G::CHANNELS - 1) * G::CHANNEL + 1];
            }
        }
        let mut w = w;
        for w in &mut w {
            *w = &w[block..][..G::CHANNELS];
        }
        for channel in channels {
            tile::step_windows(
                s,
                sums,
                #[inline(always)]
                |q, dx| pixels[q][dx][channel * G::CHANNEL],
                #[inline(always)]
                |n| &w[n][channel],
            );
        }
    }
}

/// The smallest n >= 0 with `row + n * step >= 0`.
#[inline(always)]
fn taps_below(row: isize, step: isize) -> isize {
    if row >= 0 {
        0
    } else {
        (-row + step - 1) / step
    }
}
