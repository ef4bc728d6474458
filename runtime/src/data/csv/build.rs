//! From rows of text to numbers.

use super::{
    field::{Field, fill, number, text, word},
    loaded::Loaded,
    plan::{Fault, Feature, Missing, Options, Plan},
    records::{Flaw, Records},
    target::Kind,
    words::{NONE, Words},
};
use crate::error::{Error, Result, TableError, TableFault, io};
use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use std::{io::BufRead, path::Path};

/// Reads a table whose rows make `width` numbers.
pub fn load(
    path: &Path,
    input: Box<dyn BufRead + Send>,
    options: &Options,
    kind: &Kind,
    width: usize,
) -> Result<Loaded> {
    let mut records = Records::new(input, options.delimiter, options.quote);
    let flaw = |flaw| match flaw {
        Flaw::Io(error) => io("read", path)(error),
        Flaw::Row(line, fault) => table_error(path, Some(line), (None, fault)),
    };
    if let Some(fault) = other_kind(records.start().map_err(flaw)?) {
        return Err(table_error(path, None, (None, fault)));
    }
    let empty = |dropped| table_error(path, None, (None, TableFault::Empty { dropped }));
    if !records.next().map_err(flaw)? {
        return Err(empty(0));
    }
    let header = header(&records, options)
        .map_err(|fault| table_error(path, Some(records.line()), fault))?;
    let header_line = options.header.then(|| records.line());
    let in_header = |fault| table_error(path, header_line, fault);
    let plan = Plan::new(&header, options, &kind.columns()).map_err(in_header)?;
    let mut table = Table::new(&header, &plan, options, kind);
    let mut more = !options.header || records.next().map_err(flaw)?;
    while more {
        let line = records.line();
        table
            .push(&records)
            .map_err(|fault| table_error(path, Some(line), fault))?;
        more = records.next().map_err(flaw)?;
    }
    if table.lines.is_empty() {
        return Err(empty(table.dropped));
    }
    table.finish(width).map_err(in_header)
}

fn table_error(path: &Path, line: Option<u64>, (column, fault): Fault) -> Error {
    Error::Table(Box::new(TableError {
        path: path.into(),
        line,
        column,
        fault,
    }))
}

/// What a file's first bytes show that is no table.
fn other_kind(start: &[u8]) -> Option<TableFault> {
    let (found, repair) = match start {
        [b'P', b'K', 3, 4, ..] => (
            "a zip file, as spreadsheets save it",
            "save the sheet as CSV, or unpack the file",
        ),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => ("a spreadsheet", "save the sheet as CSV"),
        [0x1f, 0x8b, ..] => ("gzip", "unpack it by `gunzip`"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => (
            "UTF-16",
            "save it as UTF-8, such as by `iconv -f utf16 -t utf8`",
        ),
        [b'<', b'!' | b'h' | b'H' | b'?', ..] => (
            "a web page",
            "fetch the file itself, by the link that downloads it",
        ),
        [b'P', b'A', b'R', b'1', ..] => ("Parquet", "save it by pandas' `to_csv`"),
        _ => return None,
    };
    Some(TableFault::Kind { found, repair })
}

/// The names of the columns; their numbers, counted from 0, where there is no header.
fn header(records: &Records<impl BufRead>, options: &Options) -> Result<Vec<String>, Fault> {
    let fields = 0..records.len();
    if !options.header {
        return Ok(fields.map(|at| at.to_string()).collect());
    }
    let name = |at| {
        let name = text(records.field(at));
        name.map(String::from)
            .map_err(|fault| (Some(format!("{at}")), fault))
    };
    fields.map(name).collect()
}

/// A feature's column as it is read.
enum Column {
    /// Numbers; NaN where there is none.
    Numbers(Vec<f32>),
    Words(Words),
}

/// What was read of the targets.
enum Targets {
    Numbers(Vec<f32>),
    Class(Words),
}

/// A table as it is read.
struct Table<'a> {
    header: &'a [String],
    plan: &'a Plan,
    options: &'a Options,
    columns: Vec<Column>,
    targets: Targets,
    lines: Vec<u64>,
    dropped: usize,
}

/// Whether a row is kept.
#[derive(PartialEq)]
enum Row {
    Kept,
    Dropped,
}

impl<'a> Table<'a> {
    fn new(header: &'a [String], plan: &'a Plan, options: &'a Options, kind: &Kind) -> Self {
        let columns = plan.features.iter().map(|feature| match &feature.words {
            Some(given) => Column::Words(Words::new(given.as_deref())),
            None => Column::Numbers(Vec::new()),
        });
        Self {
            header,
            plan,
            options,
            columns: columns.collect(),
            targets: match kind {
                Kind::Class(_, given) => Targets::Class(Words::new(given.as_deref())),
                Kind::None | Kind::Numbers(_) => Targets::Numbers(Vec::new()),
            },
            lines: Vec::new(),
            dropped: 0,
        }
    }

