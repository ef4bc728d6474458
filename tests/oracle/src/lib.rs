//! The oracle: an interpreter over the graph in f64, by naive loops in PyTorch's semantics and layouts.
//!
//! It shares nothing with what comes after the front end: no layout, no fusion, no plan, no emission. Whatever an
//! expansion computes, this computes again slowly, as in inference or, where samples meet, as in training; gradients come
//! from differences ([`slope`](Reference::parameter_slope)), so that no derivative is written down twice.

#![forbid(unsafe_code)]

mod arrangement;
mod contraction;
mod gradient;
mod loss;
mod noise;
mod norm;
mod pointwise;
mod pooling;
mod recurrence;
mod reduction;
mod resampling;
mod rows;
mod tables;
#[cfg(test)]
mod tests;
mod units;

use std::{collections::BTreeMap, rc::Rc};

pub use gradient::{Slope, slope};
use kiln_compiler::{
    graph::{Graph, LayerId, Node, Parameter},
    ops::Op,
};
pub use loss::{cross_entropy, mse};
use noise::Lines;
pub use noise::Step;

/// A network to be interpreted: its graph and its parameters.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    graph: &'a Graph,
    /// Every parameter by its name in a `state_dict`, row-major in PyTorch's shape.
    pub parameters: BTreeMap<String, Vec<f64>>,
    /// For each node what noise makes of each sample, if any: lines in each number.
    noise: Rc<Vec<Option<Vec<Lines>>>>,
}

/// A tensor in row-major order.
#[derive(Clone, Copy, Debug)]
struct Tensor<'a> {
    shape: &'a [usize],
    data: &'a [f64],
}

/// One application of an operator: operands, parameters in the layer's order, and the result's shape.
#[derive(Clone, Debug)]
struct Application<'a> {
    inputs: Vec<Tensor<'a>>,
    parameters: Vec<Tensor<'a>>,
    output: &'a [usize],
}

/// How many numbers a shape holds.
fn volume(shape: &[usize]) -> usize {
    shape.iter().product()
}

impl<'a> Reference<'a> {
    /// A network whose parameters are all zero.
    pub fn new(graph: &'a Graph) -> Self {
        let zeros =
            |(name, parameter): (String, &Parameter)| (name, vec![0.0; volume(&parameter.shape)]);
        Self {
            graph,
            parameters: declared(graph).map(zeros).collect(),
            noise: Rc::default(),
        }
    }

    /// The same with the noise that batches of so many samples have at a step of training.
    pub fn at(self, step: Step, samples: usize) -> Self {
        let mut layers = 0;
        let lines = |node: &Node| {
            let shape = &self.graph.values[node.output.0].shape;
            let layer = layers;
            let draws = noise::is_random(&node.op);
            layers += usize::from(draws);
            draws.then(|| noise::lines(&node.op, shape, step, layer, samples))
        };
        let noise = self.graph.nodes.iter().map(lines).collect();
        Self {
            noise: Rc::new(noise),
            ..self
        }
    }

    /// Name and PyTorch's shape of every parameter, in the order of declaration: what is learnt first.
    pub fn shapes(&self) -> Vec<(String, &'a [usize])> {
        declared(self.graph)
            .map(|(name, parameter)| (name, &parameter.shape[..]))
            .collect()
    }

    /// The outputs for one sample in inference: noise does nothing, and statistics are running ones.
    ///
    /// # Panics
    ///
    /// If an input or a parameter has another number of elements than its shape says.
    pub fn forward(&self, inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut values = self.loaded(inputs);
        for node in &self.graph.nodes {
            values[node.output.0] = apply(&node.op, &self.application(node, &values));
        }
        self.outputs(&values)
    }

