//! What an operator has asked for: how its declaration is written.

use super::{Arguments, Known};

/// How a declaration is written, as the operator that reads it asks for its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What may stand without a name, in order: `outputs`, `padding = 0`.
    pub places: Vec<String>,
    /// What is named: `bias = true`; `inputs = ..` may be left out and has no default.
    pub named: Vec<String>,
    /// The words that an argument may be, the default first.
    pub words: Vec<(&'static str, Vec<String>)>,
}

impl Arguments<'_> {
    /// Notes the words that the argument which was asked for last may be.
    pub(super) fn offer<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        if let Some(known) = self.known.last_mut() {
            known.words = words.map(str::to_owned).collect();
        }
    }

    /// What the operator has asked for.
    pub fn asked(&self) -> Asked {
        let (places, named): (Vec<_>, Vec<_>) =
            self.known.iter().partition(|known| known.positional);
        let shown = |known: Vec<&Known>| known.into_iter().map(|it| it.shown.clone()).collect();
        let worded = self.known.iter().filter(|known| !known.words.is_empty());
        Asked {
            places: shown(places),
            named: shown(named),
            words: worded
                .map(|known| (known.name, known.words.clone()))
                .collect(),
        }
    }
}
