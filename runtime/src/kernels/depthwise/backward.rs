//! Backward of the input: from the delta to the input's gradient.
//!
//! Where the stride is s, the inputs of a row fall into s classes, which lie s apart and are reached by the same taps, and so do
//! the rows (`conv2d/residue.rs` derives them). A tile is some neighbouring inputs of one class of a row.

#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use super::{
    spread::Spread,
    tile::{Tiled, join, outputs, panels, tiled},
};
use crate::{
    block::{Block, LANES},
    kernels::{
        conv2d::residue::{Residue, covers},
        image::{Image, pixel},
        stencil::{Along, Stencil},
    },
    math,
    simd::{Isa, chains::POSITIONS},
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

/// Panels of inputs for [`input_gradient`], where groups have as many inputs as outputs: once per training step.
///
/// Writes panels `first..first + transposed.len()`, which threads may share: `transposed[q - first][t O + j]` holds, in the lane of
/// input g O + i, `w[g O + j][i]` of tap t.
pub fn transpose<S: Isa, const O: usize, const T: usize, const P: usize>(
    s: S,
    w: &[[Block; T]; P],
    first: usize,
    transposed: &mut [[Block; T]],
) {
    let (w, transposed) = (w.as_flattened(), transposed.as_flattened_mut());
    s.vectorize(
        #[inline(always)]
        || squares(&w[first * T..][..transposed.len()], transposed, O),
    );
}

/// Transposes the squares of O by O numbers in which every O blocks fall.
#[inline(never)]
fn squares(w: &[Block], transposed: &mut [Block], size: usize) {
    for (w, transposed) in w.chunks_exact(size).zip(transposed.chunks_exact_mut(size)) {
        for (j, transposed) in transposed.iter_mut().enumerate() {
            for (lane, number) in transposed.0.iter_mut().enumerate() {
                *number = w[lane % size].0[lane / size * size + j];
            }
        }
    }
}

/// Panels for [`conv2d::input_gradient_grouped`](crate::kernels::conv2d::input_gradient_grouped), one for each group, where
/// groups have fewer inputs than outputs: taps in order, of each the O outputs, and the I inputs as lanes.
pub fn transpose_few<
    S: Isa,
    const I: usize,
    const O: usize,
    const T: usize,
    const P: usize,
    const KT: usize,
>(
    s: S,
    w: &[[Block; T]; P],
    first: usize,
    transposed: &mut [[Block; KT]],
) {
    const {
        assert!(KT == T / I * O);
    }
    let (w, transposed) = (w.as_flattened(), transposed.as_flattened_mut());
    s.vectorize(
        #[inline(always)]
        || few(w, first, transposed, [I, O], [T, KT]),
    );
}

/// [`transpose_few`] with sizes as values: inputs and outputs of a group, blocks of a panel of both.
#[inline(never)]
fn few(
    w: &[Block],
    first: usize,
    transposed: &mut [Block],
    [inputs, outputs]: [usize; 2],
    [depth, transposed_depth]: [usize; 2],
) {
    for (group, transposed) in (first..).zip(transposed.chunks_exact_mut(transposed_depth)) {
        for (at, block) in transposed.iter_mut().enumerate() {
            let (tap, output) = (at / outputs, group * outputs + at % outputs);
            let panel = &w[output / LANES * depth..][..depth];
            *block = Block::ZERO;
            let taps = &panel[tap * inputs..][..inputs];
            for (number, tap) in block.0.iter_mut().zip(taps) {
                *number = tap.0[output % LANES];
            }
        }
    }
}

/// dx = (1), or dx += (1) if ADD. The border of dx is not meaningful afterwards.
pub fn input_gradient<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const O: usize,
    const ADD: bool,
    const DS: usize,
    const T: usize,
    const P: usize,
    const XS: usize,
>(
    s: S,
    delta: &[[Block; DS]],
    w: &[[Block; T]; P],
    dx: &mut [[Block; XS]],
) {
    const {
        assert!(
            LANES.is_multiple_of(O)
                && T == C::KERNEL[0] * C::KERNEL[1] * O
                && P == X::CHANNELS.div_ceil(LANES)
        );
        assert!(D::CHANNELS == X::CHANNELS && D::CHANNEL == 1 && X::CHANNEL == 1);
        let [left, right] = Along::axis::<C, X, D>(1).border();
        assert!(left <= D::LEFT && D::LEFT + D::WIDTH + right <= D::COLUMNS);
    }
    s.vectorize(
        #[inline(always)]
        || {
            for (delta, dx) in delta.iter().zip(dx) {
                let dx = &mut dx[..X::FLOATS / LANES];
                if !ADD && const { !Sums::<S, C, D, X, O, ADD, T, P>::COVERS } {
                    dx.fill(Block::ZERO);
                }
                tiled(Sums::<S, C, D, X, O, ADD, T, P> {
                    s,
                    delta: &delta[..D::FLOATS / LANES],
                    w,
                    dx,
                    kind: PhantomData,
                });
            }
        },
    );
}

/// All inputs of a sample.
struct Sums<'a, S, C, D, X, const O: usize, const ADD: bool, const T: usize, const P: usize> {
    s: S,
    delta: &'a [Block],
    w: &'a [[Block; T]; P],
    dx: &'a mut [Block],
    kind: PhantomData<(C, D, X)>,
}

impl<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const O: usize,
    const ADD: bool,
    const T: usize,
    const P: usize,
