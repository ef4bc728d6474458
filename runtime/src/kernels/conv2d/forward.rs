//! Forward: y = f(b + w * x), for as many outputs as a fused pool keeps.
//!
//! Every activation here is non-decreasing, so max f(z) = f(max z): the pool takes its maximum over the raw sums in
//! registers, and bias and activation are applied once to what it keeps.

use super::{
    tiles::{Ends, Sums},
    together::{Batch, Together, are_together, side_by_side, tiles_of_samples},
    walk::{Fixed, Known, Reads, edges, panels_first},
};
use crate::{
    block::{Block, LANES, without_padding},
    kernels::{
        activation::Activation,
        finish::{Finish, Normal, Plain, Told},
        image::{Image, clear_border, pixel},
        stencil::Stencil,
        winners,
    },
    simd::Isa,
    tile::{
        Edge,
        shape::{self, Extent, Shape},
    },
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, i32x16, prelude::*};

/// y = f(max over windows of PH x PW of (b + conv(x))), stride equal to the window; windows of 1 x 1 are no pool.
///
/// Only what Y holds is computed, which may be less than what the convolution could give: outputs outside every window
/// never are.
pub fn forward<
    S: Isa,
    A: Activation,
    C: Stencil,
    X: Image,
    Y: Image,
    const PH: usize,
    const PW: usize,
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
            samples::<S, _, C, X, Y, PH, PW, XS, K, P, YS>(s, x, w, b, y, finish);
        },
    );
}

/// [`forward`] that also records which position of each window won, for [`delta_pooled`](super::delta_pooled).
///
/// A sample's winners take WS >= [`winner_blocks`](crate::kernels::winners::blocks)`(Y's pixels, P, PH * PW)` blocks.
pub fn forward_winners<
    S: Isa,
    A: Activation,
    C: Stencil,
    X: Image,
    Y: Image,
    const PH: usize,
    const PW: usize,
    const XS: usize,
    const K: usize,
    const P: usize,
    const YS: usize,
    const WS: usize,
>(
    s: S,
    x: &[[f32; XS]],
    w: &[[Block; K]; P],
    b: &[Block; P],
    y: &mut [[Block; YS]],
    winners: &mut [[Block; WS]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((x, y), winners) in x.iter().zip(y).zip(winners) {
                let finish = Plain::<A>::default();
                sample::<S, _, C, X, Y, _, PH, PW, K, P>(s, x, w, b, y, winners, finish);
            }
        },
    );
}

/// y = f(the normalised b + conv(x)), to which `residual` is added before f if RESIDUAL; `lines` say how
/// ([`batch_norm::lines`](crate::kernels::batch_norm::lines)).
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
            samples::<S, _, C, X, Y, 1, 1, XS, K, P, YS>(
                s,
                x,
                w,
                b,
                y,
                #[inline(always)]
                |sample| Normal::<A, RESIDUAL> {
                    lines,
                    panels: P,
                    residual: if RESIDUAL { &residual[sample] } else { &[] },
                    activation: PhantomData,
                },
            );
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
    const XS: usize,
    const K: usize,
    const P: usize,
    const YS: usize,
>(
    s: S,
    x: &[[f32; XS]],
    w: &[[Block; K]; P],
    b: &[Block; P],
    finish: (&[Block], f32),
    residual: &[[Block; YS]],
    y: &mut [[Block; YS]],
) {
    let (lines, floor) = finish;
    s.vectorize(
        #[inline(always)]
        || {
            samples::<S, _, C, X, Y, 1, 1, XS, K, P, YS>(
                s,
                x,
                w,
                b,
                y,
                #[inline(always)]
                |sample| Told {
                    lines,
                    panels: P,
                    residual: residual.get(sample).map_or(&[][..], |residual| residual),
                    floor,
                },
            );
        },
    );
}

/// All samples: side by side in tiles where images are small and there are enough of them, or one by one. `finish` says
/// what becomes of the sums of each.
#[inline(always)]
fn samples<
    S: Isa,
    F: Finish,
    C: Stencil,
    X: Image,
    Y: Image,
    const PH: usize,
    const PW: usize,
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
    if const { PH * PW == 1 && are_together(Y::HEIGHT * Y::WIDTH, X::CHANNELS, K * P * LANES) } {
        let tile = const { tiles_of_samples::<S>(P, K).windows };
        together = side_by_side(x.len(), tile);
        if together > 0 {
            let (x, y) = (&x[..together], &mut y[..together]);
            for y in &mut *y {
                clear_border::<Y>(y);
            }
            S::tiled(Together::<S, X, _, _, K, P> {
                s,
                reads: const { Windows::<C, X, Y, 1, 1>::READS },
                x,
                w,
                ends: &mut Outputs::<_, Y, K, P, YS> {
                    b,
                    y,
                    finish: &finish,
                    image: PhantomData,
                },
                image: PhantomData,
            });
        }
    }
    for index in together..x.len() {
        let (x, y) = (&x[index], &mut y[index]);
        sample::<S, _, C, X, Y, _, PH, PW, K, P>(s, x, w, b, y, (), finish(index));
    }
}

