//! Backward of the input (1): the convolution of the output's delta.

use crate::{
    block::{Block, LANES},
    kernels::{
        activation::Identity,
        conv2d::{
            outputs::{Output, Windows},
            tiles::{Ends, Sums},
            together::{Batch, Together, are_together, side_by_side, tiles_of_samples},
            walk::{Fixed, Known},
        },
        finish::Plain,
        image::{Image, pixel},
        stencil::Stencil,
    },
    math,
    simd::Isa,
    tile::shape::Shape,
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, i32x16, prelude::*};

/// dx = (1), or dx += (1) if ADD, of weights that [`conv2d::transpose`](crate::kernels::conv2d::transpose) has transposed. The
/// border of dx is not meaningful afterwards.
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
    const {
        assert!(KT == C::KERNEL[0] * C::KERNEL[1] * D::CHANNELS);
        assert!(Q == X::CHANNELS.div_ceil(LANES));
    }
    s.vectorize(
        #[inline(always)]
        || {
            let mut together = 0;
            if const { are_together(X::HEIGHT * X::WIDTH, D::CHANNELS, KT * Q * LANES) } {
                let tile = const { tiles_of_samples::<S>(Q, KT).windows };
                together = side_by_side(delta.len(), tile);
                if together > 0 {
                    S::tiled(Together::<S, Windows<C, D, X, 1, 1>, D, _, _, KT, Q> {
                        s,
                        reads: const { Windows::<C, D, X, 1, 1>::READS },
                        x: &delta[..together],
                        w: transposed,
                        ends: &mut Gradients::<X, ADD, KT, Q, XS> {
                            dx: &mut dx[..together],
                            image: PhantomData,
                        },
                        kind: PhantomData,
                    });
                }
            }
            for (delta, dx) in delta[together..].iter().zip(&mut dx[together..]) {
                let delta: &[f32] = bytemuck::must_cast_slice(delta);
                S::tiled(Sums::<S, D, _, _, 1, 1, KT, Q> {
                    s,
                    walk: Known(PhantomData::<Windows<C, D, X, 1, 1>>),
                    x: &delta[..D::FLOATS],
                    w: transposed,
                    ends: &mut Gradient::<C, D, X, ADD, KT, Q> {
                        dx: &mut dx[..X::FLOATS / LANES],
                        kind: PhantomData,
                    },
                    image: PhantomData,
                });
            }
        },
    );
}

/// Stores the sum of a pixel, or adds it.
#[inline(always)]
fn put<S: Isa, X: Image, const ADD: bool>(
    s: S,
    dx: &mut [Block],
    [row, column]: [usize; 2],
    panel: usize,
    sum: f32x16<S>,
) {
    let block = &mut dx[pixel::<X>(row, column) + panel];
    block.store(math::flush(s, if ADD { sum + block.load(s) } else { sum }));
}

/// Writes sums to the pixels of one sample.
struct Gradient<'a, C, D, X, const ADD: bool, const KT: usize, const Q: usize> {
    dx: &'a mut [Block],
    kind: PhantomData<(C, D, X)>,
}

/// The convolution's outputs, in whose tiles the sums are made.
type Convolved<'a, C, D, X, const KT: usize, const Q: usize> =
    Output<'a, Plain<Identity>, C, D, X, (), 1, 1, KT, Q>;

impl<S: Isa, C: Stencil, D: Image, X: Image, const ADD: bool, const KT: usize, const Q: usize>
    Ends<S> for Gradient<'_, C, D, X, ADD, KT, Q>
{
    const SHAPE: Shape = <Convolved<'_, C, D, X, KT, Q> as Ends<S>>::SHAPE;
    const REGULAR: bool = <Convolved<'_, C, D, X, KT, Q> as Ends<S>>::REGULAR;
    const OVERLAPS: bool = <Convolved<'_, C, D, X, KT, Q> as Ends<S>>::OVERLAPS;
    const WINNERS: bool = false;

    #[inline(always)]
    fn start(&self, s: S, _: usize) -> f32x16<S> {
        f32x16::splat(s, 0.0)
    }

    #[inline(always)]
    fn store(&mut self, s: S, window: [usize; 2], panel: usize, value: f32x16<S>, _: i32x16<S>) {
        put::<S, X, ADD>(s, self.dx, window, panel, value);
    }
}

/// Writes sums of samples side by side to their pixels.
struct Gradients<'a, X, const ADD: bool, const KT: usize, const Q: usize, const XS: usize> {
    dx: &'a mut [[Block; XS]],
    image: PhantomData<X>,
}

impl<S: Isa, X: Image, const ADD: bool, const KT: usize, const Q: usize, const XS: usize> Batch<S>
    for Gradients<'_, X, ADD, KT, Q, XS>
{
    const SHAPE: Shape = tiles_of_samples::<S>(Q, KT);

    #[inline(always)]
    fn start(&self, s: S, _: usize) -> f32x16<S> {
        f32x16::splat(s, 0.0)
    }

    #[inline(always)]
    fn store(&mut self, s: S, sample: usize, output: [usize; 2], panel: usize, sum: f32x16<S>) {
        put::<S, X, ADD>(s, &mut self.dx[sample], output, panel, sum);
    }
}
