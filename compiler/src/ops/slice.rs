//! `Slice(2..5, axis = 1)`, `x[2..5]`: a range of indices along an axis, the first by default; PyTorch's `x[:, 2:5]`.

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::Site;
use crate::storage::{Border, Storage};

/// A part of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The axis that becomes shorter.
    pub axis: usize,
    /// The first index taken.
    pub start: usize,
    /// The first index not taken any more; `None` takes all up to the end.
    pub end: Option<usize>,
}

impl Operator for Slice {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let (start, end) = arguments.range("range");
        Self {
            axis: arguments.index_or("axis", 0),
            start,
            end,
        }
    }

    /// The axis has `end - start` left.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let found = format!("`{}` gives {:?}", feed.from, feed.shape);
        let Some(&size) = feed.shape.get(self.axis) else {
            let last = feed.shape.len() - 1;
            return Err(format!(
                "`{}` cuts along axis {}, but {found}, whose last axis is {last}; axes count from 0",
                call.layer, self.axis
            ));
        };
        let end = self.end.unwrap_or(size);
        let range = match self.end {
            Some(end) => format!("{}..{end}", self.start),
            None => format!("{}..", self.start),
        };
        if end > size || self.start >= size {
            return Err(format!(
                "`{}` takes {range}, but {found}, whose axis {} ends at {size}; stay within 0..{size}",
                call.layer, self.axis
            ));
        }
        if self.start >= end {
            return Err(format!(
                "`{}` takes {range}, which is empty; a range begins before it ends",
                call.layer
            ));
        }
        let mut shape = feed.shape.to_vec();
        shape[self.axis] = end - self.start;
        Ok(shape)
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.along(self.axis, "takes some of all steps")
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Slice {
    fn gives(&self, _: &[&Storage], shape: &[usize], border: Border) -> Storage {
        Storage::natural(shape, border)
    }

    /// `start..end` of one axis.
    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        let (x, y) = (site.input(0), site.output());
        vec![Region::along(
            self.axis,
            y.shape[self.axis],
            (x, self.start),
            (y, 0),
        )]
    }
}
