//! `SpatialDropout(p)`: dropout of whole channels (Tompson et al. 2015), as `torch.nn.Dropout2d` on `[C, H, W]`. On
//! `[T, F]` a feature is dropped over all steps, as Keras' `SpatialDropout1D` does.

use super::dropout;
use super::noise::{Noise, Unit};
use super::operator::Application;
use crate::arguments::Arguments;
use crate::call::{Call, Slot};
use crate::site::{Operand, Site};

/// Zeroes channels at random while training.
#[derive(Clone, Debug, PartialEq)]
pub struct SpatialDropout {
    /// The probability that a channel is dropped, from 0 to 1.
    pub p: f64,
}

impl Noise for SpatialDropout {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            p: arguments.probability("p"),
        }
    }

    /// `[T, F]` and `[C, H, W]` stay.
    fn check(&self, call: &Application<'_>) -> Result<(), String> {
        let feed = call.inputs[0];
        match feed.shape {
            [_] => Err(format!(
                "`{}` drops whole channels of an image [C, H, W] or features of a sequence [T, F], but `{}` gives {:?}, \
                 whose features are single numbers; `Dropout` drops those",
                call.layer, feed.from, feed.shape
            )),
            _ => Ok(()),
        }
    }

    /// Channels are those of the shape that is stored.
    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.storage.shape == operand.shape
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        dropout::forward(site, Unit::Channel, self.p)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        dropout::backward(site, Unit::Channel, self.p, dropout::scale(self.p))
    }
}
