//! How the numbers of a channel are normalised, whatever the statistics.

use crate::{
    block::Block,
    kernels::{
        activation::{Function, Kind, clear_padding},
        pixels::Pixels,
    },
    math,
    simd::Isa,
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// What x^ is multiplied by and what is added to it, a panel of sixteen channels after another.
#[derive(Clone, Copy)]
pub enum Affine<'a> {
    /// Learnt numbers.
    Learnt {
        /// g.
        weight: &'a [Block],
        /// b.
        bias: &'a [Block],
    },
    /// 1 and 0.
    Fixed,
}

impl Affine<'_> {
    /// g of a panel.
    #[inline(always)]
    pub fn weight<S: Simd>(self, s: S, panel: usize) -> f32x16<S> {
        match self {
            Self::Learnt { weight, .. } => weight[panel].load(s),
            Self::Fixed => f32x16::splat(s, 1.0),
        }
    }

    /// b of a panel.
    #[inline(always)]
    pub fn bias<S: Simd>(self, s: S, panel: usize) -> f32x16<S> {
        match self {
            Self::Learnt { bias, .. } => bias[panel].load(s),
            Self::Fixed => f32x16::splat(s, 0.0),
        }
    }
}

/// How numbers of a panel are normalised: `(x - mean - rest) * scale + shift`.
#[derive(Clone, Copy)]
pub struct Line<S: Simd> {
    pub mean: f32x16<S>,
    pub rest: f32x16<S>,
    pub scale: f32x16<S>,
    pub shift: f32x16<S>,
}

impl<S: Simd> Line<S> {
    /// What [`told`](Self::told) was made of.
    #[inline(always)]
    pub fn of([mean, rest, scale, shift]: [f32x16<S>; 4]) -> Self {
        Self {
            mean,
            rest,
            scale,
            shift,
        }
    }

    /// Its four numbers.
    #[inline(always)]
    pub fn told(self) -> [f32x16<S>; 4] {
        [self.mean, self.rest, self.scale, self.shift]
    }

    /// x above the mean.
    #[inline(always)]
    pub fn centred(&self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::flush(s, (x - self.mean) - self.rest)
    }

    #[inline(always)]
    pub fn at(&self, s: S, x: f32x16<S>) -> f32x16<S> {
        self.centred(s, x).mul_add(self.scale, self.shift)
    }
}

/// The line of a panel by the batch's statistics.
#[inline(always)]
pub fn batch_line<S: Simd>(
    s: S,
    statistics: &[Block],
    affine: Affine<'_>,
    [panel, panels]: [usize; 2],
) -> Line<S> {
    let [mean, rest, inverse] = centre(s, statistics, panel, panels);
    Line {
        mean,
        rest,
        scale: math::flush(s, inverse * affine.weight(s, panel)),
        shift: affine.bias(s, panel),
    }
}

/// The mean in two parts and r of a panel.
#[inline(always)]
pub fn centre<S: Simd>(s: S, statistics: &[Block], panel: usize, panels: usize) -> [f32x16<S>; 3] {
    [0, 1, 2].map(
        #[inline(always)]
        |place| statistics[place * panels + panel].load(s),
    )
}

/// y = f of x on each panel's line, or of that and a residual if RESIDUAL. Then `then` is applied, if there is one.
#[inline(always)]
pub fn normalise<S: Isa, F: Function, const RESIDUAL: bool>(
    s: S,
    (f, then): (F, Option<Kind>),
    [x, residual]: [&[Block]; 2],
    y: &mut [Block],
    pixels: Pixels,
    line: impl Fn(usize) -> Line<S>,
) {
    let keeps_zero = then.map_or(f.keeps_zero(), Kind::keeps_zero);
    let blocks = pixels.blocks.max(1);
    let samples = x.chunks_exact(blocks).zip(residual.chunks_exact(blocks));
    for ((x, residual), y) in samples.zip(y.chunks_exact_mut(blocks)) {
        pixels.clear_border(y);
        for row in 0..pixels.rows {
            let rows = [pixels.row(x, row), pixels.row(residual, row)];
            pixels.change_row(
                s,
                rows,
                pixels.row_mut(y, row),
                #[inline(always)]
                |panel| line(panel).told(),
                #[inline(always)]
                |line, [x, residual], y| {
                    let mut normal = Line::of(line).at(s, x);
                    if RESIDUAL {
                        normal += residual;
                    }
                    y.store(f.apply(s, normal));
                },
            );
            if let Some(kind) = then {
                kind.change(s, pixels.row_mut(y, row));
            }
            if !keeps_zero {
                clear_padding(s, pixels.row_mut(y, row), pixels);
            }
        }
    }
}
