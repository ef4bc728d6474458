//! `GaussianDropout(p)`: while training, multiplies each number by one from the normal distribution of mean 1 and
//! variance p / (1 - p), which are those of dropout's factors (Srivastava et al. 2014), as Keras' layer of that name;
//! otherwise it does nothing.

use super::noise::{self, Noise, Unit};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Size, Slot};
use crate::rt::kernels;
use crate::site::Site;

kernels! {
    MULTIPLY = gaussian::multiply(s, x, add y, numbers, deviation, key, add);
}

/// Multiplies by normal noise while training.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianDropout {
    /// The p of the dropout whose variance it has, at least 0 and below 1.
    pub p: f64,
}

impl GaussianDropout {
    /// The standard deviation of a factor.
    pub fn deviation(&self) -> f64 {
        (self.p / (1.0 - self.p)).sqrt()
    }
}

impl Noise for GaussianDropout {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            p: arguments.probability_below_one("p"),
        }
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        vec![self.multiply(site, (Slot::Input(0), Slot::Output), false)]
    }

    /// The factors are drawn again, so nothing was saved.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add| self.multiply(site, (Slot::Delta, Slot::InputDelta(0)), add);
        site.adds(0).map(down).into_iter().collect()
    }
}

impl GaussianDropout {
    fn multiply(&self, site: &Site<'_>, values: (Slot, Slot), add: bool) -> Call<Slot> {
        noise::call(Call::of(&MULTIPLY, [Size::Isa]), values, Some(add))
            .with("numbers", noise::numbers(site, Unit::Number))
            .with("deviation", Argument::Float(self.deviation() as f32))
            .with("key", noise::key(site))
            .with("add", Argument::Adds)
    }
}
