//! The loss of many samples, and what metrics say of them.

use super::{
    found::Evaluation,
    shares::{fork, leaf},
};
use crate::{
    data::Dataset,
    error::{Error, Result},
    inference::Workspace,
    loss::{Loss, Score, Totals},
    metrics::Metric,
    model::Model,
    network::Network,
    simd::{self, Isa, Task},
    step::inputs::check_input,
    train::{
        carry::{Before, follow},
        faults::{Faults, guarded},
    },
    value::{Value, zeroed, zeroed_vec},
    views,
};
use alloc::{vec, vec::Vec};
use core::{borrow::Borrow, mem, slice};

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
    /// What their states come from, if samples hand them on.
    before: Option<Before<'a, O>>,
}

/// Scores every sample; inside [`Threads::install`] where `threads` is more than one. The scores are summed in the
/// order of the samples, and metrics see them in that order. A loss that sees whole batches judges those of `batch`
/// samples, one after another.
pub fn judge<N, L, D>(
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
    let carries = guarded(0, || Ok(follow::<N, D>(samples, count)))?;
    let keeps = L::SEES_BATCH || carries || metrics.is_some();
    let most = match keeps {
        true => ANSWERS / size_of::<N::Output>().max(1),
        false => SCORES,
    };
    let window = match L::SEES_BATCH || carries {
        true => batch.max(1),
        false => most
            .clamp(1, SCORES)
            .next_multiple_of(N::Network::INFER_ROWS),
    };
    let mut scores = vec![Score::default(); window.min(count)];
    let mut outputs = zeroed_vec(if keeps { scores.len() } else { 0 })?;
    let mut deltas = zeroed_vec(if L::SEES_BATCH { scores.len() } else { 0 })?;
    let mut earlier = zeroed_vec(if carries { scores.len() } else { 0 })?;
    let mut last = (0, 0);
    let mut totals = Totals::none(L::PARTS);
    while totals.rows < count {
        let before = totals.rows;
        let scores = &mut scores[..window.min(count - before)];
        let (rows, size) = (scores.len(), leaf::<N>(scores.len(), threads));
        if carries {
            mem::swap(&mut outputs, &mut earlier);
        }
        let (first, count) = last;
        let from = carries.then(|| Before {
            first,
            outputs: &earlier[..count],
        });
        last = (before, rows);
        let mut rooms = outputs.chunks_mut(size);
        let leaves = scores.chunks_mut(size).enumerate();
        let leaves = leaves.map(|(index, scores)| {
            let (most, room) = (scores.len(), rooms.next().unwrap_or_default());
            Leaf {
                first: before + index * size,
                scores,
                outputs: &mut room[..if keeps { most } else { 0 }],
                targets: Vec::new(),
                before: from,
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
    let (first, keeps, before) = (leaf.first, !leaf.outputs.is_empty(), leaf.before);
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
        let known = targets.len();
        for row in row..row + scores.len() {
            let gathered = gather::<N, D>(samples, row, &mut inputs, targets, before);
            gathered.map_err(|error| (row, error))?;
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
                targets: &targets[known..],
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

/// Appends a copy of a sample whose input was found finite, with the state of the one that it follows.
fn gather<N, D>(
    samples: &D,
    row: usize,
    inputs: &mut Vec<N::Input>,
    targets: &mut Vec<D::Target>,
    before: Option<Before<'_, N::Output>>,
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
    check_input::<N>(input, row)?;
    // From place to place, without a copy in between.
    inputs.extend_from_slice(slice::from_ref(input));
    if let (Some(before), Some(input)) = (before, inputs.last_mut()) {
        before.hand::<N, D>(samples, row, input)?;
    }
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
