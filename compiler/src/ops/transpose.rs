//! `Transpose(0, 1)`, `transpose(x, 0, 1)`: two axes exchanged, as `torch.transpose`.

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use super::permute;
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::{Operand, Site};

/// Exchanges two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Transpose {
    /// The axes.
    pub axes: [usize; 2],
    /// Whether no number changes its place.
    pub is_view: bool,
}

impl Operator for Transpose {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            axes: [arguments.index("axis0"), arguments.index("axis1")],
            is_view: false,
        }
    }

    /// The sizes of two axes are exchanged.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let (feed, [a, b]) = (call.inputs[0], self.axes);
        let mut shape = feed.shape.to_vec();
        if a.max(b) >= shape.len() {
            let last = shape.len() - 1;
            return Err(format!(
                "`{}` exchanges the axes {a} and {b}, but `{}` gives {:?}, whose last axis is {last}; axes count from 0",
                call.layer, feed.from, feed.shape
            ));
        }
        shape.swap(a, b);
        Ok(shape)
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        match self.axes.contains(&0) && self.axes[0] != self.axes[1] {
            false => Ok(timing.inputs[0].pace),
            true => timing.refused("takes time from the first axis", "keep it there"),
        }
    }

    fn settle(&mut self, inputs: &[&[usize]]) {
        self.is_view = permute::is_view(&self.order(inputs[0].len()), inputs[0]);
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Transpose {
    /// For each axis of the result the operand's.
    fn order(&self, axes: usize) -> Vec<usize> {
        let [a, b] = self.axes;
        let mut order: Vec<_> = (0..axes).collect();
        order.swap(a, b);
        order
    }
}

impl Lower for Transpose {
    fn is_view(&self) -> bool {
        self.is_view
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        self.is_view || operand.storage.strides(operand.shape).is_some()
    }

    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        vec![permute::permuted(
            site,
            &self.order(site.input_shape(0).len()),
        )]
    }
}
