//! Reading a record, and all that is wrong with it.

use super::{content::Record, form::Form};
use crate::error::{Difference, Error, Result};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt::Debug, str::FromStr};
use safetensors::Dtype;

/// The most differences that are told.
const TOLD: usize = 30;

/// The largest count: that of which doubles know every number below.
const MOST: u64 = 1 << 53;

/// A file that is being read; whatever is not as expected is noted, and told in the end.
pub struct Reader<'a> {
    form: &'a Form,
    path: Option<&'a str>,
    record: &'a Record,
    differences: Vec<Difference>,
}

impl<'a> Reader<'a> {
    /// Begins to read a record of a form; `path` is told in errors.
    pub fn new(form: &'a Form, path: Option<&'a str>, record: &'a Record) -> Self {
        Self {
            form,
            path,
            record,
            differences: Vec::new(),
        }
    }

    /// Takes note of what is otherwise than it should be.
    pub fn differs(&mut self, what: &str, expected: String, found: String) {
        let what = what.to_string();
        self.differences.push(Difference {
            what,
            expected,
            found,
        });
    }

    /// The error of all that was noted.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] if anything was.
    pub fn finish(self) -> Result<()> {
        let mut differences = self.differences;
        let more = differences.len().saturating_sub(TOLD);
        differences.truncate(TOLD);
        match differences.is_empty() {
            true => Ok(()),
            false => Err(Error::Checkpoint {
                path: self.path.map(ToString::to_string),
                what: self.form.what,
                differences,
                more,
                repair: self.form.repair,
            }),
        }
    }

    /// `true` if there is a word of this name.
    pub fn has(&self, name: &str) -> bool {
        self.record.words.contains_key(name)
    }

    /// `true` if a tensor's name begins so.
    pub fn holds(&self, prefix: &str) -> bool {
        self.record
            .tensors
            .keys()
            .any(|name| name.starts_with(prefix))
    }

    /// A word that need not be there.
    pub fn word(&self, name: &str) -> Option<String> {
        self.record.words.get(name).cloned()
    }

    /// The words whose names begin so, by the rest of the name.
    pub fn words(&self, prefix: &str) -> Vec<(&'a str, &'a str)> {
        let words = self.record.words.iter();
        let words = words.filter_map(|(name, word)| Some((name.strip_prefix(prefix)?, &**word)));
        words.collect()
    }

    /// A word that must be this one.
    pub fn same(&mut self, name: &str, expected: &str) {
        let found = self.record.words.get(name);
        if found.is_none_or(|found| found != expected) {
            let found = found.map_or("none".into(), |found| format!("`{}`", found.escape_debug()));
            self.differs(name, format!("`{expected}`"), found);
        }
    }

    /// A word as something else.
    pub fn parsed<T: FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        let word = self.record.words.get(name);
        let parsed = word.and_then(|word| word.parse().ok());
        if parsed.is_none() {
            let found = word.map_or("none".into(), |word| format!("`{}`", word.escape_debug()));
            self.differs(name, expected.into(), found);
        }
        parsed
    }

    /// A word as a count, small enough to go on counting.
    pub fn count(&mut self, name: &str) -> u64 {
        let count = self.parsed(name, "a whole number").unwrap_or(0);
        if count > MOST {
            self.differs(name, format!("at most {MOST}"), count.to_string());
        }
        count
    }

    /// [`count`](Self::count) as an index.
    pub fn index(&mut self, name: &str) -> usize {
        usize::try_from(self.count(name)).unwrap_or(usize::MAX / 2)
    }

    /// A word as a number.
    pub fn number(&mut self, name: &str) -> f64 {
        self.parsed(name, "a number").unwrap_or(f64::NAN)
    }

    /// The bytes of a tensor of this type, and of this shape if one is given.
    pub fn tensor(
        &mut self,
        name: &str,
        dtype: Dtype,
        shape: Option<&[usize]>,
    ) -> Option<&'a [u8]> {
        let stored = self.record.tensors.get(name);
        let fits = |of: Dtype, shaped: &[usize]| {
            of == dtype && shape.map_or(shaped.len() == 1, |shape| shape == shaped)
        };
        match stored {
            Some(stored) if fits(stored.dtype, &stored.shape) => Some(&stored.bytes),
            _ => {
                let shape: &dyn Debug = match &shape {
                    Some(shape) => shape,
                    None => &"[_]",
                };
                let found = stored.map_or("nothing".into(), |stored| {
                    format!("{} {:?}", stored.dtype, stored.shape)
                });
                self.differs(
                    &format!("tensor `{name}`"),
                    format!("{dtype} {shape:?}"),
                    found,
                );
                None
            }
        }
    }

    /// Numbers whose count stands in the metadata under the same name.
    pub fn counted(&mut self, name: &str) -> Vec<f64> {
        let count = self.index(name);
        self.series(name, Some(count))
    }

    /// The numbers of a tensor, as many as `count` says if it does.
    pub fn series(&mut self, name: &str, count: Option<usize>) -> Vec<f64> {
        let shape = count.map(|count| [count]);
        let shape = shape.as_ref().map(|shape| &shape[..]);
        let bytes = self.tensor(name, Dtype::F64, shape).unwrap_or_default();
        let words = bytes.as_chunks().0.iter();
        words.map(|word| f64::from_le_bytes(*word)).collect()
    }
}
