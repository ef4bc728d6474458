//! Few outputs: several taps share the lanes of a panel.
//!
//! Of three output channels, a panel of sixteen outputs would be mostly padding. Instead, the lanes of a panel are the
//! outputs of a rectangle of GR x GC taps, which divide the kernel's rows and columns:
//!
//! ```text
//! weights  [[Block; CIN]; KH / GR * KW / GC]
//! panel    u / GR * (KW / GC) + v / GC        lane  (u % GR * GC + v % GC) COUT + o        block  c
//! ```
//!
//! Then one product of matrices gives what every pixel adds to all outputs that its taps reach,
//!
//! ```text
//! z[r][s][u, v, o] = sum over c of  w[c][o][u][v] * x[c][r][s]
//! ```
//!
//! a convolution with a kernel of one pixel, and [`gather`] adds for each output what its taps have for it. Backward,
//! [`scatter`] brings the deltas to where the products were, dz[r][s][u, v, o] = D[o][r SH + u DH - PT][s SW + v DW - PL], and
//! the gradients of x and w are those of that convolution.

use crate::{
    block::{Block, LANES},
    kernels::{
        activation::{Declared, Function, Kind, clear_padding, of_kind},
        conv2d::residue::Residue,
        finish::{Finish, Told},
        image::Image,
        pixels::Pixels,
        stencil::{Along, Stencil},
    },
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, prelude::*, u32x16};

/// Taps that reach an output at most.
const TAPS: usize = 64;

/// Taps at most.
const ALL: usize = 256;

/// What is known of the layer, by value.
#[derive(Clone, Copy)]
struct Shared {
    /// The stencil from Y to Z, rows and columns.
    along: [Along; 2],
    /// Rows and columns of the taps that share a panel.
    taps: [usize; 2],
    /// The outputs, or their delta.
    y: Pixels,
    /// What pixels add to them.
    z: Pixels,
}

impl Shared {
    const fn of<C: Stencil, Z: Image, Y: Image>(taps: [usize; 2], zs: usize, ys: usize) -> Self {
        assert!(Y::CHANNELS * taps[0] * taps[1] <= LANES && Y::COLUMN == LANES);
        assert!(C::KERNEL[0].is_multiple_of(taps[0]) && C::KERNEL[1].is_multiple_of(taps[1]));
        assert!(Z::CHANNELS == C::KERNEL[0] / taps[0] * (C::KERNEL[1] / taps[1]) * LANES);
        // What is read or written of a pixel's last output goes on behind it.
        assert!(Z::FLOATS / LANES < zs);
        assert!(C::KERNEL[0] * C::KERNEL[1] <= ALL);
        Self {
            along: [Along::axis::<C, Y, Z>(0), Along::axis::<C, Y, Z>(1)],
            taps,
            y: Pixels::of::<Y>(ys),
            z: Pixels::of::<Z>(zs),
        }
    }

    /// The float of a pixel of Z at which the outputs of a tap begin.
    #[inline(always)]
    fn lane(&self, [row, column]: [usize; 2]) -> usize {
        let [rows, columns] = self.taps;
        let panel = row / rows * (self.along[1].kernel / columns) + column / columns;
        panel * LANES + (row % rows * columns + column % columns) * self.y.channels
    }

    /// Adds up the outputs of a sample.
    #[inline(always)]
    fn gather<S: Isa, F: Finish>(&self, s: S, z: &[f32], b: &Block, y: &mut [Block], finish: F) {
        for row in 0..self.along[0].stride {
            let rows = Residue::of(self.along[0], row);
            for column in 0..self.along[1].stride {
                let columns = Residue::of(self.along[1], column);
                self.class(s, [rows, columns], z, b, y, finish);
            }
        }
    }

