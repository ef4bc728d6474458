//! Sigmoid with binary cross-entropy, number by number. For a logit x, a target t from 0 to 1 and a positive weight p:
//!
//! ```text
//! loss  L = p t ln(1 + e^-x) + (1 - t) ln(1 + e^x)
//! slope dL/dx = (1 - t) sigmoid(x) - p t sigmoid(-x)
//! ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)
//! ```
//!
//! Nothing overflows, and nothing cancels: what is near 0 has all its digits.

use super::{
    elementwise::{Elementwise, check_numbers, each, share_right},
    label::Label,
    sample::Loss,
    setting::check_weights,
};
use crate::{
    block::LANES,
    error::{Error, Result, setting::check_amount},
    math,
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*};

/// `torch.nn.BCEWithLogitsLoss`: each number of an output, which may be any nested array, is the logit of a yes, and the
/// target of the same shape is 1 for yes, 0 for no, or a probability. A single logit `[f32; 1]` also takes a label, 0 or 1,
/// of any integer type. The mean over all numbers of an output, in nats. Accuracy is the share of logits on the right side
/// of 0, a target above 0.5 being a yes.
///
/// A network that ends in `Sigmoid` takes it twice: leave it out, and let the network give logits.
/// [`pos_weight`](Self::pos_weight) makes a yes count more.
///
/// ```
/// use kiln::{BinaryCrossEntropy, Loss};
///
/// assert_eq!(BinaryCrossEntropy.accuracy(&[-1.5_f32, 0.25], &[0.0, 0.0]), Some(0.5));
/// assert_eq!(BinaryCrossEntropy.accuracy(&[0.25_f32], &1_u8), Some(1.0));
/// let error = BinaryCrossEntropy.check(7, &[0.0_f32, -1.0]).unwrap_err();
/// assert!(error.to_string().contains("number 1 of the target (in row-major order) is -1, but must be"));
/// ```
///
/// # Errors
///
/// A target that is NaN or not from 0 to 1, found before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryCrossEntropy;

/// [`BinaryCrossEntropy`] with `pos_weight`: what [`pos_weight`](BinaryCrossEntropy::pos_weight) gives.
///
/// # Errors
///
/// As [`BinaryCrossEntropy`]; a weight that is negative or not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinaryCrossEntropyWith<W> {
    /// What the loss of a yes is multiplied by.
    pub pos_weight: W,
}

impl BinaryCrossEntropy {
    /// Multiplies the loss of a yes: by one number, or by one `[f32; N]` for each of the N logits of an output `[f32; N]` or
    /// of each step of `[[f32; N]; T]`. Where there are four times as many noes, 4 makes both count the same.
    ///
    /// ```
    /// use kiln::BinaryCrossEntropy;
    ///
    /// let one = BinaryCrossEntropy.pos_weight(4.0);
    /// let each = BinaryCrossEntropy.pos_weight([4.0, 1.5, 20.0]);
    /// ```
    pub fn pos_weight<W: PosWeight>(self, weight: W) -> BinaryCrossEntropyWith<W> {
        BinaryCrossEntropyWith { pos_weight: weight }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl<const N: usize> Sealed for [f32; N] {}
}

/// One number, or one for each logit.
pub trait PosWeight: sealed::Sealed + Copy + Send + Sync {}

impl PosWeight for f64 {}

impl<const N: usize> PosWeight for [f32; N] {}

/// ln(1 + e^-|x|), all digits of which are right however small it is.
#[inline(always)]
fn softplus_of_minus<S: Isa>(s: S, size: f32x16<S>) -> f32x16<S> {
    let power = math::exp(s, -size);
    let sum = power + 1.0;
    // What rounding took off 1 + e^-|x| is put back by the quotient.
    let rounded = sum - 1.0;
    let logarithm = math::ln(s, sum) * (power / rounded);
    rounded.simd_eq(0.0).select(power, logarithm)
}

/// Loss and slope of sixteen logits.
#[inline(always)]
fn at<S: Isa>(s: S, x: f32x16<S>, t: f32x16<S>, weight: f32x16<S>) -> [f32x16<S>; 2] {
    let zero = f32x16::splat(s, 0.0);
    let least = softplus_of_minus(s, x.abs());
    let (yes, no) = (t * weight, 1.0 - t);
    let (if_yes, if_no) = ((-x).max(zero) + least, x.max(zero) + least);
    let value = yes * if_yes + no * if_no;
    let slope = no * math::sigmoid(s, x) - yes * math::sigmoid(s, -x);
    [value, slope]
}

/// Whether a logit is on the right side of 0.
fn is_right(logit: f32, target: f32) -> bool {
    !logit.is_nan() && (logit > 0.0) == (target > 0.5)
}

/// What is wrong with a target.
fn refuses(target: f32) -> Option<&'static str> {
    (!(0.0..=1.0).contains(&target)).then_some("from 0 to 1: 1 for yes, 0 for no, or a probability")
}

