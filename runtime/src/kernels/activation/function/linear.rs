//! Functions made of straight pieces.

use super::formula::Function;
use crate::math;
use fearless_simd::{Simd, f32x16, prelude::*};

/// y = x between two bounds, which are flushed numbers or infinite; the derivative at and beyond them is 0, and where y is NaN
/// dy passes, as in `torch.nn.Hardtanh` and `torch.nn.ReLU6`. [`Ramp`] says the same of x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardTanh {
    /// The least.
    pub min: f32,
    /// The greatest.
    pub max: f32,
}

/// y = x where x > 0, slope x elsewhere; the derivative at 0 is the slope. A slope below 0 needs x for its derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeakyRelu {
    /// The slope below 0.
    pub slope: f32,
}

/// What the derivative of [`HardTanh`] or [`LeakyRelu`] is in terms of x: a slope up to `min`, then 1, and 0 from `max` on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// Where the slope of 1 begins.
    pub min: f32,
    /// Where it ends.
    pub max: f32,
    /// The slope before.
    pub below: f32,
}

/// y = x / 6 + 1/2, between 0 and 1; the derivative at x = -3 and 3 is 0.
#[derive(Clone, Copy)]
pub struct HardSigmoid;
/// y = x (x / 6 + 1/2), the second factor between 0 and 1; the derivative is x / 3 + 1/2 between -3, where it is 0, and 3,
/// where it is 1. It needs x.
#[derive(Clone, Copy)]
pub struct HardSwish;
/// y = |x|; the derivative is the sign of x, and 0 at 0. It needs x.
#[derive(Clone, Copy)]
pub struct Abs;

const SIXTH: f32 = 1.0 / 6.0;

impl Function for HardTanh {
    fn keeps_zero(self) -> bool {
        self.min <= 0.0 && self.max >= 0.0
    }

    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::flush(s, x.clamp(self.min, self.max))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let outside = y.simd_le(self.min) | y.simd_ge(self.max);
        outside.select(f32x16::splat(s, 0.0), dy)
    }
}

impl Function for LeakyRelu {
    /// One of x and y is flushed, whichever is smaller below 0; then the other is no number that is tiny.
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let steep = self.slope > 1.0 || self.slope < -1.0;
        let x = if steep { math::flush(s, x) } else { x };
        let y = x.simd_gt(0.0).select(x, x * self.slope);
        if steep { y } else { math::flush(s, y) }
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, from: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let below = math::flush(s, dy * self.slope);
        from.simd_gt(0.0).select(dy, below)
    }
}

impl Ramp {
    /// dL/dx from x and dL/dy, all flushed.
    #[inline(always)]
    pub fn gradient<S: Simd>(self, s: S, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let above = x.simd_ge(self.max).select(f32x16::splat(s, 0.0), dy);
        let below = math::flush(s, dy * self.below);
        x.simd_le(self.min).select(below, above)
    }
}

impl Function for HardSigmoid {
    fn keeps_zero(self) -> bool {
        false
    }

    /// What is tiny does not move 3.
    #[inline(always)]
    fn apply<S: Simd>(self, _: S, x: f32x16<S>) -> f32x16<S> {
        (x + 3.0).clamp(0.0, 6.0) * SIXTH
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let inside = y.simd_gt(0.0) & y.simd_lt(1.0);
        let rising = math::flush(s, dy * SIXTH);
        inside.select(rising, f32x16::splat(s, 0.0))
    }
}

impl Function for HardSwish {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x);
        math::flush(s, x * HardSigmoid.apply(s, x))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let slope = math::flush(s, x.mul_add(1.0 / 3.0, f32x16::splat(s, 0.5)));
        let rising = math::flush(s, dy * slope);
        let right = x.simd_lt(3.0).select(rising, dy);
        x.simd_le(-3.0).select(f32x16::splat(s, 0.0), right)
    }
}

impl Function for Abs {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::flush(s, x.abs())
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let zero = f32x16::splat(s, 0.0);
        let left = x.simd_lt(zero).select(zero - dy, zero);
        x.simd_gt(zero).select(dy, left)
    }
}
