//! `Sigmoid`: 1 / (1 + e^-x), number by number, as `torch.nn.Sigmoid`.

use super::{Call, Operator};
use crate::arguments::Arguments;

/// The logistic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Sigmoid;

impl Operator for Sigmoid {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// Any shape stays.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }
}