    /// The outputs of a batch in training, for each sample: statistics are the batch's, and noise is that of the step that
    /// [`at`](Self::at) says, or none.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    pub fn forward_training(&self, samples: &[Vec<Vec<f64>>]) -> Vec<Vec<Vec<f64>>> {
        let mut values: Vec<_> = samples.iter().map(|inputs| self.loaded(inputs)).collect();
        for (index, node) in self.graph.nodes.iter().enumerate() {
            let applications = values.iter().map(|values| self.application(node, values));
            let results: Vec<_> = match &node.op {
                Op::BatchNorm(norm) => norm::batch(norm, &applications.collect::<Vec<_>>()),
                Op::InstanceNorm(norm) => {
                    let each = |sample| units::instance(norm, &sample);
                    applications.map(each).collect()
                }
                op => applications.map(|each| apply(op, &each)).collect(),
            };
            let lines = self.noise.get(index).and_then(Option::as_ref);
            for (sample, (values, mut result)) in values.iter_mut().zip(results).enumerate() {
                if let Some(lines) = lines {
                    for (y, (a, b)) in result.iter_mut().zip(&lines[sample]) {
                        *y = a * *y + b;
                    }
                }
                values[node.output.0] = result;
            }
        }
        values.iter().map(|values| self.outputs(values)).collect()
    }

    /// All values of a sample, of which the inputs are there.
    fn loaded(&self, inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); self.graph.values.len()];
        assert_eq!(
            inputs.len(),
            self.graph.inputs.len(),
            "one tensor for each input"
        );
        for (id, input) in self.graph.inputs.iter().zip(inputs) {
            assert_eq!(
                input.len(),
                volume(&self.graph.values[id.0].shape),
                "numbers of an input"
            );
            values[id.0].clone_from(input);
        }
        values
    }

    fn outputs(&self, values: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let outputs = self.graph.outputs.iter();
        outputs.map(|id| values[id.0].clone()).collect()
    }

    /// Names of what is learnt.
    pub fn learnt(&self) -> Vec<String> {
        let learnt = declared(self.graph).filter(|(_, parameter)| parameter.is_learnt());
        learnt.map(|(name, _)| name).collect()
    }

    /// Whether training normalises otherwise than inference, or samples meet in it.
    pub fn meets(&self) -> bool {
        let meets = |node: &Node| match &node.op {
            Op::BatchNorm(_) => true,
            Op::InstanceNorm(norm) => norm.track_running_stats,
            _ => false,
        };
        self.graph.nodes.iter().any(meets)
    }

    /// Whether training draws bits.
    pub fn is_random(&self) -> bool {
        self.graph
            .nodes
            .iter()
            .any(|node| noise::is_random(&node.op))
    }

    /// What the penalties of all parameters add to a loss: the sum of `l1 |w| + l2 w^2`.
    pub fn penalty(&self) -> f64 {
        let of = |(name, parameter): (String, &Parameter)| {
            let each = |w: &f64| parameter.l1 * w.abs() + parameter.l2 * w * w;
            self.parameters[&name].iter().map(each).sum::<f64>()
        };
        let learnt = declared(self.graph).filter(|(_, parameter)| parameter.is_learnt());
        learnt.map(of).sum()
    }

    fn application<'s>(&'s self, node: &Node, values: &'s [Vec<f64>]) -> Application<'s> {
        let input = |id: &kiln_compiler::graph::ValueId| Tensor {
            shape: &self.graph.values[id.0].shape,
            data: &values[id.0],
        };
        let parameter = |(LayerId(layer), index): (LayerId, usize)| {
            let layer = &self.graph.layers[layer];
            let parameter = &layer.parameters[index];
            let data = &self.parameters[&full_name(&layer.name, parameter)];
            assert_eq!(
                data.len(),
                volume(&parameter.shape),
                "numbers of a parameter"
            );
            Tensor {
                shape: &parameter.shape,
                data,
            }
        };
        let own = node
            .layer
            .into_iter()
            .flat_map(|layer| node.parameters.iter().map(move |&index| (layer, index)));
        Application {
            inputs: node.inputs.iter().map(input).collect(),
            parameters: own.map(parameter).collect(),
            output: &self.graph.values[node.output.0].shape,
        }
    }
}

/// All parameters with their full names: what is learnt first.
fn declared(graph: &Graph) -> impl Iterator<Item = (String, &Parameter)> {
    let of_role = |learnt: bool| {
        graph.layers.iter().flat_map(move |layer| {
            let parameters = layer.parameters.iter();
            let parameters = parameters.filter(move |parameter| parameter.is_learnt() == learnt);
            parameters.map(|parameter| (full_name(&layer.name, parameter), parameter))
        })
    };
    of_role(true).chain(of_role(false))
}

fn full_name(layer: &str, parameter: &Parameter) -> String {
    format!("{layer}.{}", parameter.name)
}

