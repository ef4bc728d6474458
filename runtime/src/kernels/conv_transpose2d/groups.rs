//! Groups: the channels of input and output are divided into as many parts, of which each output part reads one of the input.
//!
//! A group is a transposed convolution of its own, of C0 channels to D0, on some [`Channels`] of X, and its outputs
//! are stored where they belong, in whatever lane they begin. Its panels begin with it:
//!
//! ```text
//! weights     [[Block; K]; P]     K = KH * KW * C0     PG = ceil(D0 / 16) panels for each group
//! transposed  [[Block; KT]; Q]    KT = KH * KW * D0    QG = ceil(C0 / 16)
//! ```
#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::place::place;
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::Identity,
        conv2d::{
            self,
            classes::{self, Begin, Classes},
            outputs::{Output, Windows},
            tiles::{Ends, Sums},
            walk::Known,
        },
        finish::Plain,
        image::{Channels, Image, clear_border, pixel},
        lanes::{give, lanes, some},
        stencil::Stencil,
    },
    simd::Isa,
    tile::shape::Shape,
};
use core::{marker::PhantomData, slice};
use fearless_simd::{f32x16, i32x16, prelude::*};

/// y = b + the transposed convolution of x, of groups of C0 channels to D0.
pub fn forward_groups<
    S: Isa,
    C: Stencil,
    X: Image,
    Y: Image,
    const C0: usize,
    const D0: usize,
    const XS: usize,
    const K: usize,
    const PG: usize,
    const P: usize,
    const B: usize,
    const YS: usize,
>(
    s: S,
    x: &[[f32; XS]],
    w: &[[Block; K]; P],
    b: &[Block; B],
    y: &mut [[Block; YS]],
) {
    const {
        assert!(X::CHANNELS / C0 == Y::CHANNELS / D0);
        assert!(PG == D0.div_ceil(LANES) && P == Y::CHANNELS / D0 * PG);
        assert!(B == Y::CHANNELS.div_ceil(LANES));
    }
    s.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                let y = &mut y[..Y::FLOATS / LANES];
                if const { Y::CHANNELS.is_multiple_of(LANES) } {
                    clear_border::<Y>(y);
                } else {
                    // Padding lanes too.
                    y.fill(Block::ZERO);
                }
                if const { !Classes::<C, X, Y>::COVERS } {
                    every_pixel::<Y, B>(b, y);
                }
                let (w, _) = w.as_chunks::<PG>();
                for (group, w) in w.iter().enumerate() {
                    let b: &[f32] = bytemuck::must_cast_slice(b);
                    let y: &mut [f32] = bytemuck::must_cast_slice_mut(y);
                    let mut ends = Group::<C, Channels<X, C0>, Channels<Y, D0>> {
                        b: &b[group * D0..][..D0],
                        y: &mut y[group * D0..],
                        first: [0, 0],
                        kind: PhantomData,
                    };
                    let x = &x[group * C0 * X::CHANNEL..];
                    classes::of_sample::<S, C, Channels<X, C0>, Channels<Y, D0>, _, K, PG>(
                        s, x, w, &mut ends,
                    );
                }
            }
        },
    );
}

/// Writes the bias to every pixel, for those that no tap reaches.
#[inline(always)]
fn every_pixel<Y: Image, const B: usize>(b: &[Block; B], y: &mut [Block]) {
    for row in 0..Y::HEIGHT {
        for column in 0..Y::WIDTH {
            y[pixel::<Y>(row, column)..][..B].copy_from_slice(b);
        }
    }
}

/// Writes the sums of a group's classes to its channels of Y, which begin with `y`.
struct Group<'a, C, X, Y> {
    b: &'a [f32],
    y: &'a mut [f32],
    first: [usize; 2],
    kind: PhantomData<(C, X, Y)>,
}

impl<C, X, Y> Begin for Group<'_, C, X, Y> {
    #[inline(always)]
    fn begin(&mut self, first: [usize; 2]) {
        self.first = first;
    }
}

impl<S: Isa, C: Stencil, X: Image, Y: Image> Ends<S> for Group<'_, C, X, Y> {
    const SHAPE: Shape = Classes::<C, X, Y>::tiles::<S>().0;
    const REGULAR: bool = Classes::<C, X, Y>::is_regular::<S>();
    const OVERLAPS: bool = Classes::<C, X, Y>::tiles::<S>().1;
    const WINNERS: bool = false;

    /// Not -0.0, to which a product with a zero of the border would make a difference.
    #[inline(always)]
    fn start(&self, s: S, panel: usize) -> f32x16<S> {
        let b = some(&self.b[panel * LANES..], lanes(Y::CHANNELS, panel));
        b.load(s) + f32x16::splat(s, 0.0)
    }

    #[inline(always)]
    fn store(&mut self, s: S, window: [usize; 2], panel: usize, value: f32x16<S>, _: i32x16<S>) {
        let [row, column] = place::<C>(self.first, window);
        let at = (pixel::<Y>(row, column) + panel) * LANES;
        give::<S, false>(s, &mut self.y[at..], lanes(Y::CHANNELS, panel), value);
    }
}

