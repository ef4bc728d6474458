//! `Dense(outputs)` or `Dense(inputs, outputs)`: y = x W^T + b, as `torch.nn.Linear`.
//!
//! A sequence `[T, F]` is mapped step by step.

use super::{Call, Operator, parameter::Weights};
use crate::{arguments::Arguments, graph::Parameter};

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Inputs, where the user states them.
    pub inputs: Option<usize>,
    /// Outputs.
    pub outputs: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How weights begin and are penalised.
    pub weights: Weights,
}

impl Operator for Dense {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let inputs = (arguments.positional() > 1).then(|| arguments.size("inputs"));
        Self {
            inputs: inputs.or_else(|| arguments.optional_size("inputs")),
            outputs: arguments.size("outputs"),
            bias: arguments.flag("bias", true),
            weights: Weights::declare(arguments),
        }
    }

    /// `[.., F]` gives `[.., outputs]`, where `..` is nothing or the steps of a sequence.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let flat: usize = feed.shape.iter().product();
        let expected = self.inputs.map_or("a vector [F] or a sequence [T, F]".to_string(), |n| {
            format!("{n} inputs")
        });
        match *feed.shape {
            [n] | [_, n] if self.inputs.is_none_or(|stated| stated == n) => {
                let mut shape = feed.shape.to_vec();
                shape.pop();
                shape.push(self.outputs);
                Ok(shape)
            }
            [_] | [_, _] => Err(format!(
                "`{}` is declared for {expected}, but `{}` gives {:?}; leave the number out and it is inferred",
                call.layer, feed.from, feed.shape
            )),
            _ => Err(format!(
                "`{}` takes {expected}, but `{}` gives {:?}; put `Flatten` before it, which gives {flat}",
                call.layer, feed.from, feed.shape
            )),
        }
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let fan_in = inputs[0].last().copied().unwrap_or(1);
        let mut parameters = vec![Parameter {
            name: "weight".into(),
            shape: vec![self.outputs, fan_in],
            init: self.weights.init(fan_in, self.outputs),
            l1: self.weights.l1,
            l2: self.weights.l2,
        }];
        if self.bias {
            parameters.push(Parameter::bias("bias", self.outputs, fan_in));
        }
        parameters
    }

    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        let fan_in = inputs[0].last().copied().unwrap_or(1) as u64;
        output.iter().fold(2 * fan_in + u64::from(self.bias), |flops, &size| flops.saturating_mul(size as u64))
    }
}
