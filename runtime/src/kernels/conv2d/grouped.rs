//! Convolutions in groups: each group of outputs reads a group of the input's channels.
//!
//! A group is a convolution by itself, of the channels that are its own of every pixel; so tiles, their order and that of every
//! sum are those of any other. X and D are [`Parts`](crate::kernels::image::Parts): images of which a part of the channels is
//! read. The weights are `[[[Block; K]; PG]; G]`: each of the G groups begins with a panel of its own, and its last panel may
//! have fewer outputs than lanes.
//!
//! Where a group's outputs are no whole panels, groups share blocks of Y: then raw sums are stored, as many lanes as a group
//! has, and a second pass over the sample finishes them.

mod backward;

pub use backward::{input_gradient_grouped, transpose_grouped};

use super::{
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
        lanes::{are_apart, lanes, put, some},
        stencil::Stencil,
    },
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
            some(&b[at..], lanes(Self::EACH, panel))
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
        put(&mut y[at..], lanes(Self::EACH, panel), value);
    }
}
