//! Backward of the input: from the delta to the input's gradient.

use super::{
    residue::{Residue, covers},
    tiles::{Ends, Sums},
    together::{Batch, Together, are_together, side_by_side, tiles_of_samples},
    walk::{Fixed, Given, Known, Reads, Walk, edges, panels_first},
};
use crate::{
    block::{Block, LANES},
    kernels::{
        copy::transposed,
        image::{Image, pixel},
        stencil::{Along, Stencil},
    },
    math,
    simd::{Isa, compiled_here},
    tile::{
        Edge,
        shape::{self, Extent, Shape},
    },
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, i32x16, prelude::*};

/// Flips and transposes a convolution's panels for [`input_gradient`]: once per training step.
///
/// Writes panels `first..first + flipped.len()` of Q = ceil(CIN / 16), which threads may share:
/// `flipped[q - first][t * COUT + o]` holds, as lanes, input channels 16 q .. 16 q + 15 of `w[o][..][u][v]`, where
/// t = (KH - 1 - u) KW + KW - 1 - v: taps in ascending order of the delta's position. KT = KH * KW * COUT.
pub fn transpose<
    S: Isa,
    const CIN: usize,
    const COUT: usize,
    const K: usize,
    const P: usize,
    const KT: usize,
>(
    s: S,
    w: &[[Block; K]; P],
    first: usize,
    flipped: &mut [[Block; KT]],
) {
    const {
        assert!(K.is_multiple_of(CIN) && KT == K / CIN * COUT);
        assert!(P == COUT.div_ceil(LANES));
    }
    let (w, flipped) = (w.as_flattened(), flipped.as_flattened_mut());
    transpose_as(s, w, first, flipped, [CIN, COUT], [K, KT]);
}

compiled_here! {
    fn transpose_as = transpose_on(
        w: &[Block],
        first: usize,
        flipped: &mut [Block],
        channels: [usize; 2],
        depths: [usize; 2],
    );
}

/// [`transpose`] with sizes as values: channels of inputs and outputs, blocks of a panel of both.
fn transpose_on<S: Isa>(
    s: S,
    w: &[Block],
    first: usize,
    flipped: &mut [Block],
    [inputs, outputs]: [usize; 2],
    [depth, flipped_depth]: [usize; 2],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let taps = depth / inputs;
            for tap in 0..taps {
                for (p, panel) in w.chunks_exact(depth).enumerate() {
                    for (q, flipped) in flipped.chunks_exact_mut(flipped_depth).enumerate() {
                        // A square of input channels (rows) by output channels (lanes).
                        let channel = (first + q) * LANES;
                        let rows = (inputs - channel).min(LANES);
                        let from = &panel[tap * inputs + channel..][..rows];
                        let mut square = [f32x16::splat(s, 0.0); LANES];
                        for (row, from) in square.iter_mut().zip(from) {
                            *row = from.load(s);
                        }
                        let lanes = (outputs - p * LANES).min(LANES);
                        let to = (taps - 1 - tap) * outputs + p * LANES;
                        let columns = transposed(square);
                        for (to, column) in flipped[to..][..lanes].iter_mut().zip(columns) {
                            to.store(column);
                        }
                    }
                }
            }
        },
    );
}

/// dx = (1), or dx += (1) if ADD. The border of dx is not meaningful afterwards.
pub fn input_gradient<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const ADD: bool,
    const DS: usize,
    const KT: usize,
    const Q: usize,
    const XS: usize,
