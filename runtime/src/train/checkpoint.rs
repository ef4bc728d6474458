//! Checkpoints: files from which a training run goes on as if it had never stopped.
//!
//! A checkpoint holds weights, what the optimizer remembers, the place in the epoch and all that was counted and measured so
//! far. Nothing random is drawn: the order of an epoch is a function of the seed and the epoch, a mask one of the seed and
//! the step, so that the seed and two counts are the state of everything random.

mod snapshot;
#[cfg(test)]
mod tests;
mod told;

pub use snapshot::{Read, Snapshot};

use super::stopping::Monitor;
use crate::{
    error::{Error, Found, Result, io, setting::check_count},
    files::{
        self,
        record::{CHECKPOINT, Record},
    },
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Where and when a trainer writes checkpoints. Each is written beside its final name and then takes it, so that at every
/// moment a name stands for a whole file.
///
/// ```
/// use kiln::{Checkpoints, Monitor, data::Samples, prelude::*};
///
/// model! {
///     struct Line(x: [1]) -> [1] { Dense(1) }
/// }
///
/// # let folder = std::env::temp_dir().join(format!("kiln-doc-checkpoints-{}", std::process::id()));
/// # let folder = folder.as_path();
/// let inputs = (0..64).map(|i| [i as f32 / 64.0]).collect::<Vec<_>>();
/// let targets = inputs.iter().map(|[x]| [3.0 * x - 1.0]).collect::<Vec<_>>();
/// let data = Samples::new(inputs, targets)?;
/// # let run = |epochs| {
///
/// let mut net = Line::new(Seed(1));
/// let mut trainer = Trainer::new(Adam::new(0.05), Mse)
///     .epochs(20)
///     # .epochs(epochs).quiet()
///     .validation_split(0.2)
///     .checkpoints(Checkpoints::new(folder).every_epochs(5).keep_last(2).best(Monitor::ValidationLoss));
/// if let Some(path) = Checkpoints::latest(folder)? {
///     trainer.resume(path, &mut net)?;
/// }
/// let history = trainer.fit(&mut net, &data)?; // the epochs that are left
/// # assert_eq!(history.epochs.len(), epochs);
/// # Ok::<_, kiln::Error>(net.parameters().get("0.weight"))
/// # };
/// # run(10)?;
/// # assert_eq!(run(20)?, run(20)?);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// The files are called `checkpoint-00000123.safetensors`, after the steps taken, and `best.safetensors`. A fit also writes
/// one when it is interrupted, and when it ends. A fit that begins anew refuses a folder in which there is a later
/// checkpoint, which would be taken for its own.
///
/// # Errors
///
/// Those of [`Model::save`](crate::model::Model::save), which end the fit.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    epochs: usize,
    steps: Option<u64>,
    interval: Option<Duration>,
    keep: usize,
    /// What the best epoch is found by.
    pub(super) monitor: Option<Monitor>,
    /// The last one written.
    written: Option<Instant>,
}

/// What the files of a folder begin and end with.
const BEGIN: &str = "checkpoint-";
const END: &str = ".safetensors";

