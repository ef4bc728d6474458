//! Epochs over a dataset.

mod epoch;
mod held;
mod pace;
#[cfg(feature = "files")]
mod resume;
mod run;
mod step;
mod stream;
mod visited;
mod whole;

use epoch::Run;
use held::Past;
pub use held::Trainer;
use whole::Whole;

use super::{
    around::Around,
    average::Average,
    callback::{Callback, EachEpoch, Moment},
    ending,
    evaluation::{Evaluation, check_targets, count, evaluate_in, predict},
    faults::Faults,
    fit::{Fit, Plan},
    history::{Epoch, History, Stopped},
    memory::{Memory, sharing},
    order::Order,
    part::Part,
    room, slowness,
    stopping::EarlyStopping,
    threads::{Stack, Threads},
    weights::{check_finite, fingerprint},
};
use crate::{
    block::Block,
    data::Dataset,
    error::{Error, Found, Result, setting::check_count},
    loss::Loss,
    metrics::Metric,
    model::Model,
    network::Network,
    optimizer::Optimizer,
    parameters::Seed,
    schedule::{Schedule, set_momentum},
    step::{
        chunking::parts,
        courses::{Courses, Wish},
        ema::check_decay,
        gradient::check_limit,
    },
    value::filled,
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

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
            clip_value: None,
            accumulate: 1,
            spares_vectors: false,
            ema: None,
            validates_ema: false,
            wishes: Vec::new(),
            quiet: false,
            keep_steps: false,
            schedule: None,
            metrics: Mutex::new(()),
            around: Around::default(),
            past: Past::default(),
        }
    }
}

impl<O: Optimizer, L, M> Trainer<O, L, M> {
    /// Judges answers by metrics besides the loss: a [`Metric`], or a tuple of them. They look at the validation data after
    /// every epoch and at those of [`evaluate`](Self::evaluate), and stand in [`Evaluation::metrics`] by their names.
    ///
    /// ```
    /// use kiln::{metrics::{Average, F1, RocAuc}, prelude::*};
    ///
    /// let trainer = Trainer::new(Adam::default(), CrossEntropy)
    ///     .metrics((F1::new(Average::Macro), RocAuc::new(Average::Macro)));
    /// ```
    pub fn metrics<T>(self, metrics: T) -> Trainer<O, L, T> {
        Trainer {
            metrics: Mutex::new(metrics),
            optimizer: self.optimizer,
            loss: self.loss,
            epochs: self.epochs,
            batch: self.batch,
            threads: self.threads,
            seed: self.seed,
            shuffle: self.shuffle,
            clip_norm: self.clip_norm,
            clip_value: self.clip_value,
            accumulate: self.accumulate,
            spares_vectors: self.spares_vectors,
            ema: self.ema,
            validates_ema: self.validates_ema,
            wishes: self.wishes,
            quiet: self.quiet,
            keep_steps: self.keep_steps,
            schedule: self.schedule,
            around: self.around,
            past: self.past,
        }
    }

    /// The metrics as the last evaluation left them, such as a confusion matrix to print.
    pub fn metrics_mut(&mut self) -> &mut M {
        self.metrics
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
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

    /// Brings every gradient into `-limit..=limit`, before the norm is limited.
    pub fn clip_value(mut self, limit: f64) -> Self {
        self.clip_value = Some(limit);
        self
    }

    /// Takes a step on the gradients of `batches` batches together, in the memory of one: their mean over all samples, as
    /// [`Training::accumulate`](super::Training::accumulate) computes it. Dropout and the statistics of `BatchNorm` see each batch for
    /// itself.
    pub fn accumulate(mut self, batches: usize) -> Self {
        self.accumulate = batches;
        self
    }

    /// Keeps an exponential moving average of the weights, which keeps `decay` of itself in every step, such as 0.999: see
    /// [`Ema`](super::Ema), whose definition is that of `torch.optim.swa_utils.AveragedModel` with `get_ema_multi_avg_fn(decay)`. It is
    /// part of checkpoints, callbacks see it as [`Moment::averaged`], and [`averaged`](Self::averaged) gives it as a network. The
    /// network itself is trained as without it.
    ///
    /// ```
    /// use kiln::{data::Samples, prelude::*};
    ///
    /// model! {
    ///     struct Line(x: [1]) -> [1] { Dense(1) }
    /// }
    ///
    /// let data = Samples::new(vec![[0.5]; 64], vec![[1.0]; 64])?;
    /// let mut net = Line::new(Seed(1));
    /// let mut trainer = Trainer::new(Sgd::new(0.1), Mse).epochs(20).ema(0.9).validate_ema().validation_split(0.2).quiet();
    /// trainer.fit(&mut net, &data)?;
    /// let averaged = trainer.averaged(&net).expect("that of this network");
    /// assert_eq!(trainer.evaluate(&averaged, &data)?.loss < 0.1, true);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    pub fn ema(mut self, decay: f64) -> Self {
        self.ema = Some(decay);
        self
    }

