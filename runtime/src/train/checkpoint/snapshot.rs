//! A training run as the content of a file, and back.
//!
//! ```text
//! model.NAME               parameters and statistics
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

use super::{
    file::{File, Stored},
    reader::Reader,
};
use crate::{
    block::{Block, LANES},
    error::Result,
    loss::Totals,
    math::flush_number,
    step::courses::Courses,
    tensor::{LARGEST_COUNT, Role, Tensor, joined_count, split_count},
    train::{
        evaluation::Evaluation,
        fit::{Fit, Open, Plan},
        history::{Epoch, History, Stopped},
        stopping::Watch,
    },
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use safetensors::Dtype;
use std::path::Path;

/// Whose run it is.
#[derive(Clone, Copy)]
pub struct Kind {
    pub network: &'static str,
    pub optimizer: &'static str,
    pub tensors: &'static [Tensor],
    /// What the blocks of the optimizer's state are called, where it says so.
    pub names: Option<&'static [&'static str]>,
    /// Bytes that the optimizer remembers of each block of weights.
    pub width: usize,
}

/// Bytes of a block.
const BLOCK: usize = size_of::<Block>();

impl Kind {
    /// The names of the blocks of state; none where they are not blocks.
    fn states(&self) -> Option<Vec<String>> {
        let count = self.width / BLOCK;
        if !self.width.is_multiple_of(BLOCK) {
            return None;
        }
        Some(match self.names {
            Some(names) => names
                .iter()
                .take(count)
                .map(|name| name.to_string())
                .collect(),
            None => (0..count).map(|index| format!("state.{index}")).collect(),
        })
    }

    fn learnt(&self) -> impl Iterator<Item = &'static Tensor> {
        self.tensors
            .iter()
            .filter(|tensor| tensor.learnt().is_some())
    }

    /// Where a number of the state lies, in bytes: in block `index` of those for the block of the weight at `place`.
    fn byte(&self, place: usize, index: usize) -> usize {
        place / LANES * self.width + index * BLOCK + place % LANES * size_of::<f32>()
    }
}

/// A run at one moment.
pub struct Snapshot<'a> {
    pub kind: Kind,
    pub arena: &'a [Block],
    pub state: &'a [u8],
    pub steps: u64,
    /// Epochs that have ended since the network's first fit.
    pub epochs: usize,
    pub courses: &'a Courses,
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
    pub observed: Vec<f64>,
    pub fit: Fit,
}

impl Snapshot<'_> {
    /// The content of a file.
    pub fn file(&self) -> File {
        let mut file = File::default();
        let (kind, fit) = (&self.kind, self.fit);
        file.say("network", kind.network);
        file.say("optimizer", kind.optimizer);
        file.say("steps", self.steps);
        file.say("epochs", self.epochs);
        parameters(&mut file, "model", kind, self.arena);
        if fit.early.weights.len() == self.arena.len() {
            parameters(&mut file, "best", kind, &fit.early.weights);
        }
        self.optimizer(&mut file);
        file.say("courses.frozen", self.courses.pauses().count());
        file.say("schedule.observed", self.observed.len());
        let frozen = |since: Option<u64>| since.map_or(f64::NAN, |step| step as f64);
        let courses = self.courses.pauses();
        file.put("courses.frozen", courses.map(|(since, _)| frozen(since)));
        let courses = self.courses.pauses();
        file.put("courses.skipped", courses.map(|(_, steps)| steps as f64));
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

    /// What the optimizer remembers.
    fn optimizer(&self, file: &mut File) {
        let kind = &self.kind;
        let Some(names) = kind.states() else {
            let stored = Stored {
                dtype: Dtype::U8,
                shape: vec![self.state.len()],
                bytes: self.state.to_vec(),
            };
            file.tensors.insert("optimizer.state".into(), stored);
            return;
        };
        for (index, name) in names.iter().enumerate() {
            for tensor in kind.learnt() {
                let mut bytes = Vec::with_capacity(tensor.count() * size_of::<f32>());
                tensor.layout.visit(|place| {
                    bytes.extend(number(self.state, kind.byte(place, index)).to_le_bytes());
                });
                let stored = Stored {
                    dtype: Dtype::F32,
                    shape: tensor.shape.to_vec(),
                    bytes,
                };
                let name = format!("optimizer.{name}.{}", tensor.name);
                file.tensors.insert(name, stored);
            }
        }
    }
}

