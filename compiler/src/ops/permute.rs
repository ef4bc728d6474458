//! `Permute(2, 0, 1)`, `permute(x, [2, 0, 1])`: the axes of a tensor in another order, as `torch.permute`.

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::{Operand, Site};

/// Orders axes anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Permute {
    /// For each axis of the result the operand's.
    pub axes: Vec<usize>,
    /// Whether only axes of size 1 change places, and no number does.
    pub is_view: bool,
}

impl Operator for Permute {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            axes: arguments.indices("axes"),
            is_view: false,
        }
    }

    /// Axis i is axis `axes[i]` of the operand.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let mut sorted = self.axes.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..feed.shape.len()) {
            return Err(format!(
                "`{}` orders the axes {:?}, but `{}` gives {:?}, whose last axis is {}; name each axis once, from 0 on",
                call.layer,
                self.axes,
                feed.from,
                feed.shape,
                feed.shape.len() - 1
            ));
        }
        Ok(self.axes.iter().map(|&axis| feed.shape[axis]).collect())
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        match self.axes[0] == 0 {
            true => Ok(timing.inputs[0].pace),
            false => timing.refused("takes time from the first axis", "keep it there"),
        }
    }

    fn settle(&mut self, inputs: &[&[usize]]) {
        self.is_view = is_view(&self.axes, inputs[0]);
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Permute {
    fn is_view(&self) -> bool {
        self.is_view
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        self.is_view || operand.storage.strides(operand.shape).is_some()
    }

    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        vec![permuted(site, &self.axes)]
    }
}

/// Whether the axes that are longer than 1 stay in their order.
pub fn is_view(axes: &[usize], shape: &[usize]) -> bool {
    let long = axes.iter().filter(|&&axis| shape.get(axis) != Some(&1));
    long.is_sorted()
}

/// All numbers of an operand under axes in another order.
pub fn permuted(site: &Site<'_>, axes: &[usize]) -> Region {
    let x = (site.input(0), site.input_shape(0));
    Region::moved(x, site.output(), |from, to| {
        let axes = axes.iter().zip(to);
        axes.map(|(&axis, to)| (to.size, from[axis], to.stride))
            .collect()
    })
}