> Tiled for Sums<'_, S, C, D, X, O, ADD, T, P>
{
    /// No class has fewer inputs.
    const OUTPUTS: usize = {
        let least = Self::COLUMNS.reached() / C::STRIDE[1];
        if least == 0 { 1 } else { outputs::<S>(least) }
    };

    #[inline(always)]
    fn run<const Q: usize>(mut self) {
        let together = const { panels::<D>(C::KERNEL[0].div_ceil(C::STRIDE[0])) };
        for first in (0..P).step_by(together) {
            let panels = first..P.min(first + together);
            for row in 0..const { Self::ROWS.reached() } {
                let class = (row + C::PADDING[0]) % C::STRIDE[0];
                let class = Residue::of(const { Self::ROWS }, class);
                let taps = inside(class, row / C::STRIDE[0], D::HEIGHT);
                if const { C::STRIDE[1] == 1 } {
                    let columns = const { Residue::of(Self::COLUMNS, 0) };
                    self.row::<Q>([class, columns], row, taps, panels.clone());
                } else {
                    for rest in 0..C::STRIDE[1] {
                        let columns = Residue::of(const { Self::COLUMNS }, rest);
                        if !columns.is_empty() {
                            self.row::<Q>([class, columns], row, taps.clone(), panels.clone());
                        }
                    }
                }
            }
        }
    }
}

/// The taps of a class that read an output, of its input `nth`.
#[inline(always)]
fn inside(class: Residue, nth: usize, outputs: usize) -> Range<usize> {
    let at = class.origin + nth as isize;
    let step = class.dilation as isize;
    let first = ((step - 1 - at).max(0) / step) as usize;
    let end = ((outputs as isize - at + step - 1).max(0) / step) as usize;
    let end = end.min(class.taps);
    first.min(end)..end
}

impl<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    const O: usize,
    const ADD: bool,
    const T: usize,
    const P: usize,
> Sums<'_, S, C, D, X, O, ADD, T, P>
{
    const ROWS: Along = Along::axis::<C, X, D>(0);
    const COLUMNS: Along = Along::axis::<C, X, D>(1);

    /// Whether every input is reached by some tap. Rows are written without one, too, as far as any is reached.
    const COVERS: bool = Self::ROWS.reached() == X::HEIGHT && covers(Self::COLUMNS);

    /// The inputs of a class of columns in one row, of some panels.
    #[inline(always)]
    fn row<const Q: usize>(
        &mut self,
        [class, columns]: [Residue; 2],
        row: usize,
        taps: Range<usize>,
        panels: Range<usize>,
    ) {
        for tile in 0..columns.count.div_ceil(Q) {
            // The last tile overlaps the one before it.
            let first = (tile * Q).min(columns.count - Q);
            // What both have is added once.
            let known = tile * Q - first;
            for panel in panels.clone() {
                self.tile::<Q>([class, columns], [row, first], known, taps.clone(), panel);
            }
        }
    }

    /// Q inputs of a class from the one of number `first` on, but for the first `known`.
    #[inline(always)]
    fn tile<const Q: usize>(
        &mut self,
        [class, columns]: [Residue; 2],
        [row, first]: [usize; 2],
        known: usize,
        taps: Range<usize>,
        panel: usize,
    ) {
        let s = self.s;
        let pixel_step = const { D::COLUMN / LANES };
        let mut sums = [f32x16::splat(s, 0.0); Q];
        let mut total = sums;
        for tap in taps {
            let nth = (row / C::STRIDE[0]) as isize;
            let line = class.origin + nth + (tap * class.dilation) as isize;
            let line = D::TOP + line as usize;
            let from = (D::LEFT as isize + columns.origin) as usize + first;
            let at = (line * D::ROW + from * D::COLUMN) / LANES + panel;
            let span = (Q - 1 + (columns.taps - 1) * columns.dilation) * pixel_step + 1;
            let delta = &self.delta[at..][..span];
            // As positions in D ascend, taps descend.
            let u = class.tap + (class.taps - 1 - tap) * class.tap_step;
            let depth = const { C::KERNEL[1] * O };
            let w = &self.w[panel][u * depth..][..depth];
            for column in 0..columns.taps {
                let v = columns.tap + (columns.taps - 1 - column) * columns.tap_step;
                let w = &w[v * O..][..O];
                let delta = &delta[column * columns.dilation * pixel_step..];
                let delta = &delta[..const { (Q - 1) * (D::COLUMN / LANES) + 1 }];
                for j in 0..O {
                    let weight = w[j].load(s);
                    let lanes = Spread::<S, O, O>::of(s, panel, j);
                    for q in 0..Q {
                        let delta = lanes.load(s, &delta[q * pixel_step]);
                        sums[q] = delta.mul_add(weight, sums[q]);
                    }
                    if const { T > POSITIONS }
                        && ((tap * columns.taps + column) * O + j + 1).is_multiple_of(POSITIONS)
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
        let step = const { C::STRIDE[1] * X::COLUMN / LANES };
        let at = pixel::<X>(row, columns.first + first * C::STRIDE[1]) + panel;
        let dx = &mut self.dx[at..][..(Q - 1) * step + 1];
        for q in 0..Q {
            let block = &mut dx[q * step];
            if !ADD {
                block.store(math::flush(s, sums[q]));
            } else if q >= known {
                block.store(math::flush(s, sums[q] + block.load(s)));
            }
        }
    }
}
