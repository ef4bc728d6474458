//! What Keras, PyTorch and JAX call things: whoever brings a word from there is told the word here.

use crate::nearest::list;

mod otherwise;

pub use otherwise::otherwise;
use otherwise::plain;

/// Layers as users write them, with the function of `forward` that applies them (if any).
pub type Kinds = [(&'static str, Option<&'static str>)];

/// Layers that are called otherwise there.
const LAYERS: &[(&str, &str)] = &[
    ("Linear", "Dense"),
    ("LazyLinear", "Dense"),
    ("FullyConnected", "Dense"),
    ("Fc", "Dense"),
    ("Convolution1D", "Conv1d"),
    ("Convolution2D", "Conv2d"),
    ("Conv", "Conv2d"),
    ("Conv2DTranspose", "ConvTranspose2d"),
    ("Conv1DTranspose", "ConvTranspose1d"),
    ("ConvTranspose", "ConvTranspose2d"),
    ("Deconvolution2D", "ConvTranspose2d"),
    ("Deconv2d", "ConvTranspose2d"),
    ("MaxPool", "MaxPool2d"),
    ("MaxPooling", "MaxPool2d"),
    ("AvgPool", "AvgPool2d"),
    ("AveragePooling2D", "AvgPool2d"),
    ("MaxPooling1D", "MaxPool1d"),
    ("AveragePooling1D", "AvgPool1d"),
    ("GlobalAveragePooling2D", "GlobalAvgPool"),
    ("GlobalAveragePooling1D", "GlobalAvgPool"),
    ("GlobalMaxPooling2D", "GlobalMaxPool"),
    ("GlobalMaxPooling1D", "GlobalMaxPool"),
    ("GlobalMaxPool2d", "GlobalMaxPool"),
    ("GlobalAvgPool2d", "GlobalAvgPool"),
    ("AdaptiveAvgPool", "AdaptiveAvgPool2d"),
    ("AdaptiveMaxPool", "AdaptiveMaxPool2d"),
    ("UpSampling2D", "Upsample"),
    ("UpSampling1D", "Upsample"),
    ("UpsamplingNearest2d", "Upsample"),
    ("UpsamplingBilinear2d", "Upsample"),
    ("Interpolate", "Upsample"),
    ("Resizing", "Upsample"),
    ("BatchNorm1d", "BatchNorm"),
    ("BatchNorm2d", "BatchNorm"),
    ("BatchNormalization", "BatchNorm"),
    ("LayerNormalization", "LayerNorm"),
    ("RMSNorm", "RmsNorm"),
    ("RMSNormalization", "RmsNorm"),
    ("GroupNormalization", "GroupNorm"),
    ("InstanceNorm1d", "InstanceNorm"),
    ("InstanceNorm2d", "InstanceNorm"),
    ("UnitNormalization", "L2Normalize"),
    ("Normalize", "L2Normalize"),
    ("Concatenate", "Concat"),
    ("Cat", "Concat"),
    ("ZeroPad1d", "Pad"),
    ("ZeroPad2d", "Pad"),
    ("ZeroPadding1D", "Pad"),
    ("ZeroPadding2D", "Pad"),
    ("Embed", "Embedding"),
    ("PositionEmbedding", "Positions"),
    ("PositionalEmbedding", "Positions"),
    ("PositionalEncoding", "SinusoidalPositions"),
    ("SinePositionEncoding", "SinusoidalPositions"),
    ("Subtract", "Sub"),
    ("Multiply", "Mul"),
    ("Divide", "Div"),
    ("Swapaxes", "Transpose"),
    ("DepthToSpace", "PixelShuffle"),
    ("SpaceToDepth", "PixelUnshuffle"),
    ("SimpleRNN", "Rnn"),
    ("Elman", "Rnn"),
    ("ReduceMean", "Mean"),
    ("ReduceSum", "Sum"),
    ("Maximum", "Max"),
    ("Minimum", "Min"),
    ("Rescale", "Rescaling"),
    ("View", "Reshape"),
    ("Unflatten", "Reshape"),
    ("Dropout1d", "SpatialDropout"),
    ("Dropout2d", "SpatialDropout"),
    ("SpatialDropout1D", "SpatialDropout"),
    ("SpatialDropout2D", "SpatialDropout"),
    ("ChannelDropout", "SpatialDropout"),
    ("DropPath", "StochasticDepth"),
    ("GaussNoise", "GaussianNoise"),
    ("Swish", "Silu"),
    ("Hardtanh", "HardTanh"),
    ("Hardsigmoid", "HardSigmoid"),
    ("Hardswish", "HardSwish"),
    ("HardSilu", "HardSwish"),
    ("ParametricRelu", "PRelu"),
    ("Clip", "Clamp"),
    ("Absolute", "Abs"),
    ("Exponential", "Exp"),
    ("Ln", "Log"),
];

