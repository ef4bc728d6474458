//! Forward: y = f(b + w * x), for as many outputs as a fused pool keeps.
//!
//! Every activation here is non-decreasing, so max f(z) = f(max z): the pool takes its maximum over the raw sums in
//! registers, and bias and activation are applied once to what it keeps.

use super::{
    outputs::{Output, Outputs, Record, Windows},
    tiles::Sums,
    together::{Together, are_together, side_by_side, tiles_of_samples},
    walk::{Fixed, Known},
};
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::Activation,
        finish::{Finish, Normal, Plain, Told},
        image::{Image, clear_border},
        stencil::Stencil,
    },
    simd::Isa,
};
use core::marker::PhantomData;

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
                |sample| Normal::<A::Function, RESIDUAL> {
                    lines,
                    panels: P,
                    residual: if RESIDUAL { &residual[sample] } else { &[] },
                    activation: A::FUNCTION,
                },
            );
        },
    );
}

/// What [`forward`] does before a normalisation, and [`forward_normal`] with bounds for an activation, told by values, so
/// that training and inference share the code: `finish` is the lines, without which nothing is normalised, and the least and
/// the greatest result; without `residual` nothing is added.
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
                    bounds: [min, max],
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
            S::tiled(Together::<S, Windows<C, X, Y, 1, 1>, X, _, _, K, P> {
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
                kind: PhantomData,
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
