//! One pass over the data, without an allocation.

use super::held::Trainer;
use crate::{
    block::Block,
    data::Dataset,
    error::{Error, Found, Result},
    loss::{
        Loss, Totals, Weights,
        in_batch::{self, InBatch},
    },
    model::Model,
    network::Network,
    optimizer::{Optimizer, check_factor},
    simd::Isa,
    step::{
        chunks::Step,
        finish::{Applied, Kept},
        gradient::{self, Factor},
        inputs::{check_totals, not_finite},
        source::{Gathered, Source},
    },
    train::{faults::Faults, history::Epoch, memory::Memory, order::Order, progress::Progress},
};
use alloc::{format, vec::Vec};
use core::{borrow::Borrow, marker::PhantomData, ops::Range, slice};
use std::time::Instant;

/// Memory of one fit.
pub struct Run<N: Model, T> {
    /// The step's.
    pub memory: Memory<N>,
    /// Gradients, where they are to be clipped.
    pub gradients: Vec<Block>,
    /// Targets of a batch, gathered from the dataset.
    pub targets: Vec<T>,
    /// The order of the samples.
    pub order: Order,
    /// How many there are.
    pub samples: usize,
    /// Whether some count otherwise than 1 in the mean loss.
    pub weighs: bool,
    /// What is wrong with the samples of a step.
    pub faults: Faults,
}

impl<O: Optimizer, L> Trainer<O, L> {
    /// Trains on every sample once. An error names the epoch by its `number` in this fit.
    pub(super) fn epoch<N, D>(
        &mut self,
        net: &mut N,
        data: &D,
        run: &mut Run<N, D::Target>,
        number: usize,
        progress: &mut Progress,
    ) -> Result<Epoch>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        let factor = self.learning_rate_factor()?;
        run.order.shuffle(self.seed.0, self.past.epochs as u64);
        self.past.epochs += 1;
        let start = Instant::now();
        let mut sum = Totals::none(L::PARTS);
        let mut steps = Vec::new();
        let mut first = 0;
        while first < run.samples {
            let rows = run.memory.chunking.batch.get().min(run.samples - first);
            let totals = self
                .step(net, data, run, first..first + rows, factor)
                .map_err(|error| at(error, number, first / run.memory.chunking.batch.get() + 1))?;
            if self.keep_steps {
                steps.push(totals.loss());
            }
            sum.add(totals);
            progress.update(&sum, start);
            first += rows;
        }
        let seconds = start.elapsed().as_secs_f64();
        let rows = sum.rows as f64;
        Ok(Epoch {
            loss: sum.loss(),
            accuracy: sum.accuracy(),
            validation: None,
            steps,
            seconds,
            samples_per_second: rows / seconds.max(f64::MIN_POSITIVE),
        })
    }

    /// The schedule's factor for the epoch that begins.
    fn learning_rate_factor(&self) -> Result<f64> {
        let epoch = self.past.epochs;
        let factor = self.schedule.as_ref().map_or(1.0, |factor| factor(epoch));
        check_factor("schedule", factor, || {
            Found::Text(format!("{factor:?} for epoch {epoch}, counted from 0"))
        })?;
        Ok(factor)
    }

    /// One step on the samples at `positions` of the order.
    fn step<N, D>(
        &mut self,
        net: &mut N,
        data: &D,
        run: &mut Run<N, D::Target>,
        positions: Range<usize>,
        factor: f64,
    ) -> Result<Totals>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        let (rows, order) = (positions.len(), &run.order);
        if run.targets.is_empty() {
            // Room for a batch, once; the first targets are as good as any to begin with.
            for position in positions.clone() {
                let target = data.target(order.at(position))?;
                run.targets
                    .extend_from_slice(slice::from_ref(target.borrow()));
            }
        }
        let weights = match run.weighs {
            true => weigh::<N, L, D>(&self.loss, data, order, positions.clone())?,
            false => Weights::of_rows(rows),
        };
        let step = Step {
            turn: &InBatch::new(&self.loss, weights),
            seed: self.seed.0,
            step: self.past.steps,
        };
        let source = Visited {
            data,
            order,
            first: positions.start,
            faults: &run.faults,
        };
        let targets = Gathered(&mut run.targets[..rows]);
        let update = self.optimizer.step(self.past.steps, factor);
        let arena = N::Network::arena_mut(net);
        let mut passes = run.memory.passes()?;
        let totals = match self.clip_norm {
            None => {
                let mut applied = Applied::<N, _> {
                    update: &update,
                    arena,
                    state: &mut self.past.state,
                    network: PhantomData,
                };
                passes.run(step, &source, targets, &mut applied)
            }
            Some(_) => {
                let mut kept = Kept::<N> {
                    parameters: arena,
                    gradients: &mut run.gradients,
                    network: PhantomData,
                };
                passes.run(step, &source, targets, &mut kept)
            }
        };
        run.faults.take()?;
        if let Err(error) = check_totals(&totals, &weights, 0) {
            // A dataset may have given other targets than those that were checked.
            for (position, target) in positions.zip(&run.targets) {
                in_batch::check(&self.loss, order.at(position), target)?;
            }
            return Err(error);
        }
        if let Some(limit) = self.clip_norm {
            let (level, gradients) = (passes.chunking.level, &mut run.gradients);
            let weights = &mut arena[..N::Network::LEARNT_BLOCKS];
            gradient::add_penalties::<N>(level, weights, gradients);
            let norm = gradient::norm::<N>(gradients, |name, index| Error::NanGradient {
                epoch: None,
                step: 1,
                name,
                index,
            })?;
            let (factor, state) = (Factor::clip(norm, limit), &mut self.past.state);
            let cuts = passes.cuts(None);
            gradient::apply(level, &update, factor, &cuts, gradients, weights, state);
        }
        passes.follow(arena);
        self.past.steps += 1;
        Ok(totals)
    }
}

