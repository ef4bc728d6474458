//! Tables as text: comma-separated values and their kin.
//!
//! A table is read once, its columns chosen by name, and becomes [`Samples`] whose inputs are arrays
//! `[f32; N]`. What the columns make is compared with `N`.
//!
//! ```
//! use kiln::data::{Csv, Missing};
//!
//! let text = "\
//! length,width,colour,species
//! 5.1,3.5,red,setosa
//! 7.0,,blue,versicolor
//! 6.3,3.3,red,virginica
//! ";
//! let table = Csv::parse("flowers.csv", text)
//!     .one_hot(["colour"])
//!     .missing(Missing::Mean)
//!     .class("species")
//!     .read::<4>()?;
//! assert_eq!(table.columns, ["length", "width", "colour=blue", "colour=red"]);
//! assert_eq!(table.classes, ["setosa", "versicolor", "virginica"]);
//! assert_eq!(table.samples.inputs()[1], [7.0, 3.4, 1.0, 0.0]);
//! assert_eq!(table.samples.targets(), [0, 1, 2]);
//! # Ok::<(), kiln::Error>(())
//! ```

mod build;
mod field;
mod loaded;
mod plan;
mod records;
mod target;
#[cfg(test)]
mod tests;
mod words;

pub use plan::Missing;
pub use target::Target;

use super::samples::Samples;
use crate::error::{Error, Found, Result, io};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, marker::PhantomData};
use plan::Options;
use std::{
    fs::File,
    io::{BufRead, BufReader, Cursor},
    path::{Path, PathBuf},
};
use target::Kind;

/// Bytes that are read at once.
const PIECE: usize = 1 << 16;

/// How a table is read: which columns, and what happens to missing values. [`read`](Self::read) reads it.
///
/// `T` is the type of a target: `()` until [`target`](Self::target), [`targets`](Self::targets) or
/// [`class`](Self::class) says which columns hold them.
///
/// ```no_run
/// use kiln::{data::Csv, prelude::*};
///
/// model! {
///     struct Wine(x: [13]) -> [3] { Dense(32), Relu, Dense(3) }
/// }
///
/// let wine = Csv::open("wine.csv")?.class("cultivar").read()?;
/// let mut net = Wine::new(Seed(1));
/// // That inputs are [f32; 13] is inferred.
/// Trainer::new(Adam::default(), CrossEntropy).epochs(50).fit(&mut net, &wine.samples)?;
/// println!("{}", wine.classes[kiln::argmax(&net.forward(&wine.samples.inputs()[0]))]);
/// # Ok::<(), kiln::Error>(())
/// ```
pub struct Csv<T = ()> {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    options: Options,
    kind: Kind,
    target: PhantomData<T>,
}

/// What [`Csv::read`] returns.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Table<const N: usize, T> {
    /// The rows: inputs and targets.
    pub samples: Samples<[f32; N], T>,
    /// Names of the inputs' numbers: those of the columns, and `colour=red` of a column that `one_hot` made numbers of.
    pub columns: Vec<String>,
    /// Names of the classes, by index; none if targets are numbers.
    pub classes: Vec<String>,
    /// The line of the file in which each row begins, counted from 1.
    pub lines: Vec<u64>,
    /// Rows that [`Missing::DropRow`] left out.
    pub dropped: usize,
    /// What missing values were filled with, for each column that has some. Fill the table of the test set with the
    /// same, by [`missing_in`](Csv::missing_in) and [`Missing::Constant`].
    pub fills: Vec<(String, f32)>,
}

impl Csv {
    /// Opens a file in UTF-8, with or without a byte-order mark, whose lines end as on any system.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(io("open", path))?;
        let input = BufReader::with_capacity(PIECE, file);
        Ok(Self::new(path, Box::new(input)))
    }

    /// The text of a file; `name` stands for its path in errors.
    pub fn parse(name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Self {
        let input = Cursor::new(text.as_ref().to_vec());
        Self::new(name.as_ref(), Box::new(input))
    }

    fn new(path: &Path, input: Box<dyn BufRead + Send>) -> Self {
        Self {
            path: path.into(),
            input,
            options: Options::default(),
            kind: Kind::None,
            target: PhantomData,
        }
    }

    /// The column of numbers to predict: targets are `[f32; 1]`, for losses such as `Mse`.
    pub fn target(self, column: impl Into<String>) -> Csv<[f32; 1]> {
        self.targets([column])
    }

    /// Several columns of numbers to predict: targets are `[f32; M]`.
    pub fn targets<const M: usize>(self, columns: [impl Into<String>; M]) -> Csv<[f32; M]> {
        self.kind(Kind::Numbers(columns.into_iter().map(Into::into).collect()))
    }

    /// The column of the class to predict, words or whole numbers: targets are `usize`, for losses such as
    /// `CrossEntropy`. Classes are numbered in alphabetical order, or in numerical order where all are numbers;
    /// [`Table::classes`] has the names.
    ///
    /// A class that occurs in no row gets no number. Where that may happen, as in a part of the data, list all classes
    /// by [`classes`](Csv::classes).
    pub fn class(self, column: impl Into<String>) -> Csv<usize> {
        self.kind(Kind::Class(column.into(), None))
    }

    fn kind<T>(self, kind: Kind) -> Csv<T> {
        Csv {
            path: self.path,
            input: self.input,
            options: self.options,
            kind,
            target: PhantomData,
        }
    }
}

