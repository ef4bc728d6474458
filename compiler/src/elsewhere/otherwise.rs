//! Arguments that there are elsewhere for what is otherwise said here, or not at all.

/// Those that mean the same wherever they are met.
const EVERYWHERE: &[(&str, &str)] = &[
    ("activation", ACTIVATION),
    ("nonlinearity", ACTIVATION),
    (
        "input_shape",
        "every layer's input is inferred; the model's stands behind its name, as in `Net(x: [784])`",
    ),
    (
        "input_dim",
        "every layer's input is inferred; the model's stands behind its name, as in `Net(x: [784])`",
    ),
    (
        "mask_zero",
        "give the steps that count as `length = ..` to what reads them",
    ),
    (
        "length",
        "a length is a `u32` input of the model, given in `forward`, as in `gru(x, length = n)`",
    ),
    (
        "lengths",
        "a length is a `u32` input of the model, given in `forward`, as in `gru(x, length = n)`",
    ),
    (
        "mask",
        "multiply by an input [T, 1], or give the number of steps, as in `gru(x, length = n)`",
    ),
    ("start_dim", "all axes become one; leave it out"),
    (
        "batch_first",
        "shapes leave the batch out, and steps come first; leave it out",
    ),
    (
        "return_sequences",
        "every step's state is given; put `Last` behind it for the last alone",
    ),
    (
        "return_state",
        "bind the states after the last step in `forward`, as in `let (y, h) = gru(x);`",
    ),
    ("dropout", "put `Dropout(0.5)` behind it"),
    (
        "kernel_regularizer",
        "write the penalties `l1 = 1e-4` and `l2 = 1e-4`",
    ),
    (
        "kernel_constraint",
        "write `max_norm = 3` for a limit of each output's incoming weights",
    ),
    (
        "recurrent_constraint",
        "write `max_norm = 3` for a limit of each gate's incoming weights",
    ),
    ("bias_constraint", "biases have no limit; leave it out"),
    (
        "weight_decay",
        "write the penalty `l2 = 1e-4`, or give the optimizer a weight decay",
    ),
    (
        "trainable",
        "write `frozen = true` where it is not to be trained",
    ),
    (
        "requires_grad",
        "write `frozen = true` where it is not to be trained",
    ),
    (
        "data_format",
        "images are [channels, height, width]; leave it out",
    ),
    ("inplace", "memory is planned while compiling; leave it out"),
    ("dtype", "numbers are f32; leave it out"),
    ("device", "networks run on the processor; leave it out"),
    ("p", "it takes none"),
    (
        "noise_shape",
        "`SpatialDropout` drops whole channels, and `StochasticDepth` whole samples; leave it out",
    ),
    (
        "seed",
        "all that is random in training has the training's seed; leave it out",
    ),
    (
        "training",
        "training and inference are told apart without it; leave it out",
    ),
    (
        "bidirectional",
        "only `Rnn`, `Lstm` and `Gru` read in two directions; leave it out",
    ),
    (
        "go_backwards",
        "`bidirectional = true` adds a direction that reads from the last step to the first",
    ),
    (
        "recurrent_dropout",
        "`dropout` acts between levels; what passes from step to step is whole",
    ),
    ("dim", AXES),
    ("axis", AXES),
    (
        "padding_mode",
        "only `Conv1d`, `Conv2d` and `Pad` have other modes than their own; leave it out",
    ),
];

const AXES: &str = "its axes follow from the shape; leave it out";

const ACTIVATION: &str = "activations are layers; put `Relu` behind it, as in `Dense(8), Relu`";

/// Those that mean something of some layers alone.
const OF_SOME: &[(&[&str], &[&str], &str)] = &[
    (
        &["Softmax", "LogSoftmax"],
        &["dim", "axis"],
        "the axis is always the last; leave it out",
    ),
    (
        &["LayerNorm", "RmsNorm"],
        &["dim", "axis"],
        "the last axes are normalised, and `axes = 2` takes two of them",
    ),
    (
        &["L2Normalize"],
        &["dim", "axis"],
        "the axis is always that of the channels; leave it out",
    ),
    (
        &["ConvTranspose1d", "ConvTranspose2d"],
        &["padding_mode"],
        "padding is zeros; leave it out",
    ),
    (
        &["Rnn", "Lstm"],
        &["reset_after"],
        "only `Gru` has a reset gate; leave it out",
    ),
    (
        &["Rnn", "Gru"],
        &["forget_bias", "unit_forget_bias"],
        "only `Lstm` has a forget gate; write `bias_init` for all biases",
    ),
    (
        &["Lstm", "Gru"],
        &["nonlinearity", "activation", "recurrent_activation"],
        "its gates are sigmoids and its candidate a tanh; leave it out",
    ),
    (
        &["StochasticDepth"],
        &["mode"],
        "each sample is dropped by itself, as by `mode=\"row\"`; leave it out",
    ),
    (
        &["BatchNorm"],
        &["track_running_stats"],
        "running statistics are always kept, for a sample alone has none; leave it out",
    ),
    (
        &["BatchNorm", "GroupNorm", "InstanceNorm"],
        &["center", "scale"],
        "scale and shift are learnt or neither is; write `affine = false` for neither",
    ),
    (
        &["LayerNorm"],
        &["center", "scale"],
        "write `bias = false` for a scale alone, and `affine = false` for neither",
    ),
];

/// How something is said here for which there is an argument of a layer or a function elsewhere.
pub fn otherwise(callee: &str, theirs: &str) -> Option<&'static str> {
    let is_called = |kind: &&str| plain(kind) == plain(callee);
    let of_some = OF_SOME
        .iter()
        .find(|(kinds, words, _)| words.contains(&theirs) && kinds.iter().any(is_called));
    let everywhere = || EVERYWHERE.iter().find(|(word, _)| *word == theirs);
    of_some
        .map(|(.., otherwise)| *otherwise)
        .or_else(|| everywhere().map(|(_, otherwise)| *otherwise))
}

/// A word however it is written: `max_pool2d` and `MaxPool2D` are one.
pub(super) fn plain(word: &str) -> String {
    word.replace('_', "").to_lowercase()
}
