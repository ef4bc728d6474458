//! The layers and operators, one file each, and the one table that lists them.

use crate::{
    arguments::Arguments,
    pace::{Pace, Timing},
    parameter::Parameter,
};
pub use levels::Asked;
pub use operator::{Application, Feed, Operator};
pub use parts::{Part, Parts, Source};

pub mod abs;
pub mod activation;
pub mod adaptive_avg_pool1d;
pub mod adaptive_avg_pool2d;
pub mod adaptive_max_pool1d;
pub mod adaptive_max_pool2d;
pub mod add;
pub mod alpha_dropout;
pub mod attend;
pub mod avg_pool1d;
pub mod avg_pool2d;
pub mod batch_norm;
pub mod broadcast;
pub mod clamp;
pub mod concat;
pub mod conv1d;
pub mod conv2d;
pub mod conv_transpose1d;
pub mod conv_transpose2d;
pub mod convolution;
pub mod copying;
pub mod custom;
pub mod dense;
pub mod div;
pub mod dropout;
pub mod elu;
pub mod embedding;
pub mod exp;
pub mod factor;
pub mod flatten;
pub mod gaussian_dropout;
pub mod gaussian_noise;
pub mod gelu;
pub mod global_avg_pool;
pub mod global_max_pool;
pub mod group_norm;
pub mod gru;
pub mod hard_sigmoid;
pub mod hard_swish;
pub mod hard_tanh;
pub mod image;
pub mod init;
pub mod initial;
pub mod instance_norm;
pub mod l2_normalize;
pub mod last;
pub mod layer_norm;
pub mod leaky_relu;
pub mod length;
pub mod levels;
pub mod log;
pub mod log_softmax;
pub mod lower;
pub mod lstm;
pub mod max;
pub mod max_pool1d;
pub mod max_pool2d;
pub mod mean;
pub mod min;
pub mod mish;
pub mod mul;
pub mod noise;
pub mod normalised;
pub mod operator;
pub mod pad;
pub mod padding_mode;
pub mod pair;
pub mod parameter;
pub mod parts;
pub mod permute;
pub mod pixel_shuffle;
pub mod pixel_unshuffle;
pub mod pool;
pub mod positions;
pub mod prelu;
pub mod reciprocal;
pub mod recurrence;
pub mod reduction;
pub mod reference;
pub mod relu;
pub mod relu6;
pub mod repack;
pub mod rescaling;
pub mod reshape;
pub mod rms_norm;
pub mod rnn;
pub mod selu;
pub mod sigmoid;
pub mod silu;
pub mod sinusoidal_positions;
pub mod slice;
pub mod softmax;
pub mod softplus;
pub mod softsign;
pub mod spatial_dropout;
pub mod sqrt;
pub mod squeeze;
pub mod state;
pub mod stochastic_depth;
pub mod sub;
pub mod sum;
pub mod tanh;
pub mod transpose;
pub mod units;
pub mod unsqueeze;
pub mod upsample;
pub mod window;

