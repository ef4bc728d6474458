//! `GaussianNoise(deviation)`: while training, adds to each number one from the normal distribution of mean 0 and this
//! standard deviation, as Keras' layer of that name; otherwise it does nothing.

use super::lower::Lower;
use super::noise::{self, Unit};
use super::operator::{Application, Operator};
use super::pair;
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Size, Slot};
use crate::rt::kernels;
use crate::site::{Operand, Site};

kernels! {
    NOISE = gaussian::noise(s, x, out y, numbers, deviation, key);
}

/// Adds normal noise while training.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianNoise {
    /// The standard deviation, at least 0.
    pub deviation: f64,
}

impl Operator for GaussianNoise {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            deviation: arguments.deviation("deviation"),
        }
    }

    /// Any shape stays.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for GaussianNoise {
    fn only_trains(&self) -> bool {
        true
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, _: Operand<'_>) -> bool {
        true
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
