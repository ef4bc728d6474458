//! Forward: y = f(b + w * x).

#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::{
    spread::Spread,
    tile::{Tiled, join, outputs, panels, tiled},
};
use crate::{
    block::{Block, LANES, without_padding},
    kernels::{
        activation::Activation,
        finish::{Finish, Normal, Plain, Told},
        image::{Image, clear_border, pixel},
        stencil::Stencil,
    },
    simd::{Isa, chains::POSITIONS},
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

/// y = f(b + w * x).
pub fn forward<
    S: Isa,
    A: Activation,
    C: Stencil,
    X: Image,
    Y: Image,
    const I: usize,
    const O: usize,
    const XS: usize,
    const T: usize,
    const P: usize,
    const YS: usize,
>(
    s: S,
    x: &[[Block; XS]],
    w: &[[Block; T]; P],
    b: &[Block; P],
    y: &mut [[Block; YS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                sample::<S, _, C, X, Y, I, O, T, P>(s, x, w, b, y, Plain::<A>::default());
            }
        },
    );
}

/// y = f(the normalised b + w * x), to which `residual` is added before f if RESIDUAL; `lines` say how
/// ([`batch_norm::lines`](crate::kernels::batch_norm::lines)).
pub fn forward_normal<
    S: Isa,
    A: Activation,
    C: Stencil,
    X: Image,
    Y: Image,
    const RESIDUAL: bool,
    const I: usize,
    const O: usize,
    const XS: usize,
    const T: usize,
    const P: usize,
    const YS: usize,
>(
    s: S,
    x: &[[Block; XS]],
    w: &[[Block; T]; P],
    b: &[Block; P],
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
                    panels: P,
                    residual: if RESIDUAL { &residual[index] } else { &[] },
                    activation: A::FUNCTION,
                };
                sample::<S, _, C, X, Y, I, O, T, P>(s, x, w, b, y, finish);
            }
        },
    );
}

/// What [`forward`] does before a normalisation, and [`forward_normal`] with a rectifier or none, told by values, so that
/// training and inference share the code: `finish` is the lines, without which nothing is normalised, and the least result;
/// without `residual` nothing is added.
pub fn forward_told<
    S: Isa,
    C: Stencil,
    X: Image,
    Y: Image,
    const I: usize,
    const O: usize,
    const XS: usize,
    const T: usize,
    const P: usize,
    const YS: usize,
>(
    s: S,
    x: &[[Block; XS]],
    w: &[[Block; T]; P],
    b: &[Block; P],
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
                    panels: P,
                    residual: residual.get(index).map_or(&[][..], |residual| residual),
                    bounds: [min, max],
                };
                sample::<S, _, C, X, Y, I, O, T, P>(s, x, w, b, y, finish);
            }
        },
    );
}

/// One sample.
#[inline(always)]
fn sample<
    S: Isa,
    F: Finish,
    C: Stencil,
    X: Image,
    Y: Image,
    const I: usize,
    const O: usize,
    const T: usize,
    const P: usize,
>(
    s: S,
    x: &[Block],
    w: &[[Block; T]; P],
    b: &[Block; P],
    y: &mut [Block],
    finish: F,
) {
    const {
        assert!(T == C::KERNEL[0] * C::KERNEL[1] * I && P == Y::CHANNELS.div_ceil(LANES));
        assert!(X::CHANNELS * O == Y::CHANNELS * I && X::CHANNEL == 1 && Y::CHANNEL == 1);
        assert!(LANES.is_multiple_of(O) && O.is_multiple_of(I));
        let width = (Y::WIDTH - 1) * C::STRIDE[1] + (C::KERNEL[1] - 1) * C::DILATION[1] + 1;
        assert!(X::LEFT >= C::PADDING[1] && X::LEFT - C::PADDING[1] + width <= X::COLUMNS);
    }
    clear_border::<Y>(y);
    tiled(Sums::<S, F, C, X, Y, I, O, T, P> {
        s,
        x: &x[..X::FLOATS / LANES],
        w,
        b,
        y: &mut y[..Y::FLOATS / LANES],
        finish,
        kind: PhantomData,
    });
}

/// All outputs of a sample.
struct Sums<'a, S, F, C, X, Y, const I: usize, const O: usize, const T: usize, const P: usize> {
    s: S,
    x: &'a [Block],
    w: &'a [[Block; T]; P],
    b: &'a [Block; P],
    y: &'a mut [Block],
    finish: F,
    kind: PhantomData<(C, X, Y)>,
}