    /// Lets the average be what is validated after each epoch, and so what early stopping and the best checkpoint go by, as Keras'
    /// `SwapEMAWeights` does. Where early stopping gives the best weights back, network and average both become the average of the
    /// best epoch. The training loss, and what is trained, are the network's own.
    pub fn validate_ema(mut self) -> Self {
        self.validates_ema = true;
        self
    }

    /// The network of averaged weights, as the last fit left it; none without [`ema`](Self::ema), or if `net` is not the network
    /// that was trained, as that fit left it.
    pub fn averaged<N: Model>(&self, net: &N) -> Option<N> {
        let average = self.past.average.as_ref().filter(|_| self.ema.is_some())?;
        if self.past.network != Some(fingerprint(net)) {
            return None;
        }
        let mut averaged = net.clone();
        N::Network::arena_mut(&mut averaged).copy_from_slice(&average.arena);
        Some(averaged)
    }

    /// Leaves tensors of one axis out of weight decay: biases, and the weights of norms.
    pub fn decay_matrices_only(mut self) -> Self {
        self.spares_vectors = true;
        self
    }

    /// Leaves the parameters that are named `prefix`, or begin with it and a dot, as they are from the next fit on, until
    /// [`thaw`](Self::thaw): their gradients are not even computed, weight decay does not change them, and their moments wait.
    /// Statistics of `BatchNorm` still follow the batches. A fit refuses names that no parameter of its network has.
    ///
    /// ```
    /// use kiln::{Adam, CrossEntropy, Model, Result, Trainer, data::Dataset};
    ///
    /// /// First the last layer alone, then all of them.
    /// fn fine_tune<N, D>(net: &mut N, data: &D) -> Result<()>
    /// where
    ///     N: Model<Output = [f32; 10]>,
    ///     D: Dataset<Input = N::Input, Target = usize>,
    /// {
    ///     let mut trainer = Trainer::new(Adam::default(), CrossEntropy).epochs(3);
    ///     trainer.freeze("features");
    ///     trainer.fit(net, data)?;
    ///     trainer.thaw("features");
    ///     trainer.rate("features", 0.1);
    ///     trainer.fit(net, data)?;
    ///     Ok(())
    /// }
    /// ```
    pub fn freeze(&mut self, prefix: &str) {
        self.wish(prefix, Wish::Freeze);
    }

    /// Lets parameters that were frozen learn again. Their count of steps goes on where it was, as PyTorch's does.
    pub fn thaw(&mut self, prefix: &str) {
        self.wish(prefix, Wish::Thaw);
    }

    /// Multiplies the learning rate of the parameters that are named `prefix`, or begin with it and a dot, by `factor`.
    pub fn rate(&mut self, prefix: &str, factor: f64) {
        self.wish(prefix, Wish::Rate(factor));
    }

    /// Asks something of parameters. What was asked of the same ones before, and is of no consequence any more, goes.
    fn wish(&mut self, prefix: &str, wish: Wish) {
        self.wishes.retain(|(before, other)| {
            before != prefix || matches!(wish, Wish::Rate(_)) != matches!(other, Wish::Rate(_))
        });
        self.wishes.push((prefix.into(), wish));
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

    /// Lets `fit` validate on the last `fraction` of the data after every epoch and train on the rest, as Keras'
    /// `validation_split`: the part is taken before any shuffling. `fit_and_validate` has data of its own for that.
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.around.split = Some(fraction);
        self
    }

