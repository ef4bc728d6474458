//! Any bytes as a checkpoint, as the file of a descent and as one with a normaliser: a trainer or a descent goes on
//! from it or refuses it, and the normaliser is of use or refused.
//!
//! Such a file holds a sum over its content, so that bytes changed at random are refused there, and nothing behind the
//! sum is reached. What is changed here gets a new sum. Bytes that are no safetensors file are changes of an example,
//! one a line:
//!
//! ```text
//! steps 18446744073709551615       a word
//! @history.loss 1 nan -inf         the numbers of a tensor of doubles
//! @model.fc.weight f32 2 3 : 1 2   a tensor of another type or shape; what is missing is 0
//! -early.best                      without this word, or the tensor of this name
//! ```

use kiln::{
    Checkpoints, Monitor, Weighted,
    data::{Normaliser, Samples},
    metrics::Rmse,
    prelude::*,
    schedule::{ReduceOnPlateau, Schedule},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::OnceLock,
    thread,
};

model! {
    /// A network with everything that a checkpoint tells apart: weights, statistics, a count.
    struct Small(x: [2]) -> [1] { fc: Dense(3), BatchNorm, Relu, Dropout(0.2), out: Dense(1) }
}

/// The most epochs that a fit is to have.
const EPOCHS: usize = 3;

/// The most numbers of a tensor that a line names.
const NUMBERS: usize = 1 << 12;

type Teacher = Trainer<Adam, Weighted<Mse>, Rmse>;

fn teacher() -> Teacher {
    let trainer = Trainer::new(Adam::new(0.01), Mse.times(0.5))
        .epochs(EPOCHS)
        .batch(2)
        .threads(1)
        .schedule(ReduceOnPlateau::new().patience(1).per_epoch());
    trainer
        .validation_split(0.25)
        .early_stopping(EarlyStopping::new(2))
        .metrics(Rmse::default())
        .keep_steps()
        .quiet()
}

fn data() -> Samples<[f32; 2], [f32; 1]> {
    let pairs = (0..8).map(|i| (i as f32).sin()).map(|x| ([x, x * x], [x]));
    Samples::from_pairs(pairs).expect("there are eight")
}

/// A file of this thread's own.
fn place() -> PathBuf {
    let name = format!("kiln-fuzz-{}-{:?}", process::id(), thread::current().id());
    env::temp_dir().join(name)
}

/// A run in the midst of its second epoch, as bytes.
pub fn example() -> &'static [u8] {
    static EXAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let folder = place().with_extension("example");
        let checkpoints = Checkpoints::new(&folder).every_steps(5).keep_last(9);
        let mut trainer = teacher().checkpoints(checkpoints.best(Monitor::ValidationLoss));
        let fitted = trainer.fit(&mut Small::new(Seed(1)), &data());
        fitted.expect("the example is trained");
        let bytes = fs::read(folder.join("checkpoint-00000005.safetensors"));
        fs::remove_dir_all(folder).expect("the folder is removed");
        bytes.expect("the example is written")
    })
}

/// A descent after three steps, a layer of it frozen and another slowed down, as bytes.
pub fn example_of_a_descent() -> &'static [u8] {
    static EXAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let descended = || {
            let mut net = Small::new(Seed(1));
            let mut descent = Descent::new(&net, Adam::new(0.01))?;
            descent.freeze("out")?;
            descent.rate("fc", 0.5)?;
            for _ in 0..3 {
                step(&mut descent, &mut net)?;
            }
            descent.to_bytes()
        };
        descended().expect("the example descends")
    })
}

/// A step on all samples.
fn step(descent: &mut Descent<Small, Adam>, net: &mut Small) -> kiln::Result<()> {
    let data = data();
    let mut training = Training::new(net, data.inputs().len())?.from_step(descent.steps());
    training.backward(net, data.inputs(), data.targets(), &Mse)?;
    descent.apply(net, training.gradients())
}

/// Resumes from bytes as they are, and from what they mean with a sum that is right; panics if that panics, leaves
/// something behind that a refused checkpoint may not, or gives a run that cannot be saved and resumed again. Gives how
/// many of the two were resumed.
pub fn resume(data: &[u8]) -> usize {
    let path = place();
    let mut resumed = usize::from(resume_from(&path, data));
    if let Some(bytes) = sealed(data, example(), "kiln.checkpoint") {
        resumed += usize::from(resume_from(&path, &bytes));
    }
    let _ = fs::remove_file(path);
    resumed
}

