//! `RmsNorm`: the numbers of the last axes of each sample brought to a mean square of 1, then scaled each by its own
//! number (Zhang and Sennrich 2019), as `torch.nn.RMSNorm`.

use super::layer_norm::{Axes, by_units, flops};
use super::operator::{Application, Operator};
use super::units::{Unit, Units};
use super::{lower::Lower, parameter::Course};
use crate::arguments::Arguments;
use crate::call::{Call, Gradient, Slot};
use crate::pace::{Pace, Timing};
use crate::packing::Packing;
use crate::parameter::Parameter;
use crate::rt;
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

/// Division by the root of the mean square over the last axes.
#[derive(Clone, Debug, PartialEq)]
pub struct RmsNorm {
    /// Which axes.
    pub axes: Axes,
    /// What is added to the mean square.
    pub eps: f64,
    /// Whether a scale is learnt.
    pub affine: bool,
    /// How the scale is trained.
    pub course: Course,
}

impl Operator for RmsNorm {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            axes: Axes::declare(arguments),
            eps: arguments.positive_or("eps", f64::from(f32::EPSILON)),
            affine: arguments.flag("affine", true),
            course: Course::declare(arguments),
        }
    }

    /// Any shape stays.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        self.axes.check(call)
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        match timing.output.len() > self.axes.count {
            true => timing.features(),
            false => timing.refused("normalises over all steps", "normalise the last axis alone"),
        }
    }

    /// The scale begins with 1.
    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let named = &[("weight", 1.0)][..usize::from(self.affine)];
        self.course.of(self.axes.parameters(inputs[0], named))
    }

    /// A multiply-add and two products.
    fn flops(&self, _: &[&[usize]], output: &[usize]) -> u64 {
        flops(4, output)
    }
}

impl RmsNorm {
    fn units(&self) -> Units {
        Units {
            unit: Unit::Last(self.axes.count),
            norm: rt::NORM_RMS,
            kept: 1,
            eps: self.eps,
            affine: usize::from(self.affine),
            learns: !self.course.frozen,
        }
    }
}

by_units!(RmsNorm);
