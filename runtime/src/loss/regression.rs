//! Losses of numbers: squares, magnitudes, and what lies between. With d = y - t:
//!
//! ```text
//! Mse         d^2                                       2 d
//! Mae         |d|                                       sign d
//! Huber       d^2 / 2            where |d| <= delta     d
//!             delta (|d| - delta / 2)  elsewhere        delta sign d
//! SmoothL1    d^2 / (2 beta)     where |d| < beta       d / beta
//!             |d| - beta / 2     elsewhere              sign d
//! Quantile    -quantile d        where d < 0            -quantile
//!             (1 - quantile) d   elsewhere              1 - quantile where d > 0
//! ```

use super::elementwise::Elementwise;
use crate::{
    error::{
        Result,
        setting::{check, check_above_0, check_amount},
    },
    math,
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*};

/// `torch.nn.MSELoss`: the mean of (y - t)^2 over all numbers of an output, which may be any nested array; the target has
/// its shape. The loss is in the square of the targets' unit, and has no accuracy.
///
/// ```
/// use kiln::{Loss, Mse};
///
/// assert!(Mse.check(0, &[[1.0_f32, 2.0], [3.0, 4.0]]).is_ok());
/// let error = Mse.check(7, &[[1.0, 2.0], [3.0, f32::NAN]]).unwrap_err();
/// assert!(error.to_string().starts_with("row 7 of the dataset: number 3 of the target"));
/// ```
///
/// # Errors
///
/// A target that holds NaN or infinity is [`Error::NanTarget`](crate::error::Error::NanTarget), found before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mse;

/// `torch.nn.L1Loss`, the mean absolute error: the mean of |y - t| over all numbers of an output. The loss is in the
/// targets' unit; its best answer to targets that scatter is their median. The slope where y = t is 0.
///
/// ```
/// use kiln::{Adam, Mae, Trainer};
///
/// let trainer = Trainer::new(Adam::default(), Mae);
/// ```
///
/// # Errors
///
/// As [`Mse`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mae;

/// `torch.nn.HuberLoss`: half the square of y - t up to `delta`, a line of slope `delta` beyond, so that outliers do not
/// rule (Huber 1964). The mean over all numbers of an output.
///
/// ```
/// use kiln::{Huber, Loss};
///
/// let loss = Huber::new(2.0);
/// assert!(Loss::<[f32; 2], [f32; 2]>::check_settings(&loss).is_ok());
/// assert!(Loss::<[f32; 2], [f32; 2]>::check_settings(&Huber::new(0.0)).is_err());
/// ```
///
/// # Errors
///
/// As [`Mse`]; a `delta` that is not above 0 and finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    /// Where the square ends, in the targets' unit.
    pub delta: f64,
}

/// `torch.nn.SmoothL1Loss`: |y - t| - `beta` / 2, rounded off by a square below `beta` (Girshick 2015). It is [`Huber`]
/// divided by its `delta`; with a `beta` of 0 it is [`Mae`]. The mean over all numbers of an output.
///
/// ```
/// use kiln::SmoothL1;
///
/// assert_eq!(SmoothL1::default(), SmoothL1::new(1.0));
/// ```
///
/// # Errors
///
/// As [`Mse`]; a `beta` that is negative or not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothL1 {
    /// Where the square ends, in the targets' unit.
    pub beta: f64,
}

/// The pinball loss: `quantile` (t - y) where the output is too small, (1 - `quantile`) (y - t) where it is too large. Its
/// best answer is that quantile of the targets (Koenker and Bassett 1978): 0.5 is half of [`Mae`], 0.9 a bound that nine
/// targets of ten stay below. The mean over all numbers of an output, as scikit-learn's `mean_pinball_loss`; PyTorch has
/// none.
///
/// ```
/// use kiln::{Loss, Quantile};
///
/// // Three outputs for the same target: a tuple of losses makes a band.
/// let band = (Quantile::new(0.1), Quantile::new(0.5), Quantile::new(0.9));
/// assert!(band.check(0, &([0.5_f32], [0.5_f32], [0.5_f32])).is_ok());
/// ```
///
/// # Errors
///
/// As [`Mse`]; a quantile that is not between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The quantile, between 0 and 1.
    pub quantile: f64,
}

impl Huber {
    /// A loss whose square ends at `delta`.
    pub fn new(delta: f64) -> Self {
        Self { delta }
    }
}

impl Default for Huber {
    /// PyTorch's default, a `delta` of 1.
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl SmoothL1 {
    /// A loss whose square ends at `beta`.
    pub fn new(beta: f64) -> Self {
        Self { beta }
    }
}

impl Default for SmoothL1 {
    /// PyTorch's default, a `beta` of 1.
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Quantile {
    /// The loss of a quantile.
    pub fn new(quantile: f64) -> Self {
        Self { quantile }
    }
}

/// -1, 0 or 1; NaN for NaN.
#[inline(always)]
fn sign<S: Isa>(s: S, x: f32x16<S>) -> f32x16<S> {
    let one = f32x16::splat(s, 1.0);
    // Zeros and NaN stay as they are.
    let x = x.simd_gt(0.0).select(one, x);
    x.simd_lt(0.0).select(-one, x)
}

impl Elementwise for Mse {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, y: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        // Flushed, since it is squared.
        let d = math::flush(s, y - t);
        [d * d, d + d]
    }
}

impl Elementwise for Mae {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, y: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        let d = y - t;
        [d.abs(), sign(s, d)]
    }
}

impl Elementwise for Huber {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, y: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        let delta = self.delta as f32;
        let d = math::flush(s, y - t);
        let size = d.abs();
        let square = size.simd_le(delta);
        let value = square.select(d * d * 0.5, (size - 0.5 * delta) * delta);
        [value, square.select(d, sign(s, d) * delta)]
    }

    fn check_settings(&self) -> Result<()> {
        check_above_0(
            "delta",
            self.delta,
            "above 0 and finite as `f32`, such as 1.0",
        )
    }
}

impl Elementwise for SmoothL1 {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, y: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        let beta = self.beta as f32;
        let d = math::flush(s, y - t);
        let size = d.abs();
        let square = size.simd_lt(beta);
        // Where beta is 0, nothing is below it.
        let slope = d / f32x16::splat(s, beta);
        let value = square.select(slope * d * 0.5, size - 0.5 * beta);
        [value, square.select(slope, sign(s, d))]
    }

    fn check_settings(&self) -> Result<()> {
        check_amount(
            "beta",
            self.beta,
            "0 or more and finite as `f32`, such as 1.0",
        )
    }
}

impl Elementwise for Quantile {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, y: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        let (below, above) = (self.quantile as f32, (1.0 - self.quantile) as f32);
        let d = y - t;
        let (below, above) = (f32x16::splat(s, -below), f32x16::splat(s, above));
        let slope = d.simd_lt(0.0).select(below, above);
        // NaN stays, and 0 is neither too small nor too large.
        let slope = d.simd_eq(d).select(slope, d);
        [d * slope, d.simd_eq(0.0).select(d, slope)]
    }

    fn check_settings(&self) -> Result<()> {
        let holds = self.quantile as f32 > 0.0 && (self.quantile as f32) < 1.0;
        check(
            holds,
            "quantile",
            self.quantile,
            "between 0 and 1, such as 0.9",
        )
    }
}
