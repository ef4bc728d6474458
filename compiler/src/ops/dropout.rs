//! `Dropout(p)`: while training, zeroes each number with probability p and scales the others by 1 / (1 - p)
//! (Srivastava et al. 2014), as `torch.nn.Dropout`; otherwise it does nothing.

use super::noise::{self, Noise, Unit};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Size, Slot};
use crate::rt::kernels;
use crate::site::Site;

kernels! {
    APPLY = dropout::apply(s, x, add y, numbers, p, scale, key, add);
}

/// Zeroes at random while training.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// The probability of a zero, from 0 to 1.
    pub p: f64,
}

impl Noise for Dropout {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            p: arguments.probability("p"),
        }
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        forward(site, Unit::Number, self.p)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        backward(site, Unit::Number, self.p, scale(self.p))
    }
}

/// What is kept is multiplied by 1 / (1 - p), or by 0 where nothing is kept as an f32 has it.
pub fn scale(p: f64) -> f64 {
    if (p as f32) < 1.0 {
        1.0 / (1.0 - p)
    } else {
        0.0
    }
}

/// Drops units with probability p.
pub fn forward(site: &Site<'_>, unit: Unit, p: f64) -> Vec<Call<Slot>> {
    vec![apply(
        site,
        unit,
        (Slot::Input(0), Slot::Output),
        (p, scale(p)),
        false,
    )]
}

/// Drops the same again, of deltas: the mask is a function of its key, so nothing was saved.
pub fn backward(site: &Site<'_>, unit: Unit, p: f64, scale: f64) -> Vec<Call<Slot>> {
    let down = |add| {
        apply(
            site,
            unit,
            (Slot::Delta, Slot::InputDelta(0)),
            (p, scale),
            add,
        )
    };
    site.adds(0).map(down).into_iter().collect()
}

fn apply(
    site: &Site<'_>,
    unit: Unit,
    values: (Slot, Slot),
    (p, scale): (f64, f64),
    add: bool,
) -> Call<Slot> {
    noise::call(Call::of(&APPLY, [Size::Isa]), values, Some(add))
        .with("numbers", noise::numbers(site, unit))
        .with("p", Argument::Float(p as f32))
        .with("scale", Argument::Float(scale as f32))
        .with("key", noise::key(site))
        .with("add", Argument::Adds)
}
