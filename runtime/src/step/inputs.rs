//! A batch that is given as slices: what is refused of it, and what a step does with it.

use super::{
    chunks::Step,
    finish::{Applied, Gradients, Kept},
    gradient,
    passes::{Passes, Totals},
    source::{Given, Source},
};
use crate::{
    block::Block,
    error::{Error, Result},
    loss::Loss,
    model::Model,
    network::Network,
    simd::Isa,
    update::Update,
    value::Value,
};
use core::{
    marker::PhantomData,
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Inputs as a slice, and the first of them that is not finite.
struct Inputs<'a, N: Model> {
    inputs: &'a [N::Input],
    /// Its position; behind all of them if there is none. The lowest, so that an error does not depend on threads.
    first: AtomicUsize,
}

impl<'a, N: Model> Inputs<'a, N> {
    fn new(inputs: &'a [N::Input]) -> Self {
        Self {
            inputs,
            first: AtomicUsize::new(inputs.len()),
        }
    }

    /// The error of the first input that is not finite.
    fn judge(&self) -> Result<()> {
        let position = self.first.load(Ordering::Relaxed);
        match self.inputs.get(position) {
            Some(input) => Err(not_finite(input, position)),
            None => Ok(()),
        }
    }
}

impl<N: Model, T> Source<N, T> for Inputs<'_, N> {
    fn load<S: Isa>(
        &self,
        s: S,
        positions: Range<usize>,
        _: Option<&mut [T]>,
        chunk: &mut [Block],
        capacity: usize,
    ) {
        for (row, position) in positions.enumerate() {
            if !N::Network::load(s, &self.inputs[position], chunk, capacity, row) {
                self.first.fetch_min(position, Ordering::Relaxed);
            }
        }
    }

    fn is_sound(&self) -> bool {
        self.first.load(Ordering::Relaxed) == self.inputs.len()
    }
}

/// The error of an input that was found not to be finite; `row` is its place in the dataset.
#[cold]
pub fn not_finite(input: &impl Value, row: usize) -> Error {
    let index = input.first_not_finite().unwrap_or(0);
    Error::NanInput {
        epoch: None,
        row,
        index,
    }
}

/// Refuses a batch that cannot be learnt from in memory for `batch` samples.
fn check<N: Model, T, L: Loss<N::Output, T>>(
    batch: usize,
    inputs: &[N::Input],
    targets: &[T],
    loss: &L,
) -> Result<()> {
    let rows = inputs.len();
    if rows == 0 {
        return Err(Error::EmptyDataset);
    }
    if rows != targets.len() {
        return Err(Error::Counts {
            inputs: rows,
            targets: targets.len(),
        });
    }
    if let (1, Some(layer)) = (rows, N::Network::NEEDS_COMPANY) {
        return Err(Error::Alone {
            layer,
            samples: 1,
            batch: 1,
        });
    }
    if rows > batch {
        return Err(Error::Batch {
            expected: batch,
            found: rows,
        });
    }
    let mut targets = targets.iter().enumerate();
    targets.try_for_each(|(row, target)| loss.check(row, target))
}

/// Runs a step; its mean loss.
fn run<N: Model, T: Sync, L: Loss<N::Output, T>>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, L>,
    inputs: &[N::Input],
    targets: &[T],
    gradients: &mut dyn Gradients,
) -> Result<f64> {
    check::<N, T, L>(passes.chunking.batch.get(), inputs, targets, step.loss)?;
    let source = Inputs::<N>::new(inputs);
    let Totals { loss, rows, .. } = passes.run(step, &source, Given(targets), gradients);
    source.judge()?;
    if !loss.is_finite() {
        let step = usize::try_from(step.step).unwrap_or(usize::MAX);
        return Err(Error::NanLoss {
            epoch: None,
            step: step.saturating_add(1),
        });
    }
    Ok(loss / rows as f64)
}

/// Fills an arena with the gradients of a batch, penalties included, and with what the statistics behind them gain; gives
/// the mean loss, without penalties. After an error the arena is as it was.
pub fn backward<N: Model, T: Sync, L: Loss<N::Output, T>>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, L>,
    parameters: &[Block],
    gradients: &mut [Block],
    (inputs, targets): (&[N::Input], &[T]),
) -> Result<f64> {
    let (learnt, gains) = gradients.split_at_mut(N::Network::LEARNT_BLOCKS);
    let mut kept = Kept::<N> {
        parameters,
        gradients: learnt,
        network: PhantomData,
    };
    let loss = run(passes, step, inputs, targets, &mut kept)?;
    gradient::add_penalties::<N>(passes.chunking.level, parameters, learnt);
    gains.fill(Block::ZERO);
    passes.follow(gradients);
    Ok(loss)
}

/// Lets a rule change an arena by the gradients of a batch as they are finished, and lets the statistics follow; gives the
/// mean loss, without penalties. After an error the arena is as it was.
pub fn learn<N: Model, T: Sync, L: Loss<N::Output, T>, U: Update>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, L>,
    arena: &mut [Block],
    (update, state): (&U, &mut [U::State]),
    (inputs, targets): (&[N::Input], &[T]),
) -> Result<f64> {
    let mut applied = Applied::<N, U> {
        update,
        arena: &mut *arena,
        state,
        network: PhantomData,
    };
    let loss = run(passes, step, inputs, targets, &mut applied)?;
    passes.follow(arena);
    Ok(loss)
}
