//! Backward of the weights: (2) and (3), each gradient handed to the optimizer where it is finished.
//!
//! A tile is M rows k of one panel: for every output pixel one block of deltas times M values of x. What a piece of the
//! batch needs (some pixels of an image, or several small ones, and their deltas) fits the caches near the core, the batch
//! does not; so the tiles of a group, up to [`GROUP`] rows of one panel or of several, pass over a piece one after the other
//! before the next piece comes. Between pieces a group's sums rest near the core, which changes no bit of them.
//!
//! A position is a pixel of a sample's output. A chain takes as many whole samples as have at most [`POSITIONS`] pixels;
//! a larger output is taken in parts, some whole rows or a piece of one.
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

mod application;
pub mod part;
pub mod sums;

pub use application::{Application, application};
pub use sums::Applications;

use crate::{
    block::{Block, LANES},
    simd::{
        HAS_VECTORS, Isa,
        chains::{Chain, POSITIONS},
    },
    tile::{
        Edge,
        shape::{self, Extent, Shape, Tiled},
    },
    update::Stretch,
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};
use sums::{BIASES, LEAD, Sums, Total, row_of, tile_of};

/// Blocks of sums that wait between pieces, each panel's after [`LEAD`]: 38 KiB of stack, and all of two panels of 3 x 3 taps
/// and 32 channels. A machine without vectors gets 3 KiB.
const GROUP: usize = if HAS_VECTORS { 608 } else { 48 };

/// What a panel's block of deltas costs, in floats of x: it lies far from the next pixel's, and is copied near. Measured,
/// with images of 4 x 4 to 32 x 32 and 256 to 512 channels: half and twice of it take longer.
const DELTA: usize = 4 * LANES;

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
                // Whole panels together, or a part of one.
                let (panel, row) = (start / k, start % k);
                let whole = if row == 0 { (end - start) / k } else { 0 };
                let rows = row..k.min(row + end - start);
                let panels = panel..panel + whole.max(1);
                start += panels.len() * rows.len();
                S::tiled(Gradient {
                    s,
                    applications: applications.clone(),
                    panels,
                    rows,
                    long,
                    stretch: &mut *stretch,
                });
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

/// Panels and tiles of a group, of so many panels that each have so many tiles of `rows` rows.
///
/// For each position, a group reads one float for each row, whatever the number of panels, and a block of deltas for each
/// panel, whatever the number of rows. What fits a group is divided so that all groups together read the least.
const fn group(panels: usize, tiles: usize, rows: usize) -> (usize, usize) {
    let (mut best, mut least) = ((1, 1), usize::MAX);
    let mut together = 1;
    while together <= panels && LEAD + rows <= GROUP / together {
        let most = (GROUP / together - LEAD) / rows;
        let groups = tiles.div_ceil(most);
        let floats = panels.div_ceil(together) * tiles * rows + groups * panels * DELTA;
        if floats < least {
            (best, least) = ((together, tiles.div_ceil(groups)), floats);
        }
        together += 1;
    }
    best
}

/// The gradient of a stretch of rows of one panel, or of several whole panels.
struct Gradient<'a, 'b, S, A> {
    s: S,
    applications: A,
    panels: Range<usize>,
    rows: Range<usize>,
    /// Whether the batch has more than one chain.
    long: bool,
    stretch: &'a mut Stretch<'b>,
}

impl<S: Isa, A: Applications<S>> Tiled for Gradient<'_, '_, S, A> {
    const SHAPE: Shape = shape::best::<S>(
        Extent {
            windows: A::DEPTH,
            run: A::CHANNELS,
            width: 1,
            panels: 1,
            depth: A::PIXELS,
            edges: [Edge::NONE; 2],
            grid: false,
        },
        true,
    );

    #[inline(always)]
    fn run<const M: usize, const ONE: usize>(mut self) {
        if self.long {
            self.finish_chains::<M>();
        } else {
            self.finish::<M>(&mut []);
        }
    }
}

impl<S: Isa, A: Applications<S>> Gradient<'_, '_, S, A> {
    /// [`finish`](Self::finish) of more than one chain, which alone has memory for what chains come to.
    #[inline(never)]
    fn finish_chains<const M: usize>(&mut self) {
        self.finish::<M>(&mut [Block::ZERO; GROUP]);
    }

    /// Sums and hands over group by group; `joined` is as long as a group if the batch has more than one chain.
    #[inline(never)]
    fn finish<const M: usize>(&mut self, joined: &mut [Block]) {
        let s = self.s;
        s.vectorize(
            #[inline(always)]
            || {
                const { assert!(M <= LEAD) };
                let mut now = [Block::ZERO; GROUP];
                // Tiles are the same wherever the stretch begins; rows outside it are dropped.
                let (from, to) = (self.rows.start, self.rows.end);
                let tiles = tile_of::<M>(A::CHANNELS, from)..tile_of::<M>(A::CHANNELS, to - 1) + 1;
                let (together, length) = group(self.panels.len(), tiles.len(), M);
                for panel in self.panels.clone().step_by(together) {
                    let panels = panel..self.panels.end.min(panel + together);
                    for first in tiles.clone().step_by(length) {
                        let tiles = first..tiles.end.min(first + length);
                        self.group::<M>(&mut now, joined, panels.clone(), tiles);
                    }
                }
            },
        );
    }

    /// Sums and hands over one group.
    #[inline(always)]
    fn group<const M: usize>(
        &mut self,
        now: &mut [Block],
        joined: &mut [Block],
        panels: Range<usize>,
        tiles: Range<usize>,
    ) {
        let s = self.s;
        let [begin, end] = [tiles.start, tiles.end].map(|tile| row_of::<M>(A::CHANNELS, tile));
        let each = LEAD + end - begin;
        let mut sums = Sums {
            now: &mut now[..panels.len() * each],
            joined,
            chain: Chain::first(),
        };
        sums.now.fill(Block::ZERO);
        sums.joined.fill(Block::ZERO);
        self.applications
            .accumulate::<M>(s, panels.clone(), tiles, &mut sums);
        let finished = if sums.chain.joined {
            sums.join(s);
            sums.joined
        } else {
            sums.now
        };
        let rows = self.rows.start.max(begin)..self.rows.end.min(end);
        for (panel, finished) in panels.zip(finished.chunks_exact(each)) {
            let gradients = &finished[LEAD..][rows.start - begin..rows.end - begin];
            self.stretch
                .finish(panel * A::DEPTH + rows.start, gradients);
        }
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
        panels: Range<usize>,
        tiles: Range<usize>,
        sums: &mut Sums<'_>,
    ) {
        self.0
            .accumulate::<M>(s, panels.clone(), tiles.clone(), sums);
        self.1.accumulate::<M>(s, panels, tiles, sums);
    }

    #[inline(always)]
    fn total(&self, s: S, panels: [usize; BIASES], total: &mut Total<S>) {
        self.0.total(s, panels, total);
        self.1.total(s, panels, total);
    }
}
