//! Transposed two-dimensional convolution, with an activation or a normalisation fused, and its backward.
//!
//! PyTorch's `ConvTranspose2d`: every pixel of the input spreads over the outputs that a convolution from Y to X would read
//! for it. For one sample, output channel o and output pixel (h, k):
//!
//! ```text
//! y[o][h][k] = f( b[o] + sum over c, r, s, u, v with r SH + u DH - PT = h, s SW + v DW - PL = k  of  w[c][o][u][v] * x[c][r][s] )
//! ```
//!
//! Given D = dL/d(what f is applied to), which [`conv2d::delta`](super::conv2d::delta) makes, zero outside of its pixels:
//!
//! ```text
//! (1)  dL/dx[c][r][s]    = sum over o, u, v  of  w[c][o][u][v] * D[o][r SH + u DH - PT][s SW + v DW - PL]
//! (2)  dL/dw[c][o][u][v] = sum over samples, r, s  of  x[c][r][s] * D[o][r SH + u DH - PT][s SW + v DW - PL]
//! (3)  dL/db[o]          = sum over samples, h, k  of  D[o][h][k]
//! ```
//!
//! So the forward pass is the gradient of that convolution's input: outputs fall into SH x SW classes, each a convolution of
//! X without a stride (`conv2d/classes.rs`), and no product with an inserted zero is formed. (1) is that convolution's own
//! forward pass, and (2) the gradient of its weights with x and D in each other's place.
//!
//! **Weights** are `[[Block; K]; P]`: panel p holds outputs 16 p .. 16 p + 15 as lanes, K = KH * KW * CIN and
//! k = (u KW + v) CIN + c. They are, for the convolution from Y to X, the panels that
//! [`conv2d::transpose`](super::conv2d::transpose) makes, and it makes that convolution's panels of them. Bias is
//! `[Block; P]`; a layer without one passes zeros.
//!
//! | | interior | border |
//! | --- | --- | --- |
//! | X | the input, channels last | what [`Along::border`](super::stencil::Along::border) says on all sides |
//! | Y | the output | any; written by the forward pass |
//! | D | the output's delta | the padding above and to the left; below and to the right all that is read |
//!
//! The order of every sum is fixed: an output starts at the bias and adds the taps of X in ascending order of position, then
//! c; (1) adds taps, then o; (2) and (3) add samples, then rows, then columns. Long sums are cut as in
//! [`conv2d`](super::conv2d).

mod backward;
mod few;
mod groups;
mod place;
#[cfg(test)]
mod tests;
mod weights;

pub use backward::input_gradient;
pub use few::{gather, scatter};
pub use groups::{forward_groups, input_gradient_groups, transpose_groups};
use place::place;
pub use weights::{Application, application, application_groups};

use super::{
    activation::Activation,
    conv2d::{
        classes::{self, Begin, Classes},
        outputs::{finished, start},
        residue::reaches,
        tiles::Ends,
        together::{Batch, are_together, side_by_side, tiles_of_samples},
        walk::Fixed,
    },
    finish::{Finish, Normal, Plain, Told},
    image::{Image, clear_border},
    stencil::{Along, Stencil},
};
use crate::{
    block::{Block, LANES},
    simd::Isa,
    tile::shape::Shape,
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, i32x16};

/// y = f(b + the transposed convolution of x), where C is the stencil from Y to X.
pub fn forward<
    S: Isa,
    A: Activation,
    C: Stencil,
    X: Image,
    Y: Image,
    const XS: usize,
    const K: usize,
    const P: usize,
    const YS: usize,
>(
    s: S,
    x: &[[f32; XS]],
    w: &[[Block; K]; P],
    b: &[Block; P],
    y: &mut [[Block; YS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let finish = |_| Plain::<A>::default();
            samples::<S, _, C, X, Y, XS, K, P, YS>(s, x, w, b, y, finish);
        },
    );
}

