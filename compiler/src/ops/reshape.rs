//! `Reshape(4, 7, 7)`: the same numbers, the last axis running fastest, in another shape, as `torch.Tensor.reshape`.

use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::Operand;

/// Gives a tensor other axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The new sizes.
    pub shape: Vec<usize>,
}

impl Operator for Reshape {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            shape: arguments.sizes("shape"),
        }
    }

    /// Any shape with as many numbers.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let found: usize = feed.shape.iter().product();
        let wanted = self
            .shape
            .iter()
            .try_fold(1, |product: usize, &size| product.checked_mul(size));
        if wanted == Some(found) {
            return Ok(self.shape.clone());
        }
        let factors: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        let product = wanted.map_or("more than 2^64".to_string(), |wanted| wanted.to_string());
        Err(format!(
            "`{}` makes {} = {product} numbers, but `{}` gives {:?}, which has {found}; choose sizes whose product is that",
            call.layer,
            factors.join(" * "),
            feed.from,
            feed.shape
        ))
    }

    /// Time stays the first axis.
    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        match timing.output[0] == timing.inputs[0].shape[0] {
            true => Ok(timing.inputs[0].pace),
            false => timing.refused("takes the steps apart", "keep time the first axis"),
        }
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Reshape {
    fn is_view(&self) -> bool {
        true
    }

    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }
}
