//! Numbers along one axis.

use syn::Expr;

use super::{Arguments, Standing, each::Each, literal::several};

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

    /// Sizes of at least 1 that may be given, by name only.
    pub fn optional_lengths(&mut self, name: &'static str) -> Option<Each<usize>> {
        let value = self.take(name, format!("{name} = .."), Standing::Named)?;
        Some(self.each_of(value, Self::size_of, 1))
    }

    /// Required factors above 0.
    pub fn factors(&mut self, name: &'static str) -> Each<f64> {
        match self.take(name, name.into(), Standing::Positional) {
            Some(value) => self.factors_of(name, value),
            None => self.absent(name, Each::All(1.0)),
        }
    }

    /// Factors above 0 that may be given, by name only.
    pub fn optional_factors(&mut self, name: &'static str) -> Option<Each<f64>> {
        let value = self.take(name, format!("{name} = .."), Standing::Named)?;
        Some(self.factors_of(name, value))
    }

    fn factors_of(&mut self, name: &str, value: &Expr) -> Each<f64> {
        let factor = |arguments: &mut Self, value: &Expr| {
            let found = arguments
                .number_of(value)
                .filter(|&number| number as f32 > 0.0);
            found.unwrap_or_else(|| {
                let message = format!(
                    "`{name}` is a number above 0 that f32 can hold, such as `2`, or two of them"
                );
                arguments.wrong(value, message);
                1.0
            })
        };
        self.each_of(value, factor, 1.0)
    }

    fn each_of<T>(
        &mut self,
        value: &Expr,
        read: impl Fn(&mut Self, &Expr) -> T,
        stand_in: T,
    ) -> Each<T> {
        match several(value).as_deref() {
            None => Each::All(read(self, value)),
            Some(&[height, width]) => Each::Pair(read(self, height), read(self, width)),
            Some(_) => {
                self.wrong(value, "expected one number, or two for height and width");
                Each::All(stand_in)
            }
        }
    }
}