    /// Ends a fit when no epoch has improved for some time, with the best weights.
    pub fn early_stopping(mut self, stopping: EarlyStopping) -> Self {
        self.around.early = Some(stopping);
        self
    }

    /// Tells a callback what happens in each fit, after those that were given before.
    pub fn callback(mut self, callback: impl Callback + 'static) -> Self {
        self.around.callbacks.push(Box::new(callback));
        self
    }

    /// Calls a function after each epoch, which may stop the fit.
    ///
    /// ```
    /// use kiln::prelude::*;
    ///
    /// let trainer = Trainer::new(Adam::default(), CrossEntropy).each_epoch(|moment| {
    ///     println!("epoch {}: {:.4}", moment.epoch, moment.loss);
    ///     if moment.loss < 0.01 {
    ///         moment.stop();
    ///     }
    ///     Ok(())
    /// });
    /// ```
    pub fn each_epoch(self, f: impl FnMut(&Moment<'_>) -> Result<()> + Send + 'static) -> Self {
        self.callback(EachEpoch(f))
    }

    /// Ends a fit after the batch under way once the flag is set, by a thread or a signal's handler. The next fit of the
    /// network, with the flag cleared, goes on after that batch: see [`Stopped::Interrupted`](super::Stopped::Interrupted).
    pub fn stop_when(mut self, flag: Arc<AtomicBool>) -> Self {
        self.around.interrupts.add(flag);
        self
    }

    /// Ends a fit after the batch under way when Ctrl-C is pressed, as [`stop_when`](Self::stop_when) does, and so does
    /// every later fit of the process. A second Ctrl-C ends the program at once.
    ///
    /// A fit fails with [`Error::System`] if the program has a handler of Ctrl-C already.
    #[cfg(feature = "ctrl-c")]
    pub fn stop_on_ctrl_c(mut self) -> Self {
        self.around.interrupts.add_ctrl_c();
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

    /// Refuses settings with which training cannot begin.
    fn check_settings(&mut self) -> Result<()> {
        check_count("epochs", self.epochs as u64, "at least 1, such as 5")?;
        let batches = self.accumulate as u64;
        check_count("accumulate", batches, "at least 1, such as 4")?;
        let check =
            |setting, limit: Option<f64>| limit.map_or(Ok(()), |limit| check_limit(setting, limit));
        check("clip_norm", self.clip_norm)?;
        check("clip_value", self.clip_value)?;
        self.ema.map_or(Ok(()), |decay| check_decay("ema", decay))?;
        if self.validates_ema && self.ema.is_none() {
            return Err(Error::Setting {
                setting: "validate_ema",
                found: Found::Words("on, without an average"),
                expected: "off, or with `ema(0.999)`",
            });
        }
        self.wishes.iter().try_for_each(|(_, wish)| wish.check())?;
        let schedule = self.schedule.as_ref();
        schedule.map_or(Ok(()), |schedule| schedule.check())?;
        self.optimizer.check()?;
        // One that cycles the momentum where there is none is refused here, and not after its first step.
        let momentum = self.schedule.as_ref().and_then(|s| s.momentum(0));
        if let Some(before) = set_momentum(&mut self.optimizer, momentum)? {
            self.optimizer.set_momentum(before);
        }
        Ok(())
    }

    /// Refuses to show parts of a step to a loss that sees the whole of it.
    fn check_whole<Y, T>(&self) -> Result<()>
    where
        L: Loss<Y, T>,
    {
        if !L::SEES_BATCH || self.accumulate == 1 {
            return Ok(());
        }
        Err(Error::Setting {
            setting: "accumulate",
            found: Found::Count(self.accumulate),
            expected: "1 with a `WholeBatch`, which must see all samples of a step together; a larger `batch` has as many",
        })
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
        run.order = Order::new(samples, self.shuffle);
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