/// A number in memory.
fn number(bytes: &[u8], at: usize) -> f32 {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0.0, |bytes| f32::from_ne_bytes(*bytes))
}

/// Adds a network's parameters.
fn parameters(file: &mut File, prefix: &str, kind: &Kind, arena: &[Block]) {
    let floats = must_cast_slice::<Block, f32>(arena);
    for tensor in kind.tensors {
        let mut bytes = Vec::with_capacity(tensor.count() * size_of::<f32>());
        let dtype = if let Role::Count = tensor.role {
            let pair = floats
                .get(tensor.layout.offset..)
                .and_then(<[f32]>::first_chunk);
            bytes.extend(pair.map_or(0, |pair| joined_count(*pair)).to_le_bytes());
            Dtype::I64
        } else {
            tensor
                .layout
                .visit(|place| bytes.extend(floats[place].to_le_bytes()));
            Dtype::F32
        };
        let stored = Stored {
            dtype,
            shape: tensor.shape.to_vec(),
            bytes,
        };
        file.tensors
            .insert(format!("{prefix}.{}", tensor.name), stored);
    }
}

/// Adds the best so far.
fn watch(file: &mut File, prefix: &str, watch: &Watch) {
    if let Some(best) = watch.best {
        file.say(format!("{prefix}.best"), format!("{best:?}"));
    }
    file.say(format!("{prefix}.epoch"), watch.epoch);
    file.say(format!("{prefix}.waited"), watch.waited);
}

/// Adds the epochs that have ended.
fn history(file: &mut File, history: &History) {
    let epochs = &history.epochs;
    file.say("history.epochs", epochs.len());
    file.say("history.seconds", format!("{:?}", history.seconds));
    match history.stopped {
        Some(Stopped::Early) => file.say("history.stopped", "early"),
        Some(Stopped::ByCallback) => file.say("history.stopped", "callback"),
        Some(Stopped::Interrupted) | None => {}
    }
    let mut put = |name: &str, of: &dyn Fn(&Epoch) -> Option<f64>| {
        let numbers = epochs.iter().map(|epoch| of(epoch).unwrap_or(f64::NAN));
        file.put(format!("history.{name}"), numbers);
    };
    put("loss", &|epoch| Some(epoch.loss));
    put("accuracy", &|epoch| epoch.accuracy);
    put("learning_rate", &|epoch| epoch.learning_rate);
    put("seconds", &|epoch| Some(epoch.seconds));
    put("samples_per_second", &|epoch| {
        Some(epoch.samples_per_second)
    });
    put("validated", &|epoch| {
        Some(f64::from(u8::from(epoch.validation.is_some())))
    });
    put("val_loss", &|epoch| Some(epoch.validation.as_ref()?.loss));
    put("val_accuracy", &|epoch| epoch.validation.as_ref()?.accuracy);
    put("step_counts", &|epoch| Some(epoch.steps.len() as f64));
    file.put(
        "history.steps",
        epochs.iter().flat_map(|epoch| epoch.steps.iter().copied()),
    );
    let last = epochs
        .iter()
        .rev()
        .find_map(|epoch| epoch.validation.as_ref());
    for (index, measure) in last.iter().flat_map(|last| last.metrics.iter()).enumerate() {
        file.say(format!("metric.{index}"), &measure.name);
        let of = |epoch: &Epoch| epoch.validation.as_ref()?.metrics.get(&measure.name);
        let numbers = epochs.iter().map(|epoch| of(epoch).unwrap_or(f64::NAN));
        file.put(format!("history.metric.{index}"), numbers);
    }
}

