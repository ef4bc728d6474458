//! `Lstm(hidden)`: long short-term memory over the steps of a sequence (Hochreiter and Schmidhuber 1997), as
//! `torch.nn.LSTM` with `batch_first = True`; it gives every step's hidden state.
//!
//! `layers = 2` stacks levels, each reading the one below. A level is an operator of its own, whose parameters end in
//! its number as PyTorch has it: `weight_ih_l1`.

mod lower;

use super::operator::{Application, Operator};
use super::{init::Scheme, parameter::Weights};
use crate::pace::{Pace, Timing};
use crate::{
    arguments::Arguments,
    parameter::{Init, Parameter},
};

/// A recurrent layer, or one level of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lstm {
    /// Features of a step, where the user states them.
    pub inputs: Option<usize>,
    /// Units of each level.
    pub hidden: usize,
    /// Levels still in one: 1 in a graph's nodes.
    pub layers: usize,
    /// Number of the lowest level, from 0.
    pub level: usize,
    /// Whether biases are added.
    pub bias: bool,
    /// How the weights of hidden states begin, if otherwise than those of inputs.
    pub recurrent: Option<Scheme>,
    /// With what the biases of the forget gate begin together, if otherwise than those of the others.
    pub forget: Option<f64>,
    /// How weights begin and are penalised.
    pub weights: Weights,
}

/// More levels than anybody stacks, so that a misplaced number is caught before it fills the memory.
const MOST_LAYERS: usize = 1000;

impl Operator for Lstm {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let inputs = (arguments.positional() > 1).then(|| arguments.size("inputs"));
        let inputs = inputs.or_else(|| arguments.optional_size("inputs"));
        let hidden = arguments.size("hidden");
        let mut layers = arguments.named_size_or("layers", 1);
        if layers > MOST_LAYERS {
            arguments.reject(
                "layers",
                format!("at most {MOST_LAYERS} levels can be stacked"),
            );
            layers = 1;
        }
        let bias = arguments.flag("bias", true);
        let weights = Weights::declare(arguments, bias);
        let recurrent = Scheme::declare(arguments, "recurrent_init", "init");
        let forget = arguments.optional_number("forget_bias", "1");
        if forget.is_some() && !bias {
            arguments.reject(
                "forget_bias",
                "this layer has no biases; drop `forget_bias`",
            );
        }
        Self {
            inputs,
            hidden,
            layers,
            level: 0,
            bias,
            weights,
            recurrent,
            forget,
        }
    }

    /// The lowest level reads what the user states; those above read `hidden` units.
    fn levels(&self) -> Vec<Self> {
        let levels = self.level..self.level + self.layers;
        let inputs = |level| {
            if level == self.level {
                self.inputs
            } else {
                None
            }
        };
        levels
            .map(|level| Self {
                level,
                layers: 1,
                inputs: inputs(level),
                ..self.clone()
            })
            .collect()
    }

    fn remembers(&self) -> bool {
        true
    }

    /// `[T, F]` gives `[T, hidden]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let found = format!("`{}` gives {:?}", feed.from, feed.shape);
        match *feed.shape {
            [steps, features] if self.inputs.is_none_or(|stated| stated == features) => {
                Ok(vec![steps, self.hidden])
            }
            [_, features] => Err(format!(
                "`{}` is declared for {} features, but {found}, which has {features}; leave the number out and it is inferred",
                call.layer,
                self.inputs.unwrap_or(features),
            )),
            [features] => Err(format!(
                "`{}` takes a sequence [time, features], but {found}, which has no time; \
                 `Reshape(1, {features})` makes it one step",
                call.layer
            )),
            [channels, height, width] => Err(format!(
                "`{}` takes a sequence [time, features], but {found}; put `Reshape({}, {width})` before it to read row by row",
                call.layer,
                channels.saturating_mul(height),
            )),
            _ => Err(format!(
                "`{}` takes a sequence [time, features], but {found}",
                call.layer
            )),
        }
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.features()
    }

    /// Four gates (i, f, g, o) from the input and from the hidden state, as PyTorch draws them: uniform within 1 / sqrt(hidden).
    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let features = inputs[0].last().copied().unwrap_or(1);
        let (level, gates) = (self.level, self.hidden.saturating_mul(4));
        let weight = |from: &str, fan_in: usize, scheme: &Scheme| {
            let init = match scheme {
                Scheme::Default => scheme.init(self.hidden, gates),
                _ => scheme.init(fan_in, gates),
            };
            let name = format!("weight_{from}_l{level}");
            self.weights.weight(name, vec![gates, fan_in], init)
        };
        let recurrent = self.recurrent.as_ref();
        let recurrent = recurrent.unwrap_or(&self.weights.scheme);
        let mut parameters = vec![
            weight("ih", features, &self.weights.scheme),
            weight("hh", self.hidden, recurrent),
        ];
        if self.bias {
            let bias = |from: &str, forget: f64| {
                let name = format!("bias_{from}_l{level}");
                let mut bias = self.weights.bias(name, gates, self.hidden);
                if self.forget.is_some() {
                    let others = || bias.init.clone();
                    let forget = Init::Constant(forget);
                    bias.init = Init::Parts(vec![others(), forget, others(), others()]);
                }
                bias
            };
            // A gate sees the sum of both.
            parameters.extend([bias("ih", self.forget.unwrap_or(0.0)), bias("hh", 0.0)]);
        }
        self.weights.course.of(parameters)
    }

    /// Four gates of two products each, then three sigmoids, two tanh, three products and a sum, each counted as one.
    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        let features = inputs[0].last().copied().unwrap_or(1);
        let sums = 2 * (features as u64 + self.hidden as u64) + 2 * u64::from(self.bias);
        let each = sums.saturating_mul(4).saturating_add(9);
        output
            .iter()
            .fold(each, |flops, &size| flops.saturating_mul(size as u64))
    }
}