impl<
    S: Isa,
    F: Finish,
    C: Stencil,
    X: Image,
    Y: Image,
    const I: usize,
    const O: usize,
    const T: usize,
    const P: usize,
> Tiled for Sums<'_, S, F, C, X, Y, I, O, T, P>
{
    const OUTPUTS: usize = outputs::<S>(Y::WIDTH);

    #[inline(always)]
    fn run<const Q: usize>(mut self) {
        let together = const { panels::<X>(C::KERNEL[0]) };
        for first in (0..P).step_by(together) {
            for row in 0..Y::HEIGHT {
                let rows = inside::<C, X>(row);
                for tile in 0..const { Y::WIDTH.div_ceil(Q) } {
                    // The last tile overlaps the one before it.
                    let column = (tile * Q).min(Y::WIDTH - Q);
                    for panel in first..P.min(first + together) {
                        self.tile::<Q>([row, column], rows.clone(), panel);
                    }
                }
            }
        }
    }
}

impl<
    S: Isa,
    F: Finish,
    C: Stencil,
    X: Image,
    Y: Image,
    const I: usize,
    const O: usize,
    const T: usize,
    const P: usize,
> Sums<'_, S, F, C, X, Y, I, O, T, P>
{
    /// Q outputs of a row, of one panel, which read the rows of taps `rows`.
    #[inline(always)]
    fn tile<const Q: usize>(
        &mut self,
        [row, column]: [usize; 2],
        rows: Range<usize>,
        panel: usize,
    ) {
        let s = self.s;
        // Blocks from a pixel to the next, and from the first that is read in a row to behind the last.
        let pixel_step = const { X::COLUMN / LANES };
        let span = const {
            ((Q - 1) * C::STRIDE[1] + (C::KERNEL[1] - 1) * C::DILATION[1]) * (X::COLUMN / LANES) + 1
        };
        // Not -0.0, to which a product with a zero of the border would make a difference.
        let start = self.b[panel].load(s) + f32x16::splat(s, 0.0);
        let mut sums = [start; Q];
        let mut total = [f32x16::splat(s, 0.0); Q];
        for u in rows {
            let line = X::TOP + row * C::STRIDE[0] + u * C::DILATION[0] - C::PADDING[0];
            let from = X::LEFT - C::PADDING[1] + column * C::STRIDE[1];
            let at = (line * X::ROW + from * X::COLUMN) / LANES + panel * I / O;
            let x = &self.x[at..][..span];
            let depth = const { C::KERNEL[1] * I };
            let w = &self.w[panel][u * depth..][..depth];
            for v in 0..C::KERNEL[1] {
                for i in 0..I {
                    let weight = w[v * I + i].load(s);
                    let lanes = Spread::<S, I, O>::of(s, panel, i);
                    for q in 0..Q {
                        let x = &x[(q * C::STRIDE[1] + v * C::DILATION[1]) * pixel_step];
                        sums[q] = lanes.load(s, x).mul_add(weight, sums[q]);
                    }
                    if const { T > POSITIONS }
                        && (u * depth + v * I + i + 1).is_multiple_of(POSITIONS)
                    {
                        join(s, &mut total, &mut sums);
                    }
                }
            }
        }
        if const { T > POSITIONS } {
            join(s, &mut total, &mut sums);
            sums = total;
        }
        let at = pixel::<Y>(row, column) + panel;
        for q in 0..Q {
            let at = at + q * (Y::COLUMN / LANES);
            let mut value = self.finish.finish(s, sums[q], panel, at);
            if const { !Y::CHANNELS.is_multiple_of(LANES) } && panel == P - 1 {
                value = without_padding(s, value, P - 1, Y::CHANNELS);
            }
            self.y[at].store(value);
        }
    }
}

/// The rows of taps that lie inside the image for output row `row`.
#[inline(always)]
fn inside<C: Stencil, X: Image>(row: usize) -> Range<usize> {
    let step = C::DILATION[0];
    let at = row * C::STRIDE[0];
    let first = C::PADDING[0].saturating_sub(at).div_ceil(step);
    let end = (X::HEIGHT + C::PADDING[0])
        .saturating_sub(at)
        .div_ceil(step);
    let end = end.min(C::KERNEL[0]);
    first.min(end)..end
}
