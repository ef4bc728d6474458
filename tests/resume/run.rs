//! A run, and how it is resumed.

pub use crate::numbers::numbers;
use kiln::{
    Checkpoints, EarlyStopping, History, Optimizer, Result, Stopped,
    data::Samples,
    metrics::{Average, F1},
    prelude::*,
};
use std::{env, fs, path::PathBuf, process};

model! {
    pub struct Net(x: [2]) -> [3] {
        GaussianNoise(0.03),
        hidden: Dense(8),
        BatchNorm,
        Relu,
        Dropout(0.2),
        StochasticDepth(0.1),
        out: Dense(3),
    }

    pub struct Other(x: [2]) -> [3] { hidden: Dense(9), BatchNorm, Relu, fc: Dense(3) }
}

pub fn samples(count: usize) -> Samples<[f32; 2], u8> {
    let inputs: Vec<_> = (0..count)
        .map(|i| [(i as f32).sin(), (i as f32 * 0.7).cos()])
        .collect();
    let labels: Vec<_> = inputs
        .iter()
        .map(|[a, b]| u8::from(*a > *b) + u8::from(*a > 0.0))
        .collect();
    Samples::new(inputs, labels).expect("as many")
}

/// A folder of a test's own, removed in the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("kiln-resume-{name}-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    /// The names of the files, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder");
        let names = entries.map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        });
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub type Run<O, L = CrossEntropy> = Trainer<O, L, F1>;

pub fn trainer<O: Optimizer>(optimizer: O) -> Run<O> {
    judged(optimizer, CrossEntropy)
}

/// A trainer by another loss.
pub fn judged<O: Optimizer, L>(optimizer: O, loss: L) -> Run<O, L> {
    Trainer::new(optimizer, loss)
        .metrics(F1::new(Average::Macro))
        .batch(8)
        .epochs(4)
        .seed(5)
        .keep_steps()
        .validation_split(0.2)
        .early_stopping(EarlyStopping::new(2).min_delta(0.001))
        .schedule(|epoch| 1.0 / (1.0 + epoch as f64))
        .quiet()
}

/// Everything that a run told but for times, as bits.
pub fn told(history: &History) -> Vec<u64> {
    let mut bits = Vec::new();
    for epoch in &history.epochs {
        let validation = epoch.validation.as_ref().expect("validated");
        bits.extend([epoch.loss, validation.loss].map(f64::to_bits));
        bits.extend(epoch.steps.iter().copied().map(f64::to_bits));
        bits.extend(
            [epoch.accuracy, epoch.learning_rate, validation.accuracy]
                .map(|x| x.unwrap_or(-1.0).to_bits()),
        );
        bits.extend(
            validation
                .metrics
                .iter()
                .map(|measure| measure.value.to_bits()),
        );
    }
    bits.extend([
        history.best.unwrap_or(0) as u64,
        u64::from(history.stopped == Some(Stopped::Early)),
    ]);
    bits
}

/// Resumes at every step of a run; gives what the run told.
pub fn resume_everywhere<O: Optimizer>(
    name: &str,
    optimizer: impl Fn() -> O,
    change: impl Fn(Run<O>) -> Run<O>,
) -> Result<History> {
    let (folder, data) = (Folder::new(name), samples(47));
    let fresh = || change(trainer(optimizer()));
    let mut net = Net::new(Seed(1));
    let mut undisturbed = fresh();
    let expected = undisturbed.fit(&mut net, &data)?;
    let average = undisturbed.averaged(&net).map(|net| numbers(&net));
    let mut longer = net.clone();
    undisturbed.fit(&mut longer, &data)?;
    let second = numbers(&longer);
    // Writing changes nothing.
    let mut watched = Net::new(Seed(1));
    let every = Checkpoints::new(&folder.0).every_steps(1).keep_last(1000);
    let history = fresh()
        .threads(1)
        .checkpoints(every)
        .fit(&mut watched, &data)?;
    assert_eq!(
        (told(&history), numbers(&watched)),
        (told(&expected), numbers(&net)),
        "{name}"
    );

    // 37 samples in batches of 8 are five steps.
    let names = folder.names();
    assert_eq!(names.len(), 5 * expected.epochs.len(), "{names:?}");
    for (index, file) in names.iter().enumerate() {
        let path = folder.0.join(file);
        let mut resumed = Net::new(Seed(9));
        let mut trainer = fresh().threads(1 + index % 2);
        trainer.resume(&path, &mut resumed)?;
        let history = trainer.fit(&mut resumed, &data)?;
        assert_eq!(told(&history), told(&expected), "{name}: {file}");
        assert_eq!(numbers(&resumed), numbers(&net), "{name}: {file}");
        let found = trainer.averaged(&resumed).map(|net| numbers(&net));
        assert_eq!(found, average, "{name}: {file}");
        // And the fit after it.
        trainer.fit(&mut resumed, &data)?;
        assert_eq!(numbers(&resumed), second, "{name}: after {file}");
    }
    Ok(expected)
}
