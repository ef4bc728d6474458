//! With running statistics: alone, or in what a contraction does with its sums.

use super::line::{Affine, Line, normalise};
use crate::{
    block::{Block, without_padding},
    kernels::{
        activation::{Declared, Function, Kind, of_kind},
        finish::{Finish, Normal},
        pixels::Pixels,
    },
    math,
    simd::{Isa, compiled_here},
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// What was seen while training: the mean and the variance of each channel.
#[derive(Clone, Copy)]
pub struct Running<'a> {
    /// The mean.
    pub mean: &'a [Block],
    /// The variance.
    pub variance: &'a [Block],
    /// What is added to the variance.
    pub eps: f32,
}

/// The line of a panel by the running statistics.
#[inline(always)]
fn running_line<S: Simd>(s: S, running: Running<'_>, affine: Affine<'_>, panel: usize) -> Line<S> {
    let variance = running.variance[panel].load(s) + f32x16::splat(s, running.eps);
    let inverse = f32x16::splat(s, 1.0) / variance.sqrt();
    Line {
        mean: running.mean[panel].load(s),
        rest: f32x16::splat(s, 0.0),
        scale: math::flush(s, inverse * affine.weight(s, panel)),
        shift: affine.bias(s, panel),
    }
}

/// y = f(g x^ + b) with the running statistics; writes y's border, too.
pub fn infer<S: Isa, A: Declared>(
    s: S,
    x: &[Block],
    running: Running<'_>,
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
) {
    infer_as(s, x, running, affine, y, pixels, A::KIND);
}

compiled_here! {
    fn infer_as = infer_as_on(x: &[Block], running: Running<'_>, affine: Affine<'_>, y: &mut [Block], pixels: Pixels, activation: Kind);
}

fn infer_as_on<S: Isa>(
    s: S,
    x: &[Block],
    running: Running<'_>,
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
    activation: Kind,
) {
    of_kind!(activation, f, then => by_running(s, (f, then), x, running, affine, y, pixels));
}

fn by_running<S: Isa, F: Function>(
    s: S,
    activation: (F, Option<Kind>),
    x: &[Block],
    running: Running<'_>,
    affine: Affine<'_>,
    y: &mut [Block],
    pixels: Pixels,
) {
    s.vectorize(
        #[inline(always)]
        || {
            normalise::<S, F, false>(
                s,
                activation,
                [x, x],
                y,
                pixels,
                #[inline(always)]
                |panel| running_line(s, running, affine, panel),
            );
        },
    );
}

compiled_here! {
    /// How a contraction normalises its sums by running statistics: for each panel the mean, then what each is multiplied by,
    /// then what is added.
    pub fn lines = lines_on(running: Running<'_>, affine: Affine<'_>, lines: &mut [Block]);
}

fn lines_on<S: Isa>(s: S, running: Running<'_>, affine: Affine<'_>, lines: &mut [Block]) {
    s.vectorize(
        #[inline(always)]
        || {
            let panels = running.mean.len();
            for panel in 0..panels {
                let line = running_line(s, running, affine, panel);
                let parts = [line.mean, line.scale, line.shift];
                for (place, part) in parts.into_iter().enumerate() {
                    lines[place * panels + panel].store(part);
                }
            }
        },
    );
}

compiled_here! {
    /// Rows of sums, of so many panels and numbers, become what [`lines`] say, added to `residual`, under an activation.
    pub fn rows = rows_on(
        lines: &[Block],
        residual: Option<&[Block]>,
        y: &mut [Block],
        sizes: [usize; 2],
        activation: Kind,
    );
}

fn rows_on<S: Isa>(
    s: S,
    lines: &[Block],
    residual: Option<&[Block]>,
    y: &mut [Block],
    [panels, numbers]: [usize; 2],
    activation: Kind,
) {
    s.vectorize(
        #[inline(always)]
        || {
            of_kind!(activation, f, then => {
                for (at, y) in y.iter_mut().enumerate() {
                    let (panel, activation, sums) = (at % panels, f, y.load(s));
                    let value = match residual {
                        Some(residual) => {
                            let normal = Normal::<_, true> { lines, panels, residual, activation };
                            normal.finish(s, sums, panel, at)
                        }
                        None => {
                            let residual = &[];
                            let normal = Normal::<_, false> { lines, panels, residual, activation };
                            normal.finish(s, sums, panel, at)
                        }
                    };
                    y.store(without_padding(s, value, panel, numbers));
                }
                if let Some(kind) = then {
                    kind.change(s, y);
                    for row in y.chunks_exact_mut(panels) {
                        let value = row[panels - 1].load(s);
                        row[panels - 1].store(without_padding(s, value, panels - 1, numbers));
                    }
                }
            });
        },
    );
}
