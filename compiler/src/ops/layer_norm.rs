//! `LayerNorm`: the numbers of the last axes of each sample brought to mean 0 and variance 1, then scaled and shifted
//! each by its own numbers (Ba, Kiros and Hinton 2016), as `torch.nn.LayerNorm`.

use super::operator::{Application, Feed, Operator};
use super::units::{Unit, Units};
use super::{
    lower::Lower,
    parameter::{Course, learnt},
};
use crate::arguments::Arguments;
use crate::call::{Call, Gradient, Slot};
use crate::pace::{Pace, Timing};
use crate::packing::Packing;
use crate::parameter::Parameter;
use crate::rt;
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

/// Normalisation over the last axes.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    /// Which axes.
    pub axes: Axes,
    /// What is added to the variance.
    pub eps: f64,
    /// Whether a scale is learnt.
    pub affine: bool,
    /// Whether a shift is learnt beside a scale.
    pub bias: bool,
    /// How scale and shift are trained.
    pub course: Course,
}

/// The last axes that are normalised together.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// Their sizes, where the user states them.
    pub shape: Option<Vec<usize>>,
    /// How many there are.
    pub count: usize,
}

impl Axes {
    /// Reads `shape` and `axes`.
    pub fn declare(arguments: &mut Arguments<'_>) -> Self {
        let shape = (arguments.positional() > 0).then(|| arguments.sizes("shape"));
        let shape = shape.or_else(|| arguments.optional_sizes("shape"));
        let axes = arguments.named_size_or("axes", 1);
        let count = shape.as_ref().map_or(axes, Vec::len);
        if axes != 1 && axes != count {
            let message = format!(
                "`axes` is {axes}, but `shape` has {count}; leave `axes` out, for the shape says how many there are"
            );
            arguments.reject("axes", message);
        }
        Self { shape, count }
    }

    /// Any shape that ends in the one that is stated.
    pub fn check(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let (layer, Feed { from, shape, .. }) = (call.layer, call.inputs[0]);
        let Some(first) = shape.len().checked_sub(self.count) else {
            return Err(format!(
                "`{layer}` normalises the last {} axes, but `{from}` gives {shape:?}, which has {}; \
                 leave the number out and it is the last",
                self.count,
                shape.len()
            ));
        };
        match &self.shape {
            Some(stated) if shape[first..] != stated[..] => Err(format!(
                "`{layer}` is declared for {stated:?}, but `{from}` gives {shape:?}, which ends in {:?}; \
                 write `axes = {}` instead and the sizes are inferred",
                &shape[first..],
                self.count
            )),
            _ => Ok(shape.to_vec()),
        }
    }

    /// Learnt tensors of the normalised shape: their names, and where they begin.
    pub fn parameters(&self, input: &[usize], named: &[(&str, f64)]) -> Vec<Parameter> {
        let shape = &input[input.len().saturating_sub(self.count)..];
        let tensor = |&(name, init): &(&str, f64)| learnt(name, shape.to_vec(), init);
        named.iter().map(tensor).collect()
    }
}

/// So many operations for each number.
pub fn flops(each: u64, output: &[usize]) -> u64 {
    output
        .iter()
        .fold(each, |flops, &size| flops.saturating_mul(size as u64))
}

impl Operator for LayerNorm {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            axes: Axes::declare(arguments),
            eps: arguments.positive_or("eps", 1e-5),
            affine: arguments.flag("affine", true),
            bias: arguments.flag("bias", true),
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

    /// Scale and shift begin with 1 and 0.
    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let named = &[("weight", 1.0), ("bias", 0.0)][..self.tensors()];
        self.course.of(self.axes.parameters(inputs[0], named))
    }

    /// Two sums, a difference, a square, and two multiply-adds.
    fn flops(&self, _: &[&[usize]], output: &[usize]) -> u64 {
        flops(8, output)
    }
}

impl LayerNorm {
    /// How many tensors are learnt.
    fn tensors(&self) -> usize {
        match (self.affine, self.bias) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        }
    }

    fn units(&self) -> Units {
        Units {
            unit: Unit::Last(self.axes.count),
            norm: rt::NORM_LAYER,
            kept: 3,
            eps: self.eps,
            affine: self.tensors(),
            learns: !self.course.frozen,
        }
    }
}

/// Hands the back end on to `units()`.
macro_rules! by_units {
    ($name:ident) => {
        impl Lower for $name {
            fn absorbs_activation(&self) -> bool {
                true
            }

            fn keeps_storage(&self) -> bool {
                true
            }

            fn accepts(&self, operand: Operand<'_>) -> bool {
                self.units().accepts(operand)
            }

            fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
                self.units().wants(operand, border)
            }

            fn packing(&self, inputs: &[&Storage], output: &[usize]) -> Vec<Packing> {
                self.units().packing(inputs[0], output)
            }

            fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                self.units().infer(site)
            }

            fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                self.units().forward(site)
            }

            fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                self.units().backward(site)
            }

            fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
                Some(self.units().update(site, index))
            }
        }
    };
}
pub(super) use by_units;

by_units!(LayerNorm);
