//! `Mul`, `a * b`: the product of two tensors of one shape, number by number.

use super::elementwise;
use super::lower::{Lower, Operand, Uses};
use super::{Call, Operator, add::same_shape};
use crate::arguments::Arguments;
use crate::emit::site::Site;
use crate::program::Slot;
use crate::rt;
use crate::storage::{Border, Storage};
use proc_macro2::TokenStream;
use quote::quote;

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

    fn gives(&self, inputs: &[&Storage], _: &[usize], _: Border) -> Storage {
        inputs[0].clone()
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
