//! Backward of the weights: (2), each gradient handed to the optimizer where it is finished.
//!
//! A tile is some taps of one panel: for every output pixel a block of the delta times as many blocks of x. What a piece of an
//! image needs of one panel stays in a level-1 cache; between pieces the sums of some panels rest near the core, which changes
//! no bit of them.

#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::{
    spread::Spread,
    tile::{Tiled, tiled},
};
use crate::{
    block::{Block, LANES},
    kernels::{
        conv2d::weights::{
            part::{Part, pieces},
            sums::Sums,
        },
        image::{Image, pixel},
        stencil::Stencil,
    },
    simd::{
        HAS_VECTORS, Isa,
        chains::{Chain, POSITIONS},
    },
    tile::shape::Tiles,
    update::Stretch,
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

/// Blocks of sums that wait between pieces.
const GROUP: usize = if HAS_VECTORS { 576 } else { 48 };

/// What the applications of one layer leave for the gradients of its weights. A pair is one application and, after all its
/// samples, another.
pub trait Applications<S: Isa>: Clone {
    /// Rows of taps, and taps of a row times the inputs of a group.
    const KERNEL: [usize; 2];
    /// Inputs of a group.
    const INPUTS: usize;

    /// Positions of the batch.
    fn positions(&self) -> usize;

    /// Adds all samples to the sums of `tiles`, each of N taps.
    fn accumulate<const N: usize>(&self, s: S, tiles: Range<usize>, sums: &mut Sums<'_>);
}

/// One application of a layer.
pub struct Application<G, C, X, D, const I: usize, const O: usize> {
    samples: G,
    layouts: PhantomData<(C, X, D)>,
}

impl<G: Clone, C, X, D, const I: usize, const O: usize> Clone for Application<G, C, X, D, I, O> {
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
pub fn application<
    'a,
    C,
    X,
    D,
    G,
    const I: usize,
    const O: usize,
    const XS: usize,
    const DS: usize,
>(
    samples: G,
) -> Application<G, C, X, D, I, O>
where
    C: Stencil,
    X: Image,
    D: Image,
    G: Iterator<Item = (&'a [[[Block; XS]; 1]], &'a [[[Block; DS]; 1]])> + Clone,
{
    Application {
        samples,
        layouts: PhantomData,
    }
}

/// Finishes the gradients (2) of the weights, the flat `[[Block; T]; P]`, that `stretch` asks for.
pub fn weight_gradient<S: Isa>(
    s: S,
    applications: impl Applications<S>,
    stretch: &mut Stretch<'_>,
) {
    s.vectorize(
        #[inline(always)]
        || {
            tiled(Gradient {
                s,
                applications,
                stretch,
            });
        },
    );
}

/// Rows and columns of the taps of a tile, of which each has so many inputs: whole rows of them, or a part of one. A column is
/// one input of one tap, and no tile begins within a tap if it can hold one.
const fn taps<S: Tiles>([rows, columns]: [usize; 2], inputs: usize) -> [usize; 2] {
    let blocks = S::REGISTERS / S::VECTORS;
    // Two registers are left for a delta and a product.
    let most = if blocks > 14 {
        12
    } else if blocks > 4 {
        blocks - 2
    } else {
        2
    };
    if inputs > most {
        // A power of two, as the inputs are.
        [1, if most < 4 { 2 } else { 4 }]
    } else if columns > most {
        let (columns, most) = (columns / inputs, most / inputs);
        [1, columns.div_ceil(columns.div_ceil(most)) * inputs]
    } else {
        let most = most / columns;
        [rows.div_ceil(rows.div_ceil(most)), columns]
    }
}

/// Tiles of a kernel's taps, down and across. The last ones overlap those before them.
const fn tiles<S: Tiles>(kernel: [usize; 2], inputs: usize) -> [usize; 2] {
    let [rows, columns] = taps::<S>(kernel, inputs);
    [kernel[0].div_ceil(rows), kernel[1].div_ceil(columns)]
}

/// Panel, first row and first column of taps of a tile.
#[inline(always)]
const fn place<S: Tiles>(kernel: [usize; 2], inputs: usize, tile: usize) -> [usize; 3] {
    let [down, across] = tiles::<S>(kernel, inputs);
    let [rows, columns] = taps::<S>(kernel, inputs);
    let (panel, row, column) = (
        tile / (down * across),
        tile / across % down * rows,
        tile % across * columns,
    );
    let last = [kernel[0] - rows, kernel[1] - columns];
    [
        panel,
        if row < last[0] { row } else { last[0] },
        if column < last[1] { column } else { last[1] },
    ]
}

/// The gradients of a stretch.
struct Gradient<'a, 'b, S, A> {
    s: S,
    applications: A,
    stretch: &'a mut Stretch<'b>,
}

impl<S: Isa, A: Applications<S>> Tiled for Gradient<'_, '_, S, A> {
    const OUTPUTS: usize = {
        let [rows, columns] = taps::<S>(A::KERNEL, A::INPUTS);
        rows * columns
    };

    #[inline(always)]
    fn run<const N: usize>(mut self) {
        let [down, across] = const { tiles::<S>(A::KERNEL, A::INPUTS) };
        let depth = const { A::KERNEL[0] * A::KERNEL[1] };
        let Range { start, end } = self.stretch.range();
        let panels = start / depth..end.div_ceil(depth);
        let (first, last) = (panels.start * down * across, panels.end * down * across);
        for from in (first..last).step_by(const { GROUP / N }) {
            let to = last.min(from + const { GROUP / N });
            if self.applications.positions() > POSITIONS {
                self.chains::<N>(from..to);
            } else {
                self.group::<N>(from..to, &mut []);
            }
        }
    }
}

impl<S: Isa, A: Applications<S>> Gradient<'_, '_, S, A> {
    /// [`group`](Self::group) of more than one chain, which alone has memory for what chains come to.
    #[inline(never)]
    fn chains<const N: usize>(&mut self, tiles: Range<usize>) {
        self.group::<N>(tiles, &mut [Block::ZERO; GROUP]);
    }

    /// Sums and hands over some tiles; `joined` is as long as a group if the batch has more than one chain.
    #[inline(never)]
    fn group<const N: usize>(&mut self, tiles: Range<usize>, joined: &mut [Block]) {
        let s = self.s;
        s.vectorize(
            #[inline(always)]
            || {
                let mut now = [Block::ZERO; GROUP];
                let mut sums = Sums {
                    now: &mut now[..tiles.len() * N],
                    joined,
                    chain: Chain::first(),
                };
                self.applications
                    .accumulate::<N>(s, tiles.clone(), &mut sums);
                let finished = if sums.chain.joined {
                    sums.join(s);
                    &*sums.joined
                } else {
                    &*sums.now
                };
                let Range { start, end } = self.stretch.range();
                let [_, columns] = const { taps::<S>(A::KERNEL, A::INPUTS) };
                for (tile, sums) in tiles.zip(finished.chunks_exact(N)) {
                    let [panel, row, column] = place::<S>(A::KERNEL, A::INPUTS, tile);
                    for (line, sums) in sums.chunks_exact(columns).enumerate() {
                        let at = (panel * A::KERNEL[0] + row + line) * A::KERNEL[1] + column;
                        let (from, to) = (at.max(start), (at + columns).min(end));
                        if from < to {
                            self.stretch.finish(from, &sums[from - at..to - at]);
                        }
                    }
                }
            },
        );
    }
}

impl<'a, S, G, C, X, D, const I: usize, const O: usize, const XS: usize, const DS: usize>
    Applications<S> for Application<G, C, X, D, I, O>
where
    S: Isa,
    C: Stencil,
    X: Image,
    D: Image,
    G: Iterator<Item = (&'a [[[Block; XS]; 1]], &'a [[[Block; DS]; 1]])> + Clone,
{
    const KERNEL: [usize; 2] = [C::KERNEL[0], C::KERNEL[1] * I];
    const INPUTS: usize = I;

    #[inline(always)]
    fn positions(&self) -> usize {
        let samples = self.samples.clone().map(
            #[inline(always)]
            |(x, _)| x.len(),
        );
        samples.sum::<usize>() * D::HEIGHT * D::WIDTH
    }

    #[inline(always)]
    fn accumulate<const N: usize>(&self, s: S, tiles: Range<usize>, sums: &mut Sums<'_>) {
        const {
            let height = (D::HEIGHT - 1) * C::STRIDE[0] + (C::KERNEL[0] - 1) * C::DILATION[0] + 1;
            let width = (D::WIDTH - 1) * C::STRIDE[1] + (C::KERNEL[1] - 1) * C::DILATION[1] + 1;
            assert!(X::TOP >= C::PADDING[0] && X::TOP - C::PADDING[0] + height <= X::ROWS);
            assert!(X::LEFT >= C::PADDING[1] && X::LEFT - C::PADDING[1] + width <= X::COLUMNS);
        }
        pieces::<S, D, _, _>(
            s,
            self.samples.clone(),
            sums,
            #[inline(always)]
            |x, delta, part, sums| {
                for (tile, sums) in tiles.clone().zip(sums.now.chunks_exact_mut(N)) {
                    let place = place::<S>(Self::TAPS, I, tile);
                    Self::add::<S, N, XS, DS>(s, x, delta, part, place, sums);
                }
            },
        );
    }
}

impl<G, C: Stencil, X: Image, D: Image, const I: usize, const O: usize>
    Application<G, C, X, D, I, O>
{
    /// Rows of taps, and taps of a row times the inputs of a group.
    const TAPS: [usize; 2] = [C::KERNEL[0], C::KERNEL[1] * I];

    /// Adds a part of each sample to the sums of a tile.
    #[inline(always)]
    fn add<S: Isa, const N: usize, const XS: usize, const DS: usize>(
        s: S,
        x: &[[[Block; XS]; 1]],
        delta: &[[[Block; DS]; 1]],
        part: Part,
        [panel, u, column]: [usize; 3],
        sums: &mut [Block],
    ) {
        let [rows, width] = const { taps::<S>(Self::TAPS, I) };
        let mut acc = [f32x16::splat(s, 0.0); N];
        for n in 0..N {
            acc[n] = sums[n].load(s);
        }
        let columns = part.columns::<D>();
        // Blocks of x: from a tap to the next, from a row of taps to the next, and from an output to the next.
        let tap_step = const { C::DILATION[1] * X::COLUMN / LANES };
        let line_step = const { C::DILATION[0] * X::ROW / LANES };
        let step = const { C::STRIDE[1] * X::COLUMN / LANES };
        let reach = (rows - 1) * line_step + (width - 1) / I * tap_step + 1;
        // The first input is a constant, but for taps of more inputs than a tile has.
        let within = const { !taps::<S>(Self::TAPS, I)[1].is_multiple_of(I) };
        let (v, input) = (column / I, if within { column % I } else { 0 });
        let mut lanes = [Spread::<S, I, O>::of(s, panel, 0); N];
        for n in 0..N {
            lanes[n] = Spread::of(s, panel, (input + n % width) % I);
        }
        for (x, delta) in x.iter().zip(delta) {
            for row in part.at[0]..part.at[0] + part.size[0] {
                let line = X::TOP + row * C::STRIDE[0] + u * C::DILATION[0] - C::PADDING[0];
                let from = X::LEFT + part.at[1] * C::STRIDE[1] + v * C::DILATION[1] - C::PADDING[1];
                let at = (line * X::ROW + from * X::COLUMN) / LANES + panel * I / O;
                let x = &x[0][at..][..(columns - 1) * step + reach];
                let at = pixel::<D>(row, part.at[1]) + panel;
                let delta = &delta[0][at..][..(columns - 1) * (D::COLUMN / LANES) + 1];
                for column in 0..columns {
                    let delta = delta[column * (D::COLUMN / LANES)].load(s);
                    let x = &x[column * step..][..reach];
                    for n in 0..N {
                        let x = &x[n / width * line_step + n % width / I * tap_step];
                        acc[n] = lanes[n].load(s, x).mul_add(delta, acc[n]);
                    }
                }
            }
        }
        for n in 0..N {
            sums[n].store(acc[n]);
        }
    }
}

impl<S: Isa, A: Applications<S>, B: Applications<S>> Applications<S> for (A, B) {
    const KERNEL: [usize; 2] = {
        assert!(A::KERNEL[0] == B::KERNEL[0] && A::KERNEL[1] == B::KERNEL[1]);
        A::KERNEL
    };
    const INPUTS: usize = A::INPUTS;

    #[inline(always)]
    fn positions(&self) -> usize {
        self.0.positions() + self.1.positions()
    }

    #[inline(always)]
    fn accumulate<const N: usize>(&self, s: S, tiles: Range<usize>, sums: &mut Sums<'_>) {
        self.0.accumulate::<N>(s, tiles.clone(), sums);
        self.1.accumulate::<N>(s, tiles, sums);
    }
}
