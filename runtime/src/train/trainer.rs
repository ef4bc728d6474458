//! Epochs over a dataset.

mod epoch;
mod held;
mod stream;

use held::Past;
pub use held::Trainer;

use super::{
    ending,
    evaluation::{Evaluation, check_targets, count, evaluate, judge, predict},
    faults::Faults,
    history::History,
    memory::{Memory, sharing},
    order::Order,
    progress::Progress,
    room, slowness,
    threads::{Stack, Threads},
    weights::{check_finite, fingerprint},
};
use crate::{
    data::Dataset,
    error::{Error, Found, Result},
    loss::Loss,
    model::Model,
    network::Network,
    optimizer::Optimizer,
    parameters::Seed,
    schedule::Schedule,
    step::{chunking::parts, gradient::check_limit},
    value::filled,
};
use alloc::{boxed::Box, vec::Vec};

impl<O: Optimizer, L> Trainer<O, L> {
    /// One epoch in batches of 32, shuffled by seed 0, on all threads of the machine, without a limit of the gradients' norm
    /// or a schedule, and with a progress bar. The methods below change that; what they are given is checked by `fit`.
    pub fn new(optimizer: O, loss: L) -> Self {
        Self {
            optimizer,
            loss,
            epochs: 1,
            batch: 32,
            threads: Threads::available(),
            seed: Seed(0),
            shuffle: true,
            clip_norm: None,
            quiet: false,
            keep_steps: false,
            schedule: None,
            past: Past::default(),
        }
    }

    /// Passes over the data in each fit.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Samples in a step; the last step of an epoch takes what is left.
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// Threads to work on. The results' bits do not depend on it, and more than the machine runs at once bring nothing:
    /// of those, at most 64 are started.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Seed of the shuffling and of dropout.
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into();
        self
    }

    /// Whether every epoch visits the samples in an order of its own.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Scales gradients down to an Euclidean norm of at most `limit`, over all parameters together.
    pub fn clip_norm(mut self, limit: f64) -> Self {
        self.clip_norm = Some(limit);
        self
    }

    /// Keeps the loss of every step in the [`History`]: `history.epochs[e].steps`.
    pub fn keep_steps(mut self) -> Self {
        self.keep_steps = true;
        self
    }

    /// Shows no progress.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Multiplies the learning rate by the schedule's factor, in every step, or in every epoch by a closure's
    /// `factor(epoch)`; both are counted from 0 since the network's first fit.
    ///
    /// ```
    /// use kiln::{Adam, CrossEntropy, Sgd, Trainer, schedule::{Cosine, ReduceOnPlateau, Schedule}};
    ///
    /// let cosine = Trainer::new(Adam::default(), CrossEntropy).schedule(Cosine::new(9_000).warm_up(1_000));
    /// let halved = Trainer::new(Sgd::new(0.1), CrossEntropy).schedule(|epoch| 0.5_f64.powi(epoch as i32));
    /// let watched = Trainer::new(Sgd::new(0.1), CrossEntropy).schedule(ReduceOnPlateau::new());
    /// ```
    pub fn schedule(mut self, schedule: impl Schedule + 'static) -> Self {
        self.schedule = Some(Box::new(schedule));
        self
    }

    /// The optimizer, to change its numbers between fits.
    pub fn optimizer_mut(&mut self) -> &mut O {
        &mut self.optimizer
    }

    /// Forgets moments and the counts of steps and epochs: the next fit begins anew, whatever the network.
    pub fn reset(&mut self) {
        self.past = Past::default();
    }

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
    pub fn fit<N, D>(&mut self, net: &mut N, data: &D) -> Result<History>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        self.run(net, data, None::<&D>)
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
    {
        self.run(net, data, Some(validation))
    }

    /// Mean loss and accuracy of `net` on `data`.
    ///
    /// # Errors
    ///
    /// If the data are empty, a target is refused by the loss, an input or a weight is not finite, or `threads` is 0.
    pub fn evaluate<N, D>(&self, net: &N, data: &D) -> Result<Evaluation>
    where
        N: Model,
        L: Loss<N::Output, D::Target>,
        D: Dataset<Input = N::Input>,
    {
        evaluate(net, data, &self.loss, self.threads)
    }

    /// The answers of `net` to many inputs.
    ///
    /// # Errors
    ///
    /// If an input or a weight is not finite, or `threads` is 0.
    pub fn predict<N: Model>(&self, net: &N, inputs: &[N::Input]) -> Result<Vec<N::Output>> {
        predict(net, inputs, self.threads)
    }

    /// Refuses settings with which training cannot begin.
    fn check_settings(&self) -> Result<()> {
        if self.epochs == 0 {
            return Err(Error::Setting {
                setting: "epochs",
                found: Found::Count(0),
                expected: "at least 1, such as 5",
            });
        }
        self.clip_norm.map_or(Ok(()), check_limit)?;
        let schedule = self.schedule.as_ref();
        schedule.map_or(Ok(()), |schedule| schedule.check())?;
        self.optimizer.check()
    }

    fn run<N, D, V>(&mut self, net: &mut N, data: &D, validation: Option<&V>) -> Result<History>
    where
        N: Model,
        L: Loss<N::Output, D::Target> + Loss<N::Output, V::Target>,
        D: Dataset<Input = N::Input>,
        V: Dataset<Input = N::Input>,
    {
        self.check_settings()?;
        Loss::<N::Output, D::Target>::check_settings(&self.loss)?;
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
        check_finite(net, None)?;
        if self.past.adopt(net)?
            && let Some(schedule) = &mut self.schedule
        {
            schedule.restart();
        }
        room::check::<N>(batch)?;
        let mut run = epoch::Run::<N, D::Target> {
            memory: Memory::new(batch, threads.count())?,
            gradients: filled(
                "gradients",
                self.clip_norm.map_or(0, |_| N::Network::LEARNT_BLOCKS),
            )?,
            targets: Vec::new(),
            order: Order::new(samples, self.shuffle),
            samples,
            weighs,
            faults: Faults::default(),
        };
        // Nothing is refused from here on but what training itself meets.
        if !self.quiet {
            slowness::warn::<N>();
            ending::warn::<N, D::Target, L>(loss);
        }
        let mut history = History::default();
        let result = threads.install(|| {
            for number in 1..=self.epochs {
                let mut progress = Progress::new(self.quiet, number, self.epochs, samples);
                let mut epoch = self.epoch(net, data, &mut run, number, &mut progress)?;
                check_finite(net, Some(number))?;
                if let Some(validation) = validation {
                    progress.validate(&epoch);
                    let totals = judge(net, validation, &self.loss, threads.count(), validations);
                    epoch.validation = Some(Evaluation::of(totals.map_err(validation_error)?));
                }
                if let Some(schedule) = &mut self.schedule {
                    let validation = epoch.validation.as_ref();
                    schedule.observe(validation.map_or(epoch.loss, |validation| validation.loss));
                }
                progress.finish(&epoch);
                history.seconds += epoch.seconds;
                history.epochs.push(epoch);
            }
            Ok(history)
        });
        // A fit that failed has taken steps, too.
        self.past.network = Some(fingerprint(net));
        result
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