/// One sample.
#[inline(always)]
fn sample<
    S: Isa,
    F: Finish,
    C: Stencil,
    X: Image,
    Y: Image,
    R: Record,
    const PH: usize,
    const PW: usize,
    const K: usize,
    const P: usize,
>(
    s: S,
    x: &[f32],
    w: &[[Block; K]; P],
    b: &[Block; P],
    y: &mut [Block],
    record: R,
    finish: F,
) {
    clear_border::<Y>(y);
    const {
        assert!(K == C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS);
        assert!(P == Y::CHANNELS.div_ceil(LANES));
    };
    S::tiled(Sums::<S, X, _, _, PH, PW, K, P> {
        s,
        walk: Known(PhantomData::<Windows<C, X, Y, PH, PW>>),
        x: &x[..X::FLOATS],
        w,
        ends: &mut Output::<F, C, X, Y, R, PH, PW, K, P> {
            b,
            y: &mut y[..Y::FLOATS / LANES],
            record,
            finish,
            image: PhantomData,
        },
        image: PhantomData,
    });
}

/// A convolution from X to windows of PH x PW outputs, one for each pixel of Y.
struct Windows<C, X, Y, const PH: usize, const PW: usize>(PhantomData<(C, X, Y)>);

impl<C: Stencil, X: Image, Y: Image, const PH: usize, const PW: usize> Fixed
    for Windows<C, X, Y, PH, PW>
{
    const CLIP: bool = {
        let top = X::TOP as isize - C::PADDING[0] as isize;
        let last = (Y::HEIGHT * PH - 1) * C::STRIDE[0] + (C::KERNEL[0] - 1) * C::DILATION[0];
        let clip = top < 0 || top + last as isize >= X::ROWS as isize;
        assert!(
            !clip || X::TOP > 0,
            "a row of zeros above the image stands in for rows out of reach"
        );
        clip
    };

    const LONE: bool = true;

    const TAPS: usize = C::KERNEL[0];

    const PANELS_FIRST: bool = {
        let panels = Y::CHANNELS.div_ceil(LANES) * LANES;
        panels_first(
            C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS * panels,
            X::FLOATS,
        )
    };

    const READS: Reads = {
        let width = (Y::WIDTH * PW - 1) * C::STRIDE[1] + (C::KERNEL[1] - 1) * C::DILATION[1] + 1;
        assert!(X::LEFT >= C::PADDING[1] && X::LEFT - C::PADDING[1] + width <= X::COLUMNS);
        Reads {
            windows: [Y::HEIGHT, Y::WIDTH],
            origin: [
                X::TOP as isize - C::PADDING[0] as isize,
                (X::LEFT - C::PADDING[1]) as isize,
            ],
            stride: C::STRIDE,
            taps: C::KERNEL,
            dilation: C::DILATION,
            panel: 0,
            panel_step: [C::KERNEL[1] * X::CHANNELS, X::CHANNELS],
        }
    };
}

/// Keeps the positions of a pool's winners, or does not.
trait Record {
    /// Whether it does.
    const WINNERS: bool;
    /// Keeps those of output block `index`, each in one byte or two.
    fn keep<S: Isa>(&mut self, index: usize, positions: i32x16<S>, window: usize);
}

impl Record for () {
    const WINNERS: bool = false;

    #[inline(always)]
    fn keep<S: Isa>(&mut self, _: usize, _: i32x16<S>, _: usize) {}
}

impl<const WS: usize> Record for &mut [Block; WS] {
    const WINNERS: bool = true;

    #[inline(always)]
    fn keep<S: Isa>(&mut self, index: usize, positions: i32x16<S>, window: usize) {
        winners::store(&mut self[..], index, positions, window);
    }
}

/// The shape of the tiles, and whether the last of a row overlaps the one before it: never with a pool, whose windows take
/// so long that what is summed twice costs more than to find their places.
const fn tiles<
    S: Isa,
    C: Stencil,
    X: Image,
    Y: Image,
    const PH: usize,
    const PW: usize,
    const K: usize,
    const P: usize,
