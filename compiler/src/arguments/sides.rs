//! Paddings: a number, a pair, both sides of each axis, or a word.

use syn::{Expr, Lit};

use super::{
    Arguments, Standing,
    around::Sides,
    literal::{bare, is_word, several},
};
use crate::nearest::nearest;

impl Arguments<'_> {
    /// A number or pair of numbers of at least 0, or one of some words; 0 by default.
    pub fn pair_or_word<T: Copy>(
        &mut self,
        name: &'static str,
        pair: fn((usize, usize)) -> T,
        choices: &[(&str, T)],
    ) -> T {
        let read = |arguments: &mut Self, value: &Expr| {
            let both = arguments.pair_of(value, Self::integer_of);
            pair(both)
        };
        self.or_word(name, pair((0, 0)), choices, read)
    }

    /// Padding, or one of some words; 0 by default. What `meaning` refuses is told at the argument.
    pub fn sides_or_word<T: Copy>(
        &mut self,
        name: &'static str,
        none: T,
        meaning: impl FnOnce(Sides) -> Result<T, &'static str>,
        choices: &[(&str, T)],
    ) -> T {
        let read = |arguments: &mut Self, value: &Expr| {
            let sides = arguments.sides_of(name, value);
            meaning(sides).unwrap_or_else(|message| {
                arguments.wrong(value, message);
                none
            })
        };
        self.or_word(name, none, choices, read)
    }

    /// Padding that has to be given.
    pub fn sides(&mut self, name: &'static str) -> Sides {
        match self.take(name, name.into(), Standing::Positional) {
            Some(value) => self.sides_of(name, value),
            None => self.absent(name, Sides::All(0)),
        }
    }

    /// What `read` makes of a value, or one of some words; a signature shows 0 where it is not given.
    fn or_word<T: Copy>(
        &mut self,
        name: &'static str,
        default: T,
        choices: &[(&str, T)],
        read: impl FnOnce(&mut Self, &Expr) -> T,
    ) -> T {
        let Some(value) = self.take(name, format!("{name} = 0"), Standing::Positional) else {
            return default;
        };
        let is_meant = match bare(value) {
            // What is near a word, or quoted as elsewhere, is no number, unless a constant is called so.
            Expr::Path(path) => path.path.get_ident().is_some_and(|word| {
                let near = nearest(&word.to_string(), choices.iter().map(|choice| choice.0));
                is_word(word) || near.is_some() && !self.constants.contains(word)
            }),
            Expr::Lit(literal) => matches!(literal.lit, Lit::Str(_)),
            _ => false,
        };
        match is_meant {
            true => self.word_of(name, value, choices).unwrap_or(default),
            false => read(self, value),
        }
    }

    fn sides_of(&mut self, name: &str, value: &Expr) -> Sides {
        match several(value).as_deref() {
            None => Sides::All(self.integer_of(value)),
            Some(&[first, second]) if several(first).or(several(second)).is_some() => {
                let mut axis = |value: &Expr| match several(value).as_deref() {
                    None => {
                        let both = self.integer_of(value);
                        (both, both)
                    }
                    Some(&[before, after]) => (self.integer_of(before), self.integer_of(after)),
                    Some(_) => {
                        self.wrong(
                            value,
                            "an axis is padded by one number, or by two: before and after",
                        );
                        (0, 0)
                    }
                };
                Sides::Each([axis(first), axis(second)])
            }
            Some(&[first, second]) => Sides::Pair(self.integer_of(first), self.integer_of(second)),
            Some(_) => {
                let message = format!(
                    "`{name}` is one number, a pair, or both sides of both axes: \
                     `((top, bottom), (left, right))`, as in `((1, 2), (0, 1))`"
                );
                self.wrong(value, message);
                Sides::All(0)
            }
        }
    }
}
