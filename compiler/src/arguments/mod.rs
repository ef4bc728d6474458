//! The arguments of one declaration, read by name and checked.
//!
//! An operator asks for its arguments in the order in which they may stand without a name. A number may be positional;
//! switches (`bias`), words (`init`) and penalties are always named; words may take arguments of their own, read
//! likewise. Whatever nobody asked for is an error in [`finish`].
//!
//! [`finish`]: Arguments::finish

mod around;
pub mod asked;
mod axis;
mod each;
mod finish;
mod form;
mod literal;
mod number;
mod sides;
mod value;

use proc_macro2::Span;
use syn::{Expr, Lit, RangeLimits, ext::IdentExt};

use crate::{
    ast,
    elsewhere::{self, Kinds},
    report::Report,
    sizes::Constants,
};
use literal::{named_layer, several};

pub use around::Sides;
pub use each::Each;
pub use literal::{as_argument, bare, number, plain_name};

/// One declaration's arguments while an operator reads them.
///
/// What is wrong is reported, and a stand-in given in its place; [`Arguments::finish`] says whether that happened.
pub struct Arguments<'a> {
    callee: &'a str,
    span: Span,
    given: &'a [ast::Argument],
    constants: &'a Constants,
    /// All layers there are.
    kinds: &'a Kinds,
    report: &'a mut Report,
    read: Vec<bool>,
    /// No argument before this one waits to be read by its place.
    next: usize,
    known: Vec<Known>,
    missing: Vec<&'static str>,
    /// Whether what is read from now on is given by name only.
    names_only: bool,
    /// How a signature shows what comes before the arguments.
    tensors: &'static str,
    /// Whether a layer is asked, and not a word such as `Uniform(-0.1, 0.1)`.
    of_layer: bool,
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
    /// The words that it may be; none where it is something else.
    words: Vec<String>,
}

/// Whether an argument may stand without its name.
#[derive(Clone, Copy, PartialEq)]
enum Standing {
    Positional,
    Named,
}

impl<'a> Arguments<'a> {
    /// The arguments `given` to `callee`, a layer's kind or a function, which stands at `span`; `kinds` are all layers there
    /// are.
    pub fn new(
        callee: &'a str,
        span: Span,
        given: &'a [ast::Argument],
        (kinds, constants): (&'a Kinds, &'a Constants),
        report: &'a mut Report,
    ) -> Self {
        let (read, known, missing) = (vec![false; given.len()], Vec::new(), Vec::new());
        let mut arguments = Self {
            callee,
            span,
            given,
            constants,
            kinds,
            report,
            read,
            next: 0,
            names_only: false,
            known,
            missing,
            tensors: "",
            of_layer: !kinds.is_empty(),
            failed: false,
        };
        arguments.check_places();
        arguments
    }

    /// Neither switches nor layers stand without a name.
    fn check_places(&mut self) {
        for index in 0..self.given.len() {
            let argument = &self.given[index];
            if argument.name.is_some() {
                continue;
            }
            let is_switch = matches!(bare(&argument.value), Expr::Lit(literal) if matches!(literal.lit, Lit::Bool(_)));
            if is_switch {
                self.wrong(
                    &argument.value,
                    "`true` and `false` are given by name, as in `bias = false`",
                );
                self.read[index] = true;
            }
            if self.check_no_layer(index) {
                self.read[index] = true;
            }
        }
    }

    /// Layers are no arguments of layers: `Dense(8, Relu)` is `Dense(8), Relu`. `true` if this one is.
    fn check_no_layer(&mut self, index: usize) -> bool {
        let argument = &self.given[index];
        let is_activation = argument
            .name
            .as_ref()
            .is_some_and(|name| name == "activation");
        let kind = named_layer(&argument.value, is_activation);
        let kind = kind
            .filter(|name| !self.constants.contains(name))
            .map(|name| name.to_string());
        let kind = kind.and_then(|kind| elsewhere::kind(self.kinds, &kind));
        if let Some(kind) = kind {
            let message = format!(
                "`{kind}` is a layer of its own; put it behind this one: `{}(..), {kind}`",
                self.callee
            );
            self.wrong(&argument.value, message);
        }
        kind.is_some()
    }

    /// In a call the tensors come first, from `least` to `most` of them, and a signature shows them.
    pub fn after_tensors(&mut self, (least, most): (usize, usize)) {
        self.tensors = match (least, most) {
            (1, 1) => "x",
            (2, 2) => "a, b",
            _ => "a, b, ..",
        };
    }

    /// How many arguments stand without a name.
    pub fn positional(&self) -> usize {
        self.given
            .iter()
            .zip(&self.read)
            .filter(|(argument, read)| argument.name.is_none() && !**read)
            .count()
    }

    /// What is read from now on is given by name only.
    pub fn names_only(&mut self) {
        self.names_only = true;
    }

    /// A required number of at least 1.
    pub fn size(&mut self, name: &'static str) -> usize {
        match self.take(name, name.into(), Standing::Positional) {
            Some(value) => self.size_of(value),
            None => self.absent(name, 1),
        }
    }

    /// A number of at least 1 that may be given, by name only.
    pub fn optional_size(&mut self, name: &'static str) -> Option<usize> {
        let value = self.take(name, format!("{name} = .."), Standing::Named)?;
        Some(self.size_of(value))
    }

    /// A number of at least 1, with a default.
    pub fn size_or(&mut self, name: &'static str, default: usize) -> usize {
        match self.take(name, format!("{name} = {default}"), Standing::Positional) {
            Some(value) => self.size_of(value),
            None => default,
        }
    }

