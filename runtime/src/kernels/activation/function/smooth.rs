//! Exponentials, logarithms and roots. All but the logarithm have a derivative that follows from the output.

use super::formula::Function;
use crate::math;
use fearless_simd::{Simd, f32x16, prelude::*};

/// y = x where x > 0, a (e^x - 1) elsewhere; there dy/dx = y + a. Below 0, a needs x for its derivative, a e^x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elu {
    /// a, minus the value that y falls to.
    pub alpha: f32,
}

/// y = b x where x > 0, b a (e^x - 1) elsewhere, with the a and b for which a layer keeps mean 0 and variance 1 (Klambauer et
/// al. 2017).
#[derive(Clone, Copy)]
pub struct Selu;

/// y = ln(1 + e^(b x)) / b; x itself where b x is above the threshold. dy/dx = 1 - e^(-b y), or 1 / (1 + e^(-b x)) where the
/// threshold is so low that y does not tell x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softplus {
    /// b, which is above 0.
    pub beta: f32,
    /// Where y = x begins.
    pub threshold: f32,
}

/// y = x / (1 + |x|); dy/dx = (1 - |y|)^2.
#[derive(Clone, Copy)]
pub struct Softsign;
/// y = sqrt(x); dy/dx = 1 / (2 y), which is infinite at 0. A dy of 0 gives 0 there, and so padding does.
#[derive(Clone, Copy)]
pub struct Sqrt;
/// y = e^x; dy/dx = y.
#[derive(Clone, Copy)]
pub struct Exp;
/// y = ln x; dy/dx = 1 / x, which needs x. Where x and dy are 0 it gives 0, and so padding does.
#[derive(Clone, Copy)]
pub struct Log;

const SELU_ALPHA: f32 = 1.673_263_2;
const SELU_SCALE: f32 = 1.050_701;

/// e^x - 1 below 0, for flushed x.
#[inline(always)]
fn below<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
    math::exp_m1(s, x.clamp(-100.0, 0.0))
}

impl Function for Elu {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x);
        let left = below(s, x) * self.alpha;
        math::flush(s, x.simd_gt(0.0).select(x, left))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, from: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let slope = if self.alpha < 0.0 {
            math::share(s, from.clamp(-100.0, 0.0)) * self.alpha
        } else {
            from + self.alpha
        };
        let left = dy * math::flush(s, slope);
        math::flush(s, from.simd_gt(0.0).select(dy, left))
    }
}

impl Function for Selu {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x);
        let left = below(s, x) * (SELU_SCALE * SELU_ALPHA);
        x.simd_gt(0.0).select(x * SELU_SCALE, left)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let left = math::flush(s, y + SELU_SCALE * SELU_ALPHA);
        let slope = y.simd_gt(0.0).select(f32x16::splat(s, SELU_SCALE), left);
        math::flush(s, dy * slope)
    }
}

impl Softplus {
    /// From this threshold on, 1 - e^(-b y) is 1 at the threshold, on both sides.
    const SURE: f32 = 18.0;
}

impl Function for Softplus {
    fn keeps_zero(self) -> bool {
        false
    }

    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x);
        let scaled = x * self.beta;
        // e^-60 is below 2^-63, and still normal.
        let soft = math::softplus(s, scaled.clamp(-60.0, f32::INFINITY)) * (1.0 / self.beta);
        math::flush(s, scaled.simd_gt(self.threshold).select(x, soft))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, from: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let scaled = math::flush(s, from * self.beta);
        let slope = if self.threshold < Self::SURE {
            let above = scaled.simd_gt(self.threshold);
            above.select(
                f32x16::splat(s, 1.0),
                math::sigmoid(s, scaled.clamp(-60.0, f32::INFINITY)),
            )
        } else {
            let zero = f32x16::splat(s, 0.0);
            zero - math::exp_m1(s, zero - scaled)
        };
        math::flush(s, dy * math::flush(s, slope))
    }
}

impl Function for Softsign {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        let x = math::flush(s, x);
        math::flush(s, x / (x.abs() + 1.0))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        // 0, or at least 2^-24.
        let root = f32x16::splat(s, 1.0) - y.abs();
        math::flush(s, dy * (root * root))
    }
}

impl Function for Sqrt {
    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::flush(s, x).sqrt()
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let zero = f32x16::splat(s, 0.0);
        let nothing = y.simd_eq(zero) & dy.simd_eq(zero);
        nothing.select(zero, math::flush(s, dy / (y + y)))
    }
}

impl Function for Exp {
    fn keeps_zero(self) -> bool {
        false
    }

    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::share(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        math::flush(s, dy * y)
    }
}

impl Function for Log {
    fn keeps_zero(self) -> bool {
        false
    }

    #[inline(always)]
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S> {
        math::ln(s, math::flush(s, x))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, x: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let zero = f32x16::splat(s, 0.0);
        let nothing = x.simd_eq(zero) & dy.simd_eq(zero);
        nothing.select(zero, math::flush(s, dy / x))
    }
}
