//! `Positions(init = Normal(1))`: a learnt vector added to each step, as an `nn.Embedding` of the steps' numbers is, or
//! an `nn.Parameter` of shape `[T, F]`.

use super::operator::{Application, Operator};
use super::{dense, init::Scheme, lower::Lower, pair, parameter::Weights};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Gradient, Size, Slot};
use crate::packing::{PackedAxis, Packing};
use crate::parameter::{Init, Parameter};
use crate::rt::kernels;
use crate::site::{Operand, Site};
use crate::storage::{Border, LANES, Storage};

kernels! {
    ADD = positions::add(s, x, table, out y);
}

/// A vector for each step.
#[derive(Clone, Debug, PartialEq)]
pub struct Positions {
    /// How vectors begin and are penalised.
    pub weights: Weights,
}

impl Operator for Positions {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            weights: Weights::of_table(arguments, Scheme::Fixed(Init::Normal(1.0))),
        }
    }

    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        steps(call)
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let shape = inputs[0].to_vec();
        let init = match shape[..] {
            [steps, features] => self.weights.scheme.init(features, steps),
            _ => self.weights.scheme.init(1, 1),
        };
        let weight = self.weights.weight("weight", shape, init);
        self.weights.course.of(vec![weight])
    }
}

/// The steps of a sequence have positions.
pub fn steps(call: &Application<'_>) -> Result<Vec<usize>, String> {
    let feed = call.inputs[0];
    match feed.shape {
        [_, _] => Ok(feed.shape.to_vec()),
        _ => Err(format!(
            "`{}` takes a sequence [time, features], but `{}` gives {:?}, which has no steps; `Reshape` makes two axes of it",
            call.layer, feed.from, feed.shape
        )),
    }
}

/// Steps of a sample, and blocks of a step.
pub fn sizes(site: &Site<'_>) -> [usize; 2] {
    match *site.input_shape(0) {
        [steps, features] => [steps, features.div_ceil(LANES)],
        _ => unreachable!("a sequence has steps and features"),
    }
}

/// Whether a sequence lies step by step, each in whole blocks.
pub fn accepts(operand: Operand<'_>) -> bool {
    *operand.storage == Storage::natural(operand.shape, Border::default())
}

/// The call that adds a table to each sequence.
pub fn added(site: &Site<'_>, table: Argument<Slot>) -> Vec<Call<Slot>> {
    let [steps, blocks] = sizes(site);
    let form = Form::Steps { steps, blocks };
    let sizes = [Size::Isa, steps.into(), blocks.into()];
    let call = Call::of(&ADD, sizes).read("x", Slot::Input(0), form);
    let call = call.with("table", table);
    vec![call.write("y", Slot::Output, form)]
}

impl Lower for Positions {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        accepts(operand)
    }

    /// As the steps lie.
    fn packing(&self, inputs: &[&Storage], _: &[usize]) -> Vec<Packing> {
        let [steps, features] = inputs[0].shape[..] else {
            return Vec::new();
        };
        let blocks = features.div_ceil(LANES);
        vec![Packing {
            offset: 0,
            axes: vec![
                PackedAxis::plain(steps, blocks * LANES),
                PackedAxis::plain(features, 1),
            ],
            blocks: steps * blocks,
        }]
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let [steps, blocks] = sizes(site);
        let form = Form::Panels {
            rows: blocks,
            panels: steps,
        };
        added(site, Argument::read(Slot::Parameter(0), form))
    }

    /// dx = dy.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        pair::term(site, 0, false).into_iter().collect()
    }

    /// dW is the sum of dy over samples, as that of a bias is.
    fn update(&self, site: &Site<'_>, _: usize) -> Option<Gradient<Slot>> {
        let [steps, blocks] = sizes(site);
        Some(dense::bias_gradient(steps * blocks, 1, Slot::Delta))
    }
}
