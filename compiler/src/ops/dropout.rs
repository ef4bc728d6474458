//! `Dropout(p)`: while training, zeroes each number with probability p and scales the others by 1 / (1 - p)
//! (Srivastava et al. 2014), as `torch.nn.Dropout`; otherwise it does nothing.

use super::{Call, Operator};
use crate::arguments::Arguments;

/// Zeroes at random while training.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// The probability of a zero, at least 0 and less than 1.
    pub p: f64,
}

impl Operator for Dropout {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self { p: arguments.probability("p") }
    }

    /// Any shape stays.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}