/// How much the samples at `positions` of the order count, by their targets alone: all are asked for before the first of them
/// is judged, which needs the sum.
#[inline(never)]
fn weigh<N, L, D>(loss: &L, data: &D, order: &Order, positions: Range<usize>) -> Result<Weights>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    let mut weights = Weights::default();
    for position in positions {
        let target = data.target(order.at(position))?;
        in_batch::add::<N::Output, _, L>(loss, target.borrow(), &mut weights);
    }
    Ok(weights)
}

/// An error of a step with its place in the fit.
fn at(error: Error, number: usize, step: usize) -> Error {
    let epoch = Some(number);
    match error {
        Error::NanLoss { .. } => Error::NanLoss { epoch, step },
        Error::NanGradient { name, index, .. } => Error::NanGradient {
            epoch,
            step,
            name,
            index,
        },
        Error::NanInput { row, index, .. } => Error::NanInput { epoch, row, index },
        other => other,
    }
}

/// Samples of a dataset, in the order in which an epoch visits them.
struct Visited<'a, D> {
    data: &'a D,
    order: &'a Order,
    /// Position of the batch's first sample in the order.
    first: usize,
    faults: &'a Faults,
}

impl<N, T, D> Source<N, T> for Visited<'_, D>
where
    N: Model,
    T: Clone,
    D: Dataset<Input = N::Input, Target = T>,
{
    /// Every input is looked at each time, while it is near: a dataset may give another one in every epoch.
    fn load<S: Isa>(
        &self,
        s: S,
        positions: Range<usize>,
        gathered: Option<&mut [T]>,
        chunk: &mut [Block],
        capacity: usize,
    ) {
        let targets = gathered.into_iter().flatten();
        for (row, (position, target)) in positions.zip(targets).enumerate() {
            let position = self.first + position;
            let sample = self.order.at(position);
            let given = self.data.sample(sample);
            // Not taken apart: what is given by value may be large.
            let loaded = match given {
                Ok((ref input, ref fresh)) => {
                    let input: &N::Input = input.borrow();
                    slice::from_mut(target).clone_from_slice(slice::from_ref(fresh.borrow()));
                    match N::Network::load(s, input, chunk, capacity, row) {
                        true => Ok(()),
                        false => Err(not_finite(input, sample)),
                    }
                }
                Err(error) => Err(error),
            };
            if let Err(error) = loaded {
                self.faults.report(position, error);
            }
        }
    }

    fn is_sound(&self) -> bool {
        !self.faults.any()
    }
}
