//! A step that keeps a batch as a whole: by a loss that sees it, or with states that the next batch goes on with.
//!
//! The samples go forward, the loss judges all outputs, and its gradients go back: as `Training::backward_with` has it.

use super::visited::Visited;
use crate::{
    data::Dataset,
    error::{Error, Result},
    loss::{Loss, Totals, in_batch::InBatch},
    model::Model,
    network::Network,
    step::{
        chunks::Step,
        finish::Gradients,
        inputs::{check_input, check_loss, check_totals, hand, take},
        judge,
        passes::Passes,
        turn::{Handed, Taken},
    },
    train::{carry::Before, faults::guarded},
    value::zeroed_vec,
};
use alloc::vec::Vec;
use core::{borrow::Borrow, slice};

/// A batch as a whole, where anything needs it.
pub struct Whole<N: Model> {
    inputs: Vec<N::Input>,
    outputs: Vec<N::Output>,
    deltas: Vec<N::Output>,
    /// Whether samples hand their states on.
    pub carries: bool,
    /// The first sample of the batch that was last, and how many it had: none at the beginning of an epoch.
    last: (usize, usize),
}

impl<N: Model> Whole<N> {
    /// Forgets the batch before, so that nothing goes on from it.
    pub fn begin(&mut self) {
        self.last = (0, 0);
    }
}

impl<N: Model> Default for Whole<N> {
    fn default() -> Self {
        Self {
            inputs: Vec::new(),
            outputs: Vec::new(),
            deltas: Vec::new(),
            carries: false,
            last: (0, 0),
        }
    }
}

/// Forward, loss and gradients of some samples, one for each target.
pub fn pass<N, D, L>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, InBatch<'_, L>>,
    samples: &Visited<'_, D>,
    targets: &mut [D::Target],
    whole: &mut Whole<N>,
    gradients: &mut dyn Gradients,
) -> Result<Totals>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    let rows = targets.len();
    whole.inputs.clear();
    whole.inputs.try_reserve(rows).map_err(|_| Error::Memory {
        what: "the inputs of a batch",
        bytes: rows as u128 * size_of::<N::Input>() as u128,
    })?;
    let (first, count) = whole.last;
    let before = Before {
        first,
        outputs: &whole.outputs[..count],
    };
    for (position, target) in (samples.first..).zip(targets.iter_mut()) {
        let sample = samples.order.at(position);
        let given = guarded(sample, || samples.data.sample_in(samples.epoch, sample))?;
        // Not taken apart: what is given by value may be large.
        let (input, fresh): (&N::Input, &D::Target) = (given.0.borrow(), given.1.borrow());
        check_input::<N>(input, sample)?;
        step.turn.loss().check(sample, fresh)?;
        whole.inputs.extend_from_slice(slice::from_ref(input));
        if let (true, Some(input)) = (whole.carries, whole.inputs.last_mut()) {
            before.hand::<N, D>(samples.data, sample, input)?;
        }
        slice::from_mut(target).clone_from_slice(slice::from_ref(fresh));
    }
    if whole.outputs.len() < rows {
        (whole.outputs, whole.deltas) = (zeroed_vec(rows)?, zeroed_vec(rows)?);
    }
    let (inputs, outputs) = (&whole.inputs, &mut whole.outputs[..rows]);
    let Step {
        seed,
        step: number,
        turn: loss,
    } = step;
    let (turn, step) = (&Taken, number);
    take(
        passes,
        Step { turn, seed, step },
        inputs,
        &mut *outputs,
        &mut *gradients,
    )?;
    let deltas = &mut whole.deltas[..rows];
    bytemuck::fill_zeroes(deltas);
    let totals = match L::SEES_BATCH {
        true => {
            let mean = loss.loss().judge_batch(outputs, targets, deltas)?;
            check_loss(mean, number)?;
            Totals::of_batch(mean, rows)
        }
        false => {
            let totals = judge::totals(loss, outputs, targets, deltas);
            check_totals(&totals, loss.weights(), number)?;
            totals
        }
    };
    // Where chunks take each other's memory, they go forward again.
    let turn = &Handed::new(&*deltas, N::Network::SUMS, false);
    hand(passes, Step { turn, seed, step }, (inputs, None), gradients)?;
    whole.last = (samples.first, rows);
    Ok(totals)
}
