//! What is left after an operator has read its arguments: unknown, repeated, superfluous and missing ones.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::{Arguments, Known, asked::Asked};
use crate::elsewhere;
use crate::nearest::{did_you_mean, list, nearest};

impl Arguments<'_> {
    /// Reports what nobody asked for and what is missing; whether all arguments were right.
    pub fn finish(mut self) -> bool {
        let in_order = self.check_order();
        let unread = (0..self.given.len()).filter(|&index| !self.read[index]);
        let mut superfluous = None;
        for index in unread.collect::<Vec<_>>() {
            // A word may be called as a layer is, but nobody asked for this one.
            if self.check_no_layer(index) {
                continue;
            }
            match &self.given[index].name {
                // One that took another's place for want of order is not given twice.
                Some(name) if in_order || !self.is_known(name) => self.check_named(&name.clone()),
                Some(_) => {}
                None => superfluous = superfluous.or(Some(index)),
            }
        }
        // One too many says it for all that follow.
        if let Some(index) = superfluous {
            self.check_positional(index);
        }
        self.check_missing();
        !self.failed
    }

    /// Whether the operator knows an argument of this name.
    fn is_known(&self, name: &Ident) -> bool {
        let word = name.unraw().to_string();
        self.known.iter().any(|known| known.name == word)
    }

    /// As in Python, arguments without a name come first, so that their position is plain; whether they do.
    fn check_order(&mut self) -> bool {
        let named = self
            .given
            .iter()
            .position(|argument| argument.name.is_some());
        let late = self
            .given
            .iter()
            .skip(named.unwrap_or(0))
            .find(|argument| argument.name.is_none());
        let (Some(_), Some(late)) = (named, late) else {
            return true;
        };
        self.wrong(
            &late.value,
            "arguments without a name come before those with one",
        );
        false
    }

    /// Every name is one the operator knows, given once.
    fn check_named(&mut self, name: &Ident) {
        let word = name.unraw().to_string();
        if self.is_known(name) {
            self.report
                .error(name.span(), format!("`{name}` is given twice; drop one"));
        } else {
            let is_known = |ours: &str| self.known.iter().any(|known| known.name == ours);
            let names = || self.known.iter().map(|known| known.name);
            let here = elsewhere::argument(&word, is_known);
            let (callee, signature) = (self.callee, self.signature());
            let otherwise = elsewhere::otherwise(callee, &word).filter(|_| self.of_layer);
            let message = match (here, otherwise) {
                (Some(here), _) => {
                    format!("`{name}` is called `{here}` here; write `{here} = ..`")
                }
                (None, Some(otherwise)) => {
                    format!("`{callee}` has no argument `{name}`: {otherwise}")
                }
                (None, None) => {
                    let near = did_you_mean(&word, names());
                    format!("`{callee}` has no argument `{name}`; it is written {signature}{near}")
                }
            };
            let meant = here.or_else(|| nearest(&word, names()));
            self.report.error(name.span(), message);
            self.missing.retain(|&missing| Some(missing) != meant);
        }
        self.failed = true;
    }

    /// No more arguments stand without a name than may.
    fn check_positional(&mut self, index: usize) {
        let places: Vec<&str> = self
            .known
            .iter()
            .filter(|known| known.positional)
            .map(|known| known.name)
            .collect();
        let takes = match places.len() {
            0 => "no arguments without a name".to_string(),
            1 => format!("only {} without a name", list(places)),
            _ => format!("only {} without names", list(places)),
        };
        let by_name = |known: &Known| known.name == "inputs" && !known.positional;
        let inferred = match self.known.iter().any(by_name) {
            true => "; what comes in is inferred, so `inputs` may be left out",
            false => "",
        };
        let message = format!(
            "`{}` takes {takes}; it is written {}{inferred}",
            self.callee,
            self.signature()
        );
        self.wrong(&self.given[index].value, message);
    }

    /// Everything without a default is given.
    fn check_missing(&mut self) {
        for name in std::mem::take(&mut self.missing) {
            let message = format!(
                "`{}` needs `{name}`; it is written {}",
                self.callee,
                self.signature()
            );
            self.report.error(self.span, message);
            self.failed = true;
        }
    }

    fn signature(&self) -> String {
        match self.known.is_empty() && self.tensors.is_empty() {
            true => format!("`{}` alone", self.callee),
            false => {
                let Asked { places, named, .. } = self.asked();
                let tensors = Some(self.tensors.to_owned()).filter(|tensors| !tensors.is_empty());
                let shown: Vec<String> = tensors.into_iter().chain(places).chain(named).collect();
                format!("`{}({})`", self.callee, shown.join(", "))
            }
        }
    }
}
