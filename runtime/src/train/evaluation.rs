//! Loss, accuracy and answers over many samples.

mod found;
mod judge;
mod shares;

pub use found::Evaluation;
pub(super) use judge::judge;

use super::{
    faults::{Faults, guarded},
    memory::starting,
    order,
    threads::{Stack, Threads},
    weights::check_finite,
};
use crate::{
    data::Dataset,
    error::{Error, Found, Result},
    inference::Workspace,
    loss::{Loss, in_batch, whole::check_alone},
    metrics::Metric,
    model::Model,
    step::inputs::check_input,
    value::{Value, zeroed_vec},
};
use alloc::vec::Vec;
use core::borrow::Borrow;
use shares::{fork, leaf};

/// Mean loss and accuracy of `net` on `samples`, on `threads` threads; their bits do not depend on how many. The loss leaves
/// penalties out; dropout does nothing.
///
/// ```
/// use kiln::{CrossEntropy, Model, Result, data::Dataset, evaluate};
///
/// fn judge<N, D>(net: &N, test: &D) -> Result<()>
/// where
///     N: Model<Output = [f32; 10]>,
///     D: Dataset<Input = N::Input, Target = usize>,
/// {
///     let evaluation = evaluate(net, test, &CrossEntropy, 2)?;
///     println!("{evaluation}"); // loss 0.07240, accuracy 97.8 %
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// If there are no samples, the loss refuses its own settings or a target, an input, a weight, an answer or its loss is not finite, or the
/// threads cannot be started.
pub fn evaluate<N, L, D>(net: &N, samples: &D, loss: &L, threads: usize) -> Result<Evaluation>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    evaluate_with(net, samples, loss, threads, &mut ())
}

/// [`evaluate`], with metrics: a [`Metric`], or a tuple of them. They begin anew, see the samples in their order, and are
/// left as the last sample leaves them, so that a confusion matrix can be printed.
///
/// ```
/// use kiln::metrics::{Average, ConfusionMatrix, F1, TopK};
/// use kiln::{CrossEntropy, Model, Result, data::Dataset, evaluate_with};
///
/// fn judge<N, D>(net: &N, test: &D) -> Result<()>
/// where
///     N: Model<Output = [f32; 10]>,
///     D: Dataset<Input = N::Input, Target = usize>,
/// {
///     let mut metrics = (F1::new(Average::Macro), TopK::new(3), ConfusionMatrix::default());
///     let evaluation = evaluate_with(net, test, &CrossEntropy, 2, &mut metrics)?;
///     println!("{evaluation}"); // loss 0.07240, accuracy 97.8 %, f1_macro 0.9779, top_3_accuracy 0.9981
///     println!("{}", metrics.2);
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// As [`evaluate`].
pub fn evaluate_with<N, L, D, M>(
    net: &N,
    samples: &D,
    loss: &L,
    threads: usize,
    metrics: &mut M,
) -> Result<Evaluation>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
    M: Metric<N::Output, D::Target>,
{
    check_alone::<N::Output, D::Target, L>(
        "a loss of samples; `Trainer::evaluate` has batches for a `WholeBatch`",
    )?;
    evaluate_in(net, samples, loss, (threads, 1), metrics)
}

/// [`evaluate_with`], in batches of a size, where the loss sees them.
pub(super) fn evaluate_in<N, L, D, M>(
    net: &N,
    samples: &D,
    loss: &L,
    (threads, batch): (usize, usize),
    metrics: &mut M,
) -> Result<Evaluation>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
    M: Metric<N::Output, D::Target>,
{
    loss.check_settings()?;
    let count = count(samples)?;
    let stack = Stack::of::<D>();
    let threads = Threads::new(threads, stack, |most| starting::<N>(count, most))?;
    threads.install(|| {
        check_targets::<N, L, D>(samples, count, loss)?;
        check_finite(net, None)?;
        let count = [threads.count(), count, batch];
        judge(net, samples, loss, count, metrics)
    })
}

/// The number of samples, asked for once, since it may be another the next time. None are refused, and so are more than an
/// epoch could ever visit.
pub(super) fn count<D: Dataset>(samples: &D) -> Result<usize> {
    // A dataset's own word on being empty may differ.
    match guarded(0, || Ok(samples.len()))? {
        0 => Err(Error::EmptyDataset),
        count if count as u64 > order::MOST => Err(Error::Setting {
            setting: "Dataset::len",
            found: Found::Count(count),
            expected: "at most 2^48, the samples of one epoch; an endless dataset has as many as you like an epoch to have",
        }),
        count => Ok(count),
    }
}

/// Refuses targets that the loss cannot use; inside [`Threads::install`], since a target may pass over the stack. `true` if
/// any of them counts otherwise than 1.
#[inline(never)]
pub(super) fn check_targets<N, L, D>(samples: &D, count: usize, loss: &L) -> Result<bool>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset,
{
    let mut weighs = false;
    for row in 0..count {
        let target = guarded(row, || samples.target(row))?;
        weighs |= in_batch::check::<N::Output, _, L>(loss, row, target.borrow())?;
    }
    Ok(weighs)
}

/// The answers of `net` to many inputs, one for each and in their order, on `threads` threads; their bits do not depend on
/// how many.
///
/// ```
/// use kiln::{Model, Result, argmax, predict};
///
/// fn classes<N: Model<Output = [f32; 10]>>(net: &N, inputs: &[N::Input]) -> Result<Vec<usize>> {
///     let answers = predict(net, inputs, 2)?;
///     Ok(answers.iter().map(|logits| argmax(logits)).collect())
/// }
/// ```
///
/// # Errors
///
/// If an input, a weight or an answer is not finite, or the threads cannot be started.
pub fn predict<N: Model>(net: &N, inputs: &[N::Input], threads: usize) -> Result<Vec<N::Output>> {
    check_finite(net, None)?;
    check_inputs::<N>(inputs)?;
    let stack = Stack::LENT;
    let threads = Threads::new(threads, stack, |most| starting::<N>(inputs.len(), most))?;
    let mut outputs = zeroed_vec(inputs.len())?;
    let leaf = leaf::<N>(inputs.len(), threads.count());
    let faults = Faults::default();
    threads.install(|| {
        fork(leaf, 0, &mut outputs, &|first, outputs| {
            let inputs = &inputs[first..first + outputs.len()];
            match Workspace::<N>::try_new(inputs.len()) {
                Ok(mut workspace) => workspace.answer(net, inputs, outputs),
                Err(error) => return faults.report(first, error),
            }
            for (row, output) in (first..).zip(outputs.iter()) {
                if let Some(index) = output.first_not_finite() {
                    return faults.report(row, Error::NanOutput { row, index });
                }
            }
        });
    });
    faults.judge().map(|()| outputs)
}

/// Refuses inputs that are not sound, naming the first one.
pub(super) fn check_inputs<N: Model>(inputs: &[N::Input]) -> Result<()> {
    let mut inputs = inputs.iter().enumerate();
    inputs.try_for_each(|(row, input)| check_input::<N>(input, row))
}
