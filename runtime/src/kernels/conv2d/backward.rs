//! Backward of the input: from the delta to the input's gradient.

use super::tiles::{Plan, Sink, Sums};
use crate::{
    block::{Block, LANES},
    kernels::{
        image::{Image, pixel},
        stencil::{Stencil, border, reached},
    },
    math,
    shape::{self, Extent, Shape},
    simd::{Isa, compiled_here},
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, i32x16, prelude::*};

/// Flips and transposes a convolution's panels for [`input_gradient`]: once per training step.
///
/// Writes panels `first..first + flipped.len()` of Q = ceil(CIN / 16), which threads may share:
/// `flipped[q - first][t * COUT + o]` holds, as lanes, input channels 16 q .. 16 q + 15 of `w[o][..][u][v]`, where
/// t = (KH - 1 - u) KW + KW - 1 - v: taps in ascending order of the delta's position. KT = KH * KW * COUT.
pub fn transpose<
    S: Isa,
    const CIN: usize,
    const COUT: usize,
    const K: usize,
    const P: usize,
    const KT: usize,
>(
    s: S,
    w: &[[Block; K]; P],
    first: usize,
    flipped: &mut [[Block; KT]],
) {
    const {
        assert!(K.is_multiple_of(CIN) && KT == K / CIN * COUT);
        assert!(P == COUT.div_ceil(LANES));
    }
    let (w, flipped) = (w.as_flattened(), flipped.as_flattened_mut());
    transpose_as(s, w, first, flipped, [CIN, COUT], [K, KT]);
}

compiled_here! {
    fn transpose_as = transpose_on(
        w: &[Block],
        first: usize,
        flipped: &mut [Block],
        channels: [usize; 2],
        depths: [usize; 2],
    );
}

/// [`transpose`] with sizes as values: channels of inputs and outputs, blocks of a panel of both.
fn transpose_on<S: Isa>(
    s: S,
    w: &[Block],
    first: usize,
    flipped: &mut [Block],
    [inputs, outputs]: [usize; 2],
    [depth, flipped_depth]: [usize; 2],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let taps = depth / inputs;
            for tap in 0..taps {
                for (p, panel) in w.chunks_exact(depth).enumerate() {
                    for (q, flipped) in flipped.chunks_exact_mut(flipped_depth).enumerate() {
                        // A square of input channels (rows) by output channels (lanes).
                        let mut square = [Block::ZERO; LANES];
                        let channel = (first + q) * LANES;
                        let rows = (inputs - channel).min(LANES);
                        square[..rows].copy_from_slice(&panel[tap * inputs + channel..][..rows]);
                        let lanes = (outputs - p * LANES).min(LANES);
                        let to = (taps - 1 - tap) * outputs + p * LANES;
                        for (lane, block) in flipped[to..][..lanes].iter_mut().enumerate() {
                            *block = Block(square.map(
                                #[inline(always)]
                                |row| row.0[lane],
                            ));
                        }
                    }
                }
            }
        },
    );
}

/// dx = (1), or dx += (1) if ADD. The border of dx is not meaningful afterwards.
pub fn input_gradient<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const ADD: bool,
    const DS: usize,
    const KT: usize,
    const Q: usize,
    const XS: usize,
>(
    s: S,
    delta: &[[Block; DS]],
    flipped: &[[Block; KT]; Q],
    dx: &mut [[Block; XS]],
) {
    const {
        assert!(KT == C::KERNEL[0] * C::KERNEL[1] * D::CHANNELS);
        assert!(Q == X::CHANNELS.div_ceil(LANES));
        let [left, right] = needed::<C, D, X>(1);
        assert!(left <= D::LEFT && D::LEFT + D::WIDTH + right <= D::COLUMNS);
        assert!(
            !clips::<C, D, X>() || D::TOP > 0,
            "a row of zeros stands in for rows out of reach"
        );
    }
    s.vectorize(
        #[inline(always)]
        || {
            for (delta, dx) in delta.iter().zip(dx) {
                let delta: &[f32] = bytemuck::must_cast_slice(delta);
                let dx = &mut dx[..X::FLOATS / LANES];
                if !ADD && const { !covers::<C, D, X>() } {
                    dx.fill(Block::ZERO);
                }
                for row in 0..C::STRIDE[0] {
                    let row = class::<C, D, X>(0, row);
                    for column in 0..C::STRIDE[1] {
                        let column = class::<C, D, X>(1, column);
                        if row.taps * column.taps * row.count * column.count == 0 {
                            continue;
                        }
                        S::tiled(Sums::<S, D, _, 1, 1, KT, Q> {
                            s,
                            plan: plan::<C, D, X>(row, column),
                            x: &delta[..D::FLOATS],
                            w: flipped,
                            sink: &mut Gradient::<C, D, X, ADD> {
                                dx,
                                first: [row.first, column.first],
                                kind: PhantomData,
                            },
                            image: PhantomData,
                        });
                    }
                }
            }
        },
    );
}

/// Inputs along an axis whose distance from the padded edge leaves the same rest modulo the stride: the same taps
/// reach them all.
#[derive(Clone, Copy)]
struct Class {
    /// The first of them, and how many.
    first: usize,
    count: usize,
    /// Taps that reach them.
    taps: usize,
    /// The first of these taps in flipped order, and from one to the next.
    tap: usize,
    tap_step: usize,
    /// Position in D's buffer that the first tap reads for the first input, and from tap to tap.
    origin: isize,
    dilation: usize,
}

