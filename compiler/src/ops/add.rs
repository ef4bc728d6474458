//! `Add`, `a + b`: the sum of two tensors of one shape, number by number.

use super::elementwise;
use super::lower::{Lower, Operand};
use crate::emit::site::Site;
use crate::rt;
use crate::storage::{Border, Storage};
use proc_macro2::TokenStream;
use quote::quote;

elementwise::pair! {
    /// The sum of two tensors.
    Add
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

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        elementwise::combine(site, &rt::add())
    }

    /// d(x + y) = dx + dy.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let steps = (0..2).map(|operand| elementwise::term(site, operand, false));
        quote!(#(#steps)*)
    }
}
