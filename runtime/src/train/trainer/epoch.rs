//! One pass over the data, without an allocation.

use super::Trainer;
use crate::{
    block::Block,
    data::Dataset,
    error::{Error, Result},
    loss::Loss,
    model::Model,
    network::Network,
    optimizer::Optimizer,
    parameters::Parameters,
    random,
    train::{
        faults::Faults,
        gradient,
        history::Epoch,
        passes::{Passes, Source, Step, Totals},
        progress::Progress,
    },
    update::Store,
    value::Value,
};
use alloc::{format, vec::Vec};
use core::{borrow::Borrow, ops::Range};
use rand_core::Rng;
use std::time::Instant;

/// Memory of one fit.
pub struct Run<N: Model, T> {
    /// The step's.
    pub passes: Passes<N>,
    /// Gradients, where they are to be clipped.
    pub gradients: Vec<Block>,
    /// What [`Store`] remembers.
    pub nothing: Vec<()>,
    /// Targets of a batch, gathered from the dataset.
    pub targets: Vec<T>,
    /// Whether all inputs were found finite.
    pub checked: bool,
    /// What is wrong with the samples of a step.
    pub faults: Faults,
}

impl<O: Optimizer, L> Trainer<O, L> {
    /// Trains on every sample once; `order` holds the samples' indices, and is shuffled.
    pub(super) fn epoch<N, D>(
        &mut self,
        net: &mut N,
        data: &D,
        run: &mut Run<N, D::Target>,
        order: &mut [usize],
        number: usize,
        progress: &mut Progress,
    ) -> Result<Epoch>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        let factor = self.learning_rate_factor()?;
        if self.shuffle {
            shuffle(order, self.seed.0, self.memory.epochs as u64);
        }
        self.memory.epochs += 1;
        let start = Instant::now();
        let mut sum = Totals {
            accuracy: Some(0.0),
            ..Totals::default()
        };
        for (step, rows) in order.chunks(run.passes.batch()).enumerate() {
            let totals = self.step(net, data, run, rows, factor);
            sum.add(totals.map_err(|error| match error {
                Error::NanLoss { .. } => Error::NanLoss {
                    epoch: Some(number),
                    step: step + 1,
                },
                other => other,
            })?);
            progress.update(&sum, start);
        }
        run.checked = true;
        let seconds = start.elapsed().as_secs_f64();
        let rows = sum.rows as f64;
        Ok(Epoch {
            loss: sum.loss / rows,
            accuracy: sum.accuracy.map(|accuracy| accuracy / rows),
            validation: None,
            seconds,
            samples_per_second: rows / seconds.max(f64::MIN_POSITIVE),
        })
    }

    /// The schedule's factor for the epoch that begins.
    fn learning_rate_factor(&self) -> Result<f64> {
        let epoch = self.memory.epochs;
        let factor = self.schedule.as_ref().map_or(1.0, |factor| factor(epoch));
        if (0.0..=f64::MAX).contains(&factor) {
            return Ok(factor);
        }
        Err(Error::Setting {
            setting: "schedule",
            found: format!("{factor:?} for epoch {epoch}, counted from 0"),
            expected: "finite and 0 or more, such as 1.0",
        })
    }

    /// One step on the samples `order`.
    fn step<N, D>(
        &mut self,
        net: &mut N,
        data: &D,
        run: &mut Run<N, D::Target>,
        order: &[usize],
        factor: f64,
    ) -> Result<Totals>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        let rows = order.len();
        if run.targets.is_empty() {
            // Room for a batch, once; the first targets are as good as any to begin with.
            for &sample in order {
                run.targets.push(data.target(sample)?);
            }
        }
        let step = Step {
            parameters: N::Network::arena(net),
            loss: &self.loss,
            seed: self.seed.0,
            step: self.memory.steps,
        };
        let gathered = Gathered {
            data,
            order,
            targets: &mut run.targets[..rows],
            first: 0,
            check: !run.checked,
            faults: &run.faults,
        };
        let totals = run.passes.rows(step, rows, gathered);
        run.faults.take()?;
        if !totals.loss.is_finite() {
            // A dataset may have given other samples than those that were checked.
            for (&sample, target) in order.iter().zip(&run.targets) {
                self.loss.check(sample, target)?;
                let (input, _) = data.sample(sample)?;
                if let Some(index) = Borrow::<N::Input>::borrow(&input).first_not_finite() {
                    return Err(Error::NanInput { row: sample, index });
                }
            }
            return Err(Error::NanLoss {
                epoch: None,
                step: 1,
            });
        }
        let update = self.optimizer.step(self.memory.steps, factor);
        let (weights, state) = (N::Network::arena_mut(net), &mut self.memory.state);
        match self.clip_norm {
            None => run.passes.panels(rows, &update, weights, state),
            Some(limit) => {
                run.passes
                    .panels(rows, &Store, &mut run.gradients, &mut run.nothing);
                let level = run.passes.level();
                gradient::add_penalties::<N>(level, weights, &mut run.gradients);
                let norm = Parameters::<N, _>::new(&run.gradients[..]).norm();
                let (factor, cuts) = (gradient::clip_factor(norm, limit), run.passes.cuts());
                gradient::apply(level, &update, factor, cuts, &run.gradients, weights, state);
            }
        }
        self.memory.steps += 1;
        Ok(totals)
    }
}

