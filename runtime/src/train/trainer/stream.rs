//! Samples that come one after another and need not fit into memory: one thread reads ahead while the others train.
//!
//! ```text
//! reader   reads a buffer ........ reads the next ....... waits until it is taken
//! trainer                          shuffles it, takes its steps ...... the next
//! ```

use super::{
    check_company,
    epoch::{Run, began, closed},
    held::Trainer,
    validation_error,
};
use crate::{
    data::{Dataset, Samples},
    error::{Error, Found, Result},
    loss::{Loss, in_batch},
    metrics::Metric,
    model::Model,
    optimizer::Optimizer,
    random::mix,
    step::chunking::parts,
    train::{
        ending,
        evaluation::{check_targets, count},
        faults::panicked,
        fit::{Fit, Plan},
        history::{Epoch, History},
        memory::sharing,
        order::Order,
        progress::Progress,
        slowness,
        threads::{Stack, Threads},
    },
};
use alloc::vec::Vec;
use core::{borrow::Borrow, cell::Cell, mem, slice};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

/// Stack of the thread that reads, beside some samples.
const STACK_BYTES: usize = 2 << 20;

/// Samples that a reader's stack has room for: an iterator passes one on from adapter to adapter.
const COPIES: usize = 16;

impl<O: Optimizer, L, M> Trainer<O, L, M> {
    /// Trains `net` on samples that come one after another and need not fit into memory. `samples(epoch)` gives those of an
    /// epoch, counted from 0 since the network's first fit: an iterator of inputs (by value, or in a `Box`) and targets, or of
    /// errors, which end the fit. A thread reads `buffer` samples ahead while those before are trained on; three buffers are
    /// in memory at most.
    ///
    /// Samples are shuffled within a buffer, unless [`shuffle(false)`](Self::shuffle) is said: the larger it is, the more of
    /// them are mixed. It is rounded up to whole steps. The seed, the buffer and the batch decide the bits, the number of
    /// threads does not.
    ///
    /// Callbacks, early stopping, checkpoints and interruptions are those of [`fit`](Self::fit). A fit that goes on in the midst of
    /// an epoch asks for the samples of that epoch again and passes over those that it has trained on, so they must be the same.
    ///
    /// ```
    /// use kiln::prelude::*;
    ///
    /// model! {
    ///     struct Line(x: [1]) -> [1] { Dense(1) }
    /// }
    ///
    /// let points = |epoch: u64| {
    ///     (0..1000).map(move |i| {
    ///         let x = ((i * 37 + epoch * 11) % 1000) as f32 / 1000.0;
    ///         Ok(([x], [3.0 * x - 1.0]))
    ///     })
    /// };
    /// let mut net = Line::new(Seed(1));
    /// let mut trainer = Trainer::new(Sgd::new(0.1).momentum(0.9), Mse).epochs(5).quiet();
    /// let history = trainer.fit_stream(&mut net, 256, points)?;
    /// assert!(history.last().unwrap().loss < 1e-3);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit), but targets are checked buffer by buffer: those of a later one are met after many good steps.
    /// Rows are counted in the order of the stream. [`Error::Sample`] if the iterator panics, [`Error::EmptyDataset`] if it
    /// gives no sample, [`Error::Setting`] if `buffer` is 0, or if there is a `validation_split`, which a stream cannot have.
    pub fn fit_stream<N, T, B, S, F>(
        &mut self,
        net: &mut N,
        buffer: usize,
        samples: F,
    ) -> Result<History>
    where
        N: Model,
        L: Loss<N::Output, T>,
        T: Clone + Send + Sync,
        B: Borrow<N::Input>,
        S: IntoIterator<Item = Result<(B, T)>>,
        F: Fn(u64) -> S + Sync,
        M: Metric<N::Output, T>,
    {
        if let Some(fraction) = self.around.split {
            return Err(Error::Setting {
                setting: "validation_split",
                found: Found::Number(fraction),
                expected: "none, since the end of a stream is not known; give validation data to `fit_stream_and_validate`",
            });
        }
        self.run_stream(net, buffer, samples, None::<&Samples<N::Input, T>>)
    }

