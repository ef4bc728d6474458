//! A state as named tensors and words, and as bytes: safetensors whose metadata holds the words.
//!
//! A sum over everything stands among the words, so that a file of which a bit has changed is an error, and not another
//! training run.

use super::form::Form;
use crate::{
    error::{Error, Result},
    random::mix,
};
use alloc::{
    borrow::Cow,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};
use safetensors::{Dtype, SafeTensors, View};

/// The word that holds the sum.
const SUM: &str = "kiln.sum";

/// A tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Type of its numbers.
    pub dtype: Dtype,
    /// Its axes.
    pub shape: Vec<usize>,
    /// Little-endian numbers.
    pub bytes: Vec<u8>,
}

impl View for &Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Tensors by name.
    pub tensors: BTreeMap<String, Stored>,
    /// Words of the metadata by name.
    pub words: BTreeMap<String, String>,
}

impl Record {
    /// Adds a word.
    pub fn say(&mut self, name: impl Into<String>, word: impl ToString) {
        self.words.insert(name.into(), word.to_string());
    }

    /// Adds numbers.
    pub fn put(&mut self, name: impl Into<String>, numbers: impl IntoIterator<Item = f64>) {
        let bytes: Vec<u8> = numbers.into_iter().flat_map(f64::to_le_bytes).collect();
        let stored = Stored {
            dtype: Dtype::F64,
            shape: alloc::vec![bytes.len() / size_of::<f64>()],
            bytes,
        };
        self.tensors.insert(name.into(), stored);
    }

    /// A number that changes with every bit of the content.
    fn sum(&self) -> u64 {
        let mut sum = Sum(0);
        for (name, word) in self.words.iter().filter(|(name, _)| *name != SUM) {
            sum.add(name.as_bytes());
            sum.add(word.as_bytes());
        }
        for (name, stored) in &self.tensors {
            sum.add(name.as_bytes());
            sum.add(stored.dtype.to_string().as_bytes());
            for size in &stored.shape {
                sum.add(&(*size as u64).to_le_bytes());
            }
            sum.add(&stored.bytes);
        }
        sum.0
    }

    /// The bytes of a file of a form; `path` is told in errors.
    ///
    /// # Errors
    ///
    /// [`Error::NotSafetensors`] if there is no memory for them.
    pub fn into_bytes(mut self, form: &Form, path: Option<&str>) -> Result<Vec<u8>> {
        self.say("format", "pt");
        self.say(form.mark, form.version);
        let sum = format!("{:016x}", self.sum());
        self.say(SUM, sum);
        let words = self.words.into_iter().collect();
        safetensors::serialize(&self.tensors, Some(words))
            .map_err(|error| broken(path, error.to_string()))
    }

    /// Reads the bytes of a file of a form.
    ///
    /// # Errors
    ///
    /// [`Error::NotSafetensors`] if it is damaged, of another form, or of another version.
    pub fn parse(form: &Form, path: Option<&str>, bytes: &[u8]) -> Result<Self> {
        let broken = |reason| broken(path, reason);
        let file = kiln_weights::parse(bytes).map_err(broken)?;
        let metadata = SafeTensors::read_metadata(bytes).ok();
        let words = metadata
            .iter()
            .flat_map(|(_, metadata)| metadata.metadata());
        let words = words
            .flatten()
            .map(|(name, word)| (name.clone(), word.clone()));
        let words: BTreeMap<_, _> = words.collect();
        form.check(&words).map_err(broken)?;
        let tensors = file.iter().map(|(name, view)| {
            let stored = Stored {
                dtype: view.dtype(),
                shape: view.shape().to_vec(),
                bytes: view.data().to_vec(),
            };
            (name.to_string(), stored)
        });
        let this = Self {
            tensors: tensors.collect(),
            words,
        };
        if this.words.get(SUM) != Some(&format!("{:016x}", this.sum())) {
            return Err(broken(format!(
                "the sum over its content is another than it says, so that it is damaged or was changed; \
                 {} an older one",
                form.again
            )));
        }
        Ok(this)
    }
}

/// The error of a file that is none.
fn broken(path: Option<&str>, reason: String) -> Error {
    Error::NotSafetensors {
        path: path.map(ToString::to_string),
        reason,
    }
}

/// A sum of bytes in which each place counts.
struct Sum(u64);

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        let mut sum = mix(self.0 ^ bytes.len() as u64);
        for word in words {
            sum = mix(sum ^ u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.0 = mix(sum ^ u64::from_le_bytes(last));
    }
}