/// The order of an epoch: Fisher and Yates' shuffle of 0, 1, 2, ..., a function of the seed and the epoch alone.
fn shuffle(order: &mut [usize], seed: u64, epoch: u64) {
    for (index, sample) in order.iter_mut().enumerate() {
        *sample = index;
    }
    let mut generator = random::stream(random::mix(seed ^ SHUFFLE), epoch);
    for last in (1..order.len()).rev() {
        // A multiple of 2^-64 of the range; the bias is below 2^-32 for any dataset that fits into memory.
        let wide = u128::from(generator.next_u64()) * (last as u128 + 1);
        order.swap(last, (wide >> 64) as usize);
    }
}

/// Keeps the shuffle's streams apart from those of the parameters.
const SHUFFLE: u64 = 0x7368_7566_666c_6521;

/// Samples of a dataset, in the order in which an epoch visits them.
struct Gathered<'a, D, T> {
    data: &'a D,
    order: &'a [usize],
    targets: &'a mut [T],
    /// Position of the first one in the batch.
    first: usize,
    /// Whether to look for numbers that are not finite: the first time that a sample is met, while it is near.
    check: bool,
    faults: &'a Faults,
}

impl<N, T, D> Source<N, T> for Gathered<'_, D, T>
where
    N: Model,
    T: Send,
    D: Dataset<Input = N::Input, Target = T>,
{
    fn split(self, rows: usize) -> (Self, Self) {
        let (order, other_order) = self.order.split_at(rows);
        let (targets, other_targets) = self.targets.split_at_mut(rows);
        let other = Self {
            order: other_order,
            targets: other_targets,
            first: self.first + rows,
            ..self
        };
        let this = Self {
            order,
            targets,
            ..self
        };
        (this, other)
    }

    fn load(&mut self, samples: Range<usize>, chunk: &mut [Block], capacity: usize) -> &[T] {
        let first = self.first + samples.start;
        let targets = &mut self.targets[samples.clone()];
        let order = &self.order[samples];
        for (row, (target, &sample)) in targets.iter_mut().zip(order).enumerate() {
            let loaded = self.data.sample(sample).and_then(|(input, fresh)| {
                let input: &N::Input = input.borrow();
                if self.check
                    && let Some(index) = input.first_not_finite()
                {
                    return Err(Error::NanInput { row: sample, index });
                }
                N::Network::load(input, chunk, capacity, row);
                *target = fresh;
                Ok(())
            });
            if let Err(error) = loaded {
                self.faults.report(first + row, error);
            }
        }
        targets
    }
}
