//! The tile shared by a convolution's forward pass and the gradient of its input.
//!
//! A *window* is PH x PW neighbouring outputs of which the largest is kept (1 x 1 without pooling). Windows are counted
//! row by row; a tile is Q windows in that order by N panels, and may run from the end of a row into the next, or overlap
//! the one before it. For each of the PH output rows of its windows it holds Q * PW * N sums in registers through all taps
//! and channels. A sum of more than [`POSITIONS`] products is cut into runs of whole taps, or of so many channels of one
//! tap, which are added in ascending order.
//!
//! Where the panels of a tile are longer than a level-2 cache keeps, each tile would bring them again from behind it: then
//! a stripe of tiles takes one row of taps after another, and its sums wait in between.
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::{
    place::Place,
    walk::{Fixed, Walk},
};
use crate::{
    block::{Block, LANES},
    kernels::image::Image,
    math,
    simd::{Isa, chains::POSITIONS},
    tile::{
        self, Accumulators,
        shape::{Shape, Tiled},
    },
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, i32x16, prelude::*};

/// Where sums begin and end.
pub(super) trait Ends<S: Isa> {
    /// Shape of the tiles.
    const SHAPE: Shape;
    /// Whether no tile runs over the end of a row of windows.
    const REGULAR: bool;
    /// Whether the last tile of a row of windows overlaps the one before it, instead.
    const OVERLAPS: bool;
    /// Whether the position of the largest output in its window is wanted.
    const WINNERS: bool;
    /// What the sums of a panel begin with.
    fn start(&self, s: S, panel: usize) -> f32x16<S>;
    /// Takes the largest of a window, and its position in scan order (0 unless `WINNERS`).
    fn store(
        &mut self,
        s: S,
        window: [usize; 2],
        panel: usize,
        value: f32x16<S>,
        winner: i32x16<S>,
    );
}

/// All windows and panels of one sample, read from an image laid out as `G`.
pub(super) struct Sums<
    'a,
    S,
    G,
    L,
    T,
    const PH: usize,
    const PW: usize,
    const K: usize,
    const P: usize,
> {
    pub s: S,
    pub walk: L,
    pub x: &'a [f32],
    pub w: &'a [[Block; K]; P],
    pub ends: &'a mut T,
    pub image: PhantomData<G>,
}

impl<
    S: Isa,
    G: Image,
    L: Walk,
    T: Ends<S>,
    const PH: usize,
    const PW: usize,
    const K: usize,
    const P: usize,
> Tiled for Sums<'_, S, G, L, T, PH, PW, K, P>
{
    const SHAPE: Shape = T::SHAPE;

    #[inline(always)]
    fn run<const Q: usize, const N: usize>(mut self) {
        let tiles = Place::<Q>::count(self.walk.windows(), T::OVERLAPS);
        let together = const {
            if Self::splits(N) {
                WAITING / (Q * N)
            } else {
                1
            }
        };
        let (stripes, groups) = (tiles.div_ceil(together), const { P.div_ceil(N) });
        for step in 0..stripes * groups {
            let (stripe, group) = if const { L::Fixed::PANELS_FIRST } {
                (step % stripes, step / stripes)
            } else {
                (step / groups, step % groups)
            };
            if const { Self::splits(N) } {
                let first = stripe * together;
                self.stripe::<Q, N>(first..tiles.min(first + together), group);
            } else {
                self.tile::<Q, N>(stripe, group);
            }
        }
    }
}

/// Blocks of the sums that wait while others have their turn with some taps.
const WAITING: usize = 256;

/// Rows of a small image: of 3 x 3 taps on 32 rows, one in 48 lies in the border.
const SMALL: usize = 32;