/// Loads a descent from bytes as they are, and from what they mean with a sum that is right, as [`resume`] does. Gives
/// how many of the two were loaded.
pub fn descend(data: &[u8]) -> usize {
    let sealed = sealed(data, example_of_a_descent(), "kiln.descent");
    let files = [Some(data), sealed.as_deref()];
    let loaded = files.into_iter().flatten();
    loaded.filter(|bytes| descend_from(bytes)).count()
}

/// Loads a descent from bytes and takes a step; `false` if they are refused.
fn descend_from(bytes: &[u8]) -> bool {
    let mut net = Small::new(Seed(2));
    let fresh = || Descent::new(&net, Adam::new(0.01)).expect("the numbers of the rule are right");
    let mut descent = fresh();
    if descent.load_bytes(bytes).is_err() {
        assert_eq!(content(&descent), content(&fresh()));
        return false;
    }
    // What was loaded is a file again.
    let again = descent.to_bytes().expect("what was loaded is saved");
    let mut other = fresh();
    let loaded = other.load_bytes(&again);
    assert!(loaded.is_ok(), "loaded once, and then not: {loaded:?}");
    assert_eq!(content(&other), content(&descent));
    if step(&mut descent, &mut net).is_err() {
        assert!(net.to_bytes().is_ok());
    }
    true
}

/// The sum of what a descent writes, whose words come in any order.
fn content(descent: &Descent<Small, Adam>) -> Option<u64> {
    let bytes = descent.to_bytes().expect("a descent is saved");
    let file = SafeTensors::deserialize(&bytes).expect("what is written is a file");
    Content::of(&bytes, &file).map(|content| content.sum())
}

/// What bytes mean, with a sum that is right: a file as it is, or the example after the changes that lines of text say.
fn sealed(data: &[u8], example: &[u8], mark: &str) -> Option<Vec<u8>> {
    let content = match SafeTensors::deserialize(data) {
        Ok(file) => Content::of(data, &file),
        Err(_) => changed(data, example),
    };
    content?.sealed(mark)
}

/// Resumes from bytes and trains on; `false` if they are refused.
fn resume_from(path: &Path, bytes: &[u8]) -> bool {
    fs::write(path, bytes).expect("the file is written");
    if let Ok(normaliser) = Normaliser::<[f32; 2]>::open(path, "x") {
        let mut x = [0.5, -0.5];
        normaliser.apply(&mut x);
        assert!(x.iter().all(|x| !x.is_nan()), "{normaliser:?}: {x:?}");
    }
    let (mut trainer, mut net) = (teacher(), Small::new(Seed(2)));
    let before = net.to_bytes().expect("fresh weights are finite");
    if trainer.resume(path, &mut net).is_err() {
        assert!(net.to_bytes().is_ok_and(|bytes| bytes == before));
        return false;
    }
    // What was resumed is a checkpoint again.
    let weights = net.to_bytes().expect("resumed weights are finite");
    trainer
        .save_checkpoint(path, &net)
        .expect("what was resumed is saved");
    let mut again = Small::new(Seed(3));
    let resumed = teacher().resume(path, &mut again);
    assert!(resumed.is_ok(), "resumed once, and then not: {resumed:?}");
    assert!(again.to_bytes().is_ok_and(|bytes| bytes == weights));
    if let Ok(history) = trainer.fit(&mut net, &data()) {
        assert!(history.best.is_none_or(|best| best <= history.epochs.len()));
        // All that is shown of a history.
        let shown = format!("{history:?}{}", history.curves());
        assert!(!shown.is_empty());
    }
    true
}

/// A checkpoint as words and tensors.
struct Content {
    words: BTreeMap<String, String>,
    tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
}

impl Content {
    fn of(bytes: &[u8], file: &SafeTensors<'_>) -> Option<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
        let words = metadata.metadata().clone().unwrap_or_default();
        let tensors = file.iter().map(|(name, view)| {
            let stored = (view.dtype(), view.shape().to_vec(), view.data().to_vec());
            (name.to_string(), stored)
        });
        Some(Self {
            words: words.into_iter().collect(),
            tensors: tensors.collect(),
        })
    }

