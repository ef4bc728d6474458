//! What a loss is: the judgement of one sample.

use super::score::Part;
use crate::{error::Result, simd::Isa};

/// Judges one output against its target, whose type may be one of several: a label is any integer. A loss of one's own
/// states its value and its gradient:
///
/// ```
/// use kiln::{Loss, simd::Isa};
///
/// /// The squared error of N numbers, of which those without a target, marked by `None`, do not count.
/// struct Partial;
///
/// impl<const N: usize> Loss<[f32; N], [Option<f32>; N]> for Partial {
///     #[inline(always)]
///     fn row<S: Isa>(&self, _: S, y: &[f32; N], t: &[Option<f32>; N], scale: f32, delta: &mut [f32; N]) -> f32 {
///         let mut sum = 0.0;
///         for ((y, t), delta) in y.iter().zip(t).zip(delta) {
///             if let Some(t) = t {
///                 sum += (y - t) * (y - t);
///                 *delta = scale * 2.0 * (y - t);
///             }
///         }
///         sum
///     }
///
///     /// The mean of a batch is over the numbers that have a target.
///     fn sample_weight(&self, t: &[Option<f32>; N]) -> f32 {
///         t.iter().flatten().count() as f32
///     }
/// }
///
/// assert_eq!(Loss::<[f32; 2], _>::sample_weight(&Partial, &[None, Some(0.5)]), 1.0);
/// ```
///
/// The loss of a batch is the sum of its samples' losses, divided by the sum of their weights:
///
/// ```text
/// L = sum_i row(output_i, target_i) / sum_i sample_weight(target_i)
/// ```
///
/// and so is that of an epoch, and of [`evaluate`](crate::train::evaluate). A loss that works number by number is best an
/// [`Elementwise`](super::Elementwise).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare an output `{Output}` with a target `{Target}`",
    note = "`CrossEntropy` takes logits `[f32; N]` and a label or N probabilities, `[[f32; N]; T]` and T of them; a label is any integer",
    note = "`Mse` and other losses of numbers take a target of the output's own type; a tuple of losses takes tuples of outputs and of targets"
)]
pub trait Loss<Output, Target>: Send + Sync {
    /// Parts that have a mean of their own.
    #[doc(hidden)]
    const PARTS: usize = 1;

    /// Whether the loss sees whole batches, and does not judge samples.
    #[doc(hidden)]
    const SEES_BATCH: bool = false;

    /// The loss of one sample; leaves `scale` times its gradient by the output in `delta`, which comes zeroed.
    ///
    /// A target that [`check`](Loss::check) refuses must give NaN, never a panic. Implement with `#[inline(always)]`.
    fn row<S: Isa>(
        &self,
        s: S,
        output: &Output,
        target: &Target,
        scale: f32,
        delta: &mut Output,
    ) -> f32;

    /// How much a sample counts in the mean of its batch, by which the sum of the losses is divided: 1 unless said otherwise.
    /// Class weights, as PyTorch has them, multiply the loss that [`row`](Loss::row) gives, and are the sample's weight, too;
    /// a sample that is left out has a loss and a weight of 0. A sequence may count by its steps. A batch whose samples all
    /// weigh 0 has a loss of 0 and gradients of zero.
    ///
    /// A fit asks before each step for the weights of the targets that [`Dataset::target`](crate::data::Dataset::target)
    /// gives. It must be finite, and 0 or more.
    fn sample_weight(&self, target: &Target) -> f32 {
        let _ = target;
        1.0
    }

    /// The share of right predictions in this sample, 0 to 1, for losses that know what that means.
    fn accuracy(&self, output: &Output, target: &Target) -> Option<f32> {
        let _ = (output, target);
        None
    }

    /// How much a sample counts in the mean accuracy: 1 unless said otherwise, and 0 if it weighs nothing. Where part of a
    /// sample is left out, this is the rest.
    fn accuracy_weight(&self, target: &Target) -> f32 {
        f32::from(u8::from(self.sample_weight(target) != 0.0))
    }

    /// `true` if outputs are logits, of which the loss takes the softmax itself. `Trainer::fit` warns where a network ends
    /// in `Softmax` all the same.
    fn expects_logits(&self) -> bool {
        false
    }

    /// Refuses settings of the loss that make no sense; asked once before training, before an evaluation, and before each
    /// step of a loop of one's own.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) with the first such setting.
    fn check_settings(&self) -> Result<()> {
        Ok(())
    }

    /// Refuses the target of row `row` if no output can be compared with it; asked of every target before training.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the target.
    fn check(&self, row: usize, target: &Target) -> Result<()> {
        let _ = (row, target);
        Ok(())
    }

    /// Adds what a sample counts to the sum of each part.
    #[doc(hidden)]
    #[inline(always)]
    fn weigh(&self, target: &Target, sums: &mut [f64]) {
        if let [sum, ..] = sums {
            *sum += f64::from(self.sample_weight(target));
        }
    }

    /// Judges a sample. The deltas of each part are multiplied by its own scale.
    #[doc(hidden)]
    #[inline(always)]
    fn judge<S: Isa>(
        &self,
        s: S,
        output: &Output,
        target: &Target,
        scales: &[f32],
        delta: &mut Output,
        parts: &mut [Part],
    ) {
        let ([scale, ..], [part, ..]) = (scales, parts) else {
            return;
        };
        part.loss = self.row(s, output, target, *scale, delta);
        part.weight = self.sample_weight(target);
        if let Some(accuracy) = self.accuracy(output, target) {
            part.counted = self.accuracy_weight(target);
            part.accuracy = accuracy * part.counted;
        }
    }

    /// Judges a whole batch, for a loss that sees it; `gradients` come zeroed.
    #[doc(hidden)]
    fn judge_batch(
        &self,
        outputs: &[Output],
        targets: &[Target],
        gradients: &mut [Output],
    ) -> Result<f64> {
        let _ = (outputs, targets, gradients);
        Ok(f64::NAN)
    }
}
