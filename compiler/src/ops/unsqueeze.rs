//! `Unsqueeze(0)`, `unsqueeze(x, 0)`: one more axis of size 1, as `torch.unsqueeze`; nothing moves.

use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::Operand;

/// Makes an axis of size 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsqueeze {
    /// Which axis it is of the result.
    pub axis: usize,
}

impl Operator for Unsqueeze {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            axis: arguments.index("axis"),
        }
    }

    /// One more axis.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let mut shape = feed.shape.to_vec();
        if self.axis > shape.len() {
            return Err(format!(
                "`{}` makes axis {}, but `{}` gives {:?}; a new axis is at most {}, behind all others",
                call.layer,
                self.axis,
                feed.from,
                feed.shape,
                shape.len()
            ));
        }
        shape.insert(self.axis, 1);
        Ok(shape)
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        match self.axis > 0 {
            true => Ok(timing.inputs[0].pace),
            false => timing.refused("puts an axis before time", "keep time the first axis"),
        }
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Unsqueeze {
    fn is_view(&self) -> bool {
        true
    }

    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }
}
