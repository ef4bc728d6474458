//! The tile shared by a convolution's forward pass and the gradient of its input.
//!
//! A *window* is PH x PW neighbouring outputs of which the largest is kept (1 x 1 without pooling). Windows are counted
//! row by row; a tile is Q windows in that order by N panels, and may run from the end of a row into the next. For each
//! of the PH output rows of its windows it holds Q * PW * N sums in registers through all taps and channels. A sum of more
//! than [`POSITIONS`] products is cut into runs of whole taps, or of so many channels of one tap, which are added in
//! ascending order.
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use crate::{
    block::Block,
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

/// What is fixed for all outputs of a kernel.
pub(super) trait Fixed {
    /// Whether taps may read rows outside the buffer: its row 0, all zeros, stands in for them.
    const CLIP: bool;
    /// Whether a group of panels stays while the image streams by, or the other way round.
    const PANELS_FIRST: bool;
    /// The reads; where they have several classes, those of the first.
    const READS: Reads;
}

/// Declares the reads, and the two plans by which a kernel is told of them.
macro_rules! reads {
    ($($(#[$doc:meta])+ $field:ident: $kind:ty),+ $(,)?) => {
        /// Which reads make up each output, as `[rows, columns]`; positions are those of the source's buffer.
        #[derive(Clone, Copy)]
        pub(super) struct Reads {
            $($(#[$doc])+ pub $field: $kind),+
        }

        /// How a kernel is told of the reads: [`Known`] or [`Given`].
        pub(super) trait Walk {
            /// What is fixed.
            type Fixed: Fixed;
            $($(#[$doc])+ fn $field(&self) -> $kind;)+
        }

        impl<F: Fixed> Walk for Known<F> {
            type Fixed = F;
            $(
                #[inline(always)]
                fn $field(&self) -> $kind {
                    const { F::READS.$field }
                }
            )+
        }

        impl<F: Fixed> Walk for Given<F> {
            type Fixed = F;
            $(
                #[inline(always)]
                fn $field(&self) -> $kind {
                    self.0.$field
                }
            )+
        }
    };
}

/// The reads of a convolution, and those of its input's gradient if no stride separates classes: constants. Strides and bounds
/// reach LLVM as immediate operands only so: it does not see through a constant struct, and then neither unrolls loops
/// over taps nor drops their checks.
pub(super) struct Known<F>(pub PhantomData<F>);

/// The reads of one class among several, which share a kernel and are told apart by values.
pub(super) struct Given<F>(pub Reads, pub PhantomData<F>);

reads! {
    /// Windows.
    windows: [usize; 2],
    /// What the first tap of output (0, 0) reads; a row above the buffer is negative.
    origin: [isize; 2],
    /// From an output to the next.
    stride: [usize; 2],
    /// Taps.
    taps: [usize; 2],
    /// From a tap to the next.
    dilation: [usize; 2],
    /// Block of a panel at which the first tap's channels begin.
    panel: usize,
    /// Blocks of a panel from a tap to the next.
    panel_step: [usize; 2],
}

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
        let [height, width] = self.walk.windows();
        let (tiles, groups) = if T::OVERLAPS {
            (height * width.div_ceil(Q), const { P.div_ceil(N) })
        } else {
            ((height * width).div_ceil(Q), const { P.div_ceil(N) })
        };
        for step in 0..tiles * groups {
            let (tile, group) = if const { L::Fixed::PANELS_FIRST } {
                (step % tiles, step / tiles)
            } else {
                (step / groups, step % groups)
            };
            let (first, known) = if T::OVERLAPS {
                let (row, column) = (tile / width.div_ceil(Q), tile % width.div_ceil(Q) * Q);
                let known = (column + Q).saturating_sub(width);
                (row * width + column - known, known)
            } else {
                (tile * Q, 0)
            };
            self.tile::<Q, N>(first, known, group * N);
        }
    }
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
> Sums<'_, S, G, L, T, PH, PW, K, P>
{
    /// Windows `first..first + Q` by panels `panel..panel + N`. The first `known` are not stored again; windows past the last
    /// repeat it and are not stored, and for panels past the last stand some before `panel`, which are not stored again.
    #[inline(always)]
    fn tile<const Q: usize, const N: usize>(&mut self, first: usize, known: usize, panel: usize) {
        let s = self.s;
        let (panel, stored) = if const { P.is_multiple_of(N) } {
            (panel, 0)
        } else {
            let first = panel.min(P - N);
            (first, panel - first)
        };
        let (height, width) = (self.walk.windows()[0], self.walk.windows()[1]);
        let valid = Q.min(height * width - first);
        let mut windows = [[first / width, first % width]; Q];
        for q in 1..Q {
            let [row, column] = windows[q - 1];
            windows[q] = if T::REGULAR || column + 1 < width {
                [row, column + 1]
            } else if q < valid {
                [row + 1, 0]
            } else {
                [row, column]
            };
        }

        let mut start = [f32x16::splat(s, 0.0); N];
        for n in 0..N {
            start[n] = self.ends.start(s, panel + n);
        }
        let mut best = [start; Q];
        let mut winner = [[i32x16::splat(s, 0); N]; Q];
        for dy in 0..PH {
            let sums = self.correlate([[start; PW]; Q], windows, dy, panel);
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
        for q in 0..Q {
            if q >= known && q < valid {
                for n in 0..N {
                    if n >= stored {
                        self.ends
                            .store(s, windows[q], panel + n, best[q][n], winner[q][n]);
                    }
                }
            }
        }
    }

    /// Whether sums are cut into runs.
    const CUT: bool = K > POSITIONS;

    /// Taps of a run.
    const RUN: usize = if G::CHANNELS < POSITIONS {
        POSITIONS / G::CHANNELS
    } else {
        1
    };

    /// Adds every tap of output row `dy` of the windows to their sums, tap rows in ascending order.
    #[inline(always)]
    fn correlate<const Q: usize, const N: usize>(
        &self,
        start: [Accumulators<S, PW, N>; Q],
        windows: [[usize; 2]; Q],
        dy: usize,
        panel: usize,
    ) -> [Accumulators<S, PW, N>; Q] {
        let mut sums = start;
        let mut total = [[[f32x16::splat(self.s, 0.0); N]; PW]; Q];
        // Row and first column of each window's first tap.
        let mut at = [[0; 2]; Q];
        for q in 0..Q {
            let [row, column] = windows[q];
            at[q] = [
                self.walk.origin()[0] + ((row * PH + dy) * self.walk.stride()[0]) as isize,
                self.walk.origin()[1] + (column * PW * self.walk.stride()[1]) as isize,
            ];
        }
        // Without clipping one pass takes all tap rows; with it, each pass takes one and picks its rows anew, and tap
        // rows that lie outside the image for all windows are skipped.
        let (passes, rows) = if const { L::Fixed::CLIP } {
            let step = self.walk.dilation()[0] as isize;
            let low = (taps_below(at[Q - 1][0], step) as usize).min(self.walk.taps()[0]);
            let high = taps_below(at[0][0] - G::ROWS as isize, step) as usize;
            (low..high.min(self.walk.taps()[0]), 1)
        } else {
            (0..1, self.walk.taps()[0])
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
                        self.tap(&mut sums, x, offset, w, block, channels);
                        let tap = (pass + row) * self.walk.taps()[1] + column + 1;
                        if Self::CUT && tap.is_multiple_of(Self::RUN) {
                            self.join(&mut total, &mut sums);
                        }
                    }
                }
            }
        }
        if Self::CUT {
            self.join(&mut total, &mut sums);
            return total;
        }
        sums
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

/// The smallest n >= 0 with `row + n * step >= 0`.
#[inline(always)]
fn taps_below(row: isize, step: isize) -> isize {
    if row >= 0 {
        0
    } else {
        (-row + step - 1) / step
    }
}
