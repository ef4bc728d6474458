//! What a record is of, and how its file is told from others.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
};

/// A kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The word that holds the version, and by which the file is told from mere weights.
    pub mark: &'static str,
    /// The version of what is written. One that differs is refused.
    pub version: &'static str,
    /// What it is called in errors.
    pub what: &'static str,
    /// What is done with another file instead.
    pub again: &'static str,
    /// What to do with one of another version.
    other: &'static str,
    /// What to do with weights alone.
    weights: &'static str,
    /// What to do with one that is of something else.
    pub repair: &'static str,
}

/// A training run of a trainer.
pub const CHECKPOINT: Form = Form {
    mark: "kiln.checkpoint",
    version: "1",
    what: "a checkpoint",
    again: "resume from",
    other: "resume it by the version of kiln that wrote it, or load its weights alone, by `load_renamed`",
    weights: "load them by `load`, and train on by `fit`",
    repair: "resume with the model and the optimizer that wrote it; of the same model, its weights alone are loaded by \
             `load_renamed`, with `|name| name.strip_prefix(\"model.\").map(Into::into)`",
};

/// An optimizer with what it remembers.
pub const DESCENT: Form = Form {
    mark: "kiln.descent",
    version: "1",
    what: "an optimizer's state",
    again: "load",
    other: "load it by the version of kiln that wrote it, or begin with `Descent::new`",
    weights: "load them by the network's `load`, and begin with `Descent::new`",
    repair: "load it into a descent of the model and the optimizer that wrote it",
};

/// All of them.
const ALL: [Form; 2] = [CHECKPOINT, DESCENT];

impl Form {
    /// Refuses the words of a file of another form or version, with the reason.
    pub(super) fn check(&self, words: &BTreeMap<String, String>) -> Result<(), String> {
        let (what, version) = (self.what, self.version);
        match words.get(self.mark) {
            Some(found) if found == version => Ok(()),
            Some(found) => Err(format!(
                "expected {what} of version {version}, found one of version {}; {}",
                found.escape_debug(),
                self.other
            )),
            None => {
                let other = ALL.iter().find(|other| words.contains_key(other.mark));
                Err(match other {
                    Some(other) => {
                        format!("expected {what}, found {}; give another file", other.what)
                    }
                    None => format!("expected {what}, found weights alone; {}", self.weights),
                }
                .to_string())
            }
        }
    }
}
