//! The arguments of one declaration, read by name and checked.
//!
//! An operator asks for its arguments in the order in which they may stand without a name. A number may be positional;
//! switches (`bias`), words (`init`) and penalties are always named. Whatever nobody asked for is an error in [`finish`].
//!
//! [`finish`]: Arguments::finish

use proc_macro2::Span;
use syn::{Expr, Lit, RangeLimits, UnOp, ext::IdentExt};

use crate::{
    ast,
    nearest::{did_you_mean, list, nearest},
    report::Report,
    sizes::Constants,
};

/// One declaration's arguments while an operator reads them.
///
/// What is wrong is reported, and a stand-in given in its place; [`Arguments::finish`] says whether that happened.
pub struct Arguments<'a> {
    callee: &'a str,
    span: Span,
    given: &'a [ast::Argument],
    constants: &'a Constants,
    report: &'a mut Report,
    read: Vec<bool>,
    known: Vec<Known>,
    missing: Vec<&'static str>,
    failed: bool,
}

/// An argument the operator asked for.
struct Known {
    name: &'static str,
    /// How a signature shows it: `outputs`, `bias = true`.
    shown: String,
    positional: bool,
    /// Where it is given.
    index: Option<usize>,
}

/// Whether an argument may stand without its name.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Positional,
    Named,
}

impl<'a> Arguments<'a> {
    /// The arguments `given` to `callee`, a layer's kind or a function, which stands at `span`.
    pub fn new(
        callee: &'a str,
        span: Span,
        given: &'a [ast::Argument],
        constants: &'a Constants,
        report: &'a mut Report,
    ) -> Self {
        let (read, known, missing) = (vec![false; given.len()], Vec::new(), Vec::new());
        Self {
            callee,
            span,
            given,
            constants,
            report,
            read,
            known,
            missing,
            failed: false,
        }
    }

    /// How many arguments stand without a name.
    pub fn positional(&self) -> usize {
        self.given
            .iter()
            .filter(|argument| argument.name.is_none())
            .count()
    }

    /// A required number of at least 1.
    pub fn size(&mut self, name: &'static str) -> usize {
        match self.take(name, name.into(), Place::Positional) {
            Some(value) => self.size_of(value),
            None => self.absent(name, 1),
        }
    }

    /// A number of at least 1 that may be given, by name only.
    pub fn optional_size(&mut self, name: &'static str) -> Option<usize> {
        let value = self.take(name, format!("{name} = .."), Place::Named)?;
        Some(self.size_of(value))
    }

    /// A number of at least 1, with a default.
    pub fn size_or(&mut self, name: &'static str, default: usize) -> usize {
        match self.take(name, format!("{name} = {default}"), Place::Positional) {
            Some(value) => self.size_of(value),
            None => default,
        }
    }

    /// A number of at least 0, with a default, by name only.
    pub fn index_or(&mut self, name: &'static str, default: usize) -> usize {
        match self.take(name, format!("{name} = {default}"), Place::Named) {
            Some(value) => self.integer_of(value),
            None => default,
        }
    }

    /// A required number, or pair of numbers, of at least 1: `3`, `(3, 5)` or `[3, 5]`; a number stands for both.
    pub fn pair(&mut self, name: &'static str) -> (usize, usize) {
        match self.take(name, name.into(), Place::Positional) {
            Some(value) => self.pair_of(value, Self::size_of),
            None => self.absent(name, (1, 1)),
        }
    }

    /// As [`pair`](Self::pair), with a default that a signature shows as `shown`.
    pub fn pair_or(
        &mut self,
        name: &'static str,
        shown: &str,
        default: (usize, usize),
    ) -> (usize, usize) {
        match self.take(name, format!("{name} = {shown}"), Place::Positional) {
            Some(value) => self.pair_of(value, Self::size_of),
            None => default,
        }
    }