/// Functions that are called otherwise there.
const FUNCTIONS: &[(&str, &str)] = &[
    ("cat", "concat"),
    ("concatenate", "concat"),
    ("hstack", "concat"),
    ("view", "reshape"),
    ("ravel", "flatten"),
    ("narrow", "slice"),
    ("subtract", "sub"),
    ("multiply", "mul"),
    ("normalize", "l2_normalize"),
    ("divide", "div"),
    ("swapaxes", "transpose"),
    ("swapdims", "transpose"),
    ("permute_dims", "permute"),
    ("expand_dims", "unsqueeze"),
    ("depth_to_space", "pixel_shuffle"),
    ("space_to_depth", "pixel_unshuffle"),
    ("amax", "max"),
    ("amin", "min"),
    ("reduce_mean", "mean"),
    ("reduce_sum", "sum"),
    ("reduce_max", "max"),
    ("reduce_min", "min"),
    ("true_divide", "div"),
    ("inverse", "reciprocal"),
    ("max_pooling2d", "max_pool2d"),
    ("max_pool", "max_pool2d"),
    ("avg_pool", "avg_pool2d"),
    ("average_pooling2d", "avg_pool2d"),
    ("interpolate", "upsample"),
    ("dropout1d", "spatial_dropout"),
    ("dropout2d", "spatial_dropout"),
    ("drop_path", "stochastic_depth"),
    ("swish", "silu"),
    ("hardtanh", "hard_tanh"),
    ("hardsigmoid", "hard_sigmoid"),
    ("hardswish", "hard_swish"),
    ("hard_silu", "hard_swish"),
    ("clip", "clamp"),
    ("absolute", "abs"),
    ("exponential", "exp"),
    ("ln", "log"),
];

