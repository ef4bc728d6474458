//! `Add`, `a + b`: the sum of two tensors of one shape, number by number.

use super::elementwise;
use super::lower::{Lower, Operand};
use super::{Call, Operator};
use crate::arguments::Arguments;
use crate::emit::site::Site;
use crate::rt;
use crate::storage::{Border, Storage};
use proc_macro2::TokenStream;
use quote::quote;

/// The sum of two tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Add;

impl Operator for Add {
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

/// The one shape of two operands; shapes are never stretched to fit.
pub(super) fn same_shape(call: &Call<'_>) -> Result<Vec<usize>, String> {
    let (a, b) = (call.inputs[0], call.inputs[1]);
    if a.shape == b.shape {
        return Ok(a.shape.to_vec());
    }
    Err(format!(
        "`{}` takes two tensors of one shape, but `{}` gives {:?} and `{}` gives {:?}; bring one to the other's shape",
        call.layer, a.from, a.shape, b.from, b.shape
    ))
}

impl Lower for Add {
    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        elementwise::accepts_pair(operand)
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        elementwise::wants_pair(operand, border)
    }

    fn gives(&self, inputs: &[&Storage], _: &[usize], _: Border) -> Storage {
        inputs[0].clone()
    }

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        elementwise::combine(site, &rt::add())
    }

    /// d(x + y) = dx + dy.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let steps = (0..2).map(|operand| elementwise::term(site, operand, false));
        quote!(#(#steps)*)
    }
}
