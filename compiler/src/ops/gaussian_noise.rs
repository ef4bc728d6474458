//! `GaussianNoise(deviation)`: while training, adds to each number one from the normal distribution of mean 0 and this
//! standard deviation, as Keras' layer of that name; otherwise it does nothing.

use super::noise::{self, Noise, Unit};
use super::pair;
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Size, Slot};
use crate::rt::kernels;
use crate::site::Site;

kernels! {
    NOISE = gaussian::noise(s, x, out y, numbers, deviation, key);
}

/// Adds normal noise while training.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianNoise {
    /// The standard deviation, at least 0.
    pub deviation: f64,
}

impl Noise for GaussianNoise {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            deviation: arguments.deviation("deviation"),
        }
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let values = (Slot::Input(0), Slot::Output);
        let call = noise::call(Call::of(&NOISE, [Size::Isa]), values, None)
            .with("numbers", noise::numbers(site, Unit::Number))
            .with("deviation", Argument::Float(self.deviation as f32))
            .with("key", noise::key(site));
        vec![call]
    }

    /// d(x + noise) = dx.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        pair::term(site, 0, false).into_iter().collect()
    }
}
