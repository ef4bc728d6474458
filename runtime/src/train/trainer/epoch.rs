//! One pass over the data, without an allocation.

use super::{held::Trainer, pace::Pace};
use crate::{
    block::Block,
    data::Dataset,
    error::{Error, Result},
    loss::{
        Loss, Totals, Weights,
        in_batch::{self, InBatch},
    },
    model::Model,
    network::Network,
    optimizer::Optimizer,
    schedule::set_momentum,
    simd::Isa,
    step::{
        chunks::Step,
        courses::{Awake, Guided},
        finish::{Applied, Gradients, Kept},
        gradient::{self, Factor},
        inputs::{check_totals, not_finite},
        passes::Passes,
        source::{Gathered, Source},
        statistics,
    },
    train::{
        faults::{Faults, guarded},
        fit::{Fit, Open},
        history::Epoch,
        memory::Memory,
        order::Order,
        progress::Progress,
    },
};
use alloc::vec::Vec;
use core::{borrow::Borrow, marker::PhantomData, mem, ops::Range, slice};
use std::time::{Duration, Instant};

/// Memory of one fit.
pub struct Run<N: Model, T> {
    /// The step's.
    pub memory: Memory<N>,
    /// Gradients, where they are kept, and behind them what statistics gain.
    pub gradients: Vec<Block>,
    /// Those of a batch that is not the only one of its step.
    pub part: Vec<Block>,
    /// Targets of a batch, gathered from the dataset.
    pub targets: Vec<T>,
    /// The order of the samples.
    pub order: Order,
    /// How many of them are at hand: all, or those of a stream's buffer.
    pub samples: usize,
    /// How many an epoch has; 0 if that is not known.
    pub known: usize,
    /// Whether some count otherwise than 1 in the mean loss.
    pub weighs: bool,
    /// What is wrong with the samples of a step.
    pub faults: Faults,
}

/// When an epoch began that has taken so many seconds.
pub fn began(seconds: f64) -> Instant {
    let (now, spent) = (Instant::now(), Duration::try_from_secs_f64(seconds));
    now.checked_sub(spent.unwrap_or_default()).unwrap_or(now)
}

/// What an epoch gave that ends now; the next one is open.
pub fn closed(open: &mut Open, start: Instant) -> Epoch {
    let Open {
        sum,
        steps,
        learning_rate,
        ..
    } = mem::take(open);
    let seconds = start.elapsed().as_secs_f64();
    Epoch {
        loss: sum.loss(),
        accuracy: sum.accuracy(),
        validation: None,
        steps,
        learning_rate: Some(learning_rate),
        seconds,
        samples_per_second: sum.rows as f64 / seconds.max(f64::MIN_POSITIVE),
    }
}

