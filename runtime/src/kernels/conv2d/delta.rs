//! From the output's gradient to the delta, which all other gradients are made of.

use crate::{
    block::{Block, LANES},
    kernels::{
        activation::{Activation, Declared, Function, Kind, of_kind},
        image::{Image, clear_border, pixel},
        pixels::Pixels,
        winners,
    },
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, i32x16, prelude::*};

/// The delta of an unpooled convolution: D = f'(y) dy, with D's border.
///
/// Y lays out the output, G its gradient; borders of both are not read.
pub fn delta<
    S: Isa,
    A: Declared,
    Y: Image,
    G: Image,
    D: Image,
    const YS: usize,
    const GS: usize,
    const DS: usize,
>(
    s: S,
    y: &[[Block; YS]],
    dy: &[[Block; GS]],
    delta: &mut [[Block; DS]],
) {
    const { assert!(D::HEIGHT == Y::HEIGHT && D::WIDTH == Y::WIDTH && D::COLUMN == Y::COLUMN) };
    let pixels = const {
        [
            Pixels::of::<Y>(YS),
            Pixels::of::<G>(GS),
            Pixels::of::<D>(DS),
        ]
    };
    let (y, dy) = (y.as_flattened(), dy.as_flattened());
    delta_as(s, y, dy, delta.as_flattened_mut(), pixels, A::KIND);
}

compiled_here! {
    fn delta_as = delta_on(
        y: &[Block],
        dy: &[Block],
        delta: &mut [Block],
        pixels: [Pixels; 3],
        activation: Kind,
    );
}

/// [`delta`] with sizes as values.
fn delta_on<S: Isa>(
    s: S,
    y: &[Block],
    dy: &[Block],
    delta: &mut [Block],
    [of_y, of_dy, of_delta]: [Pixels; 3],
    activation: Kind,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let samples = y
                .chunks_exact(of_y.blocks)
                .zip(dy.chunks_exact(of_dy.blocks));
            for ((y, dy), delta) in samples.zip(delta.chunks_exact_mut(of_delta.blocks)) {
                of_delta.clear_border(delta);
                for row in 0..of_y.rows {
                    let (y, dy) = (of_y.row(y, row), of_dy.row(dy, row));
                    let delta = of_delta.row_mut(delta, row);
                    of_kind!(activation, f, then => match then {
                        Some(kind) => kind.gradient(s, y, dy, delta),
                        None => for ((y, dy), delta) in y.iter().zip(dy).zip(delta) {
                            delta.store(f.gradient(s, y.load(s), dy.load(s)));
                        },
                    });
                }
            }
        },
    );
}

/// The delta of a convolution with a fused pool: f'(y) dy at each window's winner, zero at its other positions.
///
/// Y lays out the pooled output and G its gradient; borders of both are not read. D's interior is what the pool keeps:
/// PH * PW outputs for each of Y's.
pub fn delta_pooled<
    S: Isa,
    A: Activation,
    Y: Image,
    G: Image,
    D: Image,
    const PH: usize,
    const PW: usize,
    const YS: usize,
    const GS: usize,
    const WS: usize,
    const DS: usize,
>(
    s: S,
    y: &[[Block; YS]],
    dy: &[[Block; GS]],
    winners: &[[Block; WS]],
    delta: &mut [[Block; DS]],
) {
    const {
        assert!(D::HEIGHT == Y::HEIGHT * PH && D::WIDTH == Y::WIDTH * PW);
        assert!(D::COLUMN == Y::COLUMN);
    }
    s.vectorize(
        #[inline(always)]
        || {
            let panels = Y::COLUMN / LANES;
            let zero = f32x16::splat(s, 0.0);
            for (((y, dy), winners), delta) in y.iter().zip(dy).zip(winners).zip(delta) {
                clear_border::<D>(delta);
                for row in 0..Y::HEIGHT {
                    for column in 0..Y::WIDTH {
                        let y = &y[pixel::<Y>(row, column)..][..panels];
                        let dy = &dy[pixel::<G>(row, column)..][..panels];
                        for panel in 0..panels {
                            let value = A::gradient(s, y[panel].load(s), dy[panel].load(s));
                            let index = (row * Y::WIDTH + column) * panels + panel;
                            let winner = winners::load(s, winners, index, PH * PW);
                            for at in 0..PH * PW {
                                let won = winner.simd_eq(i32x16::splat(s, at as i32));
                                let at = pixel::<D>(row * PH + at / PW, column * PW + at % PW);
                                delta[at + panel].store(won.select(value, zero));
                            }
                        }
                    }
                }
            }
        },
    );
}