impl Read {
    /// Reads a run of a kind from a file. `arena` has what lies between parameters; `state` is changed only if all is well.
    pub fn of(
        path: &Path,
        file: &File,
        kind: &Kind,
        arena: &[Block],
        state: &mut [u8],
    ) -> Result<Self> {
        let mut reader = Reader::new(path, file);
        reader.same("network", kind.network);
        reader.same("optimizer", kind.optimizer);
        let (steps, epochs) = (reader.count("steps"), reader.index("epochs"));
        let mut read = arena.to_vec();
        take_parameters(&mut reader, "model", kind, &mut read);
        let mut remembered = state.to_vec();
        take_optimizer(&mut reader, kind, &mut remembered);
        let mut fit = Fit {
            history: take_history(&mut reader),
            early: take_watch(&mut reader, "early"),
            best: take_watch(&mut reader, "checkpoint"),
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
            take_parameters(&mut reader, "best", kind, &mut fit.early.weights);
        }
        fit.open = Open {
            position: reader.index("open.position"),
            taken: reader.index("open.taken"),
            sum: Totals::from_numbers(&reader.counted("open.sums"), reader.index("open.samples")),
            steps: reader.series("open.steps", None),
            learning_rate: reader.number("open.learning_rate"),
            seconds: reader.number("open.seconds"),
        };
        let frozen = reader.counted("courses.frozen");
        let skipped = reader.series("courses.skipped", Some(frozen.len()));
        let pauses = frozen.iter().zip(&skipped).map(|(since, skipped)| {
            let since = (!since.is_nan()).then_some(*since as u64);
            (since, *skipped as u64)
        });
        let courses = Courses::paused(pauses);
        let observed = reader.counted("schedule.observed");
        reader.finish()?;
        state.copy_from_slice(&remembered);
        Ok(Self {
            arena: read,
            steps,
            epochs,
            courses,
            observed,
            fit,
        })
    }
}

/// The most metrics, and the most bytes of a name.
const METRICS: usize = 256;
const NAME: usize = 256;

/// Reads parameters into an arena.
fn take_parameters(reader: &mut Reader<'_>, prefix: &str, kind: &Kind, arena: &mut [Block]) {
    let floats = must_cast_slice_mut::<Block, f32>(arena);
    for tensor in kind.tensors {
        let name = format!("{prefix}.{}", tensor.name);
        let is_count = matches!(tensor.role, Role::Count);
        let dtype = if is_count { Dtype::I64 } else { Dtype::F32 };
        let Some(bytes) = reader.tensor(&name, dtype, Some(tensor.shape)) else {
            continue;
        };
        if is_count {
            let count = bytes
                .first_chunk()
                .map_or(0, |bytes| u64::from_le_bytes(*bytes));
            let kept = floats[tensor.layout.offset..].iter_mut();
            for (kept, number) in kept.zip(split_count(count.min(LARGEST_COUNT))) {
                *kept = number;
            }
            continue;
        }
        let numbers = bytes.as_chunks().0.iter();
        let mut numbers = numbers.map(|number| f32::from_le_bytes(*number));
        let unfit = |number: f32| !number.is_finite() || tensor.is_variance() && number < 0.0;
        if let Some(number) = numbers.clone().find(|number| unfit(*number)) {
            let expected = "finite numbers, and no negative variance".to_string();
            reader.differs(&name, expected, number.to_string());
            continue;
        }
        tensor.layout.visit(|place| {
            if let Some(number) = numbers.next() {
                floats[place] = flush_number(number);
            }
        });
    }
}