    /// A number or pair of numbers of at least 0, or one of some words; 0 by default.
    pub fn pair_or_word<T: Copy>(
        &mut self,
        name: &'static str,
        pair: fn((usize, usize)) -> T,
        choices: &[(&str, T)],
    ) -> T {
        let Some(value) = self.take(name, format!("{name} = 0"), Place::Positional) else {
            return pair((0, 0));
        };
        match bare(value) {
            Expr::Path(path)
                if !choices.is_empty() && path.path.get_ident().is_some_and(is_word) =>
            {
                self.word_of(name, value, choices).unwrap_or(pair((0, 0)))
            }
            _ => pair(self.pair_of(value, Self::integer_of)),
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let Some(value) = self.take(name, format!("{name} = {default}"), Place::Named) else {
            return default;
        };
        if let Expr::Lit(literal) = bare(value)
            && let Lit::Bool(flag) = &literal.lit
        {
            return flag.value;
        }
        self.wrong(value, format!("`{name}` is `true` or `false`"));
        default
    }

    /// A finite factor of at least 0; 0 by default.
    pub fn penalty(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.take(name, format!("{name} = 0"), Place::Named) else {
            return 0.0;
        };
        match number(value) {
            Some(penalty) if penalty.is_finite() && penalty >= 0.0 => penalty,
            _ => {
                self.wrong(
                    value,
                    format!("`{name}` is a finite number that is not negative, such as `1e-4`"),
                );
                0.0
            }
        }
    }

    /// A required number in `0.0..1.0`.
    pub fn probability(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.take(name, name.into(), Place::Positional) else {
            return self.absent(name, 0.0);
        };
        match number(value) {
            Some(probability) if (0.0..1.0).contains(&probability) => probability,
            _ => {
                self.wrong(
                    value,
                    format!("`{name}` is a probability: at least 0 and less than 1"),
                );
                0.0
            }
        }
    }

    /// One of some words; the first is the default.
    pub fn word<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let default = choices.first().map_or("", |choice| choice.0);
        let value = self.take(name, format!("{name} = {default}"), Place::Named)?;
        self.word_of(name, value, choices)
    }

    /// A list of numbers of at least 1: `4, 7, 7` or `[4, 7, 7]`.
    pub fn sizes(&mut self, name: &'static str) -> Vec<usize> {
        let Some(first) = self.take(name, format!("{name}.."), Place::Positional) else {
            return self.absent(name, vec![1]);
        };
        if let Some(sizes) = several(first) {
            if sizes.is_empty() {
                self.wrong(first, "a shape has at least one size");
            }
            return sizes.into_iter().map(|size| self.size_of(size)).collect();
        }
        let mut sizes = vec![self.size_of(first)];
        while let Some(index) = self.next_positional() {
            self.read[index] = true;
            sizes.push(self.size_of(&self.given[index].value));
        }
        sizes
    }

    /// A range of indices `start..end`; an end left out is the end of the axis.
    pub fn range(&mut self, name: &'static str) -> (usize, Option<usize>) {
        let Some(value) = self.take(name, name.into(), Place::Positional) else {
            return self.absent(name, (0, None));
        };
        let Expr::Range(range) = bare(value) else {
            self.wrong(value, "expected a range such as `2..5`");
            return (0, None);
        };
        let start = range
            .start
            .as_ref()
            .map_or(0, |start| self.integer_of(start));
        let end = range.end.as_ref().map(|end| self.integer_of(end));
        match range.limits {
            RangeLimits::HalfOpen(_) => (start, end),
            RangeLimits::Closed(_) => (start, end.map(|end| end + 1)),
        }
    }

    /// Reports an error that only the operator can see, at the argument `name` or, where it is not given, at the callee.
    pub fn reject(&mut self, name: &str, message: impl std::fmt::Display) {
        let known = self.known.iter().find(|known| known.name == name);
        match known.and_then(|known| known.index) {
            Some(index) => self.wrong(&self.given[index].value, message),
            None => {
                self.report.error(self.span, message);
                self.failed = true;
            }
        }
    }

    /// Reports what nobody asked for and what is missing; whether all arguments were right.
    pub fn finish(mut self) -> bool {
        self.check_order();
        let unread = (0..self.given.len()).filter(|&index| !self.read[index]);
        for index in unread.collect::<Vec<_>>() {
            match &self.given[index].name {
                Some(name) => self.check_named(&name.clone()),
                None => self.check_positional(index),
            }
        }
        self.check_missing();
        !self.failed
    }

    /// As in Python, arguments without a name come first, so that their position is plain.
    fn check_order(&mut self) {
        let named = self
            .given
            .iter()
            .position(|argument| argument.name.is_some());
        let late = self
            .given
            .iter()
            .skip(named.unwrap_or(0))
            .find(|argument| argument.name.is_none());
        if let (Some(_), Some(late)) = (named, late) {
            self.wrong(
                &late.value,
                "arguments without a name come before those with one",
            );
        }
    }

