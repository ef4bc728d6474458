//! Backward of the input, group by group.

use super::super::{
    backward::transpose_as,
    classes::{self, Begin, Classes},
    tiles::Ends,
};
use crate::{
    block::{Block, LANES},
    kernels::{
        image::Image,
        lanes::{are_apart, give, lanes},
        stencil::Stencil,
    },
    math,
    simd::Isa,
    tile::shape::Shape,
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, i32x16, prelude::*};

/// [`transpose`](super::super::transpose) of each group: KT = KH * KW * the outputs of a group, QG panels for each of them.
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
        give::<S, ADD>(s, &mut dx[at..], lanes(Self::EACH, panel), value);
    }
}
