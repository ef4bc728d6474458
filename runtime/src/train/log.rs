//! Epochs as lines of a file.

use super::{
    callback::{Callback, Moment},
    history::{Epoch, Stopped},
};
use crate::error::{Error, Result};
use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString},
    vec::Vec,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// A line for each epoch as comma-separated values, under a line of names: `keras.callbacks.CSVLogger`.
///
/// ```text
/// epoch,learning_rate,loss,accuracy,val_loss,val_accuracy,val_f1_macro,seconds,samples_per_second
/// 1,0.001,0.3120412,0.9081,0.1742,0.9491,0.9487,0.31,193548.4
/// ```
///
/// Columns that an epoch does not have are empty. The first fit of a log overwrites an existing file, and further fits
/// append to it. A resumed fit begins with the lines of the epochs before, so after a crash the file is as if there had
/// been none, except for seconds. Names that appear later, such as metrics of a second fit, become further columns,
/// which are empty in earlier lines.
///
/// ```
/// use kiln::{CsvLog, JsonLinesLog, prelude::*};
///
/// let trainer = Trainer::new(Adam::default(), CrossEntropy)
///     .callback(CsvLog::new("epochs.csv"))
///     .callback(JsonLinesLog::new("epochs.jsonl"));
/// ```
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be written, which ends the fit.
#[derive(Clone, Debug)]
pub struct CsvLog {
    lines: Lines,
    columns: Vec<Cow<'static, str>>,
}

/// A line for each epoch as a JSON object, with the names of [`CsvLog`]. What an epoch does not have is left out, and a
/// number that is not finite is `null`.
///
/// ```text
/// {"epoch":1,"learning_rate":0.001,"loss":0.3120412,"accuracy":0.9081,"seconds":0.31,"samples_per_second":193548.4}
/// ```
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be written, which ends the fit.
#[derive(Clone, Debug)]
pub struct JsonLinesLog {
    lines: Lines,
}

impl CsvLog {
    /// Writes to the file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            lines: Lines::new(path.into()),
            columns: Vec::new(),
        }
    }

    /// The line of names.
    fn header(&self) -> String {
        let names = self.columns.iter().map(|name| quoted(name));
        names.collect::<Vec<_>>().join(",") + "\n"
    }

    /// The line of an epoch.
    fn line(&self, number: usize, epoch: &Epoch) -> String {
        let fields = fields(number, epoch);
        let numbers = self.columns.iter().map(|column| {
            let field = fields.iter().find(|(name, _)| name == column);
            let number = field.and_then(|(_, number)| *number);
            number.map_or(String::new(), |number| number.to_string())
        });
        numbers.collect::<Vec<_>>().join(",") + "\n"
    }

    /// Adds the names that epochs have and the file has not.
    fn widen<'a>(&mut self, epochs: impl Iterator<Item = &'a Epoch>) -> Result<()> {
        let (before, old) = (self.columns.len(), self.header());
        for (name, _) in epochs.flat_map(|epoch| fields(0, epoch)) {
            if !self.columns.contains(&name) {
                self.columns.push(name);
            }
        }
        let more = self.columns.len() - before;
        let widened = match more {
            0 => Ok(()),
            _ if before == 0 => self.lines.append(&self.header()),
            _ => self.lines.widen(&old, &self.header(), more),
        };
        if widened.is_err() {
            // Names that the file has not got come up again.
            self.columns.truncate(before);
        }
        widened
    }
}

impl JsonLinesLog {
    /// Writes to the file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            lines: Lines::new(path.into()),
        }
    }

    fn line(number: usize, epoch: &Epoch) -> String {
        let fields = fields(number, epoch).into_iter();
        let members = fields.filter_map(|(name, number)| {
            let number = match number? {
                number if number.is_finite() => number.to_string(),
                _ => "null".to_string(),
            };
            Some(format!("\"{}\":{number}", escaped(&name)))
        });
        format!("{{{}}}\n", members.collect::<Vec<_>>().join(","))
    }
}

impl Callback for CsvLog {
    fn fit_begins(&mut self, moment: &Moment<'_>) -> Result<()> {
        if !self.lines.begun {
            self.columns.clear();
        }
        let epochs = &moment.history.epochs;
        let written = self.lines.written;
        self.lines.begin(epochs.len())?;
        self.widen(epochs.iter().skip(written))?;
        let before = (1..).zip(epochs).skip(written);
        let text = before
            .map(|(number, epoch)| self.line(number, epoch))
            .collect::<String>();
        self.lines.append(&text)
    }

