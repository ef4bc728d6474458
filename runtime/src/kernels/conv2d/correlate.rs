//! The sums of a tile: every tap and every channel.

#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::{
    place::Place,
    tiles::{Ends, Sums},
    walk::{Fixed, Walk, edges, nth, run},
};
use crate::{
    block::Block,
    kernels::image::Image,
    simd::{Isa, chains::POSITIONS},
    tile::{self, Accumulators, EDGE, Edge},
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

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
    const SKIPS: bool = T::REGULAR && edges::<L::Fixed, G>()[0].stride > 0;

    /// Taps of a row of outputs that may lie in the border for the first of them, or the last.
    const SIDES: Edge = if T::REGULAR && PH * PW == 1 {
        edges::<L::Fixed, G>()[1]
    } else {
        Edge::NONE
    };

    /// Outputs of a row.
    const WIDTH: usize = L::Fixed::READS.windows[1];

    /// Outputs in front or behind that some tap leaves out.
    const fn left_out(behind: bool) -> usize {
        let mut most = 0;
        let mut tap = 0;
        while tap < Self::SIDES.taps {
            let out = Self::SIDES.outside([0, Self::WIDTH], tap, EDGE)[behind as usize];
            most = if most < out { out } else { most };
            tap += 1;
        }
        most
    }

    /// Whether sums are cut into runs.
    pub(super) const CUT: bool = K > POSITIONS;

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
            let low = low.max(taps.start).min(taps.end);
            // Runs end where they would if zeros were multiplied.
            let columns = self.walk.taps()[1];
            if Self::CUT
                && low * columns / const { run(G::CHANNELS) }
                    > taps.start * columns / const { run(G::CHANNELS) }
            {
                self.join(total, sums);
            }
            low..high.min(taps.end)
        } else {
            taps
        };
        let (passes, rows) = if const { L::Fixed::CLIP } {
            (taps, 1)
        } else {
            let some = !Self::SKIPS || taps.start < taps.end;
            (taps.start..taps.start + usize::from(some), taps.len())
        };
        let ends = self.ends(place);
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
                let tap = nth(L::Fixed::DESCENDS, self.walk.taps()[0], pass + row);
                let block = self.walk.panel() + tap * self.walk.panel_step()[0];
                let mut x = x;
                for x in &mut x {
                    *x = &x[row * self.walk.dilation()[0] * G::ROW..][..reach];
                }
                let mut w: [&[Block]; N] = [&[]; N];
                for n in 0..N {
                    w[n] = &self.w[panel + n][block..][..depth];
                }
                let mut done = 0;
                if const { Self::left_out(false) > 1 } {
                    let columns = 0..ends[0];
                    done = columns.end;
                    self.columns::<Q, N, 2, 0>(sums, total, x, w, pass + row, columns);
                }
                if const { Self::left_out(false) > 0 } {
                    let columns = done..ends[1];
                    done = columns.end;
                    self.columns::<Q, N, 1, 0>(sums, total, x, w, pass + row, columns);
                }
                let columns = done..ends[2];
                self.columns::<Q, N, 0, 0>(sums, total, x, w, pass + row, columns);
                if const { Self::left_out(true) > 0 } {
                    let columns = ends[2]..ends[3];
                    self.columns::<Q, N, 0, 1>(sums, total, x, w, pass + row, columns);
                }
                if const { Self::left_out(true) > 1 } {
                    let columns = ends[3]..self.walk.taps()[1];
                    self.columns::<Q, N, 0, 2>(sums, total, x, w, pass + row, columns);
                }
            }
        }
    }

    /// Where the columns of taps end that leave out two outputs in front, one, none, and one behind. After them come those
    /// that leave out two.
    #[inline(always)]
    fn ends<const Q: usize>(&self, place: &Place<Q>) -> [usize; 4] {
        let taps = self.walk.taps()[1];
        let Edge {
            origin,
            stride,
            dilation,
            size,
            ..
        } = const { Self::SIDES };
        let (stride, step) = (stride as isize, dilation as isize);
        let first = origin + place.windows[0][1] as isize * stride;
        // Where residues are read, the first of them may have no window, and nothing is left out.
        let steps = Q.min(Self::WIDTH).saturating_sub(1);
        let last = first + steps as isize * stride - size as isize;
        let before = |left: isize| (taps_below(first + left * stride, step) as usize).min(taps);
        let until = |left: isize| (taps_below(last - left * stride, step) as usize).min(taps);
        let [mut two, mut one, mut none, mut behind] = [0, 0, taps, taps];
        if const { Self::left_out(false) > 1 } {
            two = before(1);
        }
        if const { Self::left_out(false) > 0 } {
            one = before(0);
        }
        if const { Self::left_out(true) > 0 } {
            none = until(0).max(one);
        }
        if const { Self::left_out(true) > 1 } {
            behind = until(1).max(none);
        }
        [two, one, none, behind]
    }

    /// Adds some columns of a row of taps. In each row of outputs, the first BEFORE and the last BEHIND are left out.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "what a closure would capture")]
    fn columns<const Q: usize, const N: usize, const BEFORE: usize, const BEHIND: usize>(
        &self,
        sums: &mut [Accumulators<S, PW, N>; Q],
        total: &mut [Accumulators<S, PW, N>; Q],
        x: [&[f32]; Q],
        w: [&[Block]; N],
        row: usize,
        columns: Range<usize>,
    ) {
        for column in columns {
            let offset = column * self.walk.dilation()[1] * G::COLUMN;
            let tap = nth(L::Fixed::DESCENDS, self.walk.taps()[1], column);
            let block = tap * self.walk.panel_step()[1];
            for piece in 0..G::CHANNELS.div_ceil(POSITIONS) {
                let from = piece * POSITIONS;
                let channels = from..G::CHANNELS.min(from + POSITIONS);
                self.tap::<Q, N, BEFORE, BEHIND>(sums, x, offset, w, block, channels);
                let tap = row * self.walk.taps()[1] + column + 1;
                if Self::CUT && tap.is_multiple_of(const { run(G::CHANNELS) }) {
                    self.join(total, sums);
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
    fn tap<const Q: usize, const N: usize, const BEFORE: usize, const BEHIND: usize>(
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
                |q| {
                    let width = Q.min(Self::WIDTH);
                    (const { BEFORE + BEHIND == 0 })
                        || q % width >= BEFORE && q % width + BEHIND < width
                },
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
