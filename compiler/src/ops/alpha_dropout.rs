//! `AlphaDropout(p)`: while training, brings each number with probability p to the least value of SELU, and all to mean
//! 0 and variance 1 again where they had those (Klambauer et al. 2017), as `torch.nn.AlphaDropout`; otherwise it does
//! nothing.

use super::dropout;
use super::noise::{self, Noise, Unit};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Size, Slot};
use crate::rt::kernels;
use crate::site::Site;

kernels! {
    APPLY_ALPHA = dropout::apply_alpha(s, x, out y, numbers, p, scale, kept, dropped, key);
}

/// The least value of SELU: -1.05.. times 1.67...
const LEAST: f64 = -1.758_099_340_847_376_6;

/// Brings numbers to SELU's least value at random while training.
#[derive(Clone, Debug, PartialEq)]
pub struct AlphaDropout {
    /// The probability of that, from 0 to 1.
    pub p: f64,
}

impl AlphaDropout {
    /// What is kept is multiplied by the first number, and the second added to it; what is dropped is the third. Where
    /// all is dropped, all are zero, as in PyTorch.
    pub fn line(&self) -> [f64; 3] {
        if self.p as f32 >= 1.0 {
            return [0.0; 3];
        }
        let kept = 1.0 - self.p;
        let scale = 1.0 / (kept * (1.0 + self.p * LEAST * LEAST)).sqrt();
        [scale, -scale * self.p * LEAST, scale * kept * LEAST]
    }
}

impl Noise for AlphaDropout {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            p: arguments.probability("p"),
        }
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let values = (Slot::Input(0), Slot::Output);
        let [scale, kept, dropped] = self.line().map(|number| Argument::Float(number as f32));
        let call = noise::call(Call::of(&APPLY_ALPHA, [Size::Isa]), values, None)
            .with("numbers", noise::numbers(site, Unit::Number))
            .with("p", Argument::Float(self.p as f32))
            .with("scale", scale)
            .with("kept", kept)
            .with("dropped", dropped)
            .with("key", noise::key(site));
        vec![call]
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let [scale, ..] = self.line();
        dropout::backward(site, Unit::Number, self.p, scale)
    }
}
