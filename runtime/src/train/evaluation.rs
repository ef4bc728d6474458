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
    loss::{Loss, Score, Totals, in_batch, whole::check_alone},
    metrics::{Measures, Metric},
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
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// Mean loss over the samples, each of which counts as the loss says; without penalties.
    pub loss: f64,
    /// Share of right predictions, 0 to 1, for losses that can tell.
    pub accuracy: Option<f64>,
    /// What the metrics found, if there were any.
    pub metrics: Measures,
}

impl Evaluation {
    /// Means of what was summed.
    pub(super) fn of(totals: Totals) -> Self {
        Self {
            loss: totals.loss(),
            accuracy: totals.accuracy(),
            metrics: Measures::default(),
        }
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {}", Significant(self.loss))?;
        if let Some(accuracy) = self.accuracy {
            write!(f, ", accuracy {:.1} %", accuracy * 100.0)?;
        }
        let mut metrics = self.metrics.iter();
        metrics.try_for_each(|metric| write!(f, ", {} {}", metric.name, Significant(metric.value)))
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

/// Samples whose scores are held at once. A dataset may claim more than memory holds scores for.
const SCORES: usize = 1 << 14;

/// Bytes of answers that are held at once for metrics.
const ANSWERS: usize = 1 << 24;

/// Samples that one thread scores.
struct Leaf<'a, O, T> {
    /// The first one's row.
    first: usize,
    scores: &'a mut [Score],
    /// Room for all answers, if metrics wait for them; otherwise none.
    outputs: &'a mut [O],
    /// Their targets then.
    targets: Vec<T>,
}

/// Scores every sample; inside [`Threads::install`] where `threads` is more than one. The scores are summed in the order of
/// the samples, and metrics see them in that order. A loss that sees whole batches judges those of `batch` samples, one
/// after another.
pub(super) fn judge<N, L, D>(
    net: &N,
    samples: &D,
    loss: &L,
    [threads, count, batch]: [usize; 3],
    metrics: &mut dyn Metric<N::Output, D::Target>,
) -> Result<Evaluation>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    metrics.begin();
    let keeps = L::SEES_BATCH || metrics.is_some();
    let most = match keeps {
        true => ANSWERS / size_of::<N::Output>().max(1),
        false => SCORES,
    };
    let window = match L::SEES_BATCH {
        true => batch.max(1),
        false => most
            .clamp(1, SCORES)
            .next_multiple_of(N::Network::INFER_ROWS),
    };
    let mut scores = vec![Score::default(); window.min(count)];
    let mut outputs = zeroed_vec(if keeps { scores.len() } else { 0 })?;
    let mut deltas = zeroed_vec(if L::SEES_BATCH { scores.len() } else { 0 })?;
    let mut totals = Totals::none(L::PARTS);
    while totals.rows < count {
        let before = totals.rows;
        let scores = &mut scores[..window.min(count - before)];
        let (rows, size) = (scores.len(), leaf::<N>(scores.len(), threads));
        let mut rooms = outputs.chunks_mut(size);
        let leaves = scores.chunks_mut(size).enumerate();
        let leaves = leaves.map(|(index, scores)| {
            let (most, room) = (scores.len(), rooms.next().unwrap_or_default());
            Leaf {
                first: before + index * size,
                scores,
                outputs: &mut room[..if keeps { most } else { 0 }],
                targets: Vec::new(),
            }
        });
        let mut leaves = leaves.collect::<Vec<_>>();
        let faults = Faults::default();
        fork(1, 0, &mut leaves, &|_, leaves| {
            for leaf in leaves {
                if let Err((row, error)) = judge_leaf(net, samples, loss, leaf) {
                    faults.report(row, error);
                }
            }
        });
        faults.judge()?;
        for leaf in &leaves {
            for (output, target) in leaf.outputs.iter().zip(&leaf.targets) {
                metrics.add(output, target);
            }
        }
        if L::SEES_BATCH {
            let targets = leaves.into_iter().flat_map(|leaf| leaf.targets);
            let (targets, deltas): (Vec<_>, _) = (targets.collect(), &mut deltas[..rows]);
            bytemuck::fill_zeroes(deltas);
            let mean = loss.judge_batch(&outputs[..rows], &targets, deltas)?;
            if !mean.is_finite() {
                return Err(Error::NanScore { row: before });
            }
            totals.add(Totals::of_batch(mean, rows));
            continue;
        }
        drop(leaves);
        totals.extend(scores);
    }
    let mut evaluation = Evaluation::of(totals);
    metrics.report(&mut evaluation.metrics);
    Ok(evaluation)
}

/// Scores a leaf's samples, up to one of which something is wrong. What it holds is no part of the frames of those that
/// wait for it.
#[inline(never)]
fn judge_leaf<N, L, D>(
    net: &N,
    samples: &D,
    loss: &L,
    leaf: &mut Leaf<'_, N::Output, D::Target>,
) -> core::result::Result<(), (usize, Error)>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    let (first, keeps) = (leaf.first, !leaf.outputs.is_empty());
    let rows = N::Network::INFER_ROWS.min(leaf.scores.len()).max(1);
    let (mut inputs, targets) = (Vec::with_capacity(rows), &mut leaf.targets);
    let missing = |error| (first, error);
    let mut own = zeroed_vec(if keeps { 0 } else { rows }).map_err(missing)?;
    // One delta serves all samples. It may be too large for a stack.
    let mut delta = zeroed().map_err(missing)?;
    let mut workspace = Workspace::<N>::try_new(rows).map_err(missing)?;
    let mut row = first;
    for scores in leaf.scores.chunks_mut(rows) {
        inputs.clear();
        if !keeps {
            targets.clear();
        }
        let before = targets.len();
        for row in row..row + scores.len() {
            gather::<N, D>(samples, row, &mut inputs, targets).map_err(|error| (row, error))?;
        }
        let outputs = match keeps {
            true => &mut leaf.outputs[row - first..][..scores.len()],
            false => &mut own[..scores.len()],
        };
        workspace.answer(net, &inputs, outputs);
        if !L::SEES_BATCH {
            let task = Judge::<N, D::Target, L> {
                loss,
                outputs,
                targets: &targets[before..],
                delta: &mut delta,
                scores,
            };
            simd::dispatch(simd::level(), task);
        }
        for (row, (output, score)) in (row..).zip(outputs.iter().zip(&*scores)) {
            check_score(row, output, score).map_err(|error| (row, error))?;
        }
        row += scores.len();
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