/// Arguments that are called otherwise there; of several words here, the one that the layer has is meant.
const ARGUMENTS: &[(&str, &[&str])] = &[
    ("units", &["outputs", "hidden"]),
    ("features", &["outputs", "hidden", "channels"]),
    ("out_features", &["outputs"]),
    ("output_dim", &["outputs", "hidden", "features"]),
    ("num_features", &["features"]),
    ("num_embeddings", &["vocabulary"]),
    ("embedding_dim", &["features"]),
    ("padding_idx", &["padding"]),
    ("num_channels", &["channels"]),
    ("num_groups", &["groups"]),
    ("normalized_shape", &["shape"]),
    ("elementwise_affine", &["affine"]),
    ("epsilon", &["eps"]),
    ("in_features", &["inputs"]),
    ("input_size", &["inputs"]),
    ("input_dim", &["inputs", "vocabulary"]),
    ("in_channels", &["inputs"]),
    ("filters", &["channels"]),
    ("out_channels", &["channels"]),
    ("kernel_size", &["kernel"]),
    ("pool_size", &["kernel"]),
    ("scale_factor", &["scale"]),
    ("interpolation", &["mode"]),
    ("output_size", &["size"]),
    ("strides", &["stride"]),
    ("out_padding", &["output_padding"]),
    ("dilation_rate", &["dilation"]),
    ("hidden_size", &["hidden"]),
    ("num_layers", &["layers"]),
    ("use_bias", &["bias"]),
    ("rate", &["p"]),
    ("prob", &["p"]),
    ("probability", &["p"]),
    ("drop_prob", &["p"]),
    ("stddev", &["deviation"]),
    ("std", &["deviation"]),
    ("sigma", &["deviation"]),
    ("dim", &["axis"]),
    ("axes", &["axis"]),
    ("dims", &["axes"]),
    ("perm", &["axes"]),
    ("dim0", &["axis0"]),
    ("dim1", &["axis1"]),
    ("keepdims", &["keepdim"]),
    ("upscale_factor", &["factor"]),
    ("downscale_factor", &["factor"]),
    ("block_size", &["factor"]),
    ("target_shape", &["shape"]),
    ("kernel_initializer", &["init"]),
    ("weight_init", &["init"]),
    ("initializer", &["init"]),
    ("bias_initializer", &["bias_init"]),
    ("recurrent_initializer", &["recurrent_init"]),
    ("unit_forget_bias", &["forget_bias"]),
    ("maxnorm", &["max_norm"]),
    ("mode", &["padding_mode"]),
    ("negative_slope", &["slope"]),
    ("num_parameters", &["parameters"]),
    ("min_val", &["min"]),
    ("min_value", &["min"]),
    ("max_val", &["max"]),
    ("max_value", &["max"]),
];

/// Words of arguments that are called otherwise there.
const WORDS: &[(&str, &str)] = &[
    ("GlorotUniform", "XavierUniform"),
    ("GlorotNormal", "XavierNormal"),
    ("HeUniform", "KaimingUniform"),
    ("HeNormal", "KaimingNormal"),
    ("RandomUniform", "Uniform"),
    ("RandomNormal", "Normal"),
    ("TruncNormal", "TruncatedNormal"),
    ("Edge", "Replicate"),
    ("Border", "Replicate"),
    ("Nearest", "Replicate"),
    ("Wrap", "Circular"),
    ("Periodic", "Circular"),
    ("Mirror", "Reflect"),
];

/// Words that no argument has where they are met, and what there is instead.
const NO_WORDS: &[(&str, &str)] = &[
    (
        "Causal",
        "`Causal` pads before the steps of a sequence, which `Conv1d` reads",
    ),
    (
        "Full",
        "what is called full is the number `dilation * (kernel - 1)`",
    ),
    (
        "Symmetric",
        "`Reflect` mirrors without the edge, and `Replicate` repeats the edge",
    ),
];

