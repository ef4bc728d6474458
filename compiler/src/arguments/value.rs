//! The values of arguments: numbers, pairs and words.

use proc_macro2::Ident;
use syn::{Expr, Lit, UnOp, ext::IdentExt};

use super::Arguments;
use crate::nearest::{did_you_mean, list};

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
pub fn bare(value: &Expr) -> &Expr {
    match value {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        _ => value,
    }
}

/// The name in an argument that may be a layer's: `Relu`, `Dropout(0.5)`, and `"relu"` where an activation stands.
pub(super) fn named_layer(value: &Expr, is_activation: bool) -> Option<Ident> {
    match bare(value) {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.clone()),
        Expr::Call(call) => named_layer(&call.func, is_activation),
        Expr::Lit(literal) if is_activation => match &literal.lit {
            Lit::Str(text) => syn::parse_str(&text.value()).ok(),
            _ => None,
        },
        _ => None,
    }
}

/// What `(3, 5)` or `[3, 5]` holds.
pub(super) fn several(value: &Expr) -> Option<Vec<&Expr>> {
    match bare(value) {
        Expr::Tuple(tuple) => Some(tuple.elems.iter().collect()),
        Expr::Array(array) => Some(array.elems.iter().collect()),
        _ => None,
    }
}

/// Words are CamelCase (`Same`), constants are not (`N`, `WIDTH`).
pub(super) fn is_word(name: &Ident) -> bool {
    let name = name.to_string();
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// A literal number, perhaps negated, that is finite as the f32 it becomes.
pub(super) fn number(value: &Expr) -> Option<f64> {
    let number: f64 = match bare(value) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Float(float) => float.base10_parse().ok()?,
            Lit::Int(int) => int.base10_parse().ok()?,
            _ => return None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => -number(&unary.expr)?,
        _ => return None,
    };
    (number as f32).is_finite().then_some(number)
}