    /// As [`fit_stream`](Self::fit_stream), and evaluates `net` on `validation` after every epoch.
    ///
    /// # Errors
    ///
    /// As [`fit_stream`](Self::fit_stream); [`Error::Validation`] with what is wrong with the validation data.
    pub fn fit_stream_and_validate<N, T, B, S, F, V>(
        &mut self,
        net: &mut N,
        buffer: usize,
        samples: F,
        validation: &V,
    ) -> Result<History>
    where
        N: Model,
        L: Loss<N::Output, T> + Loss<N::Output, V::Target>,
        T: Clone + Send + Sync,
        B: Borrow<N::Input>,
        S: IntoIterator<Item = Result<(B, T)>>,
        F: Fn(u64) -> S + Sync,
        V: Dataset<Input = N::Input>,
        M: Metric<N::Output, V::Target>,
    {
        self.run_stream(net, buffer, samples, Some(validation))
    }

    fn run_stream<N, T, B, S, F, V>(
        &mut self,
        net: &mut N,
        buffer: usize,
        samples: F,
        validation: Option<&V>,
    ) -> Result<History>
    where
        N: Model,
        L: Loss<N::Output, T> + Loss<N::Output, V::Target>,
        T: Clone + Send + Sync,
        B: Borrow<N::Input>,
        S: IntoIterator<Item = Result<(B, T)>>,
        F: Fn(u64) -> S + Sync,
        V: Dataset<Input = N::Input>,
        M: Metric<N::Output, V::Target>,
    {
        self.check_settings()?;
        Loss::<N::Output, T>::check_settings(&self.loss)?;
        if validation.is_some() {
            let checked = Loss::<N::Output, V::Target>::check_settings(&self.loss);
            checked.map_err(validation_error)?;
        }
        self.check_whole::<N::Output, T>()?;
        self.around.check(validation.is_some())?;
        let validations = validation.map_or(Ok(0), count).map_err(validation_error)?;
        let batch = self.batch;
        let buffer = whole_batches(buffer, batch.saturating_mul(self.accumulate))?;
        check_company::<N>(buffer, batch)?;
        let threads = Threads::new(self.threads, Stack::of::<V>(), |most| {
            parts::<N>(batch, most).max(sharing::<N>(validations, most))
        })?;
        if let Some(validation) = validation {
            let check = || check_targets::<N, L, V>(validation, validations, &self.loss);
            threads.install(check).map_err(validation_error)?;
        }
        let mut run = self.prepare::<N, T>(net, batch, threads.count())?;
        if !self.quiet {
            slowness::warn::<N>();
            ending::warn::<N, T, L>(&self.loss);
        }
        let plan = Plan {
            samples: 0,
            buffer,
            ..self.plan(batch, <L as Loss<N::Output, T>>::PARTS)
        };
        let count = (threads.count(), validations);
        let mut train =
            |this: &mut Self, net: &mut N, run: &mut _, fit: &mut Fit, progress: &mut _| {
                let started = this.past.epochs as u64;
                thread::scope(|scope| {
                    let (sender, buffers) = sync_channel(1);
                    let samples = &samples;
                    let read = move || read::<N, T, B, S, F>(samples, started, buffer, &sender);
                    let stack = size_of::<(B, T)>().saturating_mul(COPIES);
                    let stack = stack.saturating_add(STACK_BYTES).min(usize::MAX / 4);
                    let reader = thread::Builder::new().stack_size(stack);
                    reader.spawn_scoped(scope, read)?;
                    // Dropped at the end, which ends the reader too.
                    this.stream_epoch(net, buffers, run, fit, progress)
                })
            };
        self.follow(net, plan, |this, net, fit| {
            threads.install(|| this.run_epochs(net, &mut train, validation, &mut run, fit, count))
        })
    }