    /// Adds up the outputs of a class, those that no tap reaches too.
    #[inline(always)]
    fn class<S: Isa, F: Finish>(
        &self,
        s: S,
        [rows, columns]: [Residue; 2],
        z: &[f32],
        b: &Block,
        y: &mut [Block],
        finish: F,
    ) {
        let step = [self.z.row * LANES, self.z.panels * LANES];
        let mut taps = [0; TAPS];
        let mut count = 0;
        for tall in 0..rows.taps {
            let row = rows.tap + (rows.taps - 1 - tall) * rows.tap_step;
            for wide in 0..columns.taps {
                let column = columns.tap + (columns.taps - 1 - wide) * columns.tap_step;
                let pixel = tall * rows.dilation * step[0] + wide * columns.dilation * step[1];
                taps[count] = pixel + self.lane([row, column]);
                count += 1;
            }
        }
        let taps = &taps[..count];
        // Not -0.0, to which a product with a zero of the border would make a difference.
        let start = b.load(s) + f32x16::splat(s, 0.0);
        let channels = self.y.channels;
        let kept: [u32; LANES] =
            core::array::from_fn(|lane| if lane < channels { u32::MAX } else { 0 });
        let kept = u32x16::simd_from(s, kept);
        let [down, across] = [self.along[0].stride, self.along[1].stride];
        for (i, row) in (rows.first..self.y.rows).step_by(down).enumerate() {
            let inside = count > 0 && i < rows.count;
            let first = self.z.first as isize
                + (rows.origin + i as isize) * self.z.row as isize
                + columns.origin * self.z.panels as isize;
            for (j, column) in (columns.first..self.y.columns).step_by(across).enumerate() {
                let mut sum = start;
                if inside && j < columns.count {
                    let z = &z[first as usize * LANES + j * step[1]..];
                    for &tap in taps {
                        sum += f32x16::from_slice(s, &z[tap..][..LANES]);
                    }
                }
                let at = self.y.first + row * self.y.row + column;
                let value = finish.finish(s, sum, 0, at);
                y[at].store((value.bitcast::<u32x16<S>>() & kept).bitcast::<f32x16<S>>());
            }
        }
    }
}

impl Shared {
    /// Applies an activation to all pixels of a result.
    fn change<S: Isa>(&self, s: S, y: &mut [Block], kind: Kind) {
        for row in 0..self.y.rows {
            let row = self.y.row_mut(y, row);
            kind.change(s, row);
            if !kind.keeps_zero() {
                clear_padding(s, row, self.y);
            }
        }
    }
}

/// y = f(b + all that pixels add to it), normalised before f if there are `lines`, and with `residual` added if there is one.
/// The border of z is as wide as [`Along::border`] says, and zero.
pub fn gather<
    S: Isa,
    A: Declared,
    C: Stencil,
    Z: Image,
    Y: Image,
    const GR: usize,
    const GC: usize,
    const ZS: usize,
    const YS: usize,
>(
    s: S,
    z: &[[Block; ZS]],
    b: &[Block; 1],
    lines: &[Block],
    residual: &[[Block; YS]],
    y: &mut [[Block; YS]],
) {
    const {
        let [above, below] = Along::axis::<C, Y, Z>(0).border();
        let [left, right] = Along::axis::<C, Y, Z>(1).border();
        assert!(above <= Z::TOP && Z::TOP + Z::HEIGHT + below <= Z::ROWS);
        assert!(left <= Z::LEFT && Z::LEFT + Z::WIDTH + right <= Z::COLUMNS);
        assert!(reaching::<C>(0) * reaching::<C>(1) <= TAPS);
    }
    let shared = const { Shared::of::<C, Z, Y>([GR, GC], ZS, YS) };
    let (z, residual, y) = (
        z.as_flattened(),
        residual.as_flattened(),
        y.as_flattened_mut(),
    );
    gather_as(s, z, &b[0], lines, residual, y, shared, A::KIND);
}

compiled_here! {
    fn gather_as = gather_on(
        z: &[Block],
        b: &Block,
        lines: &[Block],
        residual: &[Block],
        y: &mut [Block],
        shared: Shared,
        activation: Kind,
    );
    fn scatter_as = scatter_on(delta: &[Block], dz: &mut [Block], shared: Shared);
}