/// Makes the enum of all operators and hands every call on to the one meant.
macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident = $module:ident, $function:expr;)*) => {
        /// Any layer or operator.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op {
            $($(#[$doc])* $name($module::$name),)*
            /// A layer of the user's own.
            Custom(custom::Custom),
            /// The product with an embedding's vectors.
            Attend(attend::Attend),
            /// A copy that the compiler inserted.
            Repack(repack::Repack),
            /// Rows that a recurrence takes or gives.
            State(state::State),
            /// A learnt state before the first step.
            Initial(initial::Initial),
        }

        $(impl From<$module::$name> for Op {
            fn from(op: $module::$name) -> Self {
                Self::$name(op)
            }
        })*

        impl From<custom::Custom> for Op {
            fn from(op: custom::Custom) -> Self {
                Self::Custom(op)
            }
        }

        impl From<attend::Attend> for Op {
            fn from(op: attend::Attend) -> Self {
                Self::Attend(op)
            }
        }

        impl From<repack::Repack> for Op {
            fn from(op: repack::Repack) -> Self {
                Self::Repack(op)
            }
        }

        impl From<state::State> for Op {
            fn from(op: state::State) -> Self {
                Self::State(op)
            }
        }

        impl From<initial::Initial> for Op {
            fn from(op: initial::Initial) -> Self {
                Self::Initial(op)
            }
        }

        /// Kinds that can be declared, as users write them, with the function of `forward` that applies them (if any).
        pub const KINDS: &$crate::elsewhere::Kinds = &[$((stringify!($name), $function),)*];

        impl Op {
            /// Reads a declaration; `None` where no such kind exists.
            pub fn declare(kind: &str, arguments: &mut Arguments<'_>) -> Option<Self> {
                match kind {
                    $(stringify!($name) => Some(Self::$name($module::$name::declare(arguments))),)*
                    _ => None,
                }
            }

            /// The kind, as a user would write it.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                    Self::Custom(_) => "Custom",
                    Self::Attend(_) => "Attend",
                    Self::Repack(_) => "Repack",
                    Self::State(_) => "State",
                    Self::Initial(_) => "Initial",
                }
            }
        }

        /// Hands a call on to whichever operator `$op` is.
        macro_rules! each {
            ($op:expr, $inner:ident => $body:expr) => {
                match $op {
                    $($crate::ops::Op::$name($inner) => $body,)*
                    $crate::ops::Op::Custom($inner) => $body,
                    $crate::ops::Op::Attend($inner) => $body,
                    $crate::ops::Op::Repack($inner) => $body,
                    $crate::ops::Op::State($inner) => $body,
                    $crate::ops::Op::Initial($inner) => $body,
                }
            };
        }
    };
}