>() -> (Shape, bool) {
    let extent = extent::<C, X, Y, PH, PW, K, P>();
    if PH * PW > 1 {
        (shape::best::<S>(extent, false), false)
    } else {
        shape::best_either::<S>(extent)
    }
}

/// What tiles cover.
const fn extent<
    C: Stencil,
    X: Image,
    Y: Image,
    const PH: usize,
    const PW: usize,
    const K: usize,
    const P: usize,
>() -> Extent {
    Extent {
        windows: Y::HEIGHT * Y::WIDTH,
        run: Y::WIDTH,
        width: PW,
        panels: P,
        depth: K,
        edges: if PH * PW > 1 {
            [Edge::NONE; 2]
        } else {
            edges::<Windows<C, X, Y, PH, PW>, X>()
        },
        grid: true,
    }
}

/// What the sums of a panel begin with: not -0.0, to which a product with a zero of the border would make a difference.
#[inline(always)]
fn start<S: Isa>(s: S, b: &[Block], panel: usize) -> f32x16<S> {
    b[panel].load(s) + f32x16::splat(s, 0.0)
}

/// Which block of Y a sum of one of P panels becomes, and its value there.
#[inline(always)]
fn finished<S: Isa, F: Finish, Y: Image, const P: usize>(
    s: S,
    finish: F,
    [row, column]: [usize; 2],
    panel: usize,
    sum: f32x16<S>,
) -> (usize, f32x16<S>) {
    let at = pixel::<Y>(row, column) + panel;
    let mut value = finish.finish(s, sum, panel, at);
    if const { !Y::CHANNELS.is_multiple_of(LANES) } && panel == P - 1 {
        value = without_padding(s, value, P - 1, Y::CHANNELS);
    }
    (at, value)
}

/// Finishes sums and writes them to Y.
struct Output<'a, F, C, X, Y, R, const PH: usize, const PW: usize, const K: usize, const P: usize> {
    b: &'a [Block; P],
    y: &'a mut [Block],
    record: R,
    finish: F,
    image: PhantomData<(C, X, Y)>,
}

impl<
    S: Isa,
    F: Finish,
    C: Stencil,
    X: Image,
    Y: Image,
    R: Record,
    const PH: usize,
    const PW: usize,
    const K: usize,
    const P: usize,
> Ends<S> for Output<'_, F, C, X, Y, R, PH, PW, K, P>
{
    const SHAPE: Shape = tiles::<S, C, X, Y, PH, PW, K, P>().0;
    const REGULAR: bool = <Self as Ends<S>>::OVERLAPS
        || shape::is_regular(
            extent::<C, X, Y, PH, PW, K, P>(),
            <Self as Ends<S>>::SHAPE.windows,
        );
    const OVERLAPS: bool = tiles::<S, C, X, Y, PH, PW, K, P>().1;
    const WINNERS: bool = R::WINNERS;

    #[inline(always)]
    fn start(&self, s: S, panel: usize) -> f32x16<S> {
        start(s, self.b, panel)
    }

    #[inline(always)]
    fn store(
        &mut self,
        s: S,
        [row, column]: [usize; 2],
        panel: usize,
        value: f32x16<S>,
        winner: i32x16<S>,
    ) {
        let (at, value) = finished::<S, F, Y, P>(s, self.finish, [row, column], panel, value);
        self.y[at].store(value);
        if R::WINNERS {
            let index = (row * Y::WIDTH + column) * P + panel;
            self.record.keep(index, winner, PH * PW);
        }
    }
}

/// Finishes sums of samples side by side and writes them to Y; `finish` says what becomes of those of a sample.
struct Outputs<'a, F, Y, const K: usize, const P: usize, const YS: usize> {
    b: &'a [Block; P],
    y: &'a mut [[Block; YS]],
    finish: F,
    image: PhantomData<Y>,
}

impl<
    S: Isa,
    F: Finish,
    Y: Image,
    M: Fn(usize) -> F,
    const K: usize,
    const P: usize,
    const YS: usize,
> Batch<S> for Outputs<'_, M, Y, K, P, YS>
{
    const SHAPE: Shape = tiles_of_samples::<S>(P, K);

    #[inline(always)]
    fn start(&self, s: S, panel: usize) -> f32x16<S> {
        start(s, self.b, panel)
    }

    #[inline(always)]
    fn store(&mut self, s: S, sample: usize, output: [usize; 2], panel: usize, sum: f32x16<S>) {
        let finish = (self.finish)(sample);
        let (at, value) = finished::<S, F, Y, P>(s, finish, output, panel, sum);
        self.y[sample][at].store(value);
    }
}
