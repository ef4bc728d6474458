//! Loss, accuracy and answers over many samples.

use super::{
    digits::Significant,
    faults::{Faults, guarded},
    memory::{sharing, starting},
    order,
    threads::{Stack, Threads},
    weights::check_finite,
};
use crate::{
    data::Dataset,
    error::{Error, Found, Result},
    inference::Workspace,
    loss::{Loss, Score, Totals, in_batch},
    model::Model,
    network::Network,
    simd::{self, Isa, Task},
    step::{inputs::not_finite, share::join},
    value::{Value, zeroed, zeroed_vec},
    views,
};
use alloc::{vec, vec::Vec};
use core::{borrow::Borrow, fmt, slice};

/// How a network does on a dataset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss over the samples, each of which counts as the loss says; without penalties.
    pub loss: f64,
    /// Share of right predictions, 0 to 1, for losses that can tell.
    pub accuracy: Option<f64>,
}

impl Evaluation {
    /// Means of what was summed.
    pub(super) fn of(totals: Totals) -> Self {
        Self {
            loss: totals.loss(),
            accuracy: totals.accuracy(),
        }
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {}", Significant(self.loss))?;
        match self.accuracy {
            Some(accuracy) => write!(f, ", accuracy {:.1} %", accuracy * 100.0),
            None => Ok(()),
        }
    }
}

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
    loss.check_settings()?;
    let count = count(samples)?;
    let stack = Stack::of::<D>();
    let threads = Threads::new(threads, stack, |most| starting::<N>(count, most))?;
    threads.install(|| {
        check_targets::<N, L, D>(samples, count, loss)?;
        check_finite(net, None)?;
        let totals = judge(net, samples, loss, threads.count(), count)?;
        Ok(Evaluation::of(totals))
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

/// Samples whose scores are held at once. A dataset may claim more than memory holds scores for.
const SCORES: usize = 1 << 14;

/// Scores every sample; inside [`Threads::install`] where `threads` is more than one. The scores are summed in the order of
/// the samples.
pub(super) fn judge<N, L, D>(
    net: &N,
    samples: &D,
    loss: &L,
    threads: usize,
    count: usize,
) -> Result<Totals>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    let window = SCORES.next_multiple_of(N::Network::INFER_ROWS);
    let mut scores = vec![Score::default(); window.min(count)];
    let mut totals = Totals::none(L::PARTS);
    while totals.rows < count {
        let before = totals.rows;
        let scores = &mut scores[..window.min(count - before)];
        let leaf = leaf::<N>(scores.len(), threads);
        let faults = Faults::default();
        fork(leaf, 0, scores, &|first, scores| {
            if let Err((row, error)) = judge_leaf(net, samples, loss, before + first, scores) {
                faults.report(row, error);
            }
        });
        faults.judge()?;
        totals.extend(scores);
    }
    Ok(totals)
}

/// Scores the samples from `first` on, up to one of which something is wrong. What it holds is no part of the frames of
/// those that wait for it.
#[inline(never)]
fn judge_leaf<N, L, D>(
    net: &N,
    samples: &D,
    loss: &L,
    first: usize,
    scores: &mut [Score],
) -> core::result::Result<(), (usize, Error)>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    let rows = N::Network::INFER_ROWS.min(scores.len()).max(1);
    let (mut inputs, mut targets) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let missing = |error| (first, error);
    let mut outputs = zeroed_vec(rows).map_err(missing)?;
    // One delta serves all samples. It may be too large for a stack.
    let mut delta = zeroed().map_err(missing)?;
    let mut workspace = Workspace::<N>::try_new(rows).map_err(missing)?;
    let mut row = first;
    for scores in scores.chunks_mut(rows) {
        inputs.clear();
        targets.clear();
        for row in row..row + scores.len() {
            gather::<N, D>(samples, row, &mut inputs, &mut targets)
                .map_err(|error| (row, error))?;
        }
        let outputs = &mut outputs[..scores.len()];
        workspace.answer(net, &inputs, outputs);
        row += inputs.len();
        let task = Judge::<N, D::Target, L> {
            loss,
            outputs,
            targets: &targets,
            delta: &mut delta,
            scores,
        };
        simd::dispatch(simd::level(), task);
        let first = row - inputs.len();
        for (index, (output, score)) in outputs.iter().zip(scores).enumerate() {
            check_score(first + index, output, score).map_err(|error| (first + index, error))?;
        }
    }
    Ok(())
}

