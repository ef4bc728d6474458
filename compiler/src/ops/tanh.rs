//! `Tanh`: (e^x - e^-x) / (e^x + e^-x), number by number, as `torch.nn.Tanh`.

use super::elementwise;
use super::lower::{Lower, Operand, Uses};
use super::{Call, Operator};
use crate::arguments::Arguments;
use crate::emit::site::Site;
use crate::fuse::Activation;
use crate::storage::{Border, Storage};
use proc_macro2::TokenStream;

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

impl Lower for Tanh {
    fn as_activation(&self) -> Option<Activation> {
        Some(Activation::Tanh)
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        elementwise::accepts(Activation::Tanh, operand)
    }

    fn wants(&self, operand: Operand<'_>, _: Border) -> Storage {
        Storage::flat(operand.shape)
    }

    fn gives(&self, inputs: &[&Storage], _: &[usize], _: Border) -> Storage {
        inputs[0].clone()
    }

    fn uses(&self) -> Uses {
        Uses {
            backward_output: true,
            ..Uses::default()
        }
    }

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        elementwise::forward(site, Activation::Tanh)
    }

    fn backward(&self, site: &Site<'_>) -> TokenStream {
        elementwise::backward(site, Activation::Tanh)
    }
}
