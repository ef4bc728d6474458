//! Convolutions in groups: each group of outputs reads a group of the input's channels.
//!
//! A group is a convolution by itself, of the channels that are its own of every pixel; so tiles, their order and that of every
//! sum are those of any other. X and D are [`Parts`](crate::kernels::image::Parts): images of which a part of the channels is
//! read. The weights are `[[[Block; K]; PG]; G]`: each of the G groups begins with a panel of its own, and its last panel may
//! have fewer outputs than lanes.
//!
//! Where a group's outputs are no whole panels, groups share blocks of Y: then raw sums are stored, as many lanes as a group
//! has, and a second pass over the sample finishes them.

use super::{
    backward::transpose_as,
    classes::{self, Begin, Classes},
    outputs::Windows,
    tiles::{Ends, Sums},
    walk::{Known, edges},
};
use crate::{
    block::{Block, LANES, without_padding},
    kernels::{
        activation::Activation,
        finish::{Finish, Normal, Plain, Told},
        image::{Image, clear_border, pixel},
        stencil::Stencil,
    },
    math,
    simd::Isa,
    tile::shape::{self, Extent, Shape},
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, i32x16, prelude::*};

/// y = f(b + conv(x)).
pub fn forward_grouped<
    S: Isa,
    A: Activation,
    C: Stencil,
    X: Image,
    Y: Image,
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
    s.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                let finish = Plain::<A>::default();
                sample::<S, _, C, X, Y, K, PG>(s, x, w, b, y, finish);
            }
        },
    );
}

/// y = f(the normalised b + conv(x)), to which `residual` is added before f if RESIDUAL; `lines` say how
/// ([`batch_norm::lines`](crate::kernels::batch_norm::lines)).
pub fn forward_grouped_normal<
    S: Isa,
    A: Activation,
    C: Stencil,
    X: Image,
    Y: Image,
    const RESIDUAL: bool,
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
    lines: &[Block],
    residual: &[[Block; YS]],
    y: &mut [[Block; YS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (index, (x, y)) in x.iter().zip(y).enumerate() {
                let finish = Normal::<_, RESIDUAL> {
                    lines,
                    panels: B,
                    residual: if RESIDUAL { &residual[index] } else { &[] },
                    activation: A::FUNCTION,
                };
                sample::<S, _, C, X, Y, K, PG>(s, x, w, b, y, finish);
            }
        },
    );
}

/// What [`forward_grouped`] does before a normalisation, and [`forward_grouped_normal`] with a rectifier or none, told by
/// values, as [`forward_told`](super::forward_told) is.
pub fn forward_grouped_told<
    S: Isa,
    C: Stencil,
    X: Image,
    Y: Image,
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
    finish: (&[Block], f32, f32),
    residual: &[[Block; YS]],
    y: &mut [[Block; YS]],
) {
    let (lines, min, max) = finish;
    s.vectorize(
        #[inline(always)]
        || {
            for (index, (x, y)) in x.iter().zip(y).enumerate() {
                let finish = Told {
                    lines,
                    panels: B,
                    residual: residual.get(index).map_or(&[][..], |residual| residual),
                    bounds: [min, max],
                };
                sample::<S, _, C, X, Y, K, PG>(s, x, w, b, y, finish);
            }
        },
    );
}

/// Whether groups of so many channels share no block.
const fn are_apart(channels: usize) -> bool {
    channels.is_multiple_of(LANES)
}

/// Lanes of a panel of a group of so many channels.
#[inline(always)]
const fn lanes(channels: usize, panel: usize) -> usize {
    let left = channels - panel * LANES;
    if left < LANES { left } else { LANES }
}