    /// Adds a row.
    fn push(&mut self, records: &Records<impl BufRead>) -> Result<(), Fault> {
        let (expected, found) = (self.header.len(), records.len());
        if expected != found {
            let lines = records.lines();
            let fault = TableFault::Length {
                expected,
                found,
                lines,
            };
            return Err((None, fault));
        }
        let header = self.header;
        let named = |at: usize| move |fault| (header.get(at).cloned(), fault);
        let mut row = Row::Kept;
        for (column, feature) in self.columns.iter_mut().zip(&self.plan.features) {
            let field = records.field(feature.at);
            match push_feature(column, feature, field, self.options).map_err(named(feature.at))? {
                Row::Kept => {}
                Row::Dropped => row = Row::Dropped,
            }
        }
        for &at in &self.plan.targets {
            let field = records.field(at);
            match push_target(&mut self.targets, field, self.options).map_err(named(at))? {
                Row::Kept => {}
                Row::Dropped => row = Row::Dropped,
            }
        }
        if row == Row::Kept {
            self.lines.push(records.line());
            return Ok(());
        }
        self.dropped += 1;
        let rows = self.lines.len();
        for column in &mut self.columns {
            match column {
                Column::Numbers(numbers) => numbers.truncate(rows),
                Column::Words(words) => words.truncate(rows),
            }
        }
        match &mut self.targets {
            Targets::Numbers(numbers) => numbers.truncate(rows * self.plan.targets.len()),
            Targets::Class(words) => words.truncate(rows),
        }
        Ok(())
    }

    /// Fills gaps and puts the columns side by side.
    fn finish(self, width: usize) -> Result<Loaded, Fault> {
        let mut loaded = Loaded {
            dropped: self.dropped,
            ..Loaded::default()
        };
        let mut finished = Vec::with_capacity(self.columns.len());
        for (column, feature) in self.columns.into_iter().zip(&self.plan.features) {
            let name = &self.header[feature.at];
            match column {
                Column::Numbers(mut numbers) => {
                    let fill = fill(&mut numbers, feature.missing);
                    let fill = fill.map_err(|fault| (Some(name.clone()), fault))?;
                    loaded.fills.extend(fill.map(|fill| (name.clone(), fill)));
                    loaded.columns.push(name.clone());
                    finished.push(Finished::Numbers(numbers));
                }
                Column::Words(words) => {
                    let (words, rows) = words.sorted();
                    let named = words.iter().map(|word| format!("{name}={word}"));
                    loaded.columns.extend(named);
                    finished.push(Finished::OneHot(words.len(), rows));
                }
            }
        }
        if loaded.columns.len() != width {
            let fault = TableFault::Width {
                expected: width,
                columns: loaded.columns,
                header: self.header.len(),
            };
            return Err((None, fault));
        }
        for row in 0..self.lines.len() {
            for column in &finished {
                match column {
                    Finished::Numbers(numbers) => loaded.inputs.extend(numbers.get(row)),
                    Finished::OneHot(words, rows) => {
                        let word = rows.get(row).map_or(NONE, |&word| word) as usize;
                        let ones = (0..*words).map(|at| if at == word { 1.0 } else { 0.0 });
                        loaded.inputs.extend(ones);
                    }
                }
            }
        }
        match self.targets {
            Targets::Numbers(numbers) => loaded.targets = numbers,
            Targets::Class(words) => {
                let (classes, rows) = words.sorted();
                loaded.classes = classes;
                loaded.labels = rows.into_iter().map(|row| row as usize).collect();
            }
        }
        loaded.lines = self.lines;
        Ok(loaded)
    }
}

/// A column of which nothing is missing.
enum Finished {
    Numbers(Vec<f32>),
    /// So many words, and that of each row.
    OneHot(usize, Vec<u32>),
}

/// Adds a field to a feature's column.
fn push_feature(
    column: &mut Column,
    feature: &Feature,
    field: &[u8],
    options: &Options,
) -> Result<Row, TableFault> {
    let text = text(field)?;
    let missing = match column {
        Column::Numbers(numbers) => match number(text, options)? {
            Ok(number) => {
                numbers.push(number);
                return Ok(Row::Kept);
            }
            Err(missing) => missing,
        },
        Column::Words(words) => match word(text, words, options) {
            Field::Value(word) => return words.push(word).map(|()| Row::Kept),
            Field::Missing(missing) => missing,
        },
    };
    match (feature.missing, column) {
        (Missing::Refuse, _) => Err(TableFault::Missing {
            text: missing.to_string(),
            target: false,
        }),
        (Missing::DropRow, _) => Ok(Row::Dropped),
        (_, Column::Numbers(numbers)) => {
            numbers.push(f32::NAN);
            Ok(Row::Kept)
        }
        (_, Column::Words(words)) => {
            words.push_none();
            Ok(Row::Kept)
        }
    }
}

/// Adds a field to the targets.
fn push_target(targets: &mut Targets, field: &[u8], options: &Options) -> Result<Row, TableFault> {
    let text = text(field)?;
    let missing = match targets {
        Targets::Numbers(numbers) => match number(text, options)? {
            Ok(number) => {
                numbers.push(number);
                return Ok(Row::Kept);
            }
            Err(missing) => missing,
        },
        Targets::Class(words) => match word(text, words, options) {
            Field::Value(word) => return words.push(word).map(|()| Row::Kept),
            Field::Missing(missing) => missing,
        },
    };
    match options.missing {
        Missing::DropRow => Ok(Row::Dropped),
        _ => Err(TableFault::Missing {
            text: missing.to_string(),
            target: true,
        }),
    }
}
