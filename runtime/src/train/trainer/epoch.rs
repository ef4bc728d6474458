//! One pass over the data, without an allocation.

use super::{
    held::Trainer,
    pace::{Pace, Paced},
    whole::Whole,
};
use crate::{
    block::Block,
    data::Dataset,
    error::{Error, Result},
    loss::Loss,
    model::Model,
    optimizer::Optimizer,
    train::{
        faults::Faults,
        fit::{Fit, Open},
        history::Epoch,
        memory::Memory,
        order::Order,
        progress::Progress,
    },
};
use alloc::vec::Vec;
use core::mem;
use std::time::{Duration, Instant};

/// Memory of one fit.
pub struct Run<N: Model, T> {
    /// The step's.
    pub memory: Memory<N>,
    /// Gradients, where they are kept, and behind them what statistics gain.
    pub gradients: Vec<Block>,
    /// Those of a batch that is not the only one of its step.
    pub part: Vec<Block>,
    /// What is kept of a whole batch, where anything needs it.
    pub whole: Whole<N>,
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
        run.whole.begin();
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
            let (factor, mut paced) = (pace.factor, Paced::new(self, pace.momentum)?);
            let trainer = paced.trainer();
            let totals = trainer.step(net, data, run, first..first + rows, factor);
            drop(paced);
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
}

/// An error of a step with its place in the fit.
fn at(mut error: Error, number: usize, taken: usize) -> Error {
    match &mut error {
        Error::NanLoss { epoch, step } | Error::NanGradient { epoch, step, .. } => {
            (*epoch, *step) = (Some(number), taken);
        }
        Error::NanInput { epoch, .. } | Error::IndexOutOfRange { epoch, .. } => {
            *epoch = Some(number);
        }
        _ => {}
    }
    error
}
