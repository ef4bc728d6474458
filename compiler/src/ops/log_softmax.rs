//! `LogSoftmax`: x minus the logarithm of the sum of e^x along the last axis, as `torch.nn.LogSoftmax(dim=-1)`.

use super::elementwise;
use super::lower::{Lower, Operand, Uses};
use super::{Call, Operator, softmax::rows};
use crate::arguments::Arguments;
use crate::emit::site::Site;
use crate::rt;
use proc_macro2::TokenStream;

/// Numbers as logarithms of probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct LogSoftmax;

impl Operator for LogSoftmax {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// `[N]` or `[T, N]` stays.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        rows(call)
    }

    /// A maximum, a difference, an exponential, a sum and a difference.
    fn flops(&self, _inputs: &[&[usize]], output: &[usize]) -> u64 {
        output
            .iter()
            .fold(5, |flops, &size| flops.saturating_mul(size as u64))
    }
}

impl Lower for LogSoftmax {
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
        elementwise::rows_forward(site, &rt::log_softmax())
    }

    fn backward(&self, site: &Site<'_>) -> TokenStream {
        elementwise::rows_backward(site, &rt::log_softmax_backward())
    }
}
