//! The tile shared by a convolution's forward pass and the gradient of its input.
//!
//! A *window* is PH x PW neighbouring outputs of which the largest is kept (1 x 1 without pooling). Windows are counted
//! row by row; a tile is Q windows in that order by N panels, and may run from the end of a row into the next, or overlap
//! the one before it. For each of the PH output rows of its windows it holds Q * PW * N sums in registers through all taps
//! and channels. A sum of more than [`POSITIONS`](crate::simd::chains::POSITIONS) products is cut into runs of whole taps, or
//! of so many channels of one tap, which are added in ascending order.
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
    block::Block,
    kernels::image::Image,
    math,
    simd::{HAS_VECTORS, Isa},
    tile::{
        Accumulators,
        shape::{Shape, Tiled},
    },
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, i32x16, prelude::*};

/// Where sums begin and end.
pub trait Ends<S: Isa> {
    /// Shape of the tiles.
    const SHAPE: Shape;
    /// Whether no tile runs over the end of a row of windows, unless it has whole rows.
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
pub struct Sums<'a, S, G, L, T, const PH: usize, const PW: usize, const K: usize, const P: usize> {
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
    /// Whether the panels of a tile are so long that several tiles take a row of taps before the next one comes. A machine
    /// without vectors has no such caches, nor stack for sums that wait.
    const fn splits(panels: usize) -> bool {
        HAS_VECTORS && PH * PW == 1 && L::Fixed::TAPS > 1 && L::Fixed::DEPTH * panels > NEAR
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
