//! `Mul`, `a * b`: the product of two tensors of one shape, number by number.

use super::elementwise;
use super::lower::{Lower, Operand, Uses};
use crate::emit::site::Site;
use crate::program::Slot;
use crate::rt;
use crate::storage::{Border, Storage};
use proc_macro2::TokenStream;
use quote::quote;

elementwise::pair! {
    /// The product of two tensors.
    Mul
}

impl Lower for Mul {
    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        elementwise::accepts_pair(operand)
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        elementwise::wants_pair(operand, border)
    }

    fn uses(&self) -> Uses {
        Uses {
            backward_inputs: true,
            ..Uses::default()
        }
    }

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        elementwise::combine(site, &rt::mul())
    }

    /// d(x y) = y dx + x dy.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let path = rt::factor_backward();
        let steps = (0..2).filter_map(|operand| {
            let add = site.adds(operand)?;
            let names = [
                ("y", Slot::Input(1 - operand)),
                ("dz", Slot::Delta),
                ("dx", Slot::InputDelta(operand)),
            ];
            Some(site.step(&names, &quote!(#path::<S, #add>(s, y, dz, dx);)))
        });
        quote!(#(#steps)*)
    }
}