/// [`conv2d::transpose`] of each group.
pub fn transpose_groups<
    S: Isa,
    const C0: usize,
    const D0: usize,
    const K: usize,
    const PG: usize,
    const P: usize,
    const KT: usize,
>(
    s: S,
    w: &[[Block; K]; P],
    first: usize,
    transposed: &mut [[Block; KT]],
) {
    let each = const { C0.div_ceil(LANES) };
    let (groups, _) = w.as_chunks::<PG>();
    for (panel, transposed) in (first..).zip(transposed) {
        let (w, to) = (&groups[panel / each], slice::from_mut(transposed));
        conv2d::transpose::<S, C0, D0, K, PG, KT>(s, w, panel % each, to);
    }
}

/// [`input_gradient`](super::input_gradient) of groups of C0 channels of X and D0 of D.
pub fn input_gradient_groups<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const ADD: bool,
    const C0: usize,
    const D0: usize,
    const DS: usize,
    const KT: usize,
    const QG: usize,
    const Q: usize,
    const XS: usize,
>(
    s: S,
    delta: &[[Block; DS]],
    transposed: &[[Block; KT]; Q],
    dx: &mut [[Block; XS]],
) {
    const {
        assert!(KT == C::KERNEL[0] * C::KERNEL[1] * D0);
        assert!(QG == C0.div_ceil(LANES) && Q == X::CHANNELS / C0 * QG);
    }
    s.vectorize(
        #[inline(always)]
        || {
            for (delta, dx) in delta.iter().zip(dx) {
                let delta: &[f32] = bytemuck::must_cast_slice(delta);
                if !ADD && const { !X::CHANNELS.is_multiple_of(LANES) } {
                    dx.fill(Block::ZERO);
                }
                let dx: &mut [f32] = bytemuck::must_cast_slice_mut(dx);
                let (w, _) = transposed.as_chunks::<QG>();
                for (group, w) in w.iter().enumerate() {
                    S::tiled(Sums::<S, Channels<D, D0>, _, _, 1, 1, KT, QG> {
                        s,
                        walk: Known(
                            PhantomData::<Windows<C, Channels<D, D0>, Channels<X, C0>, 1, 1>>,
                        ),
                        x: &delta[group * D0..][..<Channels<D, D0> as Image>::FLOATS],
                        w,
                        ends: &mut Gradient::<C, Channels<D, D0>, Channels<X, C0>, ADD, KT, QG> {
                            dx: &mut dx[group * C0..],
                            kind: PhantomData,
                        },
                        image: PhantomData,
                    });
                }
            }
        },
    );
}

/// Writes sums to a group's channels of X, which begin with `dx`.
struct Gradient<'a, C, D, X, const ADD: bool, const KT: usize, const QG: usize> {
    dx: &'a mut [f32],
    kind: PhantomData<(C, D, X)>,
}

/// The convolution's outputs, in whose tiles the sums are made.
type Convolved<'a, C, D, X, const KT: usize, const QG: usize> =
    Output<'a, Plain<Identity>, C, D, X, (), 1, 1, KT, QG>;

impl<S: Isa, C: Stencil, D: Image, X: Image, const ADD: bool, const KT: usize, const QG: usize>
    Ends<S> for Gradient<'_, C, D, X, ADD, KT, QG>
{
    const SHAPE: Shape = <Convolved<'_, C, D, X, KT, QG> as Ends<S>>::SHAPE;
    const REGULAR: bool = <Convolved<'_, C, D, X, KT, QG> as Ends<S>>::REGULAR;
    const OVERLAPS: bool = <Convolved<'_, C, D, X, KT, QG> as Ends<S>>::OVERLAPS;
    const WINNERS: bool = false;

    #[inline(always)]
    fn start(&self, s: S, _: usize) -> f32x16<S> {
        f32x16::splat(s, 0.0)
    }

    #[inline(always)]
    fn store(
        &mut self,
        s: S,
        [row, column]: [usize; 2],
        panel: usize,
        value: f32x16<S>,
        _: i32x16<S>,
    ) {
        let at = (pixel::<X>(row, column) + panel) * LANES;
        give::<S, ADD>(s, &mut self.dx[at..], lanes(X::CHANNELS, panel), value);
    }
}