    /// The bytes of a file of this mark whose sum is right.
    fn sealed(mut self, mark: &str) -> Option<Vec<u8>> {
        self.words.insert(mark.into(), "1".into());
        self.words.remove("kiln.sum");
        let sum = format!("{:016x}", self.sum());
        self.words.insert("kiln.sum".into(), sum);
        let views = self.tensors.iter().map(|(name, (dtype, shape, bytes))| {
            let view = TensorView::new(*dtype, shape.clone(), bytes).ok()?;
            Some((name.clone(), view))
        });
        let views = views.collect::<Option<Vec<_>>>()?;
        safetensors::serialize(views, Some(self.words.into_iter().collect())).ok()
    }

    /// The sum of version 1: names, words and bytes by eights, each through SplitMix64's finalizer.
    fn sum(&self) -> u64 {
        let mut sum = 0;
        for (name, word) in &self.words {
            sum = add(add(sum, name.as_bytes()), word.as_bytes());
        }
        for (name, (dtype, shape, bytes)) in &self.tensors {
            sum = add(add(sum, name.as_bytes()), dtype.to_string().as_bytes());
            for size in shape {
                sum = add(sum, &(*size as u64).to_le_bytes());
            }
            sum = add(sum, bytes);
        }
        sum
    }
}

fn add(sum: u64, bytes: &[u8]) -> u64 {
    let begun = mix(sum ^ bytes.len() as u64);
    let (words, rest) = bytes.as_chunks();
    let sum = words
        .iter()
        .fold(begun, |sum, word| mix(sum ^ u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(sum ^ u64::from_le_bytes(last))
}

fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The example after the changes that lines of text say.
fn changed(text: &[u8], example: &[u8]) -> Option<Content> {
    let file = SafeTensors::deserialize(example).expect("the example is whole");
    let mut content = Content::of(example, &file)?;
    for line in std::str::from_utf8(text).ok()?.lines() {
        if let Some(name) = line.strip_prefix('-') {
            content.words.remove(name);
            content.tensors.remove(name);
        } else if let Some(tensor) = line.strip_prefix('@') {
            let (name, numbers) = tensor.split_once(' ').unwrap_or((tensor, ""));
            content.tensors.insert(name.to_string(), tensor_of(numbers));
        } else if let Some((name, word)) = line.split_once(' ') {
            content.words.insert(name.to_string(), word.to_string());
        }
    }
    Some(content)
}

/// `f32 2 3 : 1 2` or `1 2`.
fn tensor_of(text: &str) -> (Dtype, Vec<usize>, Vec<u8>) {
    let (head, numbers) = match text.split_once(':') {
        Some((head, numbers)) => (head, numbers),
        None => ("", text),
    };
    let words = numbers.split_whitespace().take(NUMBERS);
    let numbers: Vec<f64> = words.map(|word| word.parse().unwrap_or(0.0)).collect();
    let mut head = head.split_whitespace().peekable();
    let dtype = match head.peek() {
        Some(&"f32") => Dtype::F32,
        Some(&"i64") => Dtype::I64,
        Some(&"u8") => Dtype::U8,
        _ => Dtype::F64,
    };
    let mut shape: Vec<usize> = head.filter_map(|size| size.parse().ok()).collect();
    let count = shape
        .iter()
        .try_fold(1_usize, |product, size| product.checked_mul(*size));
    let count = count.filter(|count| *count <= NUMBERS && text.contains(':'));
    let count = count.unwrap_or_else(|| {
        shape = vec![numbers.len()];
        numbers.len()
    });
    let numbers = numbers.iter().copied().chain(std::iter::repeat(0.0));
    let bytes = numbers.take(count).flat_map(|number| match dtype {
        Dtype::F32 => (number as f32).to_le_bytes().to_vec(),
        Dtype::I64 => (number as i64).to_le_bytes().to_vec(),
        Dtype::U8 => vec![number as u8],
        _ => number.to_le_bytes().to_vec(),
    });
    (dtype, shape, bytes.collect())
}
