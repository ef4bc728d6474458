//! `Sigmoid`: 1 / (1 + e^-x), number by number, as `torch.nn.Sigmoid`.

use super::elementwise;
use super::lower::{Lower, Operand, Uses};
use super::{Call, Operator};
use crate::arguments::Arguments;
use crate::emit::site::Site;
use crate::fuse::Activation;
use crate::storage::{Border, Storage};
use proc_macro2::TokenStream;

/// The logistic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Sigmoid;

impl Operator for Sigmoid {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// Any shape stays.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }
}

impl Lower for Sigmoid {
    fn as_activation(&self) -> Option<Activation> {
        Some(Activation::Sigmoid)
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        elementwise::accepts(Activation::Sigmoid, operand)
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
        elementwise::forward(site, Activation::Sigmoid)
    }

    fn backward(&self, site: &Site<'_>) -> TokenStream {
        elementwise::backward(site, Activation::Sigmoid)
    }
}
