//! `Flatten`: all axes as one, the last running fastest, as `torch.nn.Flatten`.

use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::Operand;

/// Makes any tensor a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Flatten;

impl Operator for Flatten {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// `[..]` gives `[the product]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        Ok(vec![call.inputs[0].shape.iter().product()])
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        let repair = "take `Last` for the newest step";
        match timing.inputs[0].shape {
            [_] => timing.alike(),
            _ => timing.refused("makes one vector of all steps", repair),
        }
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Flatten {
    fn is_view(&self) -> bool {
        true
    }

    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }
}
