//! `Softmax`: e^x over its sum along the last axis, as `torch.nn.Softmax(dim=-1)`.
//!
//! A model that is trained by cross-entropy ends in logits instead: the loss has the softmax in it.

use super::elementwise;
use super::lower::{Lower, Operand, Uses};
use super::{Call, Operator};
use crate::arguments::Arguments;
use crate::emit::site::Site;
use crate::rt;
use proc_macro2::TokenStream;

/// Numbers as probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax;

impl Operator for Softmax {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// `[N]` or `[T, N]` stays.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        rows(call)
    }

    /// A maximum, a difference, an exponential, a sum and a quotient.
    fn flops(&self, _inputs: &[&[usize]], output: &[usize]) -> u64 {
        output
            .iter()
            .fold(5, |flops, &size| flops.saturating_mul(size as u64))
    }
}

/// The shape of rows that are normalised each on its own: a vector, or a sequence step by step.
pub(super) fn rows(call: &Call<'_>) -> Result<Vec<usize>, String> {
    let feed = call.inputs[0];
    match *feed.shape {
        [_] | [_, _] => Ok(feed.shape.to_vec()),
        _ => Err(format!(
            "`{}` takes a vector [N] or a sequence [T, N], but `{}` gives {:?}; put `Flatten` before it, which gives {}",
            call.layer,
            feed.from,
            feed.shape,
            feed.shape.iter().product::<usize>()
        )),
    }
}

impl Lower for Softmax {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        elementwise::accepts_rows(operand)
    }

    fn uses(&self) -> Uses {
        Uses {
            backward_output: true,
            ..Uses::default()
        }
    }

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        elementwise::rows_forward(site, &rt::softmax())
    }

    fn backward(&self, site: &Site<'_>) -> TokenStream {
        elementwise::rows_backward(site, &rt::softmax_backward())
    }
}
