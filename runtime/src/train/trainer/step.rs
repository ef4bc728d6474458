//! One step of a trainer.

use super::{
    epoch::Run,
    held::Trainer,
    visited::{Visited, weigh},
    whole::{self, Whole},
};
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
    step::{
        chunks::Step,
        courses::{Awake, Guided},
        cuts::Cuts,
        finish::{Applied, Gradients, Kept},
        gradient::{self, Factor},
        inputs::check_totals,
        limits,
        passes::Passes,
        source::Gathered,
        statistics,
    },
    train::faults::guarded,
};
use core::{borrow::Borrow, marker::PhantomData, ops::Range, slice};

impl<O: Optimizer, L, M> Trainer<O, L, M> {
    /// One step on the samples at `positions` of the order.
    pub(super) fn step<N, D>(
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
        let (arena, state) = (N::Network::arena_mut(net).own()?, &mut self.past.state);
        let (mut passes, whole) = (run.memory.passes()?, &mut run.whole);
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
            let totals = pass(&mut passes, step, &samples, targets, whole, &mut applied)?;
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
        let all = weigh(positions.clone())?;
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
            let turn = &InBatch::within(loss, weigh(start..start + rows)?, &all);
            let step = Step {
                turn,
                seed,
                step: number,
            };
            totals.add(pass(
                &mut passes,
                step,
                &samples,
                targets,
                whole,
                &mut kept,
            )?);
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
        limits::hold::<N::Network, _>(level, rules.1, None, cuts.count(), weights);
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
    whole: &mut Whole<N>,
    gradients: &mut dyn Gradients,
) -> Result<Totals>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    if L::SEES_BATCH || N::Network::CARRIES && whole.carries {
        return whole::pass(passes, step, samples, targets, whole, gradients);
    }
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
