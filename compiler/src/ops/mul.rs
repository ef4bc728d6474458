//! `Mul`, `a * b`: the product of two tensors of one shape, number by number.

use super::{Call, Operator, add::same_shape};
use crate::arguments::Arguments;

/// The product of two tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Mul;

impl Operator for Mul {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    fn arity(&self) -> (usize, usize) {
        (2, 2)
    }

    /// Twice one shape gives it again.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        same_shape(call)
    }
}
