//! A training run as the content of a file, and back.
//!
//! ```text
//! model.NAME               parameters and statistics
//! average.NAME             the same, of the moving average, where there is one
//! best.NAME                the same, of the best epoch so far, where early stopping keeps it
//! optimizer.STATE.NAME     what the optimizer remembers of each parameter, such as optimizer.exp_avg.fc.weight
//! history.NAME             a number for each epoch that has ended; NaN where it has none
//! history.metric.NUMBER    a metric of the validation data, whose name is the word `metric.NUMBER`
//! history.steps, open.steps    the loss of each step, where that is kept; history.step_counts says how many an epoch has
//! open.sums                for each part of the loss the sums of losses, weights, accuracies and of what counts in them
//! courses.frozen, courses.skipped    the step in which each learnt tensor was frozen, or NaN, and the steps it was left out of
//! schedule.observed        the losses that the schedule was shown
//! ```
//!
//! Whatever else there is are words of the metadata.

use super::told::{history, take_history, take_watch, watch};
use crate::{
    block::Block,
    error::Result,
    files::record::{CHECKPOINT, Kind, Reader, Record},
    loss::Totals,
    step::courses::Courses,
    train::{
        average::Average,
        fit::{Fit, Open, Plan},
    },
};
use alloc::{format, vec::Vec};

/// A run at one moment.
pub struct Snapshot<'a> {
    pub kind: Kind,
    pub arena: &'a [Block],
    pub state: &'a [u8],
    pub steps: u64,
    /// Epochs that have ended since the network's first fit.
    pub epochs: usize,
    pub courses: &'a Courses,
    pub average: Option<&'a Average>,
    /// What the schedule was shown.
    pub observed: &'a [f64],
    pub fit: &'a Fit,
}

/// What was read of a run.
pub struct Read {
    pub arena: Vec<Block>,
    pub steps: u64,
    pub epochs: usize,
    pub courses: Courses,
    pub average: Option<Average>,
    pub observed: Vec<f64>,
    pub fit: Fit,
}

impl Snapshot<'_> {
    /// The content of a file.
    pub fn file(&self) -> Record {
        let mut file = Record::default();
        let (kind, fit) = (&self.kind, self.fit);
        kind.say(&mut file);
        file.say("steps", self.steps);
        file.say("epochs", self.epochs);
        kind.keep_parameters(&mut file, "model", self.arena);
        if fit.early.weights.len() == self.arena.len() {
            kind.keep_parameters(&mut file, "best", &fit.early.weights);
        }
        if let Some(average) = self.average {
            file.say("average.followed", average.followed);
            kind.keep_parameters(&mut file, "average", &average.arena);
        }
        kind.keep_state(&mut file, self.state);
        self.courses.keep(&mut file);
        file.say("schedule.observed", self.observed.len());
        file.put("schedule.observed", self.observed.iter().copied());
        if let Some(plan) = fit.plan {
            file.say("samples", plan.samples);
            file.say("buffer", plan.buffer);
            file.say("batch", plan.batch);
            file.say("accumulate", plan.accumulate);
            file.say("seed", plan.seed);
            file.say("shuffle", plan.shuffle);
            file.say("parts", plan.parts);
        }
        watch(&mut file, "early", &fit.early);
        watch(&mut file, "checkpoint", &fit.best);
        let open = &fit.open;
        file.say("open.position", open.position);
        file.say("open.samples", open.sum.rows);
        file.say("open.sums", open.sum.numbers().count());
        file.put("open.sums", open.sum.numbers());
        file.say("open.taken", open.taken);
        file.say("open.learning_rate", format!("{:?}", open.learning_rate));
        file.say("open.seconds", format!("{:?}", open.seconds));
        file.put("open.steps", open.steps.iter().copied());
        history(&mut file, &fit.history);
        file
    }
}

impl Read {
    /// Reads a run of a kind from a file. `arena` has what lies between parameters; `state` is changed only if all is well.
    pub fn of(
        path: &str,
        file: &Record,
        kind: &Kind,
        arena: &[Block],
        state: &mut [u8],
    ) -> Result<Self> {
        let mut reader = Reader::new(&CHECKPOINT, Some(path), file);
        kind.check(&mut reader);
        let (steps, epochs) = (reader.count("steps"), reader.index("epochs"));
        let mut read = arena.to_vec();
        kind.take_parameters(&mut reader, "model", &mut read);
        let mut remembered = state.to_vec();
        kind.take_state(&mut reader, &mut remembered);
        let history = take_history(&mut reader);
        let ended = history.epochs.len();
        let mut fit = Fit {
            history,
            early: take_watch(&mut reader, "early", ended),
            best: take_watch(&mut reader, "checkpoint", ended),
            ..Fit::default()
        };
        fit.history.best = (fit.early.epoch > 0).then_some(fit.early.epoch);
        if reader.has("samples") {
            fit.plan = Some(Plan {
                samples: reader.index("samples"),
                buffer: reader.index("buffer"),
                batch: reader.index("batch"),
                accumulate: reader.index("accumulate"),
                seed: reader.parsed("seed", "a whole number").unwrap_or(0),
                shuffle: reader
                    .parsed("shuffle", "true or false")
                    .unwrap_or_default(),
                parts: reader.index("parts"),
            });
        }
        if reader.holds("best.") {
            fit.early.weights = arena.to_vec();
            kind.take_parameters(&mut reader, "best", &mut fit.early.weights);
        }
        let average = reader.has("average.followed").then(|| {
            let mut average = Average {
                arena: arena.to_vec(),
                followed: reader.count("average.followed"),
            };
            kind.take_parameters(&mut reader, "average", &mut average.arena);
            average
        });
        fit.open = Open {
            position: reader.index("open.position"),
            taken: reader.index("open.taken"),
            sum: Totals::from_numbers(&reader.counted("open.sums"), reader.index("open.samples")),
            steps: reader.series("open.steps", None),
            learning_rate: reader.number("open.learning_rate"),
            seconds: reader.number("open.seconds"),
        };
        let courses = Courses::kept(&mut reader, steps);
        let observed = reader.counted("schedule.observed");
        reader.finish()?;
        state.copy_from_slice(&remembered);
        Ok(Self {
            arena: read,
            steps,
            epochs,
            courses,
            average,
            observed,
            fit,
        })
    }
}