/// Layers that are said otherwise here.
const NO_LAYERS: &[(&str, &str)] = &[
    (
        "Sequential",
        "a model is a chain of layers as it stands, so leave it out",
    ),
    ("ModuleList", "declare each layer on its own"),
    ("Identity", "it changes nothing, so leave it out"),
    (
        "Input",
        "inputs stand behind the model's name, as in `Net(x: [784])`",
    ),
    (
        "InputLayer",
        "inputs stand behind the model's name, as in `Net(x: [784])`",
    ),
    (
        "Activation",
        "an activation is a layer by its own name, as in `Relu`",
    ),
    (
        "DepthwiseConv2D",
        "a convolution of each channel by itself is `Conv2d` with as many `groups` as channels",
    ),
    (
        "DepthwiseConv1D",
        "a convolution of each channel by itself is `Conv1d` with as many `groups` as channels",
    ),
    (
        "SeparableConv2D",
        "it is two layers: `Conv2d` with as many `groups` as channels, and one with a kernel of 1",
    ),
    (
        "SeparableConv1D",
        "it is two layers: `Conv1d` with as many `groups` as channels, and one with a kernel of 1",
    ),
    (
        "ConstantPad1d",
        "it is `Pad`, as in `Pad(1, mode = Constant, value = 0.5)`",
    ),
    (
        "ConstantPad2d",
        "it is `Pad`, as in `Pad(1, mode = Constant, value = 0.5)`",
    ),
    (
        "ReflectionPad1d",
        "it is `Pad`, as in `Pad(1, mode = Reflect)`",
    ),
    (
        "ReflectionPad2d",
        "it is `Pad`, as in `Pad(1, mode = Reflect)`",
    ),
    (
        "ReplicationPad1d",
        "it is `Pad`, as in `Pad(1, mode = Replicate)`",
    ),
    (
        "ReplicationPad2d",
        "it is `Pad`, as in `Pad(1, mode = Replicate)`",
    ),
    (
        "CircularPad1d",
        "it is `Pad`, as in `Pad(1, mode = Circular)`",
    ),
    (
        "CircularPad2d",
        "it is `Pad`, as in `Pad(1, mode = Circular)`",
    ),
    (
        "Bidirectional",
        "a recurrent layer reads in both directions by `bidirectional = true`",
    ),
    ("TimeDistributed", "`Dense` maps a sequence step by step"),
    ("Lambda", "write the dataflow in `forward`"),
];

/// The kind that a layer from elsewhere is here.
pub fn layer(theirs: &str) -> Option<&'static str> {
    let same = |word: &str| plain(word) == plain(theirs);
    LAYERS
        .iter()
        .find(|(word, _)| same(word))
        .map(|(_, ours)| *ours)
}

/// How something is said here for which there is a layer elsewhere.
pub fn no_layer(theirs: &str) -> Option<&'static str> {
    let mut same = NO_LAYERS
        .iter()
        .filter(|(word, _)| plain(word) == plain(theirs));
    same.next().map(|(_, otherwise)| *otherwise)
}

/// The function that one from elsewhere is here, or that applies what is a layer elsewhere.
pub fn function(kinds: &Kinds, theirs: &str) -> Option<&'static str> {
    let applies = |ours: &str| kinds.iter().find(|(kind, _)| *kind == ours)?.1;
    find(FUNCTIONS, theirs).or_else(|| layer(theirs).and_then(applies))
}

/// The argument among `known` that one from elsewhere is here.
pub fn argument(theirs: &str, known: impl Fn(&str) -> bool) -> Option<&'static str> {
    let (_, ours) = ARGUMENTS.iter().find(|(word, _)| *word == theirs)?;
    ours.iter().copied().find(|ours| known(ours))
}

/// The word of an argument that one from elsewhere, however it is written, is here.
pub fn word(theirs: &str) -> Option<&'static str> {
    let found = WORDS.iter().find(|(word, _)| plain(word) == plain(theirs));
    found.map(|(_, ours)| *ours)
}

/// How something is said here for which there is a word elsewhere, however it is written.
pub fn no_word(theirs: &str) -> Option<&'static str> {
    let found = NO_WORDS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(theirs));
    found.map(|(_, otherwise)| *otherwise)
}

/// The kind that a word names, however it is written: `Relu`, `relu`, `ReLU`.
pub fn kind(kinds: &Kinds, word: &str) -> Option<&'static str> {
    let mut kinds = kinds.iter().map(|(kind, _)| *kind);
    kinds.find(|kind| plain(kind) == plain(word))
}

fn find(table: &'static [(&str, &'static str)], theirs: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(word, _)| *word == theirs)
        .map(|(_, ours)| *ours)
}

/// All layers, as a list in prose.
pub fn layers(kinds: &Kinds) -> String {
    list(kinds.iter().map(|(kind, _)| *kind))
}

/// All functions of `forward`, as a list in prose.
pub fn functions(kinds: &Kinds) -> String {
    list(kinds.iter().filter_map(|(_, function)| *function))
}
