//! `Concat`, `concat(a, b, axis = 1)`: tensors side by side along an axis, the first by default, as `torch.cat`.

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::Site;
use crate::storage::{Border, Storage};

/// Joins tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Concat {
    /// The axis along which they differ.
    pub axis: usize,
}

impl Operator for Concat {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            axis: arguments.index_or("axis", 0),
        }
    }

    fn arity(&self) -> (usize, usize) {
        (2, usize::MAX)
    }

    /// All sizes agree but those along the axis, which add up.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let first = call.inputs[0];
        if self.axis >= first.shape.len() {
            return Err(format!(
                "`{}` joins along axis {}, but `{}` gives {:?}, whose last axis is {}; axes count from 0",
                call.layer,
                self.axis,
                first.from,
                first.shape,
                first.shape.len() - 1
            ));
        }
        let others = |shape: &[usize]| {
            let mut others = shape.to_vec();
            others[self.axis] = 0;
            others
        };
        let mut joined = first.shape.to_vec();
        for feed in &call.inputs[1..] {
            if feed.shape.len() != joined.len() || others(feed.shape) != others(&joined) {
                return Err(format!(
                    "`{}` joins along axis {}, where all other sizes agree, but `{}` gives {:?} and `{}` gives {:?}; bring them to one shape but for that axis",
                    call.layer, self.axis, first.from, first.shape, feed.from, feed.shape
                ));
            }
            joined[self.axis] = joined[self.axis].saturating_add(feed.shape[self.axis]);
        }
        Ok(joined)
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.along(self.axis, "puts sequences one after another")
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Concat {
    fn gives(&self, _: &[&Storage], shape: &[usize], border: Border) -> Storage {
        Storage::natural(shape, border)
    }

    /// Every operand after those before it.
    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        let mut at = 0;
        let region = |operand: usize| {
            let x = site.input(operand);
            let size = x.shape[self.axis];
            at += size;
            Region::along(self.axis, size, (x, 0), (site.output(), at - size))
        };
        (0..site.inputs.len()).map(region).collect()
    }
}