    /// Trains on every buffer of an epoch, or on what is left of one that was interrupted. Gives no epoch if it is interrupted
    /// itself.
    fn stream_epoch<N, T>(
        &mut self,
        net: &mut N,
        buffers: Receiver<Result<Samples<N::Input, T>>>,
        run: &mut Run<N, T>,
        fit: &mut Fit,
        progress: &mut Progress,
    ) -> Result<Option<Epoch>>
    where
        N: Model,
        L: Loss<N::Output, T>,
        T: Clone + Send + Sync,
    {
        let of_epoch = self.pace_of_epoch()?;
        let epoch = self.past.epochs as u64;
        self.past.epochs += 1;
        let start = began(fit.open.seconds);
        let mut before = 0;
        for (index, samples) in (1..).zip(buffers) {
            let samples = samples?;
            let rows = samples.len();
            if before + rows <= fit.open.position {
                before += rows;
                continue;
            }
            check_company::<N>(rows, run.memory.chunking.batch.get().min(rows))?;
            run.weighs = false;
            for (row, target) in (before..).zip(samples.targets()) {
                run.weighs |= in_batch::check::<N::Output, _, L>(&self.loss, row, target)?;
            }
            run.samples = rows;
            run.order = Order::new(rows, self.shuffle);
            run.order.shuffle(self.seed.0 ^ mix(index), epoch);
            let first = fit.open.position - before;
            let ended = self
                .steps(net, &samples, run, fit, (first, of_epoch, start), progress)
                .map_err(|error| error.behind(before))?;
            if !ended {
                self.past.epochs -= 1;
                return Ok(None);
            }
            before += rows;
        }
        match before {
            0 => Err(Error::EmptyDataset),
            rows if rows < fit.open.position => Err(Error::Setting {
                setting: "samples",
                found: Found::Count(rows),
                expected: "those of the epoch as it was before it was interrupted, of which more were trained on",
            }),
            rows => {
                run.known = rows;
                Ok(Some(closed(&mut fit.open, start)))
            }
        }
    }
}

/// A buffer of whole batches, the last of which are no shorter than the others.
fn whole_batches(buffer: usize, batch: usize) -> Result<usize> {
    let refused = |found, expected| {
        Err(Error::Setting {
            setting: "buffer",
            found: Found::Count(found),
            expected,
        })
    };
    match (buffer, batch) {
        (0, _) => refused(0, "at least 1 sample, such as 8192"),
        // Refused by its own name later.
        (_, 0) => Ok(buffer),
        _ => match buffer.checked_next_multiple_of(batch) {
            Some(buffer) => Ok(buffer),
            None => refused(buffer, "small enough for memory, such as 8192"),
        },
    }
}

/// Reads the samples of an epoch, a buffer at a time, until they end, one is an error, or nobody wants more.
fn read<N, T, B, S, F>(
    samples: &F,
    epoch: u64,
    buffer: usize,
    sender: &SyncSender<Result<Samples<N::Input, T>>>,
) where
    N: Model,
    T: Clone + Send,
    B: Borrow<N::Input>,
    S: IntoIterator<Item = Result<(B, T)>>,
    F: Fn(u64) -> S,
{
    // Where the iterator is if it panics.
    let row = Cell::new(0);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for sample in samples(epoch) {
            // Not taken apart: what is given by value may be large.
            match &sample {
                Ok((input, target)) => {
                    inputs.extend_from_slice(slice::from_ref(input.borrow()));
                    targets.extend_from_slice(slice::from_ref(target));
                }
                Err(_) => return sample.map(|_| ()),
            }
            row.set(row.get() + 1);
            if inputs.len() == buffer {
                let full = Samples::new(mem::take(&mut inputs), mem::take(&mut targets));
                if sender.send(full).is_err() {
                    return Ok(());
                }
            }
        }
        if !inputs.is_empty() {
            // Nobody may want it any more.
            let _ = sender.send(Samples::new(inputs, targets));
        }
        Ok(())
    }));
    let ended = ended.unwrap_or_else(|panic| Err(panicked(row.get(), &*panic)));
    if let Err(error) = ended {
        let _ = sender.send(Err(error));
    }
}