    /// A number of at least 1, with a default, by name only.
    pub fn named_size_or(&mut self, name: &'static str, default: usize) -> usize {
        match self.take(name, format!("{name} = {default}"), Standing::Named) {
            Some(value) => self.size_of(value),
            None => default,
        }
    }

    /// A number of at least 0, with a default, by name only.
    pub fn index_or(&mut self, name: &'static str, default: usize) -> usize {
        match self.take(name, format!("{name} = {default}"), Standing::Named) {
            Some(value) => self.integer_of(value),
            None => default,
        }
    }

    /// A required number, or pair of numbers, of at least 1: `3`, `(3, 5)` or `[3, 5]`; a number stands for both.
    pub fn pair(&mut self, name: &'static str) -> (usize, usize) {
        match self.take(name, name.into(), Standing::Positional) {
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
        match self.take(name, format!("{name} = {shown}"), Standing::Positional) {
            Some(value) => self.pair_of(value, Self::size_of),
            None => default,
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let Some(value) = self.take(name, format!("{name} = {default}"), Standing::Named) else {
            return default;
        };
        if let Some(flag) = self.constants.flag(value) {
            return flag;
        }
        match self.constants.is_broken(value) {
            true => self.failed = true,
            false => self.wrong(value, format!("`{name}` is `true` or `false`")),
        }
        default
    }

    /// One of some words, by name only; the first is the default.
    pub fn word<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let default = choices.first().map_or("", |choice| choice.0);
        let value = self.take(name, format!("{name} = {default}"), Standing::Named);
        self.offer(choices.iter().map(|choice| choice.0));
        self.word_of(name, value?, choices)
    }

    /// A list of numbers of at least 1: `4, 7, 7` or `[4, 7, 7]`.
    pub fn sizes(&mut self, name: &'static str) -> Vec<usize> {
        let Some(first) = self.take(name, format!("{name}.."), Standing::Positional) else {
            return self.absent(name, vec![1]);
        };
        if let Some(sizes) = several(first) {
            if sizes.is_empty() {
                self.wrong(first, "a shape has at least one size");
            }
            return sizes.into_iter().map(|size| self.stated(size)).collect();
        }
        let mut sizes = vec![self.stated(first)];
        while let Some(index) = self.next_positional() {
            self.read[index] = true;
            sizes.push(self.stated(&self.given[index].value));
        }
        sizes
    }

    /// A list of numbers of at least 1, or a single one, that may be given, by name only.
    pub fn optional_sizes(&mut self, name: &'static str) -> Option<Vec<usize>> {
        let value = self.take(name, format!("{name} = .."), Standing::Named)?;
        let sizes = several(value).unwrap_or_else(|| vec![value]);
        if sizes.is_empty() {
            self.wrong(value, "a shape has at least one size");
        }
        Some(sizes.into_iter().map(|size| self.stated(size)).collect())
    }

    /// A list of numbers of at least 0: `2, 0, 1` or `[2, 0, 1]`.
    pub fn indices(&mut self, name: &'static str) -> Vec<usize> {
        let Some(first) = self.take(name, format!("{name}.."), Standing::Positional) else {
            return self.absent(name, vec![0]);
        };
        let mut indices = self.indices_of(first);
        while let Some(index) = self.next_positional() {
            self.read[index] = true;
            indices.push(self.integer_of(&self.given[index].value));
        }
        indices
    }

    /// A required number of at least 0.
    pub fn index(&mut self, name: &'static str) -> usize {
        match self.take(name, name.into(), Standing::Positional) {
            Some(value) => self.integer_of(value),
            None => self.absent(name, 0),
        }
    }

    /// A number of at least 0 or a list of them that may be given, without its name if it is the first.
    pub fn optional_indices(&mut self, name: &'static str) -> Option<Vec<usize>> {
        let value = match self.positional() > 0 {
            true => self.take(name, name.into(), Standing::Positional)?,
            false => self.take(name, format!("{name} = .."), Standing::Named)?,
        };
        let indices = self.indices_of(value);
        if indices.is_empty() {
            self.wrong(
                value,
                format!("`{name}` names no axis; leave it out for all of them"),
            );
        }
        Some(indices)
    }

    fn indices_of(&mut self, value: &Expr) -> Vec<usize> {
        match several(value) {
            Some(several) => several.into_iter().map(|it| self.integer_of(it)).collect(),
            None => vec![self.integer_of(value)],
        }
    }

    /// A size of a shape, none of which is left to be found, as PyTorch and Keras find that of -1.
    fn stated(&mut self, size: &Expr) -> usize {
        if matches!(bare(size), Expr::Unary(_)) {
            self.wrong(size, "every size is stated here; write the number");
            return 1;
        }
        self.size_of(size)
    }

    /// A range of indices `start..end`; an end left out is the end of the axis.
    pub fn range(&mut self, name: &'static str) -> (usize, Option<usize>) {
        let Some(value) = self.take(name, name.into(), Standing::Positional) else {
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

    /// Whether nothing was wrong so far.
    pub fn is_sound(&self) -> bool {
        !self.failed
    }

    fn take(&mut self, name: &'static str, shown: String, place: Standing) -> Option<&'a Expr> {
        let positional = place == Standing::Positional && !self.names_only;
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
            words: Vec::new(),
        });
        self.read[index?] = true;
        Some(&self.given[index?].value)
    }

    fn next_positional(&mut self) -> Option<usize> {
        let unread = |&index: &usize| self.given[index].name.is_none() && !self.read[index];
        let next = (self.next..self.given.len()).find(unread);
        self.next = next.unwrap_or(self.given.len());
        next
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
}
