//! What a run has told so far, as the content of a file, and back.

use crate::{
    files::record::{Reader, Record},
    loss::Totals,
    train::{
        evaluation::Evaluation,
        history::{Epoch, History, Stopped},
        stopping::Watch,
    },
};
use alloc::{format, string::ToString, vec::Vec};

/// Adds the best so far.
pub fn watch(file: &mut Record, prefix: &str, watch: &Watch) {
    if let Some(best) = watch.best {
        file.say(format!("{prefix}.best"), format!("{best:?}"));
    }
    file.say(format!("{prefix}.epoch"), watch.epoch);
    file.say(format!("{prefix}.waited"), watch.waited);
}

/// Adds the epochs that have ended.
pub fn history(file: &mut Record, history: &History) {
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

/// The most metrics, and the most bytes of a name.
const METRICS: usize = 256;
const NAME: usize = 256;

/// Reads the best of the epochs that have ended.
pub fn take_watch(reader: &mut Reader<'_>, prefix: &str, ended: usize) -> Watch {
    let (best, name) = (format!("{prefix}.best"), format!("{prefix}.epoch"));
    let epoch = reader.index(&name);
    if epoch > ended {
        reader.differs(&name, format!("at most {ended}"), epoch.to_string());
    }
    Watch {
        best: reader.has(&best).then(|| reader.number(&best)),
        epoch,
        waited: reader.index(&format!("{prefix}.waited")),
        weights: Vec::new(),
    }
}

/// Reads the epochs that have ended.
pub fn take_history(reader: &mut Reader<'_>) -> History {
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
