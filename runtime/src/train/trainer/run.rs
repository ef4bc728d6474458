//! The epochs of a fit, and what happens between them.

use super::{
    epoch::Run,
    held::{Past, Trainer},
    validation_error,
};
use crate::{
    data::Dataset,
    error::Result,
    loss::Loss,
    metrics::Metric,
    model::Model,
    network::Network,
    optimizer::Optimizer,
    train::{
        around::Event,
        average::Averaged,
        callback::{Callback, Moment},
        evaluation::{Evaluation, judge},
        fit::Fit,
        history::{Epoch, Stopped},
        progress::Progress,
        weights::{Weights, check_finite},
    },
};
use core::cell::Cell;
use std::sync::PoisonError;

/// Trains for an epoch, or gives none if it is interrupted.
type Train<'a, O, L, M, N, T> = dyn FnMut(
        &mut Trainer<O, L, M>,
        &mut N,
        &mut Run<N, T>,
        &mut Fit,
        &mut Progress,
    ) -> Result<Option<Epoch>>
    + Send
    + 'a;

impl<O: Optimizer, L, M> Trainer<O, L, M> {
    /// Evaluates the network, or its average if that is wanted, inside [`Threads::install`].
    fn judge<N, V>(
        &mut self,
        net: &mut N,
        validation: &V,
        (threads, count): (usize, usize),
    ) -> Result<Evaluation>
    where
        N: Model,
        L: Loss<N::Output, V::Target>,
        V: Dataset<Input = N::Input>,
        M: Metric<N::Output, V::Target>,
    {
        let metrics = self.metrics.get_mut();
        let metrics = metrics.unwrap_or_else(PoisonError::into_inner);
        let average = self.past.average.as_mut().filter(|_| self.validates_ema);
        let judged = Averaged::new(net, average);
        judge(
            judged.net(),
            validation,
            &self.loss,
            [threads, count, self.batch],
            metrics,
        )
    }

    /// Runs the epochs that are left; `threads` and samples to validate on stand in `count`.
    pub(super) fn run_epochs<N, T, V>(
        &mut self,
        net: &mut N,
        train: &mut Train<'_, O, L, M, N, T>,
        validation: Option<&V>,
        run: &mut Run<N, T>,
        fit: &mut Fit,
        count: (usize, usize),
    ) -> Result<()>
    where
        N: Model,
        L: Loss<N::Output, V::Target>,
        V: Dataset<Input = N::Input>,
        M: Metric<N::Output, V::Target>,
    {
        // One that stopped early has ended, unless nothing is to stop it any more.
        fit.history.stopped = fit.history.stopped.filter(|stopped| match stopped {
            Stopped::Early => self.around.early.is_some(),
            Stopped::ByCallback => true,
            Stopped::Interrupted => false,
        });
        if self.tell(<dyn Callback>::fit_begins, net, fit)? {
            fit.history.stopped.get_or_insert(Stopped::ByCallback);
        }
        while fit.history.stopped.is_none() && fit.history.epochs.len() < self.epochs {
            let number = fit.history.epochs.len() + 1;
            let mut progress = Progress::new(self.quiet, number, self.epochs, run.known);
            let Some(mut epoch) = train(self, net, run, fit, &mut progress)? else {
                fit.history.stopped = Some(Stopped::Interrupted);
                #[cfg(feature = "files")]
                self.write_checkpoint(net, fit, self.past.epochs)?;
                break;
            };
            check_finite(net, Some(number))?;
            if let Some(validation) = validation {
                progress.validate(&epoch);
                let found = self.judge(net, validation, count);
                epoch.validation = Some(found.map_err(validation_error)?);
            }
            self.observe(&epoch);
            progress.finish(&epoch);
            fit.history.seconds += epoch.seconds;
            fit.history.epochs.push(epoch);
            self.epoch_ended(net, fit)?;
        }
        if fit.history.stopped != Some(Stopped::Interrupted) {
            let arena = N::Network::arena_mut(net).own()?;
            // None are kept where they are not to come back.
            if fit.early.weights.len() == arena.len() {
                arena.copy_from_slice(&fit.early.weights);
                // The average of the best epoch is what these are then.
                if let (Some(average), true) = (&mut self.past.average, self.validates_ema) {
                    average.arena.copy_from_slice(&fit.early.weights);
                }
            }
        }
        self.tell(<dyn Callback>::fit_ends, net, fit).map(|_| ())
    }

    /// What follows an epoch that was validated.
    fn epoch_ended<N: Model>(&mut self, net: &N, fit: &mut Fit) -> Result<()> {
        if let (Some(early), Some(epoch)) = (&self.around.early, fit.history.epochs.last()) {
            let count = fit.history.epochs.len();
            let average = self.past.average.as_ref().filter(|_| self.validates_ema);
            let judged = average.map_or(N::Network::arena(net), |average| &average.arena);
            if early.judge(&mut fit.early, epoch, count, judged)? {
                fit.history.stopped = Some(Stopped::Early);
            }
            fit.history.best = (fit.early.epoch > 0).then_some(fit.early.epoch);
        }
        if self.tell(<dyn Callback>::epoch_ends, net, fit)? {
            fit.history.stopped.get_or_insert(Stopped::ByCallback);
        }
        #[cfg(feature = "files")]
        self.checkpoint_epoch(net, fit)?;
        Ok(())
    }

    /// Tells callbacks what happens between two epochs; gives whether one asked to stop.
    fn tell<N: Model>(&mut self, event: Event, net: &N, fit: &Fit) -> Result<bool> {
        let (stop, last) = (Cell::new(false), fit.history.last());
        let rate = last.and_then(|epoch| epoch.learning_rate);
        let moment = self.past.moment((net, fit), self.epochs, rate, &stop);
        self.around.tell(event, &moment)
    }

    /// Tells callbacks that a step ended; gives whether to stop.
    pub(super) fn step_ended<N: Model>(&mut self, net: &N, fit: &Fit) -> Result<bool> {
        let (stop, rate) = (Cell::new(false), fit.open.learning_rate);
        let moment = self.past.moment((net, fit), self.epochs, Some(rate), &stop);
        self.around.tell(<dyn Callback>::step_ends, &moment)
    }
}

impl<T> Past<T> {
    /// What callbacks are shown.
    fn moment<'a, N: Model>(
        &'a self,
        (net, fit): (&'a N, &'a Fit),
        epochs: usize,
        learning_rate: Option<f64>,
        stop: &'a Cell<bool>,
    ) -> Moment<'a> {
        let (ended, open) = (fit.history.epochs.len(), &fit.open);
        let loss = match open.sum.rows {
            0 => fit.history.last().map_or(f64::NAN, |epoch| epoch.loss),
            _ => open.sum.loss(),
        };
        Moment {
            epoch: ended + usize::from(open.position > 0),
            epochs,
            steps: self.steps,
            loss,
            learning_rate,
            history: &fit.history,
            weights: Weights::of(net),
            averaged: self.average.as_ref().map(|average| Weights {
                arena: &average.arena,
                ..Weights::of(net)
            }),
            stop,
        }
    }
}