/// Refuses an answer or a loss that is not finite: from finite inputs and weights, numbers may still overflow.
fn check_score(row: usize, output: &impl Value, score: &Score) -> Result<()> {
    if let Some(index) = output.first_not_finite() {
        return Err(Error::NanOutput { row, index });
    }
    if score.is_finite() {
        Ok(())
    } else {
        Err(Error::NanScore { row })
    }
}

/// Appends a copy of a sample whose input was found finite.
fn gather<N, D>(
    samples: &D,
    row: usize,
    inputs: &mut Vec<N::Input>,
    targets: &mut Vec<D::Target>,
) -> Result<()>
where
    N: Model,
    D: Dataset<Input = N::Input>,
{
    let given = guarded(row, || samples.sample(row));
    // Not taken apart: what is given by value may be large.
    let (input, target): (&N::Input, &D::Target) = match given {
        Ok((ref input, ref target)) => (input.borrow(), target.borrow()),
        Err(error) => return Err(error),
    };
    if input.first_not_finite().is_some() {
        return Err(not_finite(input, row));
    }
    // From place to place, without a copy in between.
    inputs.extend_from_slice(slice::from_ref(input));
    targets.extend_from_slice(slice::from_ref(target));
    Ok(())
}

/// Compares a group of outputs with their targets.
struct Judge<'a, N: Model, T, L> {
    loss: &'a L,
    outputs: &'a [N::Output],
    targets: &'a [T],
    /// Serves one output after another.
    delta: &'a mut N::Output,
    scores: &'a mut [Score],
}

impl<N: Model, T, L: Loss<N::Output, T>> Task for Judge<'_, N, T, L> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let pairs = self.outputs.iter().zip(self.targets);
        for ((output, target), score) in pairs.zip(self.scores) {
            bytemuck::write_zeroes(self.delta);
            *score = views::score(s, self.loss, output, target, 1.0, self.delta);
        }
    }
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
    check_inputs(inputs)?;
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

/// Refuses numbers that are not finite, naming the first one.
pub(super) fn check_inputs<I: Value>(inputs: &[I]) -> Result<()> {
    for (row, input) in inputs.iter().enumerate() {
        if let Some(index) = input.first_not_finite() {
            return Err(Error::NanInput {
                epoch: None,
                row,
                index,
            });
        }
    }
    Ok(())
}

/// Samples that one thread takes at once: whole groups, so that the cut changes no bit.
fn leaf<N: Model>(samples: usize, threads: usize) -> usize {
    let threads = sharing::<N>(samples, threads);
    let shares = if threads > 1 { 4 * threads } else { 1 };
    let groups = samples.div_ceil(N::Network::INFER_ROWS).div_ceil(shares);
    (groups * N::Network::INFER_ROWS).max(1)
}

/// Hands pieces of `leaf` items to `f`, with the index of their first one.
fn fork<T: Send>(
    leaf: usize,
    first: usize,
    items: &mut [T],
    f: &(impl Fn(usize, &mut [T]) + Sync),
) {
    let leaves = items.len().div_ceil(leaf);
    if leaves <= 1 {
        return f(first, items);
    }
    let middle = leaves / 2 * leaf;
    let (left, right) = items.split_at_mut(middle);
    join(
        || fork(leaf, first, left, f),
        || fork(leaf, first + middle, right, f),
    );
}
