//! Checkpoints of a trainer's own state.

use super::held::{Past, Trainer};
use crate::{
    block::Block,
    error::{Error, Found, Result},
    files::record::Kind,
    model::Model,
    network::Network,
    optimizer::{Optimizer, State},
    train::{
        checkpoint::{Checkpoints, Read, Snapshot, open, write},
        fit::Fit,
        weights::{check_finite, fingerprint},
    },
    value::filled,
};
use bytemuck::{try_cast_slice, try_cast_slice_mut};
use std::path::Path;

impl<O: Optimizer, L, M> Trainer<O, L, M> {
    /// Writes checkpoints during each fit: see [`Checkpoints`].
    pub fn checkpoints(mut self, checkpoints: Checkpoints) -> Self {
        self.around.checkpoints = Some(checkpoints);
        self
    }

    /// Takes a training run up again from a checkpoint, or from the latest of a folder: `net` gets its weights, and the next
    /// `fit` does what is left of the fit that wrote it, with the bits of one that never stopped, on any number of threads.
    /// Its history has the epochs before as well. A fit that had ended gives its history at once, unless there are more
    /// `epochs` now.
    ///
    /// The trainer must be made as the one that wrote the checkpoint. What a checkpoint knows is checked: the model, the
    /// optimizer and the shapes of all tensors here; the number of samples, the batch, `accumulate`, the seed and whether samples
    /// are shuffled by `fit`. The optimizer's numbers, the schedule, limits of gradients, and which layers are frozen or have a
    /// rate of their own are the trainer's, and may be changed; for how long layers were frozen before is in the checkpoint, and so is
    /// what a schedule such as `ReduceOnPlateau` has seen. A stream is read again from the beginning of its epoch, and what
    /// was trained on is passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] with all that differs, if it is of another model or optimizer. [`Error::NotSafetensors`] if the
    /// file is damaged, holds weights alone, or is of another version of checkpoints; [`Error::Io`] if it cannot be read.
    /// Network and trainer are then as they were.
    pub fn resume<N: Model>(&mut self, path: impl AsRef<Path>, net: &mut N) -> Result<()> {
        let (path, file) = open(path.as_ref())?;
        let mut state = filled("the optimizer's moments", N::Network::LEARNT_BLOCKS)?;
        let bytes = try_cast_slice_mut::<State<O>, u8>(&mut state).unwrap_or_default();
        let arena = N::Network::arena(net);
        let read = Read::of(
            &path,
            &file,
            &Kind::of::<N::Network, O>(&self.optimizer),
            arena,
            bytes,
        )?;
        N::Network::arena_mut(net).overwrite(|arena| {
            arena.copy_from_slice(&read.arena);
            Ok(())
        })?;
        self.past = Past {
            network: Some(fingerprint(net)),
            state,
            steps: read.steps,
            epochs: read.epochs,
            courses: read.courses,
            average: read.average,
            observed: read.observed,
            is_resumed: true,
            fit: Some(read.fit),
        };
        Ok(())
    }

    /// Writes a checkpoint between two fits, from which [`resume`](Self::resume) goes on with the next one, or with the one
    /// that was interrupted.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if the network is not as the last fit left it; otherwise as [`Model::save`].
    pub fn save_checkpoint<N: Model>(&self, path: impl AsRef<Path>, net: &N) -> Result<()> {
        if self.past.network != Some(fingerprint(net)) {
            return Err(Error::Setting {
                setting: "net",
                found: Found::Words("not as the last fit of this trainer left it"),
                expected: "the network that was trained, since a checkpoint holds its optimizer's state; weights alone are \
                           saved by `net.save`",
            });
        }
        let (fresh, past) = (Fit::default(), &self.past);
        let fit = past.fit.as_ref().unwrap_or(&fresh);
        let snapshot = self.snapshot::<N>(N::Network::arena(net), fit, past.epochs);
        write(path.as_ref(), &snapshot)
    }

    /// The run as it is; `epochs` have ended.
    fn snapshot<'a, N: Model>(
        &'a self,
        arena: &'a [Block],
        fit: &'a Fit,
        epochs: usize,
    ) -> Snapshot<'a> {
        Snapshot {
            kind: Kind::of::<N::Network, O>(&self.optimizer),
            arena,
            state: try_cast_slice::<State<O>, u8>(&self.past.state).unwrap_or_default(),
            steps: self.past.steps,
            epochs,
            courses: &self.past.courses,
            average: self.past.average.as_ref(),
            observed: &self.past.observed,
            fit,
        }
    }

    /// Looks at the folder before the first step.
    pub(super) fn begin_checkpoints(&mut self) -> Result<()> {
        let taken = self.past.steps;
        let checkpoints = self.around.checkpoints.as_mut();
        checkpoints.map_or(Ok(()), |checkpoints| checkpoints.begin(taken))
    }

    /// Writes a checkpoint, if any are wanted; `epochs` have ended since the network's first fit.
    pub(super) fn write_checkpoint<N: Model>(
        &mut self,
        net: &N,
        fit: &Fit,
        epochs: usize,
    ) -> Result<()> {
        let Some(mut checkpoints) = self.around.checkpoints.take() else {
            return Ok(());
        };
        let snapshot = self.snapshot::<N>(N::Network::arena(net), fit, epochs);
        let written = check_finite(net, None).and_then(|()| checkpoints.write(&snapshot));
        self.around.checkpoints = Some(checkpoints);
        written
    }

    /// Writes what is due after an epoch.
    pub(super) fn checkpoint_epoch<N: Model>(&mut self, net: &N, fit: &mut Fit) -> Result<()> {
        let (ended, epochs) = (fit.history.epochs.len(), self.past.epochs);
        let last = fit.history.stopped.is_some() || ended >= self.epochs;
        let Some(checkpoints) = &self.around.checkpoints else {
            return Ok(());
        };
        if let (Some(monitor), Some(epoch)) = (&checkpoints.monitor, fit.history.epochs.last())
            && fit.best.improves(monitor, 0.0, epoch, ended)?
        {
            let snapshot = self.snapshot::<N>(N::Network::arena(net), fit, epochs);
            checkpoints.write_best(&snapshot)?;
        }
        match checkpoints.after_epoch(ended, last) {
            true => self.write_checkpoint(net, fit, epochs),
            false => Ok(()),
        }
    }

    /// Writes what is due after a step in the midst of an epoch.
    pub(super) fn checkpoint_step<N: Model>(&mut self, net: &N, fit: &Fit) -> Result<()> {
        let (taken, epochs) = (self.past.steps, self.past.epochs);
        let checkpoints = self.around.checkpoints.as_ref();
        match checkpoints.is_some_and(|checkpoints| checkpoints.after_step(taken)) {
            // The epoch that is under way counts as begun.
            true => self.write_checkpoint(net, fit, epochs - 1),
            false => Ok(()),
        }
    }
}
