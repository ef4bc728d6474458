//! A batch that is given as slices: what is refused of it, and what a step does with it.

use super::{
    chunks::Step,
    courses::Alike,
    finish::{Applied, Gradients, Kept, Read},
    gradient,
    least::Least,
    passes::Passes,
    source::{Absent, Gathered, Given, Source},
    turn::{Handed, Taken},
};
use crate::{
    block::Block,
    error::{Error, Result},
    loss::{
        Loss, Totals, Weights,
        in_batch::{self, InBatch},
        whole::check_alone,
    },
    model::Model,
    network::{Network, Tokens},
    simd::Isa,
    update::{Rules, Update},
    value::Value,
};
use core::{marker::PhantomData, ops::Range};

/// Inputs as a slice, and the first of them that is unsound: not finite, or an index that is not taken.
pub struct Inputs<'a, N: Model> {
    inputs: &'a [N::Input],
    /// Its position; behind all of them if there is none. The lowest, so that an error does not depend on threads.
    first: Least,
}

impl<'a, N: Model> Inputs<'a, N> {
    /// Of a batch.
    pub fn new(inputs: &'a [N::Input]) -> Self {
        Self {
            inputs,
            first: Least::new(inputs.len()),
        }
    }

    /// The error of the first input that is unsound.
    pub fn judge(&self) -> Result<()> {
        let position = self.first.get();
        match self.inputs.get(position) {
            Some(input) => Err(unsound::<N>(input, position)),
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
                self.first.add(position);
            }
        }
    }

    fn is_sound(&self) -> bool {
        self.first.get() == self.inputs.len()
    }
}

/// Refuses an input of which a number is not finite, or an index is not taken; `row` is its place in the dataset.
pub fn check_input<N: Model>(input: &N::Input, row: usize) -> Result<()> {
    if let Some(index) = input.first_not_finite() {
        let epoch = None;
        return Err(Error::NanInput { epoch, row, index });
    }
    for taken in N::Network::TOKENS {
        let Tokens {
            input: name,
            layer,
            least,
            most,
            ..
        } = *taken;
        let mut indices = input.indices(taken.part).iter().enumerate();
        if let Some((index, &found)) = indices.find(|(_, found)| !(least..=most).contains(*found)) {
            return Err(Error::IndexOutOfRange {
                epoch: None,
                row,
                input: name,
                index,
                found,
                layer,
                least,
                most,
            });
        }
    }
    Ok(())
}

/// The error of an input that was found unsound.
#[cold]
pub fn unsound<N: Model>(input: &N::Input, row: usize) -> Error {
    let (epoch, index) = (None, 0);
    let error = check_input::<N>(input, row).err();
    error.unwrap_or(Error::NanInput { epoch, row, index })
}

/// Refuses as many samples as cannot be learnt from in memory for `batch` of them.
pub fn check_rows<N: Model>(batch: usize, rows: usize) -> Result<()> {
    if rows == 0 {
        return Err(Error::EmptyDataset);
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
    Ok(())
}

/// Refuses targets that are not the inputs' or not the loss', and settings of the loss.
pub fn check_targets<I, O, T, L: Loss<O, T>>(inputs: &[I], targets: &[T], loss: &L) -> Result<()> {
    if inputs.len() != targets.len() {
        return Err(Error::Counts {
            inputs: inputs.len(),
            targets: targets.len(),
        });
    }
    loss.check_settings()?;
    let mut targets = targets.iter().enumerate();
    targets.try_for_each(|(row, target)| in_batch::check(loss, row, target).map(drop))
}

/// Runs a step; its mean loss, and how much its samples count.
fn run<N: Model, T: Sync, L: Loss<N::Output, T>>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, L>,
    inputs: &[N::Input],
    targets: &[T],
    gradients: &mut dyn Gradients,
) -> Result<(f64, Weights)> {
    let loss = step.turn;
    check_rows::<N>(passes.chunking.batch.get(), inputs.len())?;
    check_alone::<N::Output, T, L>(
        "a loss of samples; `Training` and `Trainer` take a `WholeBatch`",
    )?;
    check_targets::<_, N::Output, _, L>(inputs, targets, loss)?;
    let source = Inputs::<N>::new(inputs);
    let judged = InBatch::new(loss, in_batch::weigh::<N::Output, T, L>(loss, targets));
    let Step { seed, step, .. } = step;
    let turn = Step {
        turn: &judged,
        seed,
        step,
    };
    let totals = passes.run(turn, &source, Given(targets), gradients);
    source.judge()?;
    let mean = check_totals(&totals, judged.weights(), step)?;
    Ok((mean, *judged.weights()))
}

/// The mean loss of a step, counted from 0; an error if it teaches nothing.
pub fn check_totals(totals: &Totals, weights: &Weights, step: u64) -> Result<f64> {
    let loss = totals.loss();
    check_loss(loss, step)?;
    match totals.unexpected(weights) {
        Some([expected, found]) => Err(Error::StepWeight { expected, found }),
        None => Ok(loss),
    }
}

