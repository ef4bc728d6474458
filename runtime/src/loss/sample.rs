//! What a loss is: the judgement of one sample.

use crate::{error::Result, simd::Isa};

/// Judges one output against its target, whose type may be one of several: a label is any integer. A loss of one's own
/// states its value and its gradient:
///
/// ```
/// use kiln::{Loss, simd::Isa};
///
/// /// `torch.nn.L1Loss` of N numbers: L = 1/N sum |y_i - t_i| and dL/dy_i = 1/N sign(y_i - t_i).
/// struct Absolute;
///
/// impl<const N: usize> Loss<[f32; N], [f32; N]> for Absolute {
///     #[inline(always)]
///     fn row<S: Isa>(&self, _: S, y: &[f32; N], t: &[f32; N], scale: f32, delta: &mut [f32; N]) -> f32 {
///         let share = 1.0 / N as f32;
///         let mut sum = 0.0;
///         for ((y, t), delta) in y.iter().zip(t).zip(delta) {
///             sum += (y - t).abs();
///             let sign = f32::from(y > t) - f32::from(y < t);
///             *delta = scale * share * sign;
///         }
///         sum * share
///     }
/// }
///
/// assert_eq!(Absolute.accuracy(&[1.0], &[2.0]), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare an output `{Output}` with a target `{Target}`",
    note = "`CrossEntropy` takes logits `[f32; N]` and a label, `[[f32; N]; T]` and labels `[_; T]`; a label is any integer",
    note = "`Mse` takes a target of the output's own type; a tuple of losses takes tuples of outputs and of targets"
)]
pub trait Loss<Output, Target>: Send + Sync {
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

    /// The share of right predictions in this sample, 0 to 1, for losses that know what that means.
    fn accuracy(&self, output: &Output, target: &Target) -> Option<f32> {
        let _ = (output, target);
        None
    }

    /// `true` if outputs are logits, of which the loss takes the softmax itself. `Trainer::fit` warns where a network ends
    /// in `Softmax` all the same.
    fn expects_logits(&self) -> bool {
        false
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
}

/// Implements [`Loss`] for tuples, each output with its own loss: the sum. Accuracy is that of the parts that have one,
/// averaged.
macro_rules! tuple {
    ($($loss:ident $output:ident $target:ident $index:tt),*) => {
        impl<$($output, $target, $loss: Loss<$output, $target>),*> Loss<($($output,)*), ($($target,)*)>
            for ($($loss,)*)
        {
            #[inline(always)]
            fn row<S: Isa>(
                &self,
                s: S,
                output: &($($output,)*),
                target: &($($target,)*),
                scale: f32,
                delta: &mut ($($output,)*),
            ) -> f32 {
                let mut sum = 0.0;
                $(
                    sum += self.$index.row(
                        s,
                        &output.$index,
                        &target.$index,
                        scale,
                        &mut delta.$index,
                    );
                )*
                sum
            }

            fn accuracy(&self, output: &($($output,)*), target: &($($target,)*)) -> Option<f32> {
                let (mut sum, mut count) = (0.0, 0.0);
                $(
                    if let Some(accuracy) = self.$index.accuracy(&output.$index, &target.$index) {
                        sum += accuracy;
                        count += 1.0;
                    }
                )*
                (count > 0.0).then(|| sum / count)
            }

            fn check(&self, row: usize, target: &($($target,)*)) -> Result<()> {
                $(self.$index.check(row, &target.$index)?;)*
                Ok(())
            }
        }
    };
}

tuple!(LA A TA 0, LB B TB 1);
tuple!(LA A TA 0, LB B TB 1, LC C TC 2);
tuple!(LA A TA 0, LB B TB 1, LC C TC 2, LD D TD 3);
tuple!(LA A TA 0, LB B TB 1, LC C TC 2, LD D TD 3, LE E TE 4);
tuple!(LA A TA 0, LB B TB 1, LC C TC 2, LD D TD 3, LE E TE 4, LF F TF 5);
