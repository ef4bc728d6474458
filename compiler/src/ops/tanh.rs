//! `Tanh`: (e^x - e^-x) / (e^x + e^-x), number by number, as `torch.nn.Tanh`.

use super::{Call, Operator};
use crate::arguments::Arguments;

/// The hyperbolic tangent.
#[derive(Clone, Debug, PartialEq)]
pub struct Tanh;

impl Operator for Tanh {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// Any shape stays.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }
}