/// Refuses a loss that is not finite.
pub fn check_loss(loss: f64, step: u64) -> Result<()> {
    if loss.is_finite() {
        return Ok(());
    }
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    Err(Error::NanLoss {
        epoch: None,
        step: step.saturating_add(1),
    })
}

/// Fills an arena with the gradients of a batch, penalties included, and with what the statistics behind them gain; gives
/// the mean loss, without penalties, and how much its samples count. After an error the arena is as it was.
pub fn backward<N: Model, T: Sync, L: Loss<N::Output, T>>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, L>,
    parameters: &[Block],
    gradients: &mut [Block],
    (inputs, targets): (&[N::Input], &[T]),
) -> Result<(f64, Weights)> {
    let (learnt, gains) = gradients.split_at_mut(N::Network::LEARNT_BLOCKS);
    let mut kept = Kept::<N> {
        parameters,
        gradients: learnt,
        rules: &Alike,
        network: PhantomData,
    };
    let judged = run(passes, step, inputs, targets, &mut kept)?;
    gradient::add_penalties::<N>(passes.chunking.level, &Alike, parameters, learnt);
    gains.fill(Block::ZERO);
    passes.follow(gradients);
    Ok(judged)
}

/// The outputs of a batch as its forward passes in training leave them.
pub fn outputs<N: Model>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, Taken>,
    parameters: &[Block],
    inputs: &[N::Input],
    outputs: &mut [N::Output],
) -> Result<()> {
    if inputs.len() != outputs.len() {
        return Err(Error::Outputs {
            inputs: inputs.len(),
            outputs: outputs.len(),
        });
    }
    check_rows::<N>(passes.chunking.batch.get(), inputs.len())?;
    take(passes, step, inputs, outputs, &mut Read(parameters))
}

/// Runs the forward passes of a step by the parameters of `gradients`, and takes the outputs.
pub fn take<N: Model>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, Taken>,
    inputs: &[N::Input],
    outputs: &mut [N::Output],
    gradients: &mut dyn Gradients,
) -> Result<()> {
    let source = Inputs::<N>::new(inputs);
    passes.run(step, &source, Gathered(outputs), gradients);
    source.judge()
}

/// [`backward`] from the deltas of a batch's outputs, which somebody outside made: to `gradients`, unless parameters are left
/// alone, and to `slopes`, one for each input, where those are asked for.
pub fn backward_from<N: Model>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, Handed<'_, N::Output>>,
    parameters: &[Block],
    gradients: Option<&mut [Block]>,
    (inputs, slopes): (&[N::Input], Option<&mut [N::Input]>),
) -> Result<()> {
    if inputs.len() != step.turn.count() {
        return Err(Error::OutputGradients {
            inputs: inputs.len(),
            gradients: step.turn.count(),
        });
    }
    check_rows::<N>(passes.chunking.batch.get(), inputs.len())?;
    let Some(gradients) = gradients else {
        return hand(passes, step, (inputs, slopes), &mut Read(parameters));
    };
    let (learnt, gains) = gradients.split_at_mut(N::Network::LEARNT_BLOCKS);
    let mut kept = Kept::<N> {
        parameters,
        gradients: learnt,
        rules: &Alike,
        network: PhantomData,
    };
    hand(passes, step, (inputs, slopes), &mut kept)?;
    gradient::add_penalties::<N>(passes.chunking.level, &Alike, parameters, learnt);
    gains.fill(Block::ZERO);
    passes.follow(gradients);
    Ok(())
}

/// Runs a step whose deltas are handed in.
pub fn hand<N: Model>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, Handed<'_, N::Output>>,
    (inputs, slopes): (&[N::Input], Option<&mut [N::Input]>),
    gradients: &mut dyn Gradients,
) -> Result<()> {
    let source = Inputs::<N>::new(inputs);
    match slopes {
        Some(slopes) => passes.run(step, &source, Gathered(slopes), gradients),
        None => passes.run(step, &source, Absent(inputs.len()), gradients),
    };
    source.judge()?;
    step.turn.unsound().map_or(Ok(()), |(row, delta)| {
        let index = delta.first_not_finite().unwrap_or(0);
        Err(Error::NanOutputGradient { row, index })
    })
}

/// Lets a rule change an arena by the gradients of a batch as they are finished, and lets the statistics follow; gives the
/// mean loss, without penalties. After an error the arena is as it was.
pub fn learn<N: Model, T: Sync, L: Loss<N::Output, T>, U: Update>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, L>,
    arena: &mut [Block],
    ((update, rules), state): ((&U, &dyn Rules<U>), &mut [U::State]),
    (inputs, targets): (&[N::Input], &[T]),
) -> Result<f64> {
    let mut applied = Applied::<N, U> {
        update,
        rules,
        arena: &mut *arena,
        state,
        network: PhantomData,
    };
    let (loss, _) = run(passes, step, inputs, targets, &mut applied)?;
    passes.follow(arena);
    Ok(loss)
}
