//! Axes by their numbers.

use syn::Expr;

use super::{
    Arguments, Standing,
    literal::{bare, several},
};

impl Arguments<'_> {
    /// A number of at least 0, with a default, by name only.
    pub fn index_or(&mut self, name: &'static str, default: usize) -> usize {
        match self.take(name, format!("{name} = {default}"), Standing::Named) {
            Some(value) => self.axis_of(value),
            None => default,
        }
    }

    /// A number of at least 0 that may be given, by name only.
    pub fn optional_integer(&mut self, name: &'static str) -> Option<usize> {
        let value = self.take(name, format!("{name} = .."), Standing::Named)?;
        Some(self.integer_of(value))
    }

    /// A list of axes: `2, 0, 1` or `[2, 0, 1]`.
    pub fn indices(&mut self, name: &'static str) -> Vec<usize> {
        let Some(first) = self.take(name, format!("{name}.."), Standing::Positional) else {
            return self.absent(name, vec![0]);
        };
        let mut indices = self.indices_of(first);
        while let Some(index) = self.next_positional() {
            self.read[index] = true;
            indices.push(self.axis_of(&self.given[index].value));
        }
        indices
    }

    /// A required axis.
    pub fn index(&mut self, name: &'static str) -> usize {
        match self.take(name, name.into(), Standing::Positional) {
            Some(value) => self.axis_of(value),
            None => self.absent(name, 0),
        }
    }

    /// An axis or a list of them that may be given, without its name if it is the first.
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
            Some(several) => several.into_iter().map(|it| self.axis_of(it)).collect(),
            None => vec![self.axis_of(value)],
        }
    }

    /// The number of an axis, which counts from the front: PyTorch and Keras count from the end, too.
    fn axis_of(&mut self, value: &Expr) -> usize {
        if matches!(bare(value), Expr::Unary(_)) {
            self.wrong(
                value,
                "axes count from the front, and the first of a sample is 0; write the number",
            );
            return 0;
        }
        self.integer_of(value)
    }
}