/// y = f(the normalised b + the transposed convolution of x), to which `residual` is added before f if RESIDUAL; see
/// [`conv2d::forward_normal`](super::conv2d::forward_normal).
pub fn forward_normal<
    S: Isa,
    A: Activation,
    C: Stencil,
    X: Image,
    Y: Image,
    const RESIDUAL: bool,
    const XS: usize,
    const K: usize,
    const P: usize,
    const YS: usize,
>(
    s: S,
    x: &[[f32; XS]],
    w: &[[Block; K]; P],
    b: &[Block; P],
    lines: &[Block],
    residual: &[[Block; YS]],
    y: &mut [[Block; YS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            samples::<S, _, C, X, Y, XS, K, P, YS>(
                s,
                x,
                w,
                b,
                y,
                #[inline(always)]
                |sample: usize| Normal::<A::Function, RESIDUAL> {
                    lines,
                    panels: P,
                    residual: if RESIDUAL { &residual[sample] } else { &[] },
                    activation: A::FUNCTION,
                },
            );
        },
    );
}

/// What [`forward`] does before a normalisation, and [`forward_normal`] with bounds for an activation, told by values; see
/// [`conv2d::forward_told`](super::conv2d::forward_told).
pub fn forward_told<
    S: Isa,
    C: Stencil,
    X: Image,
    Y: Image,
    const XS: usize,
    const K: usize,
    const P: usize,
    const YS: usize,
>(
    s: S,
    x: &[[f32; XS]],
    w: &[[Block; K]; P],
    b: &[Block; P],
    finish: (&[Block], f32, f32),
    residual: &[[Block; YS]],
    y: &mut [[Block; YS]],
) {
    let (lines, min, max) = finish;
    s.vectorize(
        #[inline(always)]
        || {
            samples::<S, _, C, X, Y, XS, K, P, YS>(
                s,
                x,
                w,
                b,
                y,
                #[inline(always)]
                |sample: usize| Told {
                    lines,
                    panels: P,
                    residual: residual.get(sample).map_or(&[][..], |residual| residual),
                    bounds: [min, max],
                },
            );
        },
    );
}

/// All samples: side by side in tiles where classes are small and there are enough samples, or one by one. `finish` says what
/// becomes of the sums of each.
#[inline(always)]
fn samples<
    S: Isa,
    F: Finish,
    C: Stencil,
    X: Image,
    Y: Image,
    const XS: usize,
    const K: usize,
    const P: usize,
    const YS: usize,
>(
    s: S,
    x: &[[f32; XS]],
    w: &[[Block; K]; P],
    b: &[Block; P],
    y: &mut [[Block; YS]],
    finish: impl Fn(usize) -> F,
) {
    let mut together = 0;
    if const { fit_together::<C, X, Y>() } {
        let tile = const { tiles_of_samples::<S>(P, K).windows };
        together = side_by_side(x.len(), tile);
    }
    for (index, y) in y.iter_mut().enumerate() {
        clear_border::<Y>(y);
        if const { !Classes::<C, X, Y>::COVERS } {
            unreached::<S, F, C, X, Y, P>(s, b, y, finish(index));
        }
    }
    if const { fit_together::<C, X, Y>() } && together > 0 {
        let mut ends = Outputs::<_, C, Y, K, P, YS> {
            b,
            y: &mut y[..together],
            finish: &finish,
            first: [0, 0],
            kind: PhantomData,
        };
        classes::of_samples::<S, C, X, Y, _, _, K, P>(s, &x[..together], w, &mut ends);
    }
    for index in together..x.len() {
        let mut ends = Output::<F, C, X, Y, P> {
            b,
            y: &mut y[index][..Y::FLOATS / LANES],
            finish: finish(index),
            first: [0, 0],
            kind: PhantomData,
        };
        classes::of_sample::<S, C, X, Y, _, K, P>(s, &x[index], w, &mut ends);
    }
}

/// Whether samples go side by side: the outputs of a class are few, of many weights.
const fn fit_together<C: Stencil, X: Image, Y: Image>() -> bool {
    let [rows, columns] = Classes::<C, X, Y>::windows();
    let weights = <Classes<C, X, Y> as Fixed>::DEPTH * Y::COLUMN;
    are_together(rows * columns, X::CHANNELS, weights)
}