/// The result of one application.
fn apply(op: &Op, application: &Application<'_>) -> Vec<f64> {
    if let Some(f) = pointwise::activation(op) {
        return pointwise::map(application, f);
    }
    match op {
        Op::Dense(_) => contraction::dense(application),
        Op::Conv1d(conv) => contraction::conv1d(conv, application),
        Op::Conv2d(conv) => contraction::conv2d(conv, application),
        Op::ConvTranspose1d(conv) => contraction::conv_transpose(conv, application),
        Op::ConvTranspose2d(conv) => contraction::conv_transpose(conv, application),
        Op::MaxPool1d(op) => pooling::pool(&op.0, application),
        Op::MaxPool2d(op) => pooling::pool(&op.0, application),
        Op::AvgPool1d(op) => pooling::pool(&op.0, application),
        Op::AvgPool2d(op) => pooling::pool(&op.0, application),
        Op::AdaptiveAvgPool1d(op) => pooling::pool(&op.0, application),
        Op::AdaptiveAvgPool2d(op) => pooling::pool(&op.0, application),
        Op::AdaptiveMaxPool1d(op) => pooling::pool(&op.0, application),
        Op::AdaptiveMaxPool2d(op) => pooling::pool(&op.0, application),
        Op::GlobalAvgPool(op) => pooling::pool(&op.0, application),
        Op::GlobalMaxPool(op) => pooling::pool(&op.0, application),
        Op::Upsample(op) => resampling::upsample(op, application),
        Op::BatchNorm(norm) => norm::running(norm, application),
        Op::GroupNorm(norm) => units::group(norm, application),
        Op::InstanceNorm(norm) if norm.track_running_stats => {
            norm::by_running(norm.eps, application)
        }
        Op::InstanceNorm(norm) => units::instance(norm, application),
        Op::LayerNorm(norm) => units::layer(norm, application),
        Op::RmsNorm(norm) => units::rms(norm, application),
        Op::L2Normalize(norm) => units::length(norm, application),
        Op::Rnn(layer) => recurrence::recurrence(&layer.0, application),
        Op::Lstm(layer) => recurrence::recurrence(&layer.0, application),
        Op::Gru(layer) => recurrence::recurrence(&layer.0, application),
        Op::Embedding(_) => tables::embedding(application),
        Op::Attend(_) => tables::attend(application),
        Op::Positions(_) => tables::positions(application),
        Op::SinusoidalPositions(_) => tables::sinusoidal(application),
        Op::PRelu(_) => pointwise::prelu(application),
        Op::Add(_) => pointwise::zip(application, |a, b| a + b),
        Op::Sub(_) => pointwise::zip(application, |a, b| a - b),
        Op::Mul(_) => pointwise::zip(application, |a, b| a * b),
        Op::Div(_) => pointwise::zip(application, |a, b| a / b),
        Op::Rescaling(op) => pointwise::map(application, |x| x * op.scale + op.offset),
        Op::Reciprocal(op) => pointwise::map(application, |x| op.numerator / x),
        Op::Factor(factor) => pointwise::map(application, |x| x * factor.factor),
        Op::Softmax(_) => rows::softmax(application),
        Op::LogSoftmax(_) => rows::log_softmax(application),
        Op::Mean(op) => reduction::reduce(&op.reduction, &tables::counted(application), |x| {
            x.iter().sum::<f64>() / x.len() as f64
        }),
        Op::Sum(op) => reduction::reduce(&op.reduction, &tables::counted(application), |x| {
            x.iter().sum()
        }),
        Op::Max(op) => reduction::reduce(&op.reduction, &tables::counted(application), |x| {
            x.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        }),
        Op::Min(op) => reduction::reduce(&op.reduction, &tables::counted(application), |x| {
            x.iter().copied().fold(f64::INFINITY, f64::min)
        }),
        Op::Transpose(op) => {
            let mut axes: Vec<_> = (0..application.output.len()).collect();
            axes.swap(op.axes[0], op.axes[1]);
            arrangement::permute(&axes, application)
        }
        Op::Permute(op) => arrangement::permute(&op.axes, application),
        Op::PixelShuffle(op) => arrangement::pixel_shuffle(op.factor, application),
        Op::PixelUnshuffle(op) => arrangement::pixel_unshuffle(op.factor, application),
        Op::Concat(concat) => arrangement::concat(concat, application),
        Op::Slice(slice) => arrangement::slice(slice, application),
        Op::Last(_) => arrangement::last(&tables::counted(application)),
        Op::State(op) => recurrence::rows(op, application),
        Op::Initial(_) => application.parameters[0].data.to_vec(),
        Op::Pad(pad) => arrangement::pad(pad, application),
        Op::Custom(_) => unreachable!("no reference runs a user's code"),
        // Inference, and what noise begins with.
        Op::Dropout(_)
        | Op::SpatialDropout(_)
        | Op::AlphaDropout(_)
        | Op::GaussianDropout(_)
        | Op::GaussianNoise(_)
        | Op::StochasticDepth(_) => application.inputs[0].data.to_vec(),
        Op::Flatten(_) | Op::Reshape(_) | Op::Squeeze(_) | Op::Unsqueeze(_) | Op::Repack(_) => {
            application.inputs[0].data.to_vec()
        }
        Op::Relu(_)
        | Op::Sigmoid(_)
        | Op::Tanh(_)
        | Op::LeakyRelu(_)
        | Op::Relu6(_)
        | Op::HardTanh(_)
        | Op::Clamp(_)
        | Op::Elu(_)
        | Op::Selu(_)
        | Op::Gelu(_)
        | Op::Silu(_)
        | Op::Mish(_)
        | Op::Softplus(_)
        | Op::Softsign(_)
        | Op::HardSigmoid(_)
        | Op::HardSwish(_)
        | Op::Abs(_)
        | Op::Sqrt(_)
        | Op::Exp(_)
        | Op::Log(_) => unreachable!("activations are functions of numbers"),
    }
}
