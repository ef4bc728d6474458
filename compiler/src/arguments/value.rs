//! The values of arguments: numbers, pairs and words.

use syn::{Expr, Lit, ext::IdentExt};

use super::Arguments;
use super::literal::{bare, number, several};
use crate::{
    elsewhere,
    nearest::{did_you_mean, list},
};

impl Arguments<'_> {
    pub(super) fn size_of(&mut self, value: &Expr) -> usize {
        let size = self.constants.size(value, self.report);
        self.failed |= size.is_none();
        size.unwrap_or(1)
    }

    pub(super) fn integer_of(&mut self, value: &Expr) -> usize {
        let integer = self.constants.integer(value, self.report);
        self.failed |= integer.is_none();
        integer.unwrap_or(0)
    }

    /// A literal number, or one of the model's constants.
    pub(super) fn number_of(&mut self, value: &Expr) -> Option<f64> {
        match bare(value) {
            Expr::Path(path) if self.constants.contains(path.path.get_ident()?) => {
                Some(self.integer_of(value) as f64)
            }
            literal => number(literal),
        }
    }

    pub(super) fn pair_of(
        &mut self,
        value: &Expr,
        read: fn(&mut Self, &Expr) -> usize,
    ) -> (usize, usize) {
        match several(value).as_deref() {
            None => {
                let both = read(self, value);
                (both, both)
            }
            Some(&[height, width]) => (read(self, height), read(self, width)),
            Some(_) => {
                self.wrong(value, "expected one number, or two for height and width");
                (1, 1)
            }
        }
    }

    pub(super) fn word_of<T: Copy>(
        &mut self,
        name: &str,
        value: &Expr,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let (given, quoted) = match bare(value) {
            Expr::Path(path) => {
                let word = path.path.get_ident();
                (word.map(|word| word.unraw().to_string()), false)
            }
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => (Some(text.value()), true),
                _ => (None, false),
            },
            _ => (None, false),
        };
        let found = choices
            .iter()
            .find(|choice| !quoted && given.as_deref() == Some(choice.0));
        if found.is_none() {
            let words = || choices.iter().map(|choice| choice.0);
            let is_known = |ours: &str| words().any(|word| word == ours);
            let here = given
                .as_deref()
                .and_then(elsewhere::word)
                .filter(|ours| is_known(ours));
            let near = given
                .as_deref()
                .map_or(String::new(), |given| did_you_mean(given, words()));
            let otherwise = given.as_deref().and_then(elsewhere::no_word);
            let near = match otherwise {
                Some(otherwise) if near.is_empty() => format!("; {otherwise}"),
                _ => near,
            };
            let message = match (here, given) {
                (Some(here), Some(given)) => {
                    format!("`{given}` is called `{here}` here; write `{name} = {here}`")
                }
                _ if choices.is_empty() => format!("`{name}` is a number or a pair of numbers"),
                _ => format!("`{name}` has the words {}{near}", list(words())),
            };
            self.wrong(value, message);
        }
        found.map(|choice| choice.1)
    }
}