operators! {
    /// y = x W^T + b.
    Dense = dense, None;
    /// One-dimensional convolution.
    Conv1d = conv1d, None;
    /// Two-dimensional convolution.
    Conv2d = conv2d, None;
    /// Two-dimensional transposed convolution.
    ConvTranspose2d = conv_transpose2d, None;
    /// One-dimensional transposed convolution.
    ConvTranspose1d = conv_transpose1d, None;
    /// The largest of each window.
    MaxPool2d = max_pool2d, Some("max_pool2d");
    /// The largest of each window of steps.
    MaxPool1d = max_pool1d, Some("max_pool1d");
    /// The mean of each window.
    AvgPool2d = avg_pool2d, Some("avg_pool2d");
    /// The mean of each window of steps.
    AvgPool1d = avg_pool1d, Some("avg_pool1d");
    /// The means of as many windows as are asked for.
    AdaptiveAvgPool2d = adaptive_avg_pool2d, Some("adaptive_avg_pool2d");
    /// The means of as many windows of steps as are asked for.
    AdaptiveAvgPool1d = adaptive_avg_pool1d, Some("adaptive_avg_pool1d");
    /// The largest of as many windows as are asked for.
    AdaptiveMaxPool2d = adaptive_max_pool2d, Some("adaptive_max_pool2d");
    /// The largest of as many windows of steps as are asked for.
    AdaptiveMaxPool1d = adaptive_max_pool1d, Some("adaptive_max_pool1d");
    /// The mean of each channel.
    GlobalAvgPool = global_avg_pool, Some("global_avg_pool");
    /// The largest of each channel.
    GlobalMaxPool = global_max_pool, Some("global_max_pool");
    /// An image or a sequence at another size.
    Upsample = upsample, Some("upsample");
    /// Each channel at mean 0 and variance 1 over the batch.
    BatchNorm = batch_norm, None;
    /// Each group of a sample's channels at mean 0 and variance 1.
    GroupNorm = group_norm, None;
    /// Each of a sample's channels at mean 0 and variance 1.
    InstanceNorm = instance_norm, None;
    /// The last axes of each sample at mean 0 and variance 1.
    LayerNorm = layer_norm, None;
    /// The last axes of each sample at a mean square of 1.
    RmsNorm = rms_norm, None;
    /// Every pixel, step or vector at a norm of 1.
    L2Normalize = l2_normalize, Some("l2_normalize");
    /// A learnt vector for each token.
    Embedding = embedding, None;
    /// A learnt vector added to each step.
    Positions = positions, None;
    /// A vector of sines and cosines added to each step.
    SinusoidalPositions = sinusoidal_positions, Some("sinusoidal_positions");
    /// A plain recurrence over the first axis.
    Rnn = rnn, None;
    /// Long short-term memory over the first axis.
    Lstm = lstm, None;
    /// Gated recurrent units over the first axis.
    Gru = gru, None;
    /// The last step of a sequence.
    Last = last, Some("last");
    /// All axes as one.
    Flatten = flatten, Some("flatten");
    /// The same numbers in another shape.
    Reshape = reshape, Some("reshape");
    /// Numbers around an image or a sequence.
    Pad = pad, Some("pad");
    /// Two axes exchanged.
    Transpose = transpose, Some("transpose");
    /// Axes in another order.
    Permute = permute, Some("permute");
    /// Without axes of size 1.
    Squeeze = squeeze, Some("squeeze");
    /// With an axis of size 1.
    Unsqueeze = unsqueeze, Some("unsqueeze");
    /// Squares of channels as squares of pixels.
    PixelShuffle = pixel_shuffle, Some("pixel_shuffle");
    /// Squares of pixels as squares of channels.
    PixelUnshuffle = pixel_unshuffle, Some("pixel_unshuffle");
    /// Zeroes at random while training.
    Dropout = dropout, Some("dropout");
    /// Zeroes whole channels at random while training.
    SpatialDropout = spatial_dropout, Some("spatial_dropout");
    /// Brings numbers to SELU's least value at random while training.
    AlphaDropout = alpha_dropout, Some("alpha_dropout");
    /// Multiplies by normal noise while training.
    GaussianDropout = gaussian_dropout, Some("gaussian_dropout");
    /// Adds normal noise while training.
    GaussianNoise = gaussian_noise, Some("gaussian_noise");
    /// Zeroes samples at random while training.
    StochasticDepth = stochastic_depth, Some("stochastic_depth");
    /// max(x, 0).
    Relu = relu, Some("relu");
    /// 1 / (1 + e^-x).
    Sigmoid = sigmoid, Some("sigmoid");
    /// Hyperbolic tangent.
    Tanh = tanh, Some("tanh");
    /// max(x, 0), and a part of x below 0.
    LeakyRelu = leaky_relu, Some("leaky_relu");
    /// x between 0 and 6.
    Relu6 = relu6, Some("relu6");
    /// x between two bounds.
    HardTanh = hard_tanh, Some("hard_tanh");
    /// A learnt part of x below 0.
    PRelu = prelu, None;
    /// An exponential below 0.
    Elu = elu, Some("elu");
    /// An exponential below 0, scaled.
    Selu = selu, Some("selu");
    /// x times the normal distribution.
    Gelu = gelu, Some("gelu");
    /// x times its logistic function.
    Silu = silu, Some("silu");
    /// x times the hyperbolic tangent of its softplus.
    Mish = mish, Some("mish");
    /// ln(1 + e^x).
    Softplus = softplus, Some("softplus");
    /// x / (1 + |x|).
    Softsign = softsign, Some("softsign");
    /// x / 6 + 1/2 between 0 and 1.
    HardSigmoid = hard_sigmoid, Some("hard_sigmoid");
    /// x times that.
    HardSwish = hard_swish, Some("hard_swish");
    /// |x|.
    Abs = abs, Some("abs");
    /// The square root.
    Sqrt = sqrt, Some("sqrt");
    /// e^x.
    Exp = exp, Some("exp");
    /// ln x.
    Log = log, Some("log");
    /// x between bounds.
    Clamp = clamp, Some("clamp");
    /// e^x over its sum.
    Softmax = softmax, Some("softmax");
    /// The logarithm of softmax.
    LogSoftmax = log_softmax, Some("log_softmax");
    /// Sum of two tensors.
    Add = add, Some("add");
    /// Difference of two tensors.
    Sub = sub, Some("sub");
    /// Elementwise product of two tensors.
    Mul = mul, Some("mul");
    /// Elementwise quotient of two tensors.
    Div = div, Some("div");
    /// A tensor times a number.
    Factor = factor, Some("factor");
    /// A tensor times a number, plus a number.
    Rescaling = rescaling, Some("rescaling");
    /// A number over a tensor.
    Reciprocal = reciprocal, Some("reciprocal");
    /// The mean along axes.
    Mean = mean, Some("mean");
    /// The sum along axes.
    Sum = sum, Some("sum");
    /// The largest number along axes.
    Max = max, Some("max");
    /// The least number along axes.
    Min = min, Some("min");
    /// Tensors side by side along an axis.
    Concat = concat, Some("concat");
    /// A range along an axis.
    Slice = slice, Some("slice");
}

