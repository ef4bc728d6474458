//! Samples that come one after another and need not fit into memory: one thread reads ahead while the others train.
//!
//! ```text
//! reader   reads a buffer ........ reads the next ....... waits until it is taken
//! trainer                          shuffles it, takes its steps ...... the next
//! ```

use super::{
    check_company,
    epoch::{Run, Sums},
    held::Trainer,
    validation_error,
};
use crate::{
    data::{Dataset, Samples},
    error::{Error, Found, Result},
    loss::{Loss, in_batch},
    model::Model,
    optimizer::Optimizer,
    random::mix,
    step::chunking::parts,
    train::{
        ending,
        evaluation::{Evaluation, check_targets, count, judge},
        faults::panicked,
        history::{Epoch, History},
        memory::sharing,
        order::Order,
        progress::Progress,
        slowness,
        threads::{Stack, Threads},
        weights::{check_finite, fingerprint},
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

impl<O: Optimizer, L> Trainer<O, L> {
    /// Trains `net` on samples that come one after another and need not fit into memory. `samples(epoch)` gives those of an
    /// epoch, counted from 0 since the network's first fit: an iterator of inputs (by value, or in a `Box`) and targets, or of
    /// errors, which end the fit. A thread reads `buffer` samples ahead while those before are trained on; three buffers are
    /// in memory at most.
    ///
    /// Samples are shuffled within a buffer, unless [`shuffle(false)`](Self::shuffle) is said: the larger it is, the more of
    /// them are mixed. It is rounded up to whole batches. The seed, the buffer and the batch decide the bits, the number of
    /// threads does not.
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
    /// gives no sample, [`Error::Setting`] if `buffer` is 0.
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
    {
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
    {
        self.check_settings()?;
        let validations = validation.map_or(Ok(0), count).map_err(validation_error)?;
        let batch = self.batch;
        let buffer = whole_batches(buffer, batch)?;
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
        let mut history = History::default();
        let mut known = 0;
        let epochs = || {
            for number in 1..=self.epochs {
                let mut progress = Progress::new(self.quiet, number, self.epochs, known);
                let started = self.past.epochs as u64;
                let result = thread::scope(|scope| {
                    let (sender, buffers) = sync_channel(1);
                    let samples = &samples;
                    let read = move || read::<N, T, B, S, F>(samples, started, buffer, &sender);
                    let stack = size_of::<(B, T)>().saturating_mul(COPIES);
                    let stack = stack.saturating_add(STACK_BYTES).min(usize::MAX / 4);
                    let reader = thread::Builder::new().stack_size(stack);
                    reader.spawn_scoped(scope, read)?;
                    // Dropped at the end, which ends the reader too.
                    self.stream_epoch(net, buffers, &mut run, number, &mut progress)
                });
                let (mut epoch, rows) = result?;
                known = rows;
                check_finite(net, Some(number))?;
                if let Some(validation) = validation {
                    progress.validate(&epoch);
                    let totals = judge(net, validation, &self.loss, threads.count(), validations);
                    epoch.validation = Some(Evaluation::of(totals.map_err(validation_error)?));
                }
                self.observe(&epoch);
                progress.finish(&epoch);
                history.seconds += epoch.seconds;
                history.epochs.push(epoch);
            }
            Ok(mem::take(&mut history))
        };
        let result = threads.install(epochs);
        // A fit that failed has taken steps, too.
        self.past.network = Some(fingerprint(net));
        result
    }

    /// Trains on every buffer of an epoch; gives the number of its samples, too.
    fn stream_epoch<N, T>(
        &mut self,
        net: &mut N,
        buffers: Receiver<Result<Samples<N::Input, T>>>,
        run: &mut Run<N, T>,
        number: usize,
        progress: &mut Progress,
    ) -> Result<(Epoch, usize)>
    where
        N: Model,
        L: Loss<N::Output, T>,
        T: Clone + Send + Sync,
    {
        let of_epoch = self.factor_of_epoch()?;
        let epoch = self.past.epochs as u64;
        self.past.epochs += 1;
        let (mut sums, mut before) = (Sums::new(L::PARTS), 0);
        for (index, samples) in (1..).zip(buffers) {
            let samples = samples?;
            let rows = samples.len();
            check_company::<N>(rows, run.memory.chunking.batch.get().min(rows))?;
            run.weighs = false;
            for (row, target) in (before..).zip(samples.targets()) {
                run.weighs |= in_batch::check::<N::Output, _, L>(&self.loss, row, target)?;
            }
            run.samples = rows;
            run.order = Order::new(rows, self.shuffle);
            run.order.shuffle(self.seed.0 ^ mix(index), epoch);
            self.steps(net, &samples, run, (number, of_epoch), &mut sums, progress)
                .map_err(|error| in_stream(error, before))?;
            before += rows;
        }
        match before {
            0 => Err(Error::EmptyDataset),
            rows => Ok((sums.finish(), rows)),
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

/// An error of a buffer with its row in the stream.
fn in_stream(error: Error, before: usize) -> Error {
    match error {
        Error::NanInput { epoch, row, index } => Error::NanInput {
            epoch,
            row: before + row,
            index,
        },
        Error::LabelOutOfRange {
            row,
            label,
            classes,
        } => Error::LabelOutOfRange {
            row: before + row,
            label,
            classes,
        },
        Error::NanTarget { row, index } => Error::NanTarget {
            row: before + row,
            index,
        },
        other => other,
    }
}