impl Elementwise for BinaryCrossEntropy {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, x: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        at(s, x, t, f32x16::splat(s, 1.0))
    }

    fn is_right(&self, output: f32, target: f32) -> Option<bool> {
        Some(is_right(output, target))
    }

    fn refuses(&self, target: f32) -> Option<&'static str> {
        refuses(target)
    }
}

/// What a positive weight must be.
const WEIGHT: &str = "0 or more and finite as `f32`, such as 4.0";

impl Elementwise for BinaryCrossEntropyWith<f64> {
    #[inline(always)]
    fn at<S: Isa>(&self, s: S, x: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        at(s, x, t, f32x16::splat(s, self.pos_weight as f32))
    }

    fn is_right(&self, output: f32, target: f32) -> Option<bool> {
        Some(is_right(output, target))
    }

    fn refuses(&self, target: f32) -> Option<&'static str> {
        refuses(target)
    }

    fn check_settings(&self) -> Result<()> {
        check_amount("pos_weight", self.pos_weight, WEIGHT)
    }
}

/// Implements [`Loss`] of a single logit for labels.
macro_rules! of_labels {
    ($($loss:ty)*) => {$(
        impl<T: Label> Loss<[f32; 1], T> for $loss {
            #[inline(always)]
            fn row<S: Isa>(&self, s: S, output: &[f32; 1], target: &T, scale: f32, delta: &mut [f32; 1]) -> f32 {
                let target = match target.class() {
                    Some(0) => 0.0,
                    Some(1) => 1.0,
                    _ => f32::NAN,
                };
                Loss::<[f32; 1], [f32; 1]>::row(self, s, output, &[target], scale, delta)
            }

            fn accuracy(&self, output: &[f32; 1], target: &T) -> Option<f32> {
                let target = f32::from(u8::from(target.class() == Some(1)));
                Some(f32::from(u8::from(is_right(output[0], target))))
            }

            fn check_settings(&self) -> Result<()> {
                Elementwise::check_settings(self)
            }

            fn check(&self, row: usize, target: &T) -> Result<()> {
                if target.class().is_some_and(|class| class < 2) {
                    return Ok(());
                }
                Err(Error::LabelOutOfRange {
                    row,
                    label: target.number(),
                    classes: 2,
                })
            }
        }
    )*};
}

of_labels!(BinaryCrossEntropy BinaryCrossEntropyWith<f64>);

impl<const N: usize> BinaryCrossEntropyWith<[f32; N]> {
    /// The summed loss of one row; leaves the slopes times `factor`.
    #[inline(always)]
    fn sum<S: Isa>(
        &self,
        s: S,
        logits: &[f32; N],
        targets: &[f32; N],
        factor: f32,
        delta: &mut [f32; N],
    ) -> f64 {
        let weights = &self.pos_weight;
        let (blocks, rest) = weights.as_chunks::<LANES>();
        each(
            s,
            logits,
            targets,
            delta,
            factor,
            #[inline(always)]
            |index, x, t| {
                let weight = match blocks.get(index / LANES) {
                    Some(block) => *block,
                    None => {
                        let mut padded = [1.0; LANES];
                        padded[..rest.len()].copy_from_slice(rest);
                        padded
                    }
                };
                at(s, x, t, f32x16::simd_from(s, weight))
            },
        )
    }
}

impl<const N: usize> Loss<[f32; N], [f32; N]> for BinaryCrossEntropyWith<[f32; N]> {
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &[f32; N],
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        let count = N.max(1);
        let factor = scale * (1.0 / count as f32);
        (self.sum(s, output, target, factor, delta) / count as f64) as f32
    }

    fn accuracy(&self, output: &[f32; N], target: &[f32; N]) -> Option<f32> {
        share_right(output, target, |x, t| Some(is_right(x, t)))
    }

    fn check_settings(&self) -> Result<()> {
        check_weights("pos_weight", &self.pos_weight)
    }

    fn check(&self, row: usize, target: &[f32; N]) -> Result<()> {
        check_numbers(row, 0, target, refuses)
    }
}

impl<const N: usize, const T: usize> Loss<[[f32; N]; T], [[f32; N]; T]>
    for BinaryCrossEntropyWith<[f32; N]>
{
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        s: S,
        output: &[[f32; N]; T],
        target: &[[f32; N]; T],
        scale: f32,
        delta: &mut [[f32; N]; T],
    ) -> f32 {
        let count = (N * T).max(1);
        let factor = scale * (1.0 / count as f32);
        let mut sum = 0.0;
        for ((output, target), delta) in output.iter().zip(target).zip(delta) {
            sum += self.sum(s, output, target, factor, delta);
        }
        (sum / count as f64) as f32
    }

    fn accuracy(&self, output: &[[f32; N]; T], target: &[[f32; N]; T]) -> Option<f32> {
        let (output, target) = (output.as_flattened(), target.as_flattened());
        share_right(output, target, |x, t| Some(is_right(x, t)))
    }

    fn check_settings(&self) -> Result<()> {
        check_weights("pos_weight", &self.pos_weight)
    }

    fn check(&self, row: usize, target: &[[f32; N]; T]) -> Result<()> {
        check_numbers(row, 0, target, refuses)
    }
}