/// Finishes the outputs that no tap reaches.
#[inline(always)]
fn unreached<S: Isa, F: Finish, C: Stencil, X: Image, Y: Image, const P: usize>(
    s: S,
    b: &[Block; P],
    y: &mut [Block],
    finish: F,
) {
    let [rows, columns] = const { [Along::axis::<C, Y, X>(0), Along::axis::<C, Y, X>(1)] };
    for row in 0..Y::HEIGHT {
        let inside = reaches(rows, row);
        for column in 0..Y::WIDTH {
            if inside && reaches(columns, column) {
                continue;
            }
            for panel in 0..P {
                let sum = start(s, b, panel);
                let (at, value) = finished::<S, F, Y, P>(s, finish, [row, column], panel, sum);
                y[at].store(value);
            }
        }
    }
}

/// Finishes the sums of a class and writes them to Y.
struct Output<'a, F, C, X, Y, const P: usize> {
    b: &'a [Block; P],
    y: &'a mut [Block],
    finish: F,
    first: [usize; 2],
    kind: PhantomData<(C, X, Y)>,
}

impl<F, C, X, Y, const P: usize> Begin for Output<'_, F, C, X, Y, P> {
    #[inline(always)]
    fn begin(&mut self, first: [usize; 2]) {
        self.first = first;
    }
}

impl<S: Isa, F: Finish, C: Stencil, X: Image, Y: Image, const P: usize> Ends<S>
    for Output<'_, F, C, X, Y, P>
{
    const SHAPE: Shape = Classes::<C, X, Y>::tiles::<S>().0;
    const REGULAR: bool = Classes::<C, X, Y>::is_regular::<S>();
    const OVERLAPS: bool = Classes::<C, X, Y>::tiles::<S>().1;
    const WINNERS: bool = false;

    #[inline(always)]
    fn start(&self, s: S, panel: usize) -> f32x16<S> {
        start(s, self.b, panel)
    }

    #[inline(always)]
    fn store(&mut self, s: S, window: [usize; 2], panel: usize, value: f32x16<S>, _: i32x16<S>) {
        let pixel = place::<C>(self.first, window);
        let (at, value) = finished::<S, F, Y, P>(s, self.finish, pixel, panel, value);
        self.y[at].store(value);
    }
}

/// Finishes the sums of a class of samples side by side and writes them to Y; `finish` says what becomes of those of a
/// sample.
struct Outputs<'a, F, C, Y, const K: usize, const P: usize, const YS: usize> {
    b: &'a [Block; P],
    y: &'a mut [[Block; YS]],
    finish: F,
    first: [usize; 2],
    kind: PhantomData<(C, Y)>,
}

impl<F, C, Y, const K: usize, const P: usize, const YS: usize> Begin
    for Outputs<'_, F, C, Y, K, P, YS>
{
    #[inline(always)]
    fn begin(&mut self, first: [usize; 2]) {
        self.first = first;
    }
}

impl<
    S: Isa,
    F: Finish,
    C: Stencil,
    Y: Image,
    M: Fn(usize) -> F,
    const K: usize,
    const P: usize,
    const YS: usize,
> Batch<S> for Outputs<'_, M, C, Y, K, P, YS>
{
    const SHAPE: Shape = tiles_of_samples::<S>(P, K);

    #[inline(always)]
    fn start(&self, s: S, panel: usize) -> f32x16<S> {
        start(s, self.b, panel)
    }

    #[inline(always)]
    fn store(&mut self, s: S, sample: usize, output: [usize; 2], panel: usize, sum: f32x16<S>) {
        let finish = (self.finish)(sample);
        let pixel = place::<C>(self.first, output);
        let (at, value) = finished::<S, F, Y, P>(s, finish, pixel, panel, sum);
        self.y[sample][at].store(value);
    }
}
