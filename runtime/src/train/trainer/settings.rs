//! How a trainer goes about it: its settings, and which of them are refused.

use super::held::{Past, Trainer};
use crate::{
    error::{Error, Found, Result, setting::check_count},
    loss::Loss,
    model::Model,
    network::Network,
    optimizer::Optimizer,
    parameters::Seed,
    schedule::{Schedule, set_momentum},
    step::{courses::Wish, ema::check_decay, gradient::check_limit},
    train::{
        around::Around,
        callback::{Callback, EachEpoch, Moment},
        stopping::EarlyStopping,
        threads::Threads,
        weights::fingerprint,
    },
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

impl<O: Optimizer, L> Trainer<O, L> {
    /// A trainer for one epoch in batches of 32, shuffled by seed 0, on all threads of the machine, without a schedule
    /// or a limit of the gradients' norm, and with a progress bar. The methods below change these settings; `fit`
    /// checks them.
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
    /// Judges answers by metrics besides the loss: by a [`Metric`](crate::metrics::Metric) or a tuple of them. They
    /// judge the validation data after every epoch and the data of [`evaluate`](Self::evaluate). Their values are in
    /// [`Evaluation::metrics`](crate::train::Evaluation::metrics) by name.
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

    /// The number of samples in a step; the last step of an epoch takes the rest.
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// The number of threads. It does not change the bits of the results. More threads than the machine runs at once do
    /// not help; of these, no more than 64 are started.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Seed of the shuffling and of dropout.
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into();
        self
    }

    /// Whether every epoch visits the samples in a different order.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Scales gradients down to an Euclidean norm of at most `limit`, over all parameters together.
    pub fn clip_norm(mut self, limit: f64) -> Self {
        self.clip_norm = Some(limit);
        self
    }

    /// Clips every gradient to `-limit..=limit`, before the norm is limited.
    pub fn clip_value(mut self, limit: f64) -> Self {
        self.clip_value = Some(limit);
        self
    }

    /// Takes one step on the gradients of `batches` batches, in the memory of one: on their mean over all samples, as
    /// [`Training::accumulate`](crate::train::Training::accumulate) computes it. Dropout and the statistics of
    /// `BatchNorm` see each batch separately.
    pub fn accumulate(mut self, batches: usize) -> Self {
        self.accumulate = batches;
        self
    }

    /// Keeps an exponential moving average of the weights, which keeps a share of `decay` of itself in every step, such
    /// as 0.999. It is defined as [`Ema`](crate::step::Ema) and as `torch.optim.swa_utils.AveragedModel` with
    /// `get_ema_multi_avg_fn(decay)`. Checkpoints hold it, callbacks see it as [`Moment::averaged`], and
    /// [`averaged`](Self::averaged) returns it as a network. It does not change how the network is trained.
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
    /// let mut trainer = Trainer::new(Sgd::new(0.1), Mse).epochs(20).ema(0.9).quiet();
    /// trainer.fit(&mut net, &data)?;
    /// let averaged = trainer.averaged(&net).expect("that of this network");
    /// assert!(trainer.evaluate(&averaged, &data)?.loss < 0.1);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    pub fn ema(mut self, decay: f64) -> Self {
        self.ema = Some(decay);
        self
    }

    /// Validates the average after each epoch, so that early stopping and the best checkpoint go by it, as with Keras'
    /// `SwapEMAWeights`. If early stopping restores the best weights, both the network and the average become the
    /// average of the best epoch. The training loss is still that of the network.
    pub fn validate_ema(mut self) -> Self {
        self.validates_ema = true;
        self
    }

    /// The average as a network, as the last fit left it. `None` without [`ema`](Self::ema), or if `net` is not the
    /// network that was trained, as that fit left it.
    pub fn averaged<N: Model>(&self, net: &N) -> Option<N> {
        let average = self.past.average.as_ref().filter(|_| self.ema.is_some())?;
        if self.past.network != Some(fingerprint(net)) {
            return None;
        }
        let mut averaged = net.clone();
        let arena = N::Network::arena_mut(&mut averaged).own().ok()?;
        arena.copy_from_slice(&average.arena);
        Some(averaged)
    }

    /// Excludes tensors of one axis from weight decay: biases, and the weights of norms.
    pub fn decay_matrices_only(mut self) -> Self {
        self.spares_vectors = true;
        self
    }

    /// Freezes the parameters whose name is `prefix` or begins with it and a dot, from the next fit on, until
    /// [`thaw`](Self::thaw): their gradients are not computed, weight decay does not change them, and their moments are
    /// kept. Statistics of `BatchNorm` still follow the batches. A fit refuses names that no parameter of its network
    /// has.
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

    /// Lets frozen parameters learn again. Their count of steps continues where it was, as in PyTorch.
    pub fn thaw(&mut self, prefix: &str) {
        self.wish(prefix, Wish::Thaw);
    }

    /// Multiplies the learning rate of the parameters whose name is `prefix` or begins with it and a dot by `factor`.
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

    /// Keeps the loss of every step in the [`History`](crate::train::History): `history.epochs[e].steps`.
    pub fn keep_steps(mut self) -> Self {
        self.keep_steps = true;
        self
    }

    /// Shows no progress.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Multiplies the learning rate by the schedule's factor in every step, or by a closure's `factor(epoch)` in every
    /// epoch. Both are counted from 0 since the network's first fit.
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
    /// `validation_split`: the data are split before any shuffling. `fit_and_validate` takes validation data instead.
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.around.split = Some(fraction);
        self
    }

    /// Ends a fit when no epoch has improved for some time, and restores the best weights.
    pub fn early_stopping(mut self, stopping: EarlyStopping) -> Self {
        self.around.early = Some(stopping);
        self
    }

    /// Adds a callback, which is called in each fit after those added before.
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

    /// Ends a fit after the current batch once the flag is set, by a thread or a signal handler. The next fit of the
    /// network, with the flag cleared, continues after that batch: see
    /// [`Stopped::Interrupted`](crate::train::Stopped::Interrupted).
    pub fn stop_when(mut self, flag: Arc<AtomicBool>) -> Self {
        self.around.interrupts.add(flag);
        self
    }

    /// Ends a fit after the current batch when Ctrl-C is pressed, as [`stop_when`](Self::stop_when) does, and every
    /// later fit of the process. A second Ctrl-C ends the program at once.
    ///
    /// A fit fails with [`Error::System`] if the program already has a handler of Ctrl-C.
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

    /// Refuses settings with which training cannot begin.
    pub(super) fn check_settings(&mut self) -> Result<()> {
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
    pub(super) fn check_whole<Y, T>(&self) -> Result<()>
    where
        L: Loss<Y, T>,
    {
        if !L::SEES_BATCH || self.accumulate == 1 {
            return Ok(());
        }
        Err(Error::Setting {
            setting: "accumulate",
            found: Found::Count(self.accumulate),
            expected: "1 with a `WholeBatch`, which must see all samples of a step together; \
                       a larger `batch` has as many",
        })
    }
}