/// The class of `rest`. Input i is reached from output (i + padding - k dilation) / stride, where that divides.
#[inline(always)]
const fn class<C: Stencil, D: Image, X: Image>(axis: usize, rest: usize) -> Class {
    let (kernel, stride) = (C::KERNEL[axis], C::STRIDE[axis]);
    let (dilation, padding) = (C::DILATION[axis], C::PADDING[axis]);
    let common = greatest_common_divisor(dilation, stride);
    let tap_step = stride / common;
    let first = (rest + stride - padding % stride) % stride;
    let reached = reached_inputs::<C, D, X>(axis);
    let mut k = 0;
    while k < kernel && (k * dilation) % stride != rest {
        k += 1;
    }
    let taps = (kernel - k).div_ceil(tap_step);
    let last = k + taps.saturating_sub(1) * tap_step;
    let numerator = (first + padding) as isize - (last * dilation) as isize;
    let before = if axis == 0 { D::TOP } else { D::LEFT };
    Class {
        first,
        count: reached.saturating_sub(first).div_ceil(stride),
        taps,
        tap: (kernel - 1).saturating_sub(last),
        tap_step,
        origin: before as isize + numerator / stride as isize,
        dilation: dilation / common,
    }
}

/// The reads of one class of rows and one of columns.
#[inline(always)]
const fn plan<C: Stencil, D: Image, X: Image>(row: Class, column: Class) -> Plan {
    let tap = D::CHANNELS;
    Plan {
        windows: [row.count, column.count],
        origin: [row.origin, column.origin],
        stride: [1, 1],
        taps: [row.taps, column.taps],
        dilation: [row.dilation, column.dilation],
        panel: (row.tap * C::KERNEL[1] + column.tap) * tap,
        panel_step: [row.tap_step * C::KERNEL[1] * tap, column.tap_step * tap],
        clip: const { clips::<C, D, X>() },
        panels_first: const { C::KERNEL[0] * C::KERNEL[1] * D::CHANNELS * X::COLUMN > D::FLOATS },
    }
}

const fn greatest_common_divisor(a: usize, b: usize) -> usize {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Height and width of an image.
const fn size<I: Image>(axis: usize) -> usize {
    if axis == 0 { I::HEIGHT } else { I::WIDTH }
}

/// Inputs along an axis that have a gradient at all.
const fn reached_inputs<C: Stencil, D: Image, X: Image>(axis: usize) -> usize {
    reached(
        size::<X>(axis),
        size::<D>(axis),
        C::KERNEL[axis],
        C::STRIDE[axis],
        C::DILATION[axis],
        C::PADDING[axis],
    )
}

/// The border around D that the reads of an axis reach.
const fn needed<C: Stencil, D: Image, X: Image>(axis: usize) -> [usize; 2] {
    border(
        size::<X>(axis),
        size::<D>(axis),
        C::KERNEL[axis],
        C::STRIDE[axis],
        C::DILATION[axis],
        C::PADDING[axis],
    )
}

/// Whether some reads leave D's buffer above or below.
const fn clips<C: Stencil, D: Image, X: Image>() -> bool {
    let [above, below] = needed::<C, D, X>(0);
    above > D::TOP || D::TOP + D::HEIGHT + below > D::ROWS
}

/// Whether every input is reached by some tap.
const fn covers<C: Stencil, D: Image, X: Image>() -> bool {
    let mut axis = 0;
    while axis < 2 {
        if reached_inputs::<C, D, X>(axis) < size::<X>(axis) {
            return false;
        }
        let mut rest = 0;
        while rest < C::STRIDE[axis] {
            let class = class::<C, D, X>(axis, rest);
            if class.taps == 0 && class.count > 0 {
                return false;
            }
            rest += 1;
        }
        axis += 1;
    }
    true
}

/// Writes sums to the inputs of a class.
struct Gradient<'a, C, D, X, const ADD: bool> {
    dx: &'a mut [Block],
    first: [usize; 2],
    kind: PhantomData<(C, D, X)>,
}

impl<S: Isa, C: Stencil, D: Image, X: Image, const ADD: bool> Sink<S>
    for Gradient<'_, C, D, X, ADD>
{
    const SHAPE: Shape = {
        let rows = reached_inputs::<C, D, X>(0).div_ceil(C::STRIDE[0]);
        let columns = reached_inputs::<C, D, X>(1).div_ceil(C::STRIDE[1]);
        let taps = (C::KERNEL[0] * C::KERNEL[1]).div_ceil(C::STRIDE[0] * C::STRIDE[1]);
        shape::best::<S>(Extent {
            windows: rows * columns,
            // Classes of a stride may differ in width.
            run: if C::STRIDE[1] == 1 { columns } else { 1 },
            width: 1,
            panels: X::COLUMN / LANES,
            depth: taps * D::CHANNELS,
        })
    };
    const REGULAR: bool = C::STRIDE[1] == 1
        && reached_inputs::<C, D, X>(1).is_multiple_of(<Self as Sink<S>>::SHAPE.windows);
    const WINNERS: bool = false;
    const PLAN: Plan = plan::<C, D, X>(class::<C, D, X>(0, 0), class::<C, D, X>(1, 0));
    const FIXED: bool = C::STRIDE[0] == 1 && C::STRIDE[1] == 1;

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
        let row = self.first[0] + row * C::STRIDE[0];
        let column = self.first[1] + column * C::STRIDE[1];
        let block = &mut self.dx[pixel::<X>(row, column) + panel];
        block.store(math::flush(
            s,
            if ADD { value + block.load(s) } else { value },
        ));
    }
}