/// Reads what an optimizer remembers.
fn take_optimizer(reader: &mut Reader<'_>, kind: &Kind, state: &mut [u8]) {
    let Some(names) = kind.states() else {
        if let Some(bytes) = reader.tensor("optimizer.state", Dtype::U8, Some(&[state.len()])) {
            state.copy_from_slice(bytes);
        }
        return;
    };
    for (index, name) in names.iter().enumerate() {
        for tensor in kind.learnt() {
            let name = format!("optimizer.{name}.{}", tensor.name);
            let Some(bytes) = reader.tensor(&name, Dtype::F32, Some(tensor.shape)) else {
                continue;
            };
            let mut numbers = bytes.as_chunks().0.iter();
            tensor.layout.visit(|place| {
                let at = kind.byte(place, index);
                let kept = state.get_mut(at..at + size_of::<f32>());
                if let (Some(number), Some(kept)) = (numbers.next(), kept) {
                    kept.copy_from_slice(&f32::from_le_bytes(*number).to_ne_bytes());
                }
            });
        }
    }
}

/// Reads the best so far.
fn take_watch(reader: &mut Reader<'_>, prefix: &str) -> Watch {
    let best = format!("{prefix}.best");
    Watch {
        best: reader.has(&best).then(|| reader.number(&best)),
        epoch: reader.index(&format!("{prefix}.epoch")),
        waited: reader.index(&format!("{prefix}.waited")),
        weights: Vec::new(),
    }
}

/// Reads the epochs that have ended.
fn take_history(reader: &mut Reader<'_>) -> History {
    let count = reader.index("history.epochs");
    let mut series = |name: &str| reader.series(&format!("history.{name}"), Some(count));
    let [
        loss,
        accuracy,
        rate,
        seconds,
        speed,
        validated,
        val_loss,
        val_accuracy,
        counts,
    ] = [
        "loss",
        "accuracy",
        "learning_rate",
        "seconds",
        "samples_per_second",
        "validated",
        "val_loss",
        "val_accuracy",
        "step_counts",
    ]
    .map(&mut series);
    let steps = reader.series("history.steps", None);
    let mut steps = steps.into_iter();
    let mut metrics = Vec::new();
    while let Some(name) = reader.word(&format!("metric.{}", metrics.len())) {
        // Each epoch has a copy of every name.
        let known = metrics.iter().any(|(other, _)| *other == name);
        if known || name.len() > NAME || metrics.len() == METRICS {
            let expected = format!("at most {METRICS} names of {NAME} bytes, each once");
            reader.differs("metrics", expected, "others".into());
            break;
        }
        let numbers = reader.series(&format!("history.metric.{}", metrics.len()), Some(count));
        metrics.push((name, numbers));
    }
    // Not as many as are said, where the file is not what it should be: the reader has taken note of that.
    let at = |numbers: &[f64], index: usize| numbers.get(index).copied().unwrap_or(f64::NAN);
    let known = |number: f64| (!number.is_nan()).then_some(number);
    let epochs = (0..loss.len()).map(|index| {
        let validation = (at(&validated, index) == 1.0).then(|| {
            let mut evaluation = Evaluation::of(Totals::none(0));
            evaluation.loss = at(&val_loss, index);
            evaluation.accuracy = known(at(&val_accuracy, index));
            for (name, numbers) in &metrics {
                evaluation.metrics.add(name.clone(), at(numbers, index));
            }
            evaluation
        });
        Epoch {
            loss: at(&loss, index),
            accuracy: known(at(&accuracy, index)),
            validation,
            steps: steps.by_ref().take(at(&counts, index) as usize).collect(),
            learning_rate: known(at(&rate, index)),
            seconds: at(&seconds, index),
            samples_per_second: at(&speed, index),
        }
    });
    History {
        epochs: epochs.collect(),
        seconds: reader.number("history.seconds"),
        stopped: match reader.word("history.stopped").as_deref() {
            Some("early") => Some(Stopped::Early),
            Some(_) => Some(Stopped::ByCallback),
            None => None,
        },
        best: None,
    }
}
