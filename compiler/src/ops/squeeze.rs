//! `Squeeze`, `squeeze(x, 1)`: drops axes of size 1, all of them or those that are named, as `torch.squeeze`; nothing moves.

use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::Operand;

/// Drops axes of size 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Squeeze {
    /// The axes, or `None` for all whose size is 1.
    pub axes: Option<Vec<usize>>,
}

impl Operator for Squeeze {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            axes: arguments.optional_indices("axis"),
        }
    }

    /// The other axes stay; of one number alone one axis does.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let found = || format!("`{}` gives {:?}", feed.from, feed.shape);
        let axes = self.axes.iter().flatten();
        for (index, &axis) in axes.clone().enumerate() {
            if axes.clone().take(index).any(|&other| other == axis) {
                return Err(format!(
                    "`{}` names axis {axis} twice; name each axis once",
                    call.layer
                ));
            }
            match feed.shape.get(axis) {
                Some(1) => {}
                Some(size) => {
                    return Err(format!(
                        "`{}` drops axis {axis}, but {}, whose axis {axis} has {size}; an axis of size 1 is dropped",
                        call.layer,
                        found()
                    ));
                }
                None => {
                    return Err(format!(
                        "`{}` drops axis {axis}, but {}, whose last axis is {}; axes count from 0",
                        call.layer,
                        found(),
                        feed.shape.len() - 1
                    ));
                }
            }
        }
        let drops = |axis: usize| match &self.axes {
            Some(axes) => axes.contains(&axis),
            None => feed.shape[axis] == 1,
        };
        let kept = (0..feed.shape.len()).filter(|&axis| !drops(axis));
        let shape: Vec<_> = kept.map(|axis| feed.shape[axis]).collect();
        Ok(if shape.is_empty() { vec![1] } else { shape })
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        match timing.output.len() < timing.inputs[0].shape.len()
            && timing.output[0] == timing.inputs[0].shape[0]
        {
            true => Ok(timing.inputs[0].pace),
            false => timing.refused("drops the axis of time", "keep time the first axis"),
        }
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Squeeze {
    fn is_view(&self) -> bool {
        true
    }

    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }
}
