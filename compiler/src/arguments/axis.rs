//! Numbers along one axis.

use super::{Arguments, Standing};

impl Arguments<'_> {
    /// A number of at least 1, with a default that a signature shows as `shown`.
    pub fn length_or(&mut self, name: &'static str, shown: &str, default: usize) -> usize {
        match self.take(name, format!("{name} = {shown}"), Standing::Positional) {
            Some(value) => self.size_of(value),
            None => default,
        }
    }

    /// A number of at least 0; 0 by default.
    pub fn margin(&mut self, name: &'static str) -> usize {
        match self.take(name, format!("{name} = 0"), Standing::Positional) {
            Some(value) => self.integer_of(value),
            None => 0,
        }
    }
}
