//! `Last`: the last step of a sequence, Keras' `return_sequences=False`, PyTorch's `output[:, -1]`.

use super::{Call, Operator};
use crate::arguments::Arguments;

/// Drops all steps but the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Last;

impl Operator for Last {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// `[T, F]` gives `[F]`.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        match *feed.shape {
            [_, features] => Ok(vec![features]),
            _ => Err(format!(
                "`{}` takes the last step of a sequence [time, features], but `{}` gives {:?}, which has no time",
                call.layer, feed.from, feed.shape
            )),
        }
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}