/// Blocks of panels that stay in a level-2 cache from one tile to the next, beside the image: 320 KiB.
const NEAR: usize = 5 << 10;

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
    /// Whether the panels of a tile are so long that several tiles take a row of taps before the next one comes.
    const fn splits(panels: usize) -> bool {
        PH * PW == 1 && L::Fixed::TAPS > 1 && K * panels > NEAR
    }

    /// Where a tile is.
    #[inline(always)]
    fn place<const Q: usize, const N: usize>(&self, tile: usize, group: usize) -> Place<Q> {
        Place::of::<N, P>(self.walk.windows(), [T::REGULAR, T::OVERLAPS], tile, group)
    }

    /// What the sums of a tile begin with.
    #[inline(always)]
    fn start<const N: usize>(&self, panel: usize) -> [f32x16<S>; N] {
        let mut start = [f32x16::splat(self.s, 0.0); N];
        for n in 0..N {
            start[n] = self.ends.start(self.s, panel + n);
        }
        start
    }

    /// Hands over the largest of each window, and its position.
    #[inline(always)]
    fn store<const Q: usize, const N: usize>(
        &mut self,
        place: &Place<Q>,
        best: &Accumulators<S, Q, N>,
        winner: &[[i32x16<S>; N]; Q],
    ) {
        for q in 0..Q {
            if place.valid.contains(&q) {
                for n in 0..N {
                    if n >= place.stored {
                        let (window, panel) = (place.windows[q], place.panel + n);
                        self.ends
                            .store(self.s, window, panel, best[q][n], winner[q][n]);
                    }
                }
            }
        }
    }

    /// One tile of one group of panels.
    #[inline(always)]
    fn tile<const Q: usize, const N: usize>(&mut self, tile: usize, group: usize) {
        let s = self.s;
        let place = self.place::<Q, N>(tile, group);
        let start = self.start::<N>(place.panel);
        let mut best = [start; Q];
        let mut winner = [[i32x16::splat(s, 0); N]; Q];
        for dy in 0..PH {
            let mut sums = [[start; PW]; Q];
            let mut total = [[[f32x16::splat(s, 0.0); N]; PW]; Q];
            let taps = 0..self.walk.taps()[0];
            self.correlate(&mut sums, &mut total, &place, dy, taps);
            if Self::CUT {
                self.join(&mut total, &mut sums);
                sums = total;
            }
            for q in 0..Q {
                for dx in 0..PW {
                    for n in 0..N {
                        let sum = sums[q][dx][n];
                        if dy + dx == 0 {
                            best[q][n] = sum;
                        } else if T::WINNERS {
                            let wins = math::wins(sum, best[q][n]);
                            let position = i32x16::splat(s, (dy * PW + dx) as i32);
                            best[q][n] = wins.select(sum, best[q][n]);
                            winner[q][n] = wins.select(position, winner[q][n]);
                        } else {
                            best[q][n] = math::maximum(s, best[q][n], sum);
                        }
                    }
                }
            }
        }
        self.store(&place, &best, &winner);
    }

    /// Some tiles of one group of panels, row of taps by row of taps, whose weights stay near from tile to tile.
    #[inline(always)]
    fn stripe<const Q: usize, const N: usize>(&mut self, tiles: Range<usize>, group: usize) {
        let s = self.s;
        // The chain under way of each sum, and those before it.
        let mut waiting = [[Block::ZERO; WAITING]; 2];
        let rows = self.walk.taps()[0];
        for row in 0..rows {
            for (index, tile) in tiles.clone().enumerate() {
                let place = self.place::<Q, N>(tile, group);
                let mut sums = [[self.start::<N>(place.panel); PW]; Q];
                let mut total = [[[f32x16::splat(s, 0.0); N]; PW]; Q];
                let at = index * Q * N;
                if row > 0 {
                    load(s, &mut sums, &waiting[0][at..][..Q * N]);
                    if Self::CUT {
                        load(s, &mut total, &waiting[1][at..][..Q * N]);
                    }
                }
                self.correlate(&mut sums, &mut total, &place, 0, row..row + 1);
                if row + 1 < rows {
                    store(&sums, &mut waiting[0][at..][..Q * N]);
                    if Self::CUT {
                        store(&total, &mut waiting[1][at..][..Q * N]);
                    }
                    continue;
                }
                if Self::CUT {
                    self.join(&mut total, &mut sums);
                    sums = total;
                }
                let mut best = [[f32x16::splat(s, 0.0); N]; Q];
                for q in 0..Q {
                    best[q] = sums[q][0];
                }
                self.store(&place, &best, &[[i32x16::splat(s, 0); N]; Q]);
            }
        }
    }

    /// Whether rows of taps that lie in the border for all windows of a tile are worth a look: in small images, and if a
    /// tile is of one row.
    const SKIPS: bool =
        T::REGULAR && !L::Fixed::CLIP && G::TOP > 0 && G::HEIGHT <= SMALL && G::CHANNELS >= LANES;

    /// Whether sums are cut into runs.
    const CUT: bool = K > POSITIONS;

    /// Taps of a run.
    const RUN: usize = if G::CHANNELS < POSITIONS {
        POSITIONS / G::CHANNELS
    } else {
        1
    };

    /// Adds some rows of taps of output row `dy` of the windows to their sums, in ascending order; what is cut off goes to
    /// `total`.
    #[inline(always)]
    fn correlate<const Q: usize, const N: usize>(
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
        let taps = if const { L::Fixed::CLIP } {
            let low = taps_below(at[Q - 1][0], step) as usize;
            let high = taps_below(at[0][0] - G::ROWS as isize, step) as usize;
            low.max(taps.start).min(taps.end)..high.min(taps.end)
        } else if const { Self::SKIPS } {
            let [top, bottom] = [G::TOP, G::TOP + G::HEIGHT].map(|row| row as isize);
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
    fn join<const Q: usize, const N: usize>(
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

/// Loads the sums of a tile.
#[inline(always)]
fn load<S: Isa, const Q: usize, const W: usize, const N: usize>(
    s: S,
    sums: &mut [Accumulators<S, W, N>; Q],
    from: &[Block],
) {
    for q in 0..Q {
        for n in 0..N {
            sums[q][0][n] = from[q * N + n].load(s);
        }
    }
}

/// Stores the sums of a tile.
#[inline(always)]
fn store<S: Isa, const Q: usize, const W: usize, const N: usize>(
    sums: &[Accumulators<S, W, N>; Q],
    to: &mut [Block],
) {
    for q in 0..Q {
        for n in 0..N {
            to[q * N + n].store(sums[q][0][n]);
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
