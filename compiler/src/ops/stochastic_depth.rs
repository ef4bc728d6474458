//! `StochasticDepth(p)`: while training, zeroes all of a sample with probability p and scales the others by 1 / (1 -
//! p), as `torchvision.ops.StochasticDepth` does by rows. Behind the branch of a residual block, the block is left out
//! (Huang et al. 2016).

use super::dropout;
use super::noise::{Noise, Unit};
use crate::arguments::Arguments;
use crate::call::{Call, Slot};
use crate::site::Site;

/// Zeroes samples at random while training.
#[derive(Clone, Debug, PartialEq)]
pub struct StochasticDepth {
    /// The probability that a sample is dropped, from 0 to 1.
    pub p: f64,
}

impl Noise for StochasticDepth {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            p: arguments.probability("p"),
        }
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        dropout::forward(site, Unit::Sample, self.p)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        dropout::backward(site, Unit::Sample, self.p, dropout::scale(self.p))
    }
}
