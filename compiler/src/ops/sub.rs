//! `Sub`, `a - b`: the difference of two tensors of one shape, number by number.

use super::elementwise;
use super::lower::{Lower, Operand};
use crate::emit::site::Site;
use crate::rt;
use crate::storage::{Border, Storage};
use proc_macro2::TokenStream;
use quote::quote;

elementwise::pair! {
    /// The difference of two tensors.
    Sub
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

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        elementwise::combine(site, &rt::sub())
    }

    /// d(x - y) = dx - dy.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let steps = (0..2).map(|operand| elementwise::term(site, operand, operand == 1));
        quote!(#(#steps)*)
    }
}
