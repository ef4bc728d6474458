//! Epochs over a dataset.

mod epoch;
mod held;
mod pace;
#[cfg(feature = "files")]
mod resume;
mod run;
mod settings;
mod step;
mod stream;
mod visited;
mod whole;

use epoch::Run;
pub use held::Trainer;
use whole::Whole;

use super::{
    average::Average,
    carry::follow,
    ending,
    evaluation::{Evaluation, check_targets, count, evaluate_in, predict},
    faults::{Faults, guarded},
    fit::{Fit, Plan},
    history::{Epoch, History, Stopped},
    memory::{Memory, sharing},
    order::Order,
    part::Part,
    room, slowness,
    threads::{Stack, Threads},
    weights::{check_finite, fingerprint},
};
use crate::{
    block::Block,
    data::Dataset,
    error::{Error, Result, setting::check_count},
    loss::Loss,
    metrics::Metric,
    model::Model,
    network::Network,
    optimizer::Optimizer,
    step::{chunking::parts, courses::Courses},
    value::filled,
};
use alloc::{boxed::Box, vec::Vec};
use std::sync::PoisonError;

impl<O: Optimizer, L, M> Trainer<O, L, M> {
    /// Trains `net` on `data`.
    ///
    /// # Errors
    ///
    /// If `epochs`, `batch` or `threads` is 0, a number of the optimizer or a factor of the schedule is of no use (such as
    /// NaN or a negative learning rate), or of the loss, the data are empty, a target is refused by the loss (found before
    /// training), an input holds a number that is not finite (looked for in every epoch), or the loss or a gradient that is
    /// to be clipped becomes infinite or NaN. In the last cases the network is as it was before that step, which may be after
    /// many good ones.
    /// Weights must be finite before training and after every epoch; those that are no longer stay for inspection.
    ///
    /// What callbacks, logs, early stopping and checkpoints refuse stands with them; met during training, it ends the fit
    /// after its step, and the network keeps what it has learnt.
    pub fn fit<N, D>(&mut self, net: &mut N, data: &D) -> Result<History>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
        M: Metric<N::Output, D::Target>,
    {
        let count = count(data)?;
        match self.around.split {
            None => self.run(net, &Part::whole(data, count), None::<&Part<'_, D>>),
            Some(fraction) => {
                let (data, validation) = Part::split(data, count, fraction)?;
                self.run(net, &data, Some(&validation))
                    .map_err(|error| match error {
                        Error::Validation(error) => validation_error(validation.place(*error)),
                        error => error,
                    })
            }
        }
    }

    /// Trains `net` on `data` and evaluates it on `validation` after every epoch.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); [`Error::Validation`] with what is wrong with the validation data.
    pub fn fit_and_validate<N, D, V>(
        &mut self,
        net: &mut N,
        data: &D,
        validation: &V,
    ) -> Result<History>
    where
        N: Model,
        L: Loss<N::Output, D::Target> + Loss<N::Output, V::Target>,
        D: Dataset<Input = N::Input>,
        V: Dataset<Input = N::Input>,
        M: Metric<N::Output, V::Target>,
    {
        let data = Part::whole(data, count(data)?);
        let count = count(validation).map_err(validation_error)?;
        self.run(net, &data, Some(&Part::whole(validation, count)))
    }

    /// Mean loss and accuracy of `net` on `data`, and what the metrics say.
    ///
    /// # Errors
    ///
    /// If the data are empty, a target is refused by the loss, an input or a weight is not finite, or `threads` is 0.
    pub fn evaluate<N, D>(&self, net: &N, data: &D) -> Result<Evaluation>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
        M: Metric<N::Output, D::Target>,
    {
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        check_count("batch", self.batch as u64, "at least 1, such as 32")?;
        let sizes = (self.threads, self.batch);
        evaluate_in(net, data, &self.loss, sizes, &mut *metrics)
    }

    /// The answers of `net` to many inputs.
    ///
    /// # Errors
    ///
    /// If an input or a weight is not finite, or `threads` is 0.
    pub fn predict<N: Model>(&self, net: &N, inputs: &[N::Input]) -> Result<Vec<N::Output>> {
        predict(net, inputs, self.threads)
    }

    /// Whether gradients are kept, and not applied as they are finished.
    fn keeps_gradients(&self) -> bool {
        self.clip_norm.is_some() || self.clip_value.is_some() || self.accumulate > 1
    }

    /// An arena of gradients, and behind them room for what statistics gain, if it `is_wanted`.
    fn gradients<N: Model>(&self, is_wanted: bool) -> Result<Vec<Block>> {
        let blocks = if is_wanted {
            N::Network::PARAMETER_BLOCKS
        } else {
            0
        };
        filled("gradients", blocks)
    }

    /// What a fit is prepared for batches of so many samples, which has no samples yet. A network that is not the one of the
    /// last fit begins anew.
    fn prepare<N: Model, T>(&mut self, net: &N, batch: usize, threads: usize) -> Result<Run<N, T>> {
        check_finite(net, None)?;
        // A name that no parameter has is refused before anything is forgotten.
        Courses::default().settle(N::Network::TENSORS, &self.wishes, 0)?;
        let begins = self.past.adopt(net)?;
        if let Some(schedule) = &mut self.schedule
            && (begins || self.past.is_resumed)
        {
            schedule.restart();
            for loss in &self.past.observed {
                schedule.observe(*loss);
            }
        }
        self.past.is_resumed = false;
        self.past.average = match (self.ema, self.past.average.take()) {
            (None, _) => None,
            (Some(_), None) => Some(Average::new(N::Network::arena(net))?),
            (_, average) => average,
        };
        let (courses, steps) = (&mut self.past.courses, self.past.steps);
        courses.settle(N::Network::TENSORS, &self.wishes, steps)?;
        courses.spares_vectors = self.spares_vectors;
        room::check::<N>(batch)?;
        Ok(Run {
            memory: Memory::new(batch, threads)?,
            gradients: self.gradients::<N>(self.keeps_gradients())?,
            part: self.gradients::<N>(self.accumulate > 1)?,
            whole: Whole::default(),
            targets: Vec::new(),
            order: Order::Ascending,
            samples: 0,
            known: 0,
            weighs: false,
            faults: Faults::default(),
        })
    }

    /// Shows an epoch to the schedule, which may watch its loss.
    fn observe(&mut self, epoch: &Epoch) {
        let validation = epoch.validation.as_ref();
        let loss = validation.map_or(epoch.loss, |validation| validation.loss);
        self.past.observed.push(loss);
        if let Some(schedule) = &mut self.schedule {
            schedule.observe(loss);
        }
    }

    fn run<N, D, V>(&mut self, net: &mut N, data: &D, validation: Option<&V>) -> Result<History>
    where
        N: Model,
        L: Loss<N::Output, D::Target> + Loss<N::Output, V::Target>,
        D: Dataset<Input = N::Input>,
        V: Dataset<Input = N::Input>,
        M: Metric<N::Output, V::Target>,
    {
        self.check_settings()?;
        Loss::<N::Output, D::Target>::check_settings(&self.loss)?;
        if validation.is_some() {
            let checked = Loss::<N::Output, V::Target>::check_settings(&self.loss);
            checked.map_err(validation_error)?;
        }
        self.check_whole::<N::Output, D::Target>()?;
        self.around.check(validation.is_some())?;
        let samples = count(data)?;
        let validations = validation.map_or(Ok(0), count).map_err(validation_error)?;
        let batch = self.batch.min(samples);
        check_company::<N>(samples, batch)?;
        let stack = Stack::of::<D>().and(Stack::of::<V>());
        let threads = Threads::new(self.threads, stack, |most| {
            parts::<N>(batch, most).max(sharing::<N>(validations, most))
        })?;
        let loss = &self.loss;
        let weighs = threads.install(|| {
            let weighs = check_targets::<N, L, D>(data, samples, loss)?;
            validation.map_or(Ok(false), |validation| {
                check_targets::<N, L, V>(validation, validations, loss).map_err(validation_error)
            })?;
            Ok::<_, Error>(weighs)
        })?;
        let mut run = self.prepare::<N, D::Target>(net, batch, threads.count())?;
        run.whole.carries = threads.install(|| guarded(0, || Ok(follow::<N, D>(data, samples))))?;
        // What follows another comes after it.
        run.order = Order::new(samples, self.shuffle && !run.whole.carries);
        (run.samples, run.known) = (samples, samples);
        run.weighs = weighs;
        // Nothing is refused from here on but what training itself meets.
        if !self.quiet {
            slowness::warn::<N>();
            ending::warn::<N, D::Target, L>(&self.loss);
        }
        let plan = Plan {
            samples,
            buffer: 0,
            ..self.plan(batch, <L as Loss<N::Output, D::Target>>::PARTS)
        };
        let count = (threads.count(), validations);
        let mut train =
            |this: &mut Self, net: &mut N, run: &mut _, fit: &mut Fit, progress: &mut _| {
                this.epoch(net, data, run, fit, progress)
            };
        self.follow(net, plan, |this, net, fit| {
            threads.install(|| this.run_epochs(net, &mut train, validation, &mut run, fit, count))
        })
    }

    /// What decides which samples a step has, but for their source.
    fn plan(&self, batch: usize, parts: usize) -> Plan {
        Plan {
            samples: 0,
            buffer: 0,
            batch,
            accumulate: self.accumulate,
            seed: self.seed.0,
            shuffle: self.shuffle,
            parts,
        }
    }

    /// Goes on with the fit that was interrupted, or begins one; `run` takes its steps.
    fn follow<N: Model>(
        &mut self,
        net: &mut N,
        plan: Plan,
        run: impl FnOnce(&mut Self, &mut N, &mut Fit) -> Result<()>,
    ) -> Result<History> {
        #[cfg(feature = "files")]
        let is_new = self.past.fit.is_none();
        self.past.fit.get_or_insert_default().follow(plan)?;
        #[cfg(feature = "files")]
        if let Err(error) = self.begin_checkpoints() {
            // No step was taken, so that the next fit may have another plan.
            if is_new {
                self.past.fit = None;
            }
            return Err(error);
        }
        let mut fit = self.past.fit.take().unwrap_or_default();
        // Should a step panic, what is kept no longer belongs to the weights that the last fit left.
        self.past.network = None;
        let result = run(self, net, &mut fit);
        // A fit that failed has taken steps, too.
        self.past.network = Some(fingerprint(net));
        result?;
        let history = fit.history.clone();
        if fit.history.stopped == Some(Stopped::Interrupted) {
            self.past.fit = Some(fit);
        }
        Ok(history)
    }
}

/// Refuses batches that leave a sample alone where a layer learns nothing from one.
fn check_company<N: Model>(samples: usize, batch: usize) -> Result<()> {
    match N::Network::NEEDS_COMPANY {
        Some(layer) if batch == 1 || batch > 1 && samples % batch == 1 => Err(Error::Alone {
            layer,
            samples,
            batch,
        }),
        _ => Ok(()),
    }
}

/// Tells that an error is about the validation data.
fn validation_error(error: Error) -> Error {
    Error::Validation(Box::new(error))
}