>(
    s: S,
    delta: &[[Block; DS]],
    flipped: &[[Block; KT]; Q],
    dx: &mut [[Block; XS]],
) {
    const {
        assert!(KT == C::KERNEL[0] * C::KERNEL[1] * D::CHANNELS);
        assert!(Q == X::CHANNELS.div_ceil(LANES));
        let [left, right] = Along::axis::<C, X, D>(1).border();
        assert!(left <= D::LEFT && D::LEFT + D::WIDTH + right <= D::COLUMNS);
        assert!(
            !Transposed::<C, D, X>::CLIP || D::TOP > 0,
            "a row of zeros stands in for rows out of reach"
        );
    }
    s.vectorize(
        #[inline(always)]
        || {
            let mut together = 0;
            if const { are_together(X::HEIGHT * X::WIDTH, D::CHANNELS, KT * Q * LANES) } {
                let tile = const { tiles_of_samples::<S>(Q, KT).windows };
                together = side_by_side(delta.len(), tile);
                if together > 0 {
                    let (delta, dx) = (&delta[..together], &mut dx[..together]);
                    of_samples::<S, C, D, X, ADD, DS, KT, Q, XS>(s, delta, flipped, dx);
                }
            }
            for (delta, dx) in delta[together..].iter().zip(&mut dx[together..]) {
                let delta: &[f32] = bytemuck::must_cast_slice(delta);
                let x = &delta[..D::FLOATS];
                let dx = &mut dx[..X::FLOATS / LANES];
                if !ADD && const { !Transposed::<C, D, X>::COVERS } {
                    dx.fill(Block::ZERO);
                }
                if const { Transposed::<C, D, X>::LONE } {
                    let walk = Known(PhantomData::<Transposed<C, D, X>>);
                    sums::<S, C, D, X, _, ADD, KT, Q>(s, walk, x, flipped, [0, 0], dx);
                    continue;
                }
                for row in 0..C::STRIDE[0] {
                    let row = Residue::of(const { Along::axis::<C, X, D>(0) }, row);
                    for column in 0..C::STRIDE[1] {
                        let column = Residue::of(const { Along::axis::<C, X, D>(1) }, column);
                        if row.is_empty() || column.is_empty() {
                            continue;
                        }
                        let reads = Transposed::<C, D, X>::reads(row, column);
                        let walk = Given(reads, PhantomData::<Transposed<C, D, X>>);
                        let first = [row.first, column.first];
                        sums::<S, C, D, X, _, ADD, KT, Q>(s, walk, x, flipped, first, dx);
                    }
                }
            }
        },
    );
}

/// (1) for samples side by side in tiles.
#[inline(always)]
fn of_samples<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const ADD: bool,
    const DS: usize,
    const KT: usize,
    const Q: usize,
    const XS: usize,
>(
    s: S,
    delta: &[[Block; DS]],
    flipped: &[[Block; KT]; Q],
    dx: &mut [[Block; XS]],
) {
    if !ADD && const { !Transposed::<C, D, X>::COVERS } {
        dx.as_flattened_mut().fill(Block::ZERO);
    }
    for row in 0..C::STRIDE[0] {
        let row = Residue::of(const { Along::axis::<C, X, D>(0) }, row);
        for column in 0..C::STRIDE[1] {
            let column = Residue::of(const { Along::axis::<C, X, D>(1) }, column);
            if row.is_empty() || column.is_empty() {
                continue;
            }
            S::tiled(Together::<S, D, _, _, KT, Q> {
                s,
                reads: Transposed::<C, D, X>::reads(row, column),
                x: delta,
                w: flipped,
                ends: &mut Gradients::<C, D, X, ADD, KT, Q, XS> {
                    dx,
                    first: [row.first, column.first],
                    kind: PhantomData,
                },
                image: PhantomData,
            });
        }
    }
}

/// The inputs of one class, of which `first` is the first.
#[inline(always)]
fn sums<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    L: Walk,
    const ADD: bool,
    const KT: usize,
    const Q: usize,
>(
    s: S,
    walk: L,
    x: &[f32],
    w: &[[Block; KT]; Q],
    first: [usize; 2],
    dx: &mut [Block],
) {
    S::tiled(Sums::<S, D, L, _, 1, 1, KT, Q> {
        s,
        walk,
        x,
        w,
        ends: &mut Gradient::<C, D, X, ADD> {
            dx,
            first,
            kind: PhantomData,
        },
        image: PhantomData,
    });
}

/// The convolution of D with the flipped panels, class by class.
struct Transposed<C, D, X>(PhantomData<(C, D, X)>);

impl<C: Stencil, D: Image, X: Image> Transposed<C, D, X> {
    /// Rows and columns.
    const ALONG: [Along; 2] = [Along::axis::<C, X, D>(0), Along::axis::<C, X, D>(1)];

    /// Whether every input is reached by some tap.
    const COVERS: bool = covers(Self::ALONG[0]) && covers(Self::ALONG[1]);

    /// The reads of one class of rows and one of columns.
    #[inline(always)]
    const fn reads(row: Residue, column: Residue) -> Reads {
        let tap = D::CHANNELS;
        Reads {
            windows: [row.count, column.count],
            origin: [
                D::TOP as isize + row.origin,
                D::LEFT as isize + column.origin,
            ],
            stride: [1, 1],
            taps: [row.taps, column.taps],
            dilation: [row.dilation, column.dilation],
            panel: (row.tap * C::KERNEL[1] + column.tap) * tap,
            panel_step: [row.tap_step * C::KERNEL[1] * tap, column.tap_step * tap],
        }
    }
}

impl<C: Stencil, D: Image, X: Image> Fixed for Transposed<C, D, X> {
    const CLIP: bool = {
        let [above, below] = Self::ALONG[0].border();
        above > D::TOP || D::TOP + D::HEIGHT + below > D::ROWS
    };