/// The kind that a function applies.
pub fn kind_of(function: &str) -> Option<&'static str> {
    let is_meant = |(_, name): &&(&str, Option<&str>)| *name == Some(function);
    KINDS.iter().find(is_meant).map(|(kind, _)| *kind)
}

impl Op {
    /// Its back end.
    pub fn lower(&self) -> &dyn lower::Lower {
        each!(self, op => op)
    }

    /// How many operands it takes: at least and at most.
    pub fn arity(&self) -> (usize, usize) {
        each!(self, op => op.arity())
    }

    /// Whether it may be given a length; see [`Operator::takes_length`].
    pub fn takes_length(&self) -> bool {
        each!(self, op => op.takes_length())
    }

    /// The operators that one application of it becomes; see [`Operator::levels`].
    pub fn parts(&self, asked: Asked<'_>) -> Parts<Self> {
        each!(self, op => match op.padded_first() {
            Some((mode, by_zeros, bare)) => {
                Parts::pair(Self::pad_before(by_zeros.into(), mode), bare.into())
            }
            None => Parts::of(op.levels(asked), asked, op.states()),
        })
    }

    /// How many states it has between steps; see [`Operator::states`].
    pub fn states(&self) -> usize {
        each!(self, op => op.states())
    }

    /// Whether it learns them; see [`Operator::learns_states`].
    pub fn learns_states(&self) -> bool {
        each!(self, op => op.learns_states())
    }

    /// Whether it is a recurrence; see [`Operator::remembers`].
    pub fn remembers(&self) -> bool {
        each!(self, op => op.remembers())
    }

    /// The indices it takes; see [`Operator::tokens`].
    pub fn tokens(&self, operand: usize, inputs: &[&[usize]]) -> Option<[u32; 2]> {
        each!(self, op => op.tokens(operand, inputs))
    }

    /// Whether it needs panels; see [`Operator::needs_panels`].
    pub fn needs_panels(&self) -> bool {
        each!(self, op => op.needs_panels())
    }

    /// Takes panels; see [`Operator::take_panels`].
    pub fn take_panels(&mut self) {
        each!(self, op => op.take_panels());
    }

    /// The shape rule; see [`Operator::infer`].
    pub fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        each!(self, op => op.infer(call))
    }

    /// The rule in time; see [`Operator::pace`].
    pub fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        each!(self, op => op.pace(timing))
    }

    /// Itself as it answers steps; see [`Operator::framed`].
    pub fn framed(&self) -> Self {
        each!(self, op => op.framed().into())
    }

    /// How a size comes about; see [`Operator::arithmetic`].
    pub fn arithmetic(&self, inputs: &[&[usize]], axis: usize) -> Option<String> {
        each!(self, op => op.arithmetic(inputs, axis))
    }

    /// Takes notice of shapes; see [`Operator::settle`].
    pub fn settle(&mut self, inputs: &[&[usize]]) {
        each!(self, op => op.settle(inputs));
    }

    /// What it learns; see [`Operator::parameters`].
    pub fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        each!(self, op => op.parameters(inputs))
    }

    /// Operations of one sample's forward pass; see [`Operator::flops`].
    pub fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        each!(self, op => op.flops(inputs, output))
    }
}