impl Csv<usize> {
    /// All classes, in order; a row of another class is an error. For a test set, give those of the training set:
    /// `classes(&train.classes)`.
    pub fn classes(mut self, classes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        if let Kind::Class(_, given) = &mut self.kind {
            *given = Some(names(classes));
        }
        self
    }
}

impl<T> Csv<T> {
    /// The columns that become inputs, in this order. Without it, these are all columns except the targets, in the
    /// order of the file.
    pub fn features(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.features = Some(names(columns));
        self
    }

    /// Columns to leave out, such as an index.
    pub fn without(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.without.extend(names(columns));
        self
    }

    /// Columns of words to encode as numbers, one for each different word of the column: 1 for the row's own word, 0
    /// for the others. The words are in alphabetical order, or in numerical order where all are numbers.
    pub fn one_hot(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let columns = names(columns).into_iter().map(|column| (column, None));
        self.options.one_hot.extend(columns);
        self
    }

    /// A column of words as for [`one_hot`](Self::one_hot), with these words in this order; another word is an error.
    /// For a test set, give the words of the training set.
    pub fn one_hot_of(
        mut self,
        column: impl Into<String>,
        words: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let words = Some(names(words));
        self.options.one_hot.push((column.into(), words));
        self
    }

    /// What happens where a value is missing; by default [`Missing::Refuse`].
    ///
    /// Means and medians are computed from this file. To keep the test set out of them, use a separate file for it, and
    /// fill it with the [`fills`](Table::fills) of the training set.
    pub fn missing(mut self, missing: Missing) -> Self {
        self.options.missing = missing;
        self
    }

    /// What happens where a value of this column is missing.
    pub fn missing_in(mut self, column: impl Into<String>, missing: Missing) -> Self {
        self.options.missing_in.push((column.into(), missing));
        self
    }

    /// More spellings of a missing value, such as `?` or `-999`. A field that is empty and those that pandas knows are
    /// missing in any case: `NA`, `N/A`, `NaN`, `nan`, `NULL`, `null`, `None` and others.
    pub fn missing_values(
        mut self,
        spellings: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.options.spellings.extend(names(spellings));
        self
    }

    /// The byte between two fields; by default a comma.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.options.delimiter = delimiter;
        self
    }

    /// The quote around fields that contain delimiters or line breaks, doubled within them; by default `"`.
    pub fn quote(mut self, quote: u8) -> Self {
        self.options.quote = quote;
        self
    }

    /// Numbers are written with a comma, as in `3,14`.
    pub fn decimal_comma(mut self) -> Self {
        self.options.decimal_comma = true;
        self
    }

    /// The first row is data, and not a header; columns are called `0`, `1`, `2` ...
    pub fn no_header(mut self) -> Self {
        self.options.header = false;
        self
    }

    /// Reads the table. `N` is the number of inputs that the columns make; it is often inferred from the network.
    ///
    /// Numbers have the syntax of Rust's `f32`, with spaces around them ignored; `true` and `false` are 1 and 0. Empty
    /// lines are skipped.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] with line, column, field and repair: if a row has another number of fields than the header, a field
    /// is no number, missing or not UTF-8, a quote is not closed, a column is not there, or the columns make another
    /// number of inputs than `N`. [`Error::Setting`] if the delimiter or a constant to fill with is of no use,
    /// [`Error::Io`] if the file cannot be read.
    pub fn read<const N: usize>(self) -> Result<Table<N, T>>
    where
        T: Target,
    {
        check(&self.options)?;
        let mut loaded = build::load(&self.path, self.input, &self.options, &self.kind, N)?;
        let targets = T::take(&mut loaded)?;
        Ok(Table {
            samples: Samples::from_flat(&loaded.inputs, targets)?,
            columns: loaded.columns,
            classes: loaded.classes,
            lines: loaded.lines,
            dropped: loaded.dropped,
            fills: loaded.fills,
        })
    }
}

impl<T> fmt::Debug for Csv<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csv")
            .field("path", &self.path)
            .field("options", &self.options)
            .field("targets", &self.kind)
            .finish_non_exhaustive()
    }
}

fn names(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

/// Refuses settings that no table can be read with.
fn check(options: &Options) -> Result<()> {
    let Options {
        delimiter, quote, ..
    } = *options;
    if delimiter == quote || matches!(delimiter, b'\n' | b'\r') {
        return Err(Error::Setting {
            setting: "delimiter",
            found: Found::Text(alloc::format!("b'{}'", delimiter.escape_ascii())),
            expected: "neither the quote nor a line break, such as b',', b';' or b'\\t'",
        });
    }
    if matches!(quote, b'\n' | b'\r') {
        return Err(Error::Setting {
            setting: "quote",
            found: Found::Text(alloc::format!("b'{}'", quote.escape_ascii())),
            expected: "no line break, such as b'\"'",
        });
    }
    if options.decimal_comma && delimiter == b',' {
        return Err(Error::Setting {
            setting: "delimiter",
            found: Found::Words("a comma, as are decimal points"),
            expected: "something else beside `decimal_comma`, such as b';'",
        });
    }
    let given = options.missing_in.iter().map(|(_, missing)| *missing);
    for missing in given.chain([options.missing]) {
        match missing {
            Missing::Constant(constant) if !constant.is_finite() => {
                return Err(Error::Setting {
                    setting: "Missing::Constant",
                    found: Found::Number(constant.into()),
                    expected: "a finite number, such as 0.0",
                });
            }
            _ => {}
        }
    }
    Ok(())
}
