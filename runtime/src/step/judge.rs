//! A loss over a batch of outputs that are at hand.

use super::inputs::check_targets;
use crate::{
    error::{Error, Result},
    loss::{
        Loss, Totals, Weights,
        in_batch::{self, InBatch},
    },
    simd::{self, Isa, Task},
    value::Value,
};

/// The mean loss of a batch's outputs; `gradients` becomes its gradient by each of them. For a loop of one's own, where a
/// loss is one term of several:
///
/// ```
/// use kiln::{Mse, judge};
///
/// let (outputs, targets) = ([[1.0], [3.0]], [[1.0], [1.0]]);
/// let mut gradients = [[0.0]; 2];
/// assert_eq!(judge(&Mse, &outputs, &targets, &mut gradients)?, 2.0);
/// assert_eq!(gradients, [[0.0], [2.0]]);
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// If the slices differ in length, there are no outputs, or the loss refuses its settings or a target.
pub fn judge<O: Value, T, L: Loss<O, T>>(
    loss: &L,
    outputs: &[O],
    targets: &[T],
    gradients: &mut [O],
) -> Result<f64> {
    check_targets(outputs, targets, loss)?;
    if outputs.is_empty() {
        return Err(Error::EmptyDataset);
    }
    if outputs.len() != gradients.len() {
        return Err(Error::OutputGradients {
            inputs: outputs.len(),
            gradients: gradients.len(),
        });
    }
    judged(loss, outputs, targets, gradients).map(|(mean, _)| mean)
}

/// The mean loss of a batch of which each output has a target that was checked, and how much its samples count.
pub fn judged<O: Value, T, L: Loss<O, T>>(
    loss: &L,
    outputs: &[O],
    targets: &[T],
    gradients: &mut [O],
) -> Result<(f64, Weights)> {
    bytemuck::fill_zeroes(gradients);
    if L::SEES_BATCH {
        let mean = loss.judge_batch(outputs, targets, gradients)?;
        return Ok((mean, Weights::of_rows(outputs.len())));
    }
    let weights = in_batch::weigh::<O, T, L>(loss, targets);
    let totals = totals(&InBatch::new(loss, weights), outputs, targets, gradients);
    Ok((totals.loss(), weights))
}

/// What a loss that judges samples one by one says of a batch; `gradients` come zeroed.
pub fn totals<O: Value, T, L: Loss<O, T>>(
    loss: &InBatch<'_, L>,
    outputs: &[O],
    targets: &[T],
    gradients: &mut [O],
) -> Totals {
    let work = Judge {
        loss,
        outputs,
        targets,
        gradients,
    };
    simd::dispatch(simd::level(), work)
}

/// [`totals`] on an instruction set.
struct Judge<'a, O, T, L> {
    loss: &'a InBatch<'a, L>,
    outputs: &'a [O],
    targets: &'a [T],
    gradients: &'a mut [O],
}

impl<O: Value, T, L: Loss<O, T>> Task for Judge<'_, O, T, L> {
    type Output = Totals;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Self::Output {
        let mut totals = Totals::none(L::PARTS);
        let pairs = self.outputs.iter().zip(self.targets);
        for ((output, target), gradient) in pairs.zip(self.gradients) {
            totals.extend(&[in_batch::score(s, self.loss, output, target, 1.0, gradient)]);
        }
        totals
    }
}