/// One sample.
#[inline(always)]
fn sample<S: Isa, F: Finish, C: Stencil, X: Image, Y: Image, const K: usize, const PG: usize>(
    s: S,
    x: &[f32],
    w: &[[Block; K]],
    b: &[Block],
    y: &mut [Block],
    finish: F,
) {
    const {
        assert!(K == C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS);
        assert!(Y::CHANNELS.is_multiple_of(X::PARTS));
        assert!(PG == (Y::CHANNELS / X::PARTS).div_ceil(LANES));
    };
    clear_border::<Y>(y);
    let (w, _) = w.as_chunks::<PG>();
    for (group, w) in w.iter().enumerate() {
        S::tiled(Sums::<S, X, _, _, 1, 1, K, PG> {
            s,
            walk: Known(PhantomData::<Windows<C, X, Y, 1, 1>>),
            x: &x[group * X::CHANNELS..X::FLOATS],
            w,
            ends: &mut Output::<F, C, X, Y, K, PG> {
                group,
                b,
                y: &mut y[..Y::FLOATS / LANES],
                finish,
                image: PhantomData,
            },
            image: PhantomData,
        });
    }
    if const { are_apart(Y::CHANNELS / X::PARTS) } {
        return;
    }
    let panels = Y::COLUMN / LANES;
    for row in 0..Y::HEIGHT {
        for column in 0..Y::WIDTH {
            for panel in 0..panels {
                let at = pixel::<Y>(row, column) + panel;
                let value = finish.finish(s, y[at].load(s), panel, at);
                let value = if panel == panels - 1 {
                    without_padding(s, value, Y::COLUMN / LANES - 1, Y::CHANNELS)
                } else {
                    value
                };
                y[at].store(value);
            }
        }
    }
}

/// Takes the sums of a group's outputs: finishes them and writes them to Y, or leaves them there to be finished.
struct Output<'a, F, C, X, Y, const K: usize, const PG: usize> {
    group: usize,
    b: &'a [Block],
    y: &'a mut [Block],
    finish: F,
    image: PhantomData<(C, X, Y)>,
}

impl<F, C: Stencil, X: Image, Y: Image, const K: usize, const PG: usize>
    Output<'_, F, C, X, Y, K, PG>
{
    /// Outputs of a group.
    const EACH: usize = Y::CHANNELS / X::PARTS;

    const EXTENT: Extent = Extent {
        windows: Y::HEIGHT * Y::WIDTH,
        run: Y::WIDTH,
        width: 1,
        panels: PG,
        depth: K,
        edges: edges::<Windows<C, X, Y, 1, 1>, X>(),
        grid: true,
    };
}

impl<S: Isa, F: Finish, C: Stencil, X: Image, Y: Image, const K: usize, const PG: usize> Ends<S>
    for Output<'_, F, C, X, Y, K, PG>
{
    const SHAPE: Shape = shape::best_either::<S>(Self::EXTENT).0;
    const REGULAR: bool = <Self as Ends<S>>::OVERLAPS
        || shape::is_regular(Self::EXTENT, <Self as Ends<S>>::SHAPE.windows);
    const OVERLAPS: bool = shape::best_either::<S>(Self::EXTENT).1;
    const WINNERS: bool = false;

    /// Not -0.0, to which a product with a zero of the border would make a difference.
    #[inline(always)]
    fn start(&self, s: S, panel: usize) -> f32x16<S> {
        let start = if const { are_apart(Self::EACH) } {
            self.b[self.group * PG + panel]
        } else {
            let b: &[f32] = bytemuck::must_cast_slice(self.b);
            let at = self.group * Self::EACH + panel * LANES;
            some(b, at, lanes(Self::EACH, panel))
        };
        start.load(s) + f32x16::splat(s, 0.0)
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
        if const { are_apart(Self::EACH) } {
            let panel = self.group * PG + panel;
            let at = pixel::<Y>(row, column) + panel;
            self.y[at].store(self.finish.finish(s, value, panel, at));
            return;
        }
        let y: &mut [f32] = bytemuck::must_cast_slice_mut(self.y);
        let at = pixel::<Y>(row, column) * LANES + self.group * Self::EACH + panel * LANES;
        put(y, at, lanes(Self::EACH, panel), value);
    }
}

/// A block whose first lanes are some floats, and zeros behind.
#[inline(always)]
fn some(floats: &[f32], at: usize, lanes: usize) -> Block {
    let mut block = Block::ZERO;
    block.0[..lanes].copy_from_slice(&floats[at..][..lanes]);
    block
}