    const LONE: bool = C::STRIDE[0] == 1 && C::STRIDE[1] == 1;

    const TAPS: usize = C::KERNEL[0].div_ceil(C::STRIDE[0]);

    const PANELS_FIRST: bool = panels_first(
        C::KERNEL[0] * C::KERNEL[1] * D::CHANNELS * X::COLUMN,
        D::FLOATS,
    );

    const READS: Reads = Self::reads(
        Residue::of(Self::ALONG[0], 0),
        Residue::of(Self::ALONG[1], 0),
    );
}

/// The shape of the tiles, and whether the last of a row overlaps the one before it.
const fn tiles<S: Isa, C: Stencil, D: Image, X: Image>() -> (Shape, bool) {
    shape::best_either::<S>(extent::<C, D, X>())
}

/// What tiles cover.
const fn extent<C: Stencil, D: Image, X: Image>() -> Extent {
    let [rows, columns] = Transposed::<C, D, X>::ALONG;
    let rows = rows.reached().div_ceil(C::STRIDE[0]);
    let columns = columns.reached().div_ceil(C::STRIDE[1]);
    let taps = (C::KERNEL[0] * C::KERNEL[1]).div_ceil(C::STRIDE[0] * C::STRIDE[1]);
    let lone = Transposed::<C, D, X>::LONE;
    Extent {
        windows: rows * columns,
        // Classes of a stride may differ in width.
        run: if C::STRIDE[1] == 1 { columns } else { 1 },
        width: 1,
        panels: X::COLUMN / LANES,
        depth: taps * D::CHANNELS,
        edges: if lone {
            edges::<Transposed<C, D, X>, D>()
        } else {
            [Edge::NONE; 2]
        },
        grid: lone,
    }
}

/// Writes sums to the inputs of a class.
struct Gradient<'a, C, D, X, const ADD: bool> {
    dx: &'a mut [Block],
    first: [usize; 2],
    kind: PhantomData<(C, D, X)>,
}

impl<C: Stencil, D: Image, X: Image, const ADD: bool> Gradient<'_, C, D, X, ADD> {
    /// Stores the sum of an input of the class, or adds it.
    #[inline(always)]
    fn put<S: Isa>(&mut self, s: S, [row, column]: [usize; 2], panel: usize, sum: f32x16<S>) {
        let row = self.first[0] + row * C::STRIDE[0];
        let column = self.first[1] + column * C::STRIDE[1];
        let block = &mut self.dx[pixel::<X>(row, column) + panel];
        block.store(math::flush(s, if ADD { sum + block.load(s) } else { sum }));
    }
}

impl<S: Isa, C: Stencil, D: Image, X: Image, const ADD: bool> Ends<S>
    for Gradient<'_, C, D, X, ADD>
{
    const SHAPE: Shape = tiles::<S, C, D, X>().0;
    const REGULAR: bool = <Self as Ends<S>>::OVERLAPS
        || C::STRIDE[1] == 1
            && shape::is_regular(extent::<C, D, X>(), <Self as Ends<S>>::SHAPE.windows);
    const OVERLAPS: bool = tiles::<S, C, D, X>().1;
    const WINNERS: bool = false;

    #[inline(always)]
    fn start(&self, s: S, _: usize) -> f32x16<S> {
        f32x16::splat(s, 0.0)
    }

    #[inline(always)]
    fn store(&mut self, s: S, window: [usize; 2], panel: usize, value: f32x16<S>, _: i32x16<S>) {
        self.put(s, window, panel, value);
    }
}

/// Writes sums of samples side by side to the inputs of a class.
struct Gradients<'a, C, D, X, const ADD: bool, const KT: usize, const Q: usize, const XS: usize> {
    dx: &'a mut [[Block; XS]],
    first: [usize; 2],
    kind: PhantomData<(C, D, X)>,
}

impl<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const ADD: bool,
    const KT: usize,
    const Q: usize,
    const XS: usize,
> Batch<S> for Gradients<'_, C, D, X, ADD, KT, Q, XS>
{
    const SHAPE: Shape = tiles_of_samples::<S>(Q, KT);

    #[inline(always)]
    fn start(&self, s: S, _: usize) -> f32x16<S> {
        f32x16::splat(s, 0.0)
    }

    #[inline(always)]
    fn store(&mut self, s: S, sample: usize, output: [usize; 2], panel: usize, sum: f32x16<S>) {
        let mut gradient = Gradient::<C, D, X, ADD> {
            dx: &mut self.dx[sample],
            first: self.first,
            kind: PhantomData,
        };
        gradient.put(s, output, panel, sum);
    }
}
