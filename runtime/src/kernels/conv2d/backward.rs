//! Backward of the input: from the delta to the input's gradient.

use super::{
    classes::{self, Begin, Classes},
    tiles::Ends,
    together::{Batch, are_together, side_by_side, tiles_of_samples},
};
use crate::{
    block::{Block, LANES},
    kernels::{copy, image::Image, stencil::Stencil},
    math,
    simd::{Isa, compiled_here},
    tile::shape::Shape,
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, i32x16, prelude::*};

/// Transposes a convolution's panels for [`input_gradient`]: once per training step.
///
/// Writes panels `first..first + transposed.len()` of Q = ceil(CIN / 16), which threads may share:
/// `transposed[q - first][(u KW + v) COUT + o]` holds, as lanes, input channels 16 q .. 16 q + 15 of `w[o][..][u][v]`.
/// KT = KH * KW * COUT.
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
    transposed: &mut [[Block; KT]],
) {
    const {
        assert!(K.is_multiple_of(CIN) && KT == K / CIN * COUT);
        assert!(P == COUT.div_ceil(LANES));
    }
    let (w, transposed) = (w.as_flattened(), transposed.as_flattened_mut());
    transpose_as(s, w, first, transposed, [CIN, COUT], [K, KT]);
}

compiled_here! {
    pub(super) fn transpose_as = transpose_on(
        w: &[Block],
        first: usize,
        transposed: &mut [Block],
        channels: [usize; 2],
        depths: [usize; 2],
    );
}

/// [`transpose`] with sizes as values: channels of inputs and outputs, blocks of a panel of both.
fn transpose_on<S: Isa>(
    s: S,
    w: &[Block],
    first: usize,
    transposed: &mut [Block],
    [inputs, outputs]: [usize; 2],
    [depth, transposed_depth]: [usize; 2],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let taps = depth / inputs;
            for tap in 0..taps {
                for (p, panel) in w.chunks_exact(depth).enumerate() {
                    for (q, transposed) in transposed.chunks_exact_mut(transposed_depth).enumerate()
                    {
                        // A square of input channels (rows) by output channels (lanes).
                        let channel = (first + q) * LANES;
                        let rows = (inputs - channel).min(LANES);
                        let from = &panel[tap * inputs + channel..][..rows];
                        let mut square = [f32x16::splat(s, 0.0); LANES];
                        for (row, from) in square.iter_mut().zip(from) {
                            *row = from.load(s);
                        }
                        let lanes = (outputs - p * LANES).min(LANES);
                        let to = tap * outputs + p * LANES;
                        let columns = copy::transposed(square);
                        for (to, column) in transposed[to..][..lanes].iter_mut().zip(columns) {
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
    transposed: &[[Block; KT]; Q],
    dx: &mut [[Block; XS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let mut together = 0;
            if const { are_together(X::HEIGHT * X::WIDTH, D::CHANNELS, KT * Q * LANES) } {
                let tile = const { tiles_of_samples::<S>(Q, KT).windows };
                together = side_by_side(delta.len(), tile);
                if together > 0 {
                    let (delta, dx) = (&delta[..together], &mut dx[..together]);
                    if !ADD && const { !Classes::<C, D, X>::COVERS } {
                        dx.as_flattened_mut().fill(Block::ZERO);
                    }
                    let mut ends = Gradients::<C, D, X, ADD, KT, Q, XS> {
                        dx,
                        first: [0, 0],
                        kind: PhantomData,
                    };
                    classes::of_samples::<S, C, D, X, _, _, KT, Q>(s, delta, transposed, &mut ends);
                }
            }
            for (delta, dx) in delta[together..].iter().zip(&mut dx[together..]) {
                let dx = &mut dx[..X::FLOATS / LANES];
                if !ADD && const { !Classes::<C, D, X>::COVERS } {
                    dx.fill(Block::ZERO);
                }
                let mut ends = Gradient::<C, D, X, ADD> {
                    dx,
                    first: [0, 0],
                    kind: PhantomData,
                };
                let delta: &[f32] = bytemuck::must_cast_slice(delta);
                classes::of_sample::<S, C, D, X, _, KT, Q>(s, delta, transposed, &mut ends);
            }
        },
    );
}

/// Writes sums to the inputs of a class.
struct Gradient<'a, C, D, X, const ADD: bool> {
    dx: &'a mut [Block],
    first: [usize; 2],
    kind: PhantomData<(C, D, X)>,
}

impl<C: Stencil, D, X: Image, const ADD: bool> Gradient<'_, C, D, X, ADD> {
    /// Stores the sum of an input of the class, or adds it.
    #[inline(always)]
    fn put<S: Isa>(&mut self, s: S, window: [usize; 2], panel: usize, sum: f32x16<S>) {
        let block = &mut self.dx[classes::pixel::<C, X>(self.first, window) + panel];
        block.store(math::flush(s, if ADD { sum + block.load(s) } else { sum }));
    }
}

impl<C, D, X, const ADD: bool> Begin for Gradient<'_, C, D, X, ADD> {
    #[inline(always)]
    fn begin(&mut self, first: [usize; 2]) {
        self.first = first;
    }
}

impl<S: Isa, C: Stencil, D: Image, X: Image, const ADD: bool> Ends<S>
    for Gradient<'_, C, D, X, ADD>
{
    const SHAPE: Shape = Classes::<C, D, X>::tiles::<S>().0;
    const REGULAR: bool = Classes::<C, D, X>::is_regular::<S>();
    const OVERLAPS: bool = Classes::<C, D, X>::tiles::<S>().1;
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

impl<C, D, X, const ADD: bool, const KT: usize, const Q: usize, const XS: usize> Begin
    for Gradients<'_, C, D, X, ADD, KT, Q, XS>
{
    #[inline(always)]
    fn begin(&mut self, first: [usize; 2]) {
        self.first = first;
    }
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