    /// Every name is one the operator knows, given once.
    fn check_named(&mut self, name: &proc_macro2::Ident) {
        let word = name.unraw().to_string();
        if self.known.iter().any(|known| known.name == word) {
            self.report
                .error(name.span(), format!("`{name}` is given twice"));
        } else {
            let names = || self.known.iter().map(|known| known.name);
            let near = did_you_mean(&word, names());
            let meant = nearest(&word, names());
            let message = format!(
                "`{}` has no argument `{name}`; it is written {}{near}",
                self.callee,
                self.signature()
            );
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
        let message = format!(
            "`{}` takes {takes}; it is written {}",
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
        match self.known.is_empty() {
            true => format!("`{}` alone", self.callee),
            false => {
                let (positional, named): (Vec<_>, Vec<_>) =
                    self.known.iter().partition(|known| known.positional);
                let shown: Vec<&str> = positional
                    .into_iter()
                    .chain(named)
                    .map(|known| known.shown.as_str())
                    .collect();
                format!("`{}({})`", self.callee, shown.join(", "))
            }
        }
    }

    fn take(&mut self, name: &'static str, shown: String, place: Place) -> Option<&'a Expr> {
        let positional = place == Place::Positional;
        let by_place = if positional {
            self.next_positional()
        } else {
            None
        };
        let is_named =
            |a: &ast::Argument| a.name.as_ref().is_some_and(|given| given.unraw() == name);
        let index = by_place.or_else(|| self.given.iter().position(is_named));
        self.known.retain(|known| known.name != name);
        self.known.push(Known {
            name,
            shown,
            positional,
            index,
        });
        self.read[index?] = true;
        Some(&self.given[index?].value)
    }

    fn next_positional(&self) -> Option<usize> {
        (0..self.given.len()).find(|&index| self.given[index].name.is_none() && !self.read[index])
    }

    fn absent<T>(&mut self, name: &'static str, stand_in: T) -> T {
        self.missing.push(name);
        self.failed = true;
        stand_in
    }

    fn wrong(&mut self, value: &Expr, message: impl std::fmt::Display) {
        self.report.error_over(value, message);
        self.failed = true;
    }

    fn size_of(&mut self, value: &Expr) -> usize {
        let size = self.constants.size(value, self.report);
        self.failed |= size.is_none();
        size.unwrap_or(1)
    }

    fn integer_of(&mut self, value: &Expr) -> usize {
        let integer = self.constants.integer(value, self.report);
        self.failed |= integer.is_none();
        integer.unwrap_or(0)
    }

    fn pair_of(&mut self, value: &Expr, read: fn(&mut Self, &Expr) -> usize) -> (usize, usize) {
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

    fn word_of<T: Copy>(&mut self, name: &str, value: &Expr, choices: &[(&str, T)]) -> Option<T> {
        let given = match bare(value) {
            Expr::Path(path) => path.path.get_ident().map(|word| word.unraw().to_string()),
            _ => None,
        };
        let found = choices
            .iter()
            .find(|choice| given.as_deref() == Some(choice.0));
        if found.is_none() {
            let words = || choices.iter().map(|choice| choice.0);
            let near = given.map_or(String::new(), |given| did_you_mean(&given, words()));
            match choices.is_empty() {
                true => self.wrong(value, format!("`{name}` is a number or a pair of numbers")),
                false => self.wrong(
                    value,
                    format!("`{name}` has the words {}{near}", list(words())),
                ),
            }
        }
        found.map(|choice| choice.1)
    }
}

/// Without the parentheses and invisible groups around it.
fn bare(value: &Expr) -> &Expr {
    match value {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        _ => value,
    }
}

/// What `(3, 5)` or `[3, 5]` holds.
fn several(value: &Expr) -> Option<Vec<&Expr>> {
    match bare(value) {
        Expr::Tuple(tuple) => Some(tuple.elems.iter().collect()),
        Expr::Array(array) => Some(array.elems.iter().collect()),
        _ => None,
    }
}

/// Words are CamelCase (`Same`), constants are not (`N`, `WIDTH`).
fn is_word(name: &proc_macro2::Ident) -> bool {
    let name = name.to_string();
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// A literal number, perhaps negated.
fn number(value: &Expr) -> Option<f64> {
    match bare(value) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Float(float) => float.base10_parse().ok(),
            Lit::Int(int) => int.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            number(&unary.expr).map(|number| -number)
        }
        _ => None,
    }
}
