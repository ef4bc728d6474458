//! Hinges: losses that end where an answer is right by a margin. For an output x and a target t of -1 or 1:
//!
//! ```text
//! Hinge            max(0, 1 - t x)                by x: -t where it is above 0
//! HingeEmbedding   x                where t = 1   by x: 1
//!                  max(0, margin - x)  elsewhere        -1 where it is above 0
//! ```

use super::elementwise::Elementwise;
use crate::{
    error::{Result, setting::check},
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*};

/// Keras' `Hinge`, the loss of support vector machines: max(0, 1 - t y) for targets t of -1 or 1, the mean over all numbers
/// of an output. Accuracy is the share of outputs on the right side of 0. For several classes see
/// [`MultiMargin`](super::MultiMargin); `torch.nn.HingeEmbeddingLoss` is [`HingeEmbedding`].
///
/// ```
/// use kiln::{Hinge, Loss};
///
/// assert_eq!(Hinge.accuracy(&[0.5_f32, -2.0], &[1.0, 1.0]), Some(0.5));
/// let error = Hinge.check(2, &[0.0_f32, 1.0]).unwrap_err();
/// assert!(error.to_string().contains("must be -1 or 1"));
/// ```
///
/// # Errors
///
/// A target that is neither -1 nor 1, found before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hinge;

/// `torch.nn.HingeEmbeddingLoss`: outputs are distances; those of target 1 are to be small, those of target -1 at least
/// `margin`. The mean over all numbers of an output.
///
/// ```
/// use kiln::HingeEmbedding;
///
/// assert_eq!(HingeEmbedding::default(), HingeEmbedding::new(1.0));
/// ```
///
/// # Errors
///
/// A target that is neither -1 nor 1; a margin that is not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HingeEmbedding {
    /// How far those of target -1 should be.
    pub margin: f64,
}

impl HingeEmbedding {
    /// A loss with a margin.
    pub fn new(margin: f64) -> Self {
        Self { margin }
    }
}

impl Default for HingeEmbedding {
    /// PyTorch's default, a margin of 1.
    fn default() -> Self {
        Self::new(1.0)
    }
}

/// What is wrong with a target.
fn refuses(target: f32) -> Option<&'static str> {
    (target.abs() != 1.0).then_some("-1 or 1")
}

impl Elementwise for Hinge {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, x: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        let zero = f32x16::splat(s, 0.0);
        let value = 1.0 - t * x;
        // NaN stays.
        let right = value.simd_le(0.0);
        [right.select(zero, value), right.select(zero, -t)]
    }

    fn is_right(&self, output: f32, target: f32) -> Option<bool> {
        Some(output * target > 0.0)
    }

    fn refuses(&self, target: f32) -> Option<&'static str> {
        refuses(target)
    }
}

impl Elementwise for HingeEmbedding {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, x: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        let (zero, one) = (f32x16::splat(s, 0.0), f32x16::splat(s, 1.0));
        let short = self.margin as f32 - x;
        let far = short.simd_le(0.0);
        let value = far.select(zero, short);
        let slope = far.select(zero, -one);
        let like = t.simd_gt(0.0);
        [like.select(x, value), like.select(one, slope)]
    }

    fn refuses(&self, target: f32) -> Option<&'static str> {
        refuses(target)
    }

    fn check_settings(&self) -> Result<()> {
        check_margin(self.margin)
    }
}

/// Refuses a margin that is no number.
pub(super) fn check_margin(margin: f64) -> Result<()> {
    let holds = (margin as f32).is_finite();
    check(holds, "margin", margin, "finite as `f32`, such as 1.0")
}
