//! What can be wrong with a table of text, such as a CSV file.

use super::nearest::nearest;
use alloc::{string::String, vec::Vec};
use core::fmt::{self, Display, Formatter};
use std::path::PathBuf;

/// What is wrong with a table, and where: file, line, column, field and repair.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TableError {
    /// The file.
    pub path: PathBuf,
    /// Line of the file, counted from 1, in which the row begins.
    pub line: Option<u64>,
    /// The column by its name in the header.
    pub column: Option<String>,
    /// The fault.
    pub fault: TableFault,
}

/// What is wrong with a table, at the place that [`TableError`] names.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TableFault {
    /// The file is of another kind.
    Kind {
        /// What it is.
        found: &'static str,
        /// What to do.
        repair: &'static str,
    },
    /// The file has no line at all, or none behind the header.
    Empty {
        /// Rows that were there, but left out for what they lack.
        dropped: usize,
    },
    /// A field is not UTF-8.
    NotUtf8 {
        /// The first byte that is not.
        byte: u8,
        /// Its place in the field.
        at: usize,
    },
    /// A row has another number of fields than the header.
    Length {
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
        /// Lines that the row takes.
        lines: u64,
    },
    /// A row takes more memory than any should.
    TooLong {
        /// Bytes that a row may have.
        limit: usize,
    },
    /// The last row's quotes are not closed.
    Unclosed,
    /// The header has no such column.
    UnknownColumn {
        /// The name asked for.
        name: String,
        /// The names that there are.
        columns: Vec<String>,
    },
    /// The header has this name twice.
    RepeatedColumn,
    /// The header leaves a column without a name.
    Unnamed {
        /// Number of the column, counted from 1.
        number: usize,
    },
    /// A column is asked for twice, or as a feature and as a target.
    ChosenTwice,
    /// A setting of features is about a column that is none.
    NotAFeature,
    /// A field should be a number.
    NotANumber {
        /// The field.
        text: String,
    },
    /// A field is a number that `f32` cannot hold, or is infinite.
    TooLarge {
        /// The field.
        text: String,
    },
    /// A field has no value.
    Missing {
        /// The field.
        text: String,
        /// Whether it is a target's, which is never filled.
        target: bool,
    },
    /// A column has no value at all of which a mean or median could be taken.
    NoValues,
    /// A field is none of the values that were given for its column.
    UnknownValue {
        /// The field.
        text: String,
        /// The values.
        values: Vec<String>,
    },
    /// The columns make another number of features than the network takes.
    Width {
        /// Numbers that the network takes.
        expected: usize,
        /// What the columns make, by name.
        columns: Vec<String>,
        /// Columns of the header.
        header: usize,
    },
}