    fn epoch_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.widen(moment.history.last().into_iter())?;
        let text = moment
            .history
            .last()
            .map(|epoch| self.line(moment.epoch, epoch));
        self.lines.written = moment.history.epochs.len();
        self.lines.append(&text.unwrap_or_default())
    }

    fn fit_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.lines.end(moment);
        Ok(())
    }
}

impl Callback for JsonLinesLog {
    fn fit_begins(&mut self, moment: &Moment<'_>) -> Result<()> {
        let before = (1..).zip(&moment.history.epochs).skip(self.lines.written);
        let text = before
            .map(|(number, epoch)| Self::line(number, epoch))
            .collect::<String>();
        self.lines.begin(moment.history.epochs.len())?;
        self.lines.append(&text)
    }

    fn epoch_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        let text = moment
            .history
            .last()
            .map(|epoch| Self::line(moment.epoch, epoch));
        self.lines.written = moment.history.epochs.len();
        self.lines.append(&text.unwrap_or_default())
    }

    fn fit_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.lines.end(moment);
        Ok(())
    }
}

/// A file to which lines are added.
#[derive(Clone, Debug)]
struct Lines {
    path: PathBuf,
    /// Whether the file is this log's already.
    begun: bool,
    /// Epochs of the fit that is open whose lines are there: one that was interrupted goes on.
    written: usize,
}

impl Lines {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            begun: false,
            written: 0,
        }
    }

    /// A fit ended; one that was interrupted will go on.
    fn end(&mut self, moment: &Moment<'_>) {
        if moment.history.stopped != Some(Stopped::Interrupted) {
            self.written = 0;
        }
    }

    /// Begins with the lines of a fit, which then has those of so many epochs.
    fn begin(&mut self, epochs: usize) -> Result<()> {
        self.written = epochs;
        if !self.begun {
            File::create(&self.path).map_err(failed("create", &self.path))?;
            self.begun = true;
        }
        Ok(())
    }

    /// Gives a table a longer line of names, and `more` empty fields to every other line. The new file takes the old
    /// one's name when it is whole. One that was moved away, or does not begin with the names, is left alone, and goes
    /// on under them.
    fn widen(&self, old: &str, names: &str, more: usize) -> Result<()> {
        let failed = |error| failed("write", &self.path)(error);
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if [ErrorKind::NotFound, ErrorKind::InvalidData].contains(&error.kind()) => {
                String::new()
            }
            Err(error) => return Err(failed(error)),
        };
        let Some(lines) = text.strip_prefix(old) else {
            return self.append(names);
        };
        let ending = ",".repeat(more) + "\n";
        let lines = lines.lines().flat_map(|line| [line, &ending]);
        let text: String = [names].into_iter().chain(lines).collect();
        let mut beside = self.path.clone().into_os_string();
        beside.push(".tmp");
        let beside = PathBuf::from(beside);
        fs::write(&beside, text).map_err(self::failed("write", &beside))?;
        fs::rename(&beside, &self.path).map_err(failed)
    }

    /// Opened each time: a file that was moved away, as rotated logs are, is begun again.
    fn append(&self, text: &str) -> Result<()> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(failed("write", &self.path))
    }
}

/// The error of a file.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Io {
        action,
        path: path.into(),
        source,
    }
}

/// The numbers of an epoch by their names, in the order of columns.
pub fn fields(number: usize, epoch: &Epoch) -> Vec<(Cow<'static, str>, Option<f64>)> {
    let mut fields: Vec<(Cow<'static, str>, _)> = alloc::vec![
        ("epoch".into(), Some(number as f64)),
        ("learning_rate".into(), epoch.learning_rate),
        ("loss".into(), Some(epoch.loss)),
        ("accuracy".into(), epoch.accuracy),
    ];
    if let Some(validation) = &epoch.validation {
        fields.push(("val_loss".into(), Some(validation.loss)));
        fields.push(("val_accuracy".into(), validation.accuracy));
        for measure in validation.metrics.iter() {
            fields.push((format!("val_{}", measure.name).into(), Some(measure.value)));
        }
    }
    fields.push(("seconds".into(), Some(epoch.seconds)));
    fields.push(("samples_per_second".into(), Some(epoch.samples_per_second)));
    fields
}

/// A field of comma-separated values (RFC 4180).
fn quoted(text: &str) -> Cow<'_, str> {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")).into(),
        false => text.into(),
    }
}

/// A string of JSON (RFC 8259), without its quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            '\0'..=' ' if character != ' ' => {
                escaped += &format!("\\u{:04x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{escaped, quoted};

    #[test]
    fn names_cannot_break_a_line() {
        assert_eq!(quoted("f1"), "f1");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(escaped("a\"\\\n é"), "a\\\"\\\\\\u000a é");
    }
}
