//! `Sub`, `a - b`: the difference of two tensors of one shape, number by number.

use super::elementwise;
use super::lower::{Lower, Operand};
use super::{Call, Operator, add::same_shape};
use crate::arguments::Arguments;
use crate::emit::site::Site;
use crate::rt;
use crate::storage::{Border, Storage};
use proc_macro2::TokenStream;
use quote::quote;

/// The difference of two tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Sub;

impl Operator for Sub {
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

impl Lower for Sub {
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
        elementwise::combine(site, &rt::sub())
    }

    /// d(x - y) = dx - dy.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let steps = (0..2).map(|operand| elementwise::term(site, operand, operand == 1));
        quote!(#(#steps)*)
    }
}