impl Display for TableError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{}`", column.escape_debug())?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl Display for TableFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { found, repair } => {
                write!(f, "expected a table as text, found {found}; {repair}")
            }
            Self::Empty { dropped: 0 } => {
                f.write_str("the file has no rows, but at least one is needed; check how it was made")
            }
            Self::Empty { dropped } => write!(
                f,
                "all {dropped} rows lack a value, so that none is left; fill them by `missing(Missing::Mean)`, \
                 or leave the columns that are mostly empty out by `without`"
            ),
            Self::NotUtf8 { byte, at } => write!(
                f,
                "byte {at} of the field is {byte:#04x}, which is not UTF-8; save the file as UTF-8, \
                 such as by `iconv -f latin1 -t utf8`, or leave the column out"
            ),
            Self::Length {
                expected,
                found,
                lines,
            } => {
                let fields = if *found == 1 { "field" } else { "fields" };
                write!(
                    f,
                    "the row has {found} {fields}, but the header has {expected}; "
                )?;
                if *lines > 1 {
                    return write!(
                        f,
                        "the row takes {lines} lines, so check that every quote in it is closed"
                    );
                }
                f.write_str(if *found > *expected {
                    "put fields that hold the delimiter into quotes, or name the right one by `delimiter`"
                } else {
                    "complete the row, leaving fields empty that have no value"
                })
            }
            Self::TooLong { limit } => write!(
                f,
                "the row is longer than {limit} bytes; a quote in it is probably not closed"
            ),
            Self::Unclosed => f.write_str(
                "a quote of the last row is not closed; close it, or fetch the file again if it is cut off",
            ),
            Self::UnknownColumn { name, columns } => {
                write!(f, "there is no column `{}`; ", name.escape_debug())?;
                match nearest(name, columns.iter().map(String::as_str)) {
                    Some(nearest) => write!(f, "did you mean `{}`?", nearest.escape_debug()),
                    None => {
                        f.write_str("the columns are ")?;
                        list(f, columns)?;
                        one_column(f, columns)
                    }
                }
            }
            Self::RepeatedColumn => {
                f.write_str("two columns have this name; rename one of them in the header")
            }
            Self::Unnamed { number } => write!(
                f,
                "column {number} has no name, as an index that pandas wrote; leave it out by `without([\"\"])`, \
                 or write the file by `to_csv(path, index=False)`"
            ),
            Self::ChosenTwice => f.write_str(
                "the column is asked for twice; name it once, as a feature or as a target",
            ),
            Self::NotAFeature => f.write_str(
                "`one_hot` and `missing_in` are about features, but the column is a target or left out; \
                 choose it by `features`, or take the setting away",
            ),
            Self::NotANumber { text } => write!(
                f,
                "`{}` is no number; if it stands for a missing value, say so by `missing_values([{text:?}])`; \
                 if the column holds words, make numbers of them by `one_hot`, or leave it out by `without`",
                text.escape_debug()
            ),
            Self::TooLarge { text } => write!(
                f,
                "`{}` is beyond what f32 holds, 3.4e38; correct it, or say by `missing_values` that it stands for \
                 a missing value",
                text.escape_debug()
            ),
            Self::Missing { text, target } => {
                if text.is_empty() {
                    f.write_str("the value is missing; ")?;
                } else {
                    write!(
                        f,
                        "`{}` stands for a missing value; ",
                        text.escape_debug()
                    )?;
                }
                f.write_str(if *target {
                    "leave out such rows by `missing(Missing::DropRow)`"
                } else {
                    "fill it by `missing(Missing::Mean)` or another of its policies, or leave out such rows by \
                     `missing(Missing::DropRow)`"
                })
            }
            Self::NoValues => f.write_str(
                "no row has a value here, so that there is no mean or median; fill by `Missing::Constant`, or leave \
                 the column out by `without`",
            ),
            Self::UnknownValue { text, values } => {
                write!(
                    f,
                    "`{}` is none of the values that were given: ",
                    text.escape_debug()
                )?;
                list(f, values)?;
                match nearest(text, values.iter().map(String::as_str)) {
                    Some(nearest) => write!(f, "; did you mean `{}`?", nearest.escape_debug()),
                    None => f.write_str("; add it to them, or correct the row"),
                }
            }
            Self::Width {
                expected,
                columns,
                header,
            } => {
                let found = columns.len();
                write!(
                    f,
                    "the inputs are declared as {expected} numbers, but the columns make {found}: "
                )?;
                list(f, columns)?;
                if *header == 1 {
                    return one_column(f, columns);
                }
                write!(
                    f,
                    "; declare {found}, or choose columns by `features` or `without`"
                )
            }
        }
    }
}

/// Names side by side, the first twenty of many.
fn list(f: &mut Formatter<'_>, names: &[String]) -> fmt::Result {
    const SHOWN: usize = 20;
    for (index, name) in names.iter().take(SHOWN).enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}`{}`", name.escape_debug())?;
    }
    match names.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// What a header of one long name is a sign of.
fn one_column(f: &mut Formatter<'_>, columns: &[String]) -> fmt::Result {
    let [name] = columns else {
        return Ok(());
    };
    let delimiters = [
        (';', "b';'"),
        ('\t', "b'\\t'"),
        ('|', "b'|'"),
        (',', "b','"),
    ];
    match delimiters.iter().find(|(mark, _)| name.contains(*mark)) {
        Some((_, written)) => write!(f, "; name the delimiter by `delimiter({written})`"),
        None => Ok(()),
    }
}
