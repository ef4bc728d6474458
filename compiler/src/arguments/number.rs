//! Arguments that are numbers, and not sizes.

use syn::Expr;

use super::{Arguments, Standing};

impl Arguments<'_> {
    /// A finite factor of at least 0; 0 by default.
    pub fn penalty(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.take(name, format!("{name} = 0"), Standing::Named) else {
            return 0.0;
        };
        match self.number_of(value) {
            Some(penalty) if penalty >= 0.0 => penalty,
            _ => {
                self.wrong(
                    value,
                    format!("`{name}` is a number that is not negative and that f32 can hold, such as `1e-4`"),
                );
                0.0
            }
        }
    }

    /// A required number that is finite as an f32.
    pub fn number(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.take(name, name.into(), Standing::Positional) else {
            return self.absent(name, 1.0);
        };
        self.number_of(value).unwrap_or_else(|| {
            let message = format!("`{name}` is a number that f32 can hold, such as `0.5`");
            self.wrong(value, message);
            1.0
        })
    }

    /// A number that is finite as an f32, with a default.
    pub fn number_or(&mut self, name: &'static str, default: f64) -> f64 {
        let what = "a number that f32 can hold";
        self.fitting_or((name, Standing::Positional), default, |_| true, what)
    }

    /// A required number above 0.
    pub fn positive(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.take(name, name.into(), Standing::Positional) else {
            return self.absent(name, 1.0);
        };
        self.positive_of(name, value, "0.02").unwrap_or(1.0)
    }

    /// A number that may be given, by name only; a signature shows what it is where it is not given.
    pub fn named_number(&mut self, name: &'static str, shown: &str) -> Option<f64> {
        let value = self.take(name, format!("{name} = {shown}"), Standing::Named)?;
        self.optional(name, value, "0.5")
    }

    /// A number that may be given, by name only.
    pub fn optional_number(&mut self, name: &'static str, such_as: &str) -> Option<f64> {
        let value = self.take(name, format!("{name} = .."), Standing::Named)?;
        self.optional(name, value, such_as)
    }

    fn optional(&mut self, name: &str, value: &Expr, such_as: &str) -> Option<f64> {
        let found = self.number_of(value);
        if found.is_none() {
            let message = format!("`{name}` is a number that f32 can hold, such as `{such_as}`");
            self.wrong(value, message);
        }
        found
    }

    /// A number above 0 that may be given, by name only.
    pub fn optional_positive(&mut self, name: &'static str, such_as: &str) -> Option<f64> {
        let value = self.take(name, format!("{name} = .."), Standing::Named)?;
        self.positive_of(name, value, such_as)
    }

    fn positive_of(&mut self, name: &str, value: &Expr, such_as: &str) -> Option<f64> {
        let found = self.number_of(value).filter(|&number| number as f32 > 0.0);
        if found.is_none() {
            let message =
                format!("`{name}` is a number above 0 that f32 can hold, such as `{such_as}`");
            self.wrong(value, message);
        }
        found
    }

    /// A required number in `0.0..1.0`.
    pub fn probability(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.take(name, name.into(), Standing::Positional) else {
            return self.absent(name, 0.0);
        };
        match self.number_of(value) {
            Some(probability) if (0.0..=1.0).contains(&probability) => probability,
            _ => {
                self.wrong(
                    value,
                    format!("`{name}` is a probability, a number from 0 to 1 such as `0.5`"),
                );
                0.0
            }
        }
    }

    /// A required number that is at least 0 and, as an f32, below 1.
    pub fn probability_below_one(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.take(name, name.into(), Standing::Positional) else {
            return self.absent(name, 0.0);
        };
        match self.number_of(value) {
            Some(probability) if probability >= 0.0 && (probability as f32) < 1.0 => probability,
            _ => {
                self.wrong(
                    value,
                    format!("`{name}` is a number of at least 0 and below 1, such as `0.5`"),
                );
                0.0
            }
        }
    }

    /// A required standard deviation: finite as an f32, and at least 0.
    pub fn deviation(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.take(name, name.into(), Standing::Positional) else {
            return self.absent(name, 0.0);
        };
        match self.number_of(value) {
            Some(deviation) if deviation >= 0.0 => deviation,
            _ => {
                let message = "a standard deviation, a number that is not negative and that f32 can hold, such as `0.1`";
                self.wrong(value, format!("`{name}` is {message}"));
                0.0
            }
        }
    }

    /// A number in `0.0..=1.0`, with a default, by name only.
    pub fn probability_or(&mut self, name: &'static str, default: f64) -> f64 {
        let fits = |number: f64| (0.0..=1.0).contains(&number);
        let name = (name, Standing::Named);
        self.fitting_or(name, default, fits, "a number from 0 to 1")
    }

    /// A number above 0, with a default, by name only.
    pub fn positive_or(&mut self, name: &'static str, default: f64) -> f64 {
        let fits = |number: f64| number as f32 > 0.0;
        let what = "a number above 0 that f32 can hold";
        self.fitting_or((name, Standing::Named), default, fits, what)
    }

    /// A factor of the learning rate; 1 by default.
    pub fn rate(&mut self) -> f64 {
        let Some(value) = self.take("rate", "rate = 1".into(), Standing::Named) else {
            return 1.0;
        };
        match self.number_of(value) {
            Some(rate) if rate >= 0.0 => rate,
            _ => {
                let message = "`rate` is a number that is not negative and that f32 can hold, such as `0.1`; \
                               it multiplies the learning rate";
                self.wrong(value, message);
                1.0
            }
        }
    }

    /// A number that is what `what` says, with a default.
    fn fitting_or(
        &mut self,
        (name, place): (&'static str, Standing),
        default: f64,
        fits: impl Fn(f64) -> bool,
        what: &str,
    ) -> f64 {
        let Some(value) = self.take(name, format!("{name} = {default:?}"), place) else {
            return default;
        };
        match self.number_of(value) {
            Some(number) if fits(number) => number,
            _ => {
                let message = format!("`{name}` is {what}, such as `{default:?}`");
                self.wrong(value, message);
                default
            }
        }
    }
}