impl Checkpoints {
    /// Into a folder, which is made if it is not there, after each epoch; the last one is kept.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            epochs: 1,
            steps: None,
            interval: None,
            keep: 1,
            monitor: None,
            written: None,
        }
    }

    /// After every `epochs`-th epoch of a fit, and after its last.
    pub fn every_epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Also after every `steps`-th step, in the midst of an epoch.
    pub fn every_steps(mut self, steps: u64) -> Self {
        self.steps = Some(steps);
        self
    }

    /// Also after the step with which so much time has passed since the one before.
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Removes all but the last `count` of its files; at first 1.
    pub fn keep_last(mut self, count: usize) -> Self {
        self.keep = count;
        self
    }

    /// Also after each epoch that is the best so far, as `best.safetensors`.
    pub fn best(mut self, monitor: Monitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// The checkpoint of a folder with the most steps; none if there is none, or no folder.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the folder cannot be read.
    pub fn latest(folder: impl AsRef<Path>) -> Result<Option<PathBuf>> {
        let files = listed(folder.as_ref())?;
        Ok(files.into_iter().max().map(|(_, path)| path))
    }

    /// Refuses settings that cannot be.
    pub(super) fn check(&self, validated: bool) -> Result<()> {
        let (steps, keep) = (self.steps.unwrap_or(1), self.keep as u64);
        check_count("every_epochs", self.epochs as u64, "at least 1, such as 5")?;
        check_count("every_steps", steps, "at least 1, such as 1000")?;
        check_count("keep_last", keep, "at least 1, such as 3")?;
        let monitor = self.monitor.as_ref();
        monitor.map_or(Ok(()), |monitor| monitor.check(validated))
    }

    /// Makes the folder, and refuses one with a checkpoint of more steps than were taken.
    pub(super) fn begin(&mut self, taken: u64) -> Result<()> {
        fs::create_dir_all(&self.folder).map_err(io("create", &self.folder))?;
        match listed(&self.folder)?.into_iter().max() {
            Some((steps, path)) if steps > taken => Err(Error::Setting {
                setting: "checkpoints",
                found: Found::Text(format!(
                    "a folder with a checkpoint of {steps} steps (`{}`), where the network has taken {taken}",
                    path.display()
                )),
                expected: "a folder without later checkpoints; `resume` from that one, remove it, or give another folder",
            }),
            _ => {
                self.written = Some(Instant::now());
                Ok(())
            }
        }
    }

    /// Whether one is due after a step.
    pub(super) fn after_step(&self, taken: u64) -> bool {
        let late = self.interval.zip(self.written);
        self.steps.is_some_and(|steps| taken.is_multiple_of(steps))
            || late.is_some_and(|(interval, written)| written.elapsed() >= interval)
    }

    /// Whether one is due after an epoch.
    pub(super) fn after_epoch(&self, ended: usize, last: bool) -> bool {
        last || ended.is_multiple_of(self.epochs)
    }

    /// Writes one, and removes what is older than those that are kept.
    pub(super) fn write(&mut self, snapshot: &Snapshot<'_>) -> Result<()> {
        let steps = snapshot.steps;
        let path = self.folder.join(format!("{BEGIN}{steps:08}{END}"));
        write(&path, snapshot)?;
        self.written = Some(Instant::now());
        let mut before = listed(&self.folder)?;
        before.retain(|(other, _)| *other <= steps);
        before.sort_unstable();
        for (_, path) in before.iter().rev().skip(self.keep) {
            match fs::remove_file(path) {
                // Another program may have been faster.
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(io("remove", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the best one.
    pub(super) fn write_best(&self, snapshot: &Snapshot<'_>) -> Result<()> {
        write(&self.folder.join(format!("best{END}")), snapshot)
    }
}

/// The checkpoints of a folder by their steps.
fn listed(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io("read", folder))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(io("read", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name
            .strip_prefix(BEGIN)
            .and_then(|name| name.strip_suffix(END));
        if let Some(steps) = number.and_then(|number| number.parse().ok()) {
            files.push((steps, path));
        }
    }
    Ok(files)
}

/// Writes a checkpoint, replacing the file if there is one.
pub fn write(path: &Path, snapshot: &Snapshot<'_>) -> Result<()> {
    let shown = path.display().to_string();
    let bytes = snapshot.file().into_bytes(&CHECKPOINT, Some(&shown))?;
    files::write(path, &bytes)
}

/// The content of a checkpoint, or of the latest of a folder.
pub fn open(path: &Path) -> Result<(String, Record)> {
    let path = match path.is_dir() {
        false => path.to_path_buf(),
        true => Checkpoints::latest(path)?.ok_or_else(|| Error::NotSafetensors {
            path: Some(path.display().to_string()),
            reason: "the folder has no checkpoint; give the folder that checkpoints were written to, or begin without \
                     `resume`"
                .to_string(),
        })?,
    };
    let shown = path.display().to_string();
    let file = Record::parse(&CHECKPOINT, Some(&shown), &files::read(&path)?)?;
    Ok((shown, file))
}
