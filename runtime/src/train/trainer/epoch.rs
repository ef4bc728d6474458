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
    schedule::Unit,
    simd::Isa,
    step::{
        chunks::Step,
        finish::{Applied, Kept},
        gradient::{self, Factor},
        inputs::{check_totals, not_finite},
        source::{Gathered, Source},
    },
    train::{
        faults::{Faults, guarded},
        history::Epoch,
        memory::Memory,
        order::Order,
        progress::Progress,
    },
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

/// What the steps of an epoch gave so far.
pub struct Sums {
    start: Instant,
    totals: Totals,
    /// The loss of each step, if it is kept.
    losses: Vec<f64>,
    /// Steps that were begun.
    steps: usize,
}

impl Sums {
    pub fn new(parts: usize) -> Self {
        Self {
            start: Instant::now(),
            totals: Totals::none(parts),
            losses: Vec::new(),
            steps: 0,
        }
    }

    /// The epoch, which ends now.
    pub fn finish(self) -> Epoch {
        let seconds = self.start.elapsed().as_secs_f64();
        let rows = self.totals.rows as f64;
        Epoch {
            loss: self.totals.loss(),
            accuracy: self.totals.accuracy(),
            validation: None,
            steps: self.losses,
            seconds,
            samples_per_second: rows / seconds.max(f64::MIN_POSITIVE),
        }
    }
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
        let of_epoch = self.factor_of_epoch()?;
        run.order.shuffle(self.seed.0, self.past.epochs as u64);
        self.past.epochs += 1;
        let mut sums = Sums::new(L::PARTS);
        self.steps(net, data, run, (number, of_epoch), &mut sums, progress)?;
        Ok(sums.finish())
    }

    /// Takes the steps of the samples in their order. An error names the epoch by its `number` in this fit.
    pub(super) fn steps<N, D>(
        &mut self,
        net: &mut N,
        data: &D,
        run: &mut Run<N, D::Target>,
        (number, of_epoch): (usize, Option<f64>),
        sums: &mut Sums,
        progress: &mut Progress,
    ) -> Result<()>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        let mut first = 0;
        while first < run.samples {
            let rows = run.memory.chunking.batch.get().min(run.samples - first);
            sums.steps += 1;
            let factor = of_epoch.map_or_else(|| self.factor_of_step(), Ok)?;
            let totals = self
                .step(net, data, run, first..first + rows, factor)
                .map_err(|error| at(error, number, sums.steps))?;
            if self.keep_steps {
                sums.losses.push(totals.loss());
            }
            sums.totals.add(totals);
            progress.update(&sums.totals, sums.start);
            first += rows;
        }
        Ok(())
    }

    /// The schedule's factor for the epoch that begins, if it is the same in all its steps.
    pub(super) fn factor_of_epoch(&self) -> Result<Option<f64>> {
        let epoch = self.past.epochs;
        let factor = match &self.schedule {
            None => 1.0,
            Some(schedule) if schedule.unit() == Unit::Epoch => schedule.factor(epoch as u64),
            Some(_) => return Ok(None),
        };
        check_factor("schedule", factor, || {
            Found::Text(format!("{factor:?} for epoch {epoch}, counted from 0"))
        })?;
        Ok(Some(factor))
    }

    /// The schedule's factor for the step that begins.
    fn factor_of_step(&self) -> Result<f64> {
        let step = self.past.steps;
        let factor = self.schedule.as_ref().map_or(1.0, |s| s.factor(step));
        check_factor("schedule", factor, || {
            Found::Text(format!("{factor:?} for step {step}, counted from 0"))
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
                let sample = order.at(position);
                let target = guarded(sample, || data.target(sample))?;
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
            // Counted before its first step.
            epoch: self.past.epochs.saturating_sub(1) as u64,
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
    /// Counted from 0 since the network's first fit.
    epoch: u64,
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
            let given = guarded(sample, || self.data.sample_in(self.epoch, sample));
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