/// Stores the first lanes.
#[inline(always)]
fn put<S: Isa>(floats: &mut [f32], at: usize, lanes: usize, value: f32x16<S>) {
    let mut block = Block::ZERO;
    block.store(value);
    floats[at..][..lanes].copy_from_slice(&block.0[..lanes]);
}

/// [`transpose`](super::transpose) of each group: KT = KH * KW * the outputs of a group, QG panels for each of them.
pub fn transpose_grouped<
    S: Isa,
    const INPUTS: usize,
    const OUTPUTS: usize,
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
    const {
        assert!(K.is_multiple_of(INPUTS) && KT == K / INPUTS * OUTPUTS);
        assert!(PG == OUTPUTS.div_ceil(LANES));
    }
    let each = const { INPUTS.div_ceil(LANES) };
    for (panel, transposed) in (first..).zip(transposed) {
        let group = &w[panel / each * PG..][..PG];
        let channels = [INPUTS, OUTPUTS];
        transpose_as(
            s,
            group.as_flattened(),
            panel % each,
            transposed,
            channels,
            [K, KT],
        );
    }
}

/// dx = (1), or dx += (1) if ADD, group by group. The border of dx is not meaningful afterwards.
pub fn input_gradient_grouped<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const ADD: bool,
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
        assert!(Q == QG * D::PARTS);
    }
    s.vectorize(
        #[inline(always)]
        || {
            let (transposed, _) = transposed.as_chunks::<QG>();
            for (delta, dx) in delta.iter().zip(dx) {
                let delta: &[f32] = bytemuck::must_cast_slice(delta);
                let dx = &mut dx[..X::FLOATS / LANES];
                let whole =
                    const { Classes::<C, D, X>::COVERS && X::CHANNELS.is_multiple_of(LANES) };
                if !ADD && !whole {
                    dx.fill(Block::ZERO);
                }
                for (group, w) in transposed.iter().enumerate() {
                    let mut ends = Gradient::<C, D, X, ADD, QG> {
                        dx: &mut *dx,
                        group,
                        first: [0, 0],
                        kind: PhantomData,
                    };
                    let delta = &delta[group * D::CHANNELS..D::FLOATS];
                    classes::of_sample::<S, C, D, X, _, KT, QG>(s, delta, w, &mut ends);
                }
            }
        },
    );
}

/// Writes sums to the inputs of a class of a group.
struct Gradient<'a, C, D, X, const ADD: bool, const QG: usize> {
    dx: &'a mut [Block],
    group: usize,
    first: [usize; 2],
    kind: PhantomData<(C, D, X)>,
}

impl<C, D: Image, X: Image, const ADD: bool, const QG: usize> Gradient<'_, C, D, X, ADD, QG> {
    /// Inputs of a group.
    const EACH: usize = X::CHANNELS / D::PARTS;
}

impl<C, D, X, const ADD: bool, const QG: usize> Begin for Gradient<'_, C, D, X, ADD, QG> {
    #[inline(always)]
    fn begin(&mut self, first: [usize; 2]) {
        self.first = first;
    }
}

impl<S: Isa, C: Stencil, D: Image, X: Image, const ADD: bool, const QG: usize> Ends<S>
    for Gradient<'_, C, D, X, ADD, QG>
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
        let at = classes::pixel::<C, X>(self.first, window);
        if const { are_apart(Self::EACH) } {
            let block = &mut self.dx[at + self.group * QG + panel];
            block.store(math::flush(
                s,
                if ADD { value + block.load(s) } else { value },
            ));
            return;
        }
        let dx: &mut [f32] = bytemuck::must_cast_slice_mut(self.dx);
        let at = at * LANES + self.group * Self::EACH + panel * LANES;
        let lanes = lanes(Self::EACH, panel);
        let sum = if ADD {
            value + some(dx, at, lanes).load(s)
        } else {
            value
        };
        put(dx, at, lanes, math::flush(s, sum));
    }
}