/// [`gather`] with sizes as values.
#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn gather_on<S: Isa>(
    s: S,
    z: &[Block],
    b: &Block,
    lines: &[Block],
    residual: &[Block],
    y: &mut [Block],
    shared: Shared,
    activation: Kind,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let samples = z.chunks_exact(shared.z.blocks);
            for (index, (z, y)) in samples.zip(y.chunks_exact_mut(shared.y.blocks)).enumerate() {
                shared.y.clear_border(y);
                let z: &[f32] = bytemuck::must_cast_slice(z);
                let told = Told {
                    lines,
                    panels: 1,
                    residual: residual
                        .chunks_exact(shared.y.blocks)
                        .nth(index)
                        .unwrap_or_default(),
                    bounds: [f32::NEG_INFINITY, f32::INFINITY],
                };
                let alone = lines.is_empty() && residual.is_empty();
                let then = of_kind!(activation, f, then => {
                    match alone {
                        true => shared.gather(s, z, b, y, Behind(None, f)),
                        false => shared.gather(s, z, b, y, Behind(Some(told), f)),
                    }
                    then
                });
                if let Some(kind) = then {
                    shared.change(s, y, kind);
                }
            }
        },
    );
}

/// An activation behind what a normalisation and a residual make of a sum, if they are there.
#[derive(Clone, Copy)]
struct Behind<'a, F>(Option<Told<'a>>, F);

impl<F: Function> Finish for Behind<'_, F> {
    #[inline(always)]
    fn finish<S: Isa>(self, s: S, sums: f32x16<S>, panel: usize, at: usize) -> f32x16<S> {
        let Self(told, activation) = self;
        let value = match told {
            Some(told) => told.finish(s, sums, panel, at),
            None => sums,
        };
        activation.apply(s, value)
    }
}

/// Taps along an axis that reach an output at most.
const fn reaching<C: Stencil>(axis: usize) -> usize {
    let (kernel, stride, dilation) = (C::KERNEL[axis], C::STRIDE[axis], C::DILATION[axis]);
    let (mut a, mut b) = (stride, dilation);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    kernel.div_ceil(stride / a)
}

/// dz: what each tap of each pixel has of the deltas D, whose border is zero and as wide as taps reach.
pub fn scatter<
    S: Isa,
    C: Stencil,
    Z: Image,
    D: Image,
    const GR: usize,
    const GC: usize,
    const DS: usize,
    const ZS: usize,
>(
    s: S,
    delta: &[[Block; DS]],
    dz: &mut [[Block; ZS]],
) {
    const {
        let [top, left] = C::PADDING;
        assert!(D::TOP >= top && D::LEFT >= left);
        let down = (Z::HEIGHT - 1) * C::STRIDE[0] + (C::KERNEL[0] - 1) * C::DILATION[0];
        let across = (Z::WIDTH - 1) * C::STRIDE[1] + (C::KERNEL[1] - 1) * C::DILATION[1];
        assert!(D::TOP - top + down < D::ROWS && D::LEFT - left + across < D::COLUMNS);
    }
    let shared = const { Shared::of::<C, Z, D>([GR, GC], ZS, DS) };
    scatter_as(s, delta.as_flattened(), dz.as_flattened_mut(), shared);
}

/// [`scatter`] with sizes as values.
fn scatter_on<S: Isa>(s: S, delta: &[Block], dz: &mut [Block], shared: Shared) {
    s.vectorize(
        #[inline(always)]
        || {
            let Shared { along, y, z, .. } = shared;
            let [down, across] = along;
            // The block of D that each tap reaches from the first pixel, and the lane where it goes; lanes ascend, so that the
            // zeros behind an output make room for the next.
            let mut taps = [[0; 2]; ALL];
            let mut count = 0;
            for row in 0..down.kernel {
                for column in 0..across.kernel {
                    let block = row * down.dilation * y.row + column * across.dilation;
                    taps[count] = [shared.lane([row, column]), block];
                    count += 1;
                }
            }
            let taps = &mut taps[..count];
            taps.sort_unstable();
            let first = y.first - down.padding * y.row - across.padding;
            let samples = delta.chunks_exact(y.blocks);
            for (delta, dz) in samples.zip(dz.chunks_exact_mut(z.blocks)) {
                let dz: &mut [f32] = bytemuck::must_cast_slice_mut(dz);
                for row in 0..z.rows {
                    for column in 0..z.columns {
                        let delta =
                            &delta[first + row * down.stride * y.row + column * across.stride..];
                        let dz = &mut dz[(z.first + row * z.row + column * z.panels) * LANES..];
                        for &[lane, block] in &*taps {
                            let value = delta[block].load(s);
                            value.store_slice(&mut dz[lane..][..LANES]);
                        }
                    }
                }
            }
        },
    );
}