impl<O: Optimizer, L, M> Trainer<O, L, M> {
    /// Trains on every sample once, or on those that are left of an epoch that was interrupted. Gives no epoch if it is
    /// interrupted itself. An error names the epoch by its number in this fit.
    pub(super) fn epoch<N, D>(
        &mut self,
        net: &mut N,
        data: &D,
        run: &mut Run<N, D::Target>,
        fit: &mut Fit,
        progress: &mut Progress,
    ) -> Result<Option<Epoch>>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        let of_epoch = self.pace_of_epoch()?;
        run.order.shuffle(self.seed.0, self.past.epochs as u64);
        self.past.epochs += 1;
        let (first, start) = (fit.open.position, began(fit.open.seconds));
        if self.steps(net, data, run, fit, (first, of_epoch, start), progress)? {
            return Ok(Some(closed(&mut fit.open, start)));
        }
        self.past.epochs -= 1;
        Ok(None)
    }

    /// Takes the steps of the samples from the first on, in their order; `false` if it is interrupted. An error names the epoch
    /// by its number in this fit.
    pub(super) fn steps<N, D>(
        &mut self,
        net: &mut N,
        data: &D,
        run: &mut Run<N, D::Target>,
        fit: &mut Fit,
        (mut first, of_epoch, start): (usize, Option<Pace>, Instant),
        progress: &mut Progress,
    ) -> Result<bool>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        let number = fit.history.epochs.len() + 1;
        let batch = run.memory.chunking.batch.get();
        let together = batch.saturating_mul(self.accumulate);
        while !self.around.interrupts.any() {
            if first >= run.samples {
                return Ok(true);
            }
            let rows = together.min(run.samples - first);
            fit.open.taken += 1;
            let pace = of_epoch.map_or_else(|| self.pace_of_step(), Ok)?;
            let before = set_momentum(&mut self.optimizer, pace.momentum)?;
            let factor = pace.factor;
            let totals = self.step(net, data, run, first..first + rows, factor);
            // The optimizer's own, for steps of which the schedule says nothing.
            if let Some(before) = before {
                self.optimizer.set_momentum(before);
            }
            let totals = totals.map_err(|error| at(error, number, fit.open.taken))?;
            if let (Some(average), Some(decay)) = (&mut self.past.average, self.ema) {
                average.follow(net, decay);
            }
            if self.keep_steps {
                fit.open.steps.push(totals.loss());
            }
            fit.open.sum.add(totals);
            fit.open.position += rows;
            fit.open.learning_rate = self.optimizer.learning_rate() * factor;
            first += rows;
            progress.update(&fit.open.sum, start);
            // A look at the clock is not free where a step takes a microsecond.
            if self.around.watches() {
                fit.open.seconds = start.elapsed().as_secs_f64();
                let stops = self.step_ended(net, fit)?;
                #[cfg(feature = "files")]
                self.checkpoint_step(net, fit)?;
                if stops {
                    break;
                }
            }
        }
        fit.open.seconds = start.elapsed().as_secs_f64();
        Ok(false)
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
        let batch = run.memory.chunking.batch.get();
        // Room for a batch, once; the first targets are as good as any to begin with.
        let room = batch.min(run.samples);
        for position in run.targets.len()..room {
            let sample = run.order.at(position);
            let target = guarded(sample, || data.target(sample))?;
            run.targets
                .extend_from_slice(slice::from_ref(target.borrow()));
        }
        // Every batch has a number of its own.
        let mut number = self.past.steps.wrapping_mul(self.accumulate as u64);
        let (loss, seed, order) = (&self.loss, self.seed.0, &run.order);
        let weigh = |positions: Range<usize>| match run.weighs {
            true => weigh::<N, L, D>(loss, data, order, positions),
            false => Ok(Weights::of_rows(positions.len())),
        };
        let mut samples = Visited {
            data,
            order,
            // Counted before its first step.
            epoch: self.past.epochs.saturating_sub(1) as u64,
            first: positions.start,
            faults: &run.faults,
        };
        let keeps_gradients = self.keeps_gradients();
        let (steps, courses) = (self.past.steps, &self.past.courses);
        let update = self.optimizer.step(steps, factor);
        let guided = Guided {
            optimizer: &self.optimizer,
            taken: steps,
            factor,
            tensors: N::Network::TENSORS,
            courses,
        };
        let (arena, state) = (N::Network::arena_mut(net), &mut self.past.state);
        let mut passes = run.memory.passes()?;
        if !keeps_gradients {
            let mut applied = Applied::<N, _> {
                update: &update,
                rules: guided.rules(),
                arena,
                state,
                network: PhantomData,
            };
            let targets = &mut run.targets[..positions.len()];
            let turn = &InBatch::new(loss, weigh(positions)?);
            let step = Step {
                turn,
                seed,
                step: number,
            };
            let totals = pass(&mut passes, step, &samples, targets, &mut applied)?;
            passes.follow(arena);
            self.past.steps += 1;
            return Ok(totals);
        }

        let wanted = Awake {
            tensors: N::Network::TENSORS,
            courses,
        };
        let level = passes.chunking.level;
        let mut totals = Totals::none(L::PARTS);
        // Each part of the loss has a mean over all these samples, so that the gradients of batches are summed.
        let whole = weigh(positions.clone())?;
        for start in positions.clone().step_by(batch) {
            let rows = batch.min(positions.end - start);
            samples.first = start;
            let (before, targets) = (totals.rows, &mut run.targets[..rows]);
            let into = if before == 0 {
                &mut run.gradients
            } else {
                &mut run.part
            };
            let mut kept = Kept::<N> {
                parameters: arena,
                gradients: &mut into[..N::Network::LEARNT_BLOCKS],
                rules: &wanted,
                network: PhantomData,
            };
            let turn = &InBatch::within(loss, weigh(start..start + rows)?, &whole);
            let step = Step {
                turn,
                seed,
                step: number,
            };
            totals.add(pass(&mut passes, step, &samples, targets, &mut kept)?);
            number = number.wrapping_add(1);
            into[N::Network::LEARNT_BLOCKS..].fill(Block::ZERO);
            if self.accumulate > 1 {
                passes.follow(into);
            }
            if before > 0 {
                let others = gradient::shares([before as f64, rows as f64]);
                let shares = [[1.0; 2], others];
                gradient::mix::<N>(level, shares, &mut run.gradients, &run.part);
            }
        }
        let (learnt, gains) = run.gradients.split_at_mut(N::Network::LEARNT_BLOCKS);
        gradient::add_penalties::<N>(level, &wanted, arena, learnt);
        let place = |name, index| Error::NanGradient {
            epoch: None,
            step: 1,
            name,
            index,
        };
        if let Some(limit) = self.clip_value {
            gradient::check_finite::<N>(learnt, place)?;
            gradient::clamp(level, limit, learnt);
        }
        let scale = match self.clip_norm {
            Some(limit) => Factor::clip(gradient::norm::<N>(learnt, place)?, limit),
            None => Factor::ONE,
        };
        let (cuts, rules) = (passes.cuts(None), (&update, guided.rules()));
        let (weights, statistics) = arena.split_at_mut(N::Network::LEARNT_BLOCKS);
        gradient::apply(level, rules, scale, &cuts, learnt, weights, state);
        if self.accumulate > 1 {
            statistics::gain::<N>(statistics, gains);
        } else {
            passes.follow(arena);
        }
        self.past.steps += 1;
        Ok(totals)
    }
}

/// Forward, loss and gradients of some samples, one for each target.
fn pass<N, D, L>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, InBatch<'_, L>>,
    samples: &Visited<'_, D>,
    targets: &mut [D::Target],
    gradients: &mut dyn Gradients,
) -> Result<Totals>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    let loss = step.turn;
    let totals = passes.run(step, samples, Gathered(targets), gradients);
    samples.faults.judge()?;
    if let Err(error) = check_totals(&totals, loss.weights(), 0) {
        // A dataset may have given other targets than those that were checked.
        for (position, target) in (samples.first..).zip(targets.iter()) {
            let sample = samples.order.at(position);
            in_batch::check::<N::Output, _, L>(loss.loss(), sample, target)?;
        }
        return Err(error);
    }
    Ok(totals)
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
