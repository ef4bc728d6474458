//! The root of a running mean of squares, `r = sqrt(v)` with `v <- keep v + fresh g^2`.
//!
//! A gradient has the range of `f32`; its square has not. Squares of gradients below 1e-19 are lost beside a small epsilon. So
//! r is stored, and there are two ways to its next value. Beside an epsilon of usual size, such as 1e-8, the
//! sum of squares takes a floor of 1e-34, which keeps r from decaying into subnormal numbers and is less than 1e-6 of epsilon:
//!
//! ```text
//! r <- sqrt(min(keep r^2 + fresh g^2 + 1e-34, the largest f32))
//! ```
//!
//! Where PyTorch's v is infinite, for gradients above 1.8e19, and a weight never moves again, r stays finite: a gradient of
//! 1e20 is a step of some learning rates, and larger ones are steps in proportion. Beside an epsilon that is smaller or 0, the
//! sum is taken in a scale of its own for every number, which is right for gradients of any size:
//!
//! ```text
//! q = 2^-127, 2^-95, ..., 2^97     the largest that is not above max(r, |g|); the first counts as 0
//! r <- q sqrt(keep (r / q)^2 + fresh (g / q)^2)
//! ```
//!
//! r / q and g / q are below 2^32, one of them is at least 1, and nothing overflows. The bits of q are three bits of the
//! exponent, and 1 / q is a difference of integers. Where r and g are below 2^-95 the root becomes 0.

use fearless_simd::{Simd, f32x16, prelude::*, u32x16};

/// The upper three bits of the exponent of `f32`: all are zero where a magnitude is below 2^-95.
pub(super) const UPPER: u32 = 0x7000_0000;

/// 2^127, of which 1 / q is a multiple by a power of two.
const LARGEST: u32 = 0x7f00_0000;

/// Added to a sum of squares.
pub(super) const FLOOR: f64 = 1e-34;

/// How a root follows gradients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root {
    keep: f32,
    fresh: f32,
    /// Whether squares need a scale of their own.
    wide: bool,
}

impl Root {
    /// A mean that keeps less than all, beside an epsilon.
    pub(super) fn beside(epsilon: f64, keep: f32, fresh: f64) -> Self {
        Self {
            keep,
            fresh: fresh as f32,
            // Whether the floor, summed over all steps, shows beside epsilon.
            wide: epsilon * 1e-6 < libm::sqrt(FLOOR / (1.0 - f64::from(keep))),
        }
    }

    /// The root of a plain sum, to which a floor would add up.
    pub(super) fn of_sum() -> Self {
        Self {
            keep: 1.0,
            fresh: 1.0,
            wide: true,
        }
    }

    /// The next root.
    #[inline(always)]
    pub(super) fn next<S: Simd>(&self, s: S, r: f32x16<S>, g: f32x16<S>) -> f32x16<S> {
        let (keep, fresh) = (f32x16::splat(s, self.keep), f32x16::splat(s, self.fresh));
        if self.wide {
            let q = r.max(g.abs()).bitcast::<u32x16<S>>() & UPPER;
            let inverse = (u32x16::splat(s, LARGEST) - q).bitcast::<f32x16<S>>();
            let (r, g) = (r * inverse, g * inverse);
            let v = (g * fresh).mul_add(g, r * keep * r);
            v.sqrt() * q.bitcast::<f32x16<S>>()
        } else {
            let floor = f32x16::splat(s, FLOOR as f32);
            let v = (g * fresh).mul_add(g, (r * keep).mul_add(r, floor));
            v.min(f32x16::splat(s, f32::MAX)).sqrt()
        }
    }
}

/// An epsilon as it is added to a root: never 0, so that 0 is never divided by 0.
pub(super) fn below(epsilon: f64) -> f32 {
    (epsilon as f32).max(f32::MIN_POSITIVE)
}
