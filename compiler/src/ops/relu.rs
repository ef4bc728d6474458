//! `Relu`: max(x, 0), number by number, as `torch.nn.ReLU`.

use super::{Call, Operator};
use crate::arguments::Arguments;

/// The rectifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Relu;

impl Operator for Relu {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// Any shape stays.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }
}
