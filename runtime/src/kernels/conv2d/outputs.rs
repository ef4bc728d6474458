//! What the outputs of a forward pass read, and what becomes of their sums.

use super::{
    tiles::Ends,
    together::{Batch, tiles_of_samples},
    walk::{Fixed, Reads, edges, panels_first},
};
use crate::{
    block::{Block, LANES, without_padding},
    kernels::{
        finish::Finish,
        image::{Image, pixel},
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

/// A convolution from X to windows of PH x PW outputs, one for each pixel of Y.
pub struct Windows<C, X, Y, const PH: usize, const PW: usize>(PhantomData<(C, X, Y)>);

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

    const ALIKE: [bool; 2] = [true; 2];

    const DESCENDS: bool = false;

    const TAPS: usize = C::KERNEL[0];

    const DEPTH: usize = C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS;

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
pub trait Record {
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
pub const fn tiles<
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
pub fn start<S: Isa>(s: S, b: &[Block], panel: usize) -> f32x16<S> {
    b[panel].load(s) + f32x16::splat(s, 0.0)
}

/// Which block of Y a sum of one of P panels becomes, and its value there.
#[inline(always)]
pub fn finished<S: Isa, F: Finish, Y: Image, const P: usize>(
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
pub struct Output<
    'a,
    F,
    C,
    X,
    Y,
    R,
    const PH: usize,
    const PW: usize,
    const K: usize,
    const P: usize,
> {
    pub b: &'a [Block; P],
    pub y: &'a mut [Block],
    pub record: R,
    pub finish: F,
    pub image: PhantomData<(C, X, Y)>,
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
pub struct Outputs<'a, F, Y, const K: usize, const P: usize, const YS: usize> {
    pub b: &'a [Block; P],
    pub y: &'a mut [[Block; YS]],
    pub finish: F,
    pub image: PhantomData<Y>,
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
