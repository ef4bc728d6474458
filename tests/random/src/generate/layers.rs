//! Layers at random, of every kind that a shape allows, and the shapes they give.

use super::padding::{self, Mode};
use crate::dice::Dice;

/// A layer that suits its operand.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its kind as declared.
    pub kind: &'static str,
    /// The function of `forward` that does the same without a declaration.
    pub function: Option<&'static str>,
    /// What stands in its parentheses.
    pub arguments: Vec<String>,
    /// The shape it gives.
    pub output: Vec<usize>,
}

impl Layer {
    pub fn new(kind: &'static str, arguments: Vec<String>, output: Vec<usize>) -> Self {
        Self {
            kind,
            function: None,
            arguments,
            output,
        }
    }

    pub fn function(self, function: &'static str) -> Self {
        Self {
            function: Some(function),
            ..self
        }
    }

    /// Whether a function of `forward` does the same: it learns nothing.
    pub fn has_function(&self) -> bool {
        self.function.is_some()
    }

    /// The call of its function: `leaky_relu(x, 0.25)`.
    pub fn called(&self, argument: &str) -> String {
        let function = self.function.unwrap_or("relu");
        let arguments = self
            .arguments
            .iter()
            .map(|argument| format!(", {argument}"));
        format!("{function}({argument}{})", arguments.collect::<String>())
    }

    /// The declaration without a name.
    pub fn declaration(&self) -> String {
        match self.arguments.is_empty() {
            true => self.kind.to_string(),
            false => format!("{}({})", self.kind, self.arguments.join(", ")),
        }
    }
}

/// A size on either side of a block's boundary as often as not.
pub fn size(dice: &mut Dice) -> usize {
    match dice.once_in(2) {
        true => dice.pick(&[1, 2, 3, 15, 16, 17, 31, 32, 33, 48]),
        false => dice.between(1, 24),
    }
}

/// Some layer that takes `shape`.
pub fn layer(dice: &mut Dice, shape: &[usize]) -> Layer {
    match (shape, dice.below(11)) {
        (_, 0) if shape.len() < 4 && dice.once_in(4) => prelu(dice, shape),
        (_, 0) => activation(dice, shape),
        (_, 1) => reshape(dice, shape),
        (_, 2) if dice.once_in(3) => padding::pad(dice, shape),
        (_, 2) => slice(dice, shape),
        (_, 9) if dice.once_in(3) => numbers(dice, shape),
        (_, 9) if dice.once_in(2) => reduction(dice, shape),
        (_, 8) if dice.once_in(2) => order(dice, shape),
        (_, 10) => norm(dice, shape),
        (_, 3) if dice.once_in(2) => noise(dice, shape),
        (&[_] | &[_, _], 3) => rows(dice, shape),
        (&[steps, features], 4) if steps > 1 => {
            Layer::new("Last", vec![], vec![features]).function("last")
        }
        (&[_, _], 5) if dice.once_in(2) => conv_transpose(dice, shape),
        (&[_, _], 5 | 6) => recurrence(dice, shape, false),
        (&[_, _], 7) if dice.once_in(3) => positions(dice, shape),
        (&[_, _], 7) => conv1d(dice, shape),
        (&[_, _], 8) => pool(dice, shape),
        (&[_, _, _], 3 | 4) => pool(dice, shape),
        (&[_, _, _], 5 | 6) if dice.once_in(2) => conv_transpose(dice, shape),
        (&[_, _, _], 5..=9) => conv(dice, shape),
        (&[_] | &[_, _], _) => dense(dice, shape),
        _ => flatten(shape),
    }
}

/// Some elementwise function. Those that are not defined everywhere, or that grow without bound, are left out.
pub fn activation(dice: &mut Dice, shape: &[usize]) -> Layer {
    let (kind, function, arguments) = dice.pick(&[
        ("Relu", "relu", ""),
        ("Relu", "relu", ""),
        ("Sigmoid", "sigmoid", ""),
        ("Tanh", "tanh", ""),
        ("Relu6", "relu6", ""),
        ("LeakyRelu", "leaky_relu", "0.25"),
        ("LeakyRelu", "leaky_relu", "-0.5"),
        ("HardTanh", "hard_tanh", "-0.75, max = 0.5"),
        ("Clamp", "clamp", "min = 0.125"),
        ("Elu", "elu", "0.5"),
        ("Elu", "elu", "-0.5"),
        ("Selu", "selu", ""),
        ("Gelu", "gelu", ""),
        ("Gelu", "gelu", "approximate = Tanh"),
        ("Silu", "silu", ""),
        ("Mish", "mish", ""),
        ("Softplus", "softplus", ""),
        ("Softplus", "softplus", "beta = 2"),
        ("Softsign", "softsign", ""),
        ("HardSigmoid", "hard_sigmoid", ""),
        ("HardSwish", "hard_swish", ""),
        ("Abs", "abs", ""),
    ]);
    let arguments = arguments.split_terminator(", ").map(String::from);
    Layer::new(kind, arguments.collect(), shape.to_vec()).function(function)
}

/// A learnt slope, for all channels or for each.
pub fn prelu(dice: &mut Dice, shape: &[usize]) -> Layer {
    let channels = match *shape {
        [channels, _, _] => channels,
        _ => shape[shape.len() - 1],
    };
    let parameters = dice.pick(&[1, channels]);
    Layer::new("PRelu", vec![parameters.to_string()], shape.to_vec())
}

/// Some layer that acts in training alone.
fn noise(dice: &mut Dice, shape: &[usize]) -> Layer {
    let (kind, function) = dice.pick(&[
        ("Dropout", "dropout"),
        ("SpatialDropout", "spatial_dropout"),
        ("AlphaDropout", "alpha_dropout"),
        ("GaussianDropout", "gaussian_dropout"),
        ("GaussianNoise", "gaussian_noise"),
        ("StochasticDepth", "stochastic_depth"),
    ]);
    if kind == "SpatialDropout" && shape.len() == 1 {
        return noise(dice, shape);
    }
    let strength = dice.pick(&["0", "0.125", "0.25", "0.5"]);
    Layer::new(kind, vec![strength.into()], shape.to_vec()).function(function)
}

/// Along some axes, or all.
fn reduction(dice: &mut Dice, shape: &[usize]) -> Layer {
    let (kind, function) = dice.pick(&[
        ("Mean", "mean"),
        ("Sum", "sum"),
        ("Max", "max"),
        ("Min", "min"),
    ]);
    let mut axes: Vec<usize> = (0..shape.len()).filter(|_| dice.once_in(2)).collect();
    let mut arguments = match (&axes[..], dice.once_in(2)) {
        ([], _) => vec![],
        ([axis], true) => vec![axis.to_string()],
        ([axis], false) => vec![format!("axis = {axis}")],
        (axes, _) => vec![format!("axis = {axes:?}")],
    };
    if axes.is_empty() {
        axes = (0..shape.len()).collect();
    }
    let keeps = dice.once_in(2);
    if keeps {
        arguments.push("keepdim = true".into());
    }
    let size = |axis: usize| match axes.contains(&axis) {
        true => keeps.then_some(1),
        false => Some(shape[axis]),
    };
    let mut output: Vec<usize> = (0..shape.len()).filter_map(size).collect();
    if output.is_empty() {
        output.push(1);
    }
    Layer::new(kind, arguments, output).function(function)
}

/// The same numbers in another order of the axes, or with more or fewer axes of size 1.
fn order(dice: &mut Dice, shape: &[usize]) -> Layer {
    let mut output = shape.to_vec();
    let factor = dice.between(2, 3);
    match (shape, dice.below(6)) {
        (&[channels, height, width], 0) if channels.is_multiple_of(factor * factor) => {
            let output = vec![channels / factor / factor, height * factor, width * factor];
            Layer::new("PixelShuffle", vec![factor.to_string()], output).function("pixel_shuffle")
        }
        (&[channels, height, width], 0 | 1)
            if height.is_multiple_of(factor) && width.is_multiple_of(factor) =>
        {
            let output = vec![channels * factor * factor, height / factor, width / factor];
            let arguments = vec![format!("factor = {factor}")];
            Layer::new("PixelUnshuffle", arguments, output).function("pixel_unshuffle")
        }
        (_, 2) if shape.len() < 4 => {
            let axis = dice.between(0, shape.len());
            output.insert(axis, 1);
            Layer::new("Unsqueeze", vec![axis.to_string()], output).function("unsqueeze")
        }
        (_, 3) if shape.contains(&1) && shape.len() > 1 => {
            output.retain(|&size| size > 1);
            if output.is_empty() {
                output.push(1);
            }
            Layer::new("Squeeze", vec![], output).function("squeeze")
        }
        (_, 4) => {
            let (a, b) = (dice.below(shape.len()), dice.below(shape.len()));
            output.swap(a, b);
            let arguments = vec![a.to_string(), b.to_string()];
            Layer::new("Transpose", arguments, output).function("transpose")
        }
        _ => {
            let mut axes: Vec<usize> = (0..shape.len()).collect();
            for axis in 1..axes.len() {
                axes.swap(axis, dice.below(axis + 1));
            }
            let output = axes.iter().map(|&axis| shape[axis]).collect();
            Layer::new("Permute", vec![format!("{axes:?}")], output).function("permute")
        }
    }
}

/// A number times each number, and another added.
pub fn numbers(dice: &mut Dice, shape: &[usize]) -> Layer {
    let scale = dice.pick(&["1", "-1", "0.5"]);
    let offset = dice.pick(&["offset = 1", "-0.25", "offset = 0.5"]);
    let arguments = vec![scale.into(), offset.into()];
    Layer::new("Rescaling", arguments, shape.to_vec()).function("rescaling")
}

/// All axes as one.
pub fn flatten(shape: &[usize]) -> Layer {
    Layer::new("Flatten", vec![], vec![shape.iter().product()]).function("flatten")
}

pub fn rows(dice: &mut Dice, shape: &[usize]) -> Layer {
    let (kind, function) = dice.pick(&[("Softmax", "softmax"), ("LogSoftmax", "log_softmax")]);
    Layer::new(kind, vec![], shape.to_vec()).function(function)
}

/// Any shape of one to four axes with as many numbers.
fn reshape(dice: &mut Dice, shape: &[usize]) -> Layer {
    let mut rest: usize = shape.iter().product();
    let mut sizes = Vec::new();
    for _ in 0..dice.pick(&[0, 1, 1, 2, 2, 3]) {
        let divisors: Vec<usize> = (1..=rest)
            .filter(|size| rest.is_multiple_of(*size))
            .collect();
        let size = dice.pick(&divisors);
        sizes.push(size);
        rest /= size;
    }
    sizes.push(rest);
    let arguments = sizes.iter().map(usize::to_string).collect();
    Layer::new("Reshape", arguments, sizes).function("reshape")
}

fn slice(dice: &mut Dice, shape: &[usize]) -> Layer {
    let axis = dice.below(shape.len());
    let start = dice.below(shape[axis]);
    let end = dice.between(start + 1, shape[axis]);
    let mut arguments = vec![format!("{start}..{end}")];
    if axis > 0 || dice.once_in(2) {
        arguments.push(format!("axis = {axis}"));
    }
    let mut output = shape.to_vec();
    output[axis] = end - start;
    Layer::new("Slice", arguments, output).function("slice")
}

pub fn dense(dice: &mut Dice, shape: &[usize]) -> Layer {
    let outputs = size(dice);
    let mut arguments = vec![outputs.to_string()];
    if dice.once_in(5) {
        arguments.insert(0, shape[shape.len() - 1].to_string());
    }
    let unbiased = unbiased(dice);
    let has_bias = unbiased.is_none();
    arguments.extend(unbiased);
    arguments.extend(weights(dice, has_bias));
    let mut output = shape.to_vec();
    output.pop();
    output.push(outputs);
    Layer::new("Dense", arguments, output)
}

pub fn norm(dice: &mut Dice, shape: &[usize]) -> Layer {
    match dice.below(8) {
        0 | 1 => return layer_norm(dice, shape),
        2 => return group_norm(dice, shape),
        3 if channels(shape) < shape.iter().product() => return instance_norm(dice, shape),
        4 => {
            let eps = dice.pick(&["eps = 0.5", "eps = 0.125"]);
            let layer = Layer::new("L2Normalize", vec![eps.into()], shape.to_vec());
            return layer.function("l2_normalize");
        }
        _ if shape.len() == 4 => return layer_norm(dice, shape),
        _ => {}
    }
    let mut arguments = Vec::new();
    if dice.once_in(3) {
        arguments.push("affine = false".into());
    }
    if dice.once_in(3) {
        arguments.push("eps = 0.0625".into());
    }
    if dice.once_in(3) {
        arguments.push("momentum = 0.25".into());
    }
    Layer::new("BatchNorm", arguments, shape.to_vec())
}

/// Channels of a shape.
fn channels(shape: &[usize]) -> usize {
    match *shape {
        [channels, _, _] | [channels, _, _, _] => channels,
        _ => shape[shape.len() - 1],
    }
}

/// An eps that differences of few numbers are not small beside.
fn eps(dice: &mut Dice) -> String {
    dice.pick(&["eps = 0.0625", "eps = 0.25"]).into()
}

fn layer_norm(dice: &mut Dice, shape: &[usize]) -> Layer {
    let kind = dice.pick(&["LayerNorm", "RmsNorm"]);
    let axes = dice.between(1, shape.len());
    let mut arguments = Vec::new();
    match dice.once_in(3) {
        true => {
            let sizes = shape[shape.len() - axes..].iter().map(usize::to_string);
            arguments.push(format!("[{}]", sizes.collect::<Vec<_>>().join(", ")));
        }
        false if axes > 1 || dice.once_in(4) => arguments.push(format!("axes = {axes}")),
        false => {}
    }
    arguments.push(eps(dice));
    if dice.once_in(4) {
        arguments.push("affine = false".into());
    }
    if kind == "LayerNorm" {
        arguments.extend(unbiased(dice));
    }
    Layer::new(kind, arguments, shape.to_vec())
}

fn group_norm(dice: &mut Dice, shape: &[usize]) -> Layer {
    let (channels, all) = (channels(shape), shape.iter().product::<usize>());
    let fits = |groups: &usize| channels.is_multiple_of(*groups) && *groups < all;
    let divisors: Vec<usize> = (1..=channels).filter(fits).collect();
    if divisors.is_empty() {
        return layer_norm(dice, shape);
    }
    let mut arguments = vec![dice.pick(&divisors).to_string()];
    if dice.once_in(4) {
        arguments.push(channels.to_string());
    }
    arguments.push(eps(dice));
    if dice.once_in(4) {
        arguments.push("affine = false".into());
    }
    Layer::new("GroupNorm", arguments, shape.to_vec())
}

fn instance_norm(dice: &mut Dice, shape: &[usize]) -> Layer {
    let mut arguments = vec![eps(dice)];
    if dice.once_in(2) {
        arguments.push("affine = true".into());
    }
    if dice.once_in(3) {
        arguments.push("track_running_stats = true".into());
    }
    Layer::new("InstanceNorm", arguments, shape.to_vec())
}

/// A recurrent layer, of one direction if it is to stream.
pub fn recurrence(dice: &mut Dice, shape: &[usize], streams: bool) -> Layer {
    let hidden = size(dice).min(20);
    let mut arguments = vec![hidden.to_string()];
    let kind = dice.pick(&["Lstm", "Lstm", "Gru", "Gru", "Rnn"]);
    let mut has_kink = false;
    match kind {
        "Rnn" if dice.once_in(2) => {
            arguments.push("nonlinearity = Relu".into());
            has_kink = true;
        }
        "Gru" if dice.once_in(2) => arguments.push("reset_after = false".into()),
        _ => {}
    }
    if dice.once_in(3) {
        let layers = dice.between(1, 3);
        arguments.push(format!("layers = {layers}"));
        if layers > 1 && dice.once_in(2) {
            let p = dice.pick(&[0.25, 0.5]);
            arguments.push(format!("dropout = {p}"));
        }
    }
    let both = !streams && dice.once_in(3);
    if both {
        arguments.push("bidirectional = true".into());
    }
    let unbiased = unbiased(dice);
    let has_bias = unbiased.is_none();
    // Units that are all zero, and no bias, would leave the next ones at the kink, which has no slope.
    let stays = |argument: &String| !(has_kink && argument.starts_with("bias"));
    arguments.extend(unbiased.into_iter().filter(stays));
    arguments.extend(weights(dice, has_bias).into_iter().filter(stays));
    let features = if both { 2 * hidden } else { hidden };
    Layer::new(kind, arguments, vec![shape[0], features])
}

/// A window along an axis of a convolution, and how many places it has.
struct Window {
    kernel: usize,
    stride: usize,
    dilation: usize,
    sides: [usize; 2],
    places: usize,
}

fn window(dice: &mut Dice, size: usize, mode: Mode) -> Window {
    let sides = padding::sides(dice, mode, size);
    let dilation = if dice.once_in(4) {
        dice.between(2, 3)
    } else {
        1
    };
    let stride = if dice.once_in(3) {
        dice.between(2, 3)
    } else {
        1
    };
    let room = size + sides[0] + sides[1];
    let kernel = dice.between(1, 5.min((room - 1) / dilation + 1));
    Window {
        kernel,
        stride,
        dilation,
        sides,
        places: (room - dilation * (kernel - 1) - 1) / stride + 1,
    }
}

/// Output channels and groups of a convolution of `inputs` channels: no groups, depthwise, or any that fit.
pub fn grouped(dice: &mut Dice, inputs: usize) -> (usize, usize) {
    let channels = size(dice).min(20);
    match dice.below(4) {
        0 => (inputs, inputs),
        1 => {
            let divisors: Vec<usize> = (1..=inputs).filter(|&n| inputs.is_multiple_of(n)).collect();
            let groups = dice.pick(&divisors);
            (channels.div_ceil(groups) * groups, groups)
        }
        _ => (channels, 1),
    }
}

fn conv(dice: &mut Dice, shape: &[usize]) -> Layer {
    let (channels, groups) = grouped(dice, shape[0]);
    let mut arguments = vec![channels.to_string()];
    let mode = Mode::of_convolution(dice);
    let (rows, columns) = (window(dice, shape[1], mode), window(dice, shape[2], mode));
    arguments.push(format!("kernel = ({}, {})", rows.kernel, columns.kernel));
    arguments.extend(pair("stride", (rows.stride, columns.stride), 1));
    arguments.extend(pair("dilation", (rows.dilation, columns.dilation), 1));
    // Zeros alone suit every size.
    let is_same = mode == Mode::ZEROS && dice.once_in(4);
    let places = match is_same {
        true => [
            shape[1].div_ceil(rows.stride),
            shape[2].div_ceil(columns.stride),
        ],
        false => [rows.places, columns.places],
    };
    arguments.push(match is_same {
        true => "padding = Same".into(),
        false => {
            let sides = padding::written(&[rows.sides, columns.sides]);
            format!("padding = {sides}")
        }
    });
    arguments.extend(mode.argument("padding_mode"));
    arguments.extend((groups > 1).then(|| format!("groups = {groups}")));
    arguments.extend(learnt(dice));
    Layer::new("Conv2d", arguments, vec![channels, places[0], places[1]])
}

/// A vector for each step, learnt or not.
fn positions(dice: &mut Dice, shape: &[usize]) -> Layer {
    match dice.once_in(2) {
        true => Layer::new("Positions", vec![], shape.to_vec()),
        false => Layer::new("SinusoidalPositions", vec![], shape.to_vec())
            .function("sinusoidal_positions"),
    }
}

fn conv1d(dice: &mut Dice, shape: &[usize]) -> Layer {
    let (channels, groups) = grouped(dice, shape[1]);
    let mode = Mode::of_convolution(dice);
    let steps = window(dice, shape[0], mode);
    let mut arguments = vec![channels.to_string(), steps.kernel.to_string()];
    for (name, number) in [("stride", steps.stride), ("dilation", steps.dilation)] {
        arguments.extend((number != 1).then(|| format!("{name} = {number}")));
    }
    let is_zeros = mode == Mode::ZEROS;
    let (padding, length) = match dice.below(4) {
        0 if is_zeros => ("Same".into(), shape[0].div_ceil(steps.stride)),
        1 if is_zeros => ("Causal".into(), (shape[0] - 1) / steps.stride + 1),
        _ => (padding::written(&[steps.sides]), steps.places),
    };
    arguments.push(format!("padding = {padding}"));
    arguments.extend(mode.argument("padding_mode"));
    arguments.extend((groups > 1).then(|| format!("groups = {groups}")));
    arguments.extend(learnt(dice));
    Layer::new("Conv1d", arguments, vec![length, channels])
}

/// What a convolution says of its weights and bias.
fn learnt(dice: &mut Dice) -> Vec<String> {
    let unbiased = unbiased(dice);
    let has_bias = unbiased.is_none();
    unbiased
        .into_iter()
        .chain(weights(dice, has_bias))
        .collect()
}

/// A transposed convolution of an image, or of a sequence, that does not spread it far.
fn conv_transpose(dice: &mut Dice, shape: &[usize]) -> Layer {
    let channels = size(dice).min(20);
    let sizes = match *shape {
        [_, height, width] => vec![height, width],
        [steps, ..] => vec![steps],
        [] => unreachable!("a sequence has two axes"),
    };
    let mut output = Vec::new();
    let mut windows = Vec::new();
    for from in sizes {
        let most = 3.min(24 / from + 1);
        let stride = dice.between(1, most);
        let kernel = dice.between(1, 4.min(most + 1));
        let dilation = if dice.once_in(4) { 2 } else { 1 };
        let output_padding = match dice.once_in(3) {
            true => dice.below(stride.max(dilation)),
            false => 0,
        };
        let whole = (from - 1) * stride + dilation * (kernel - 1) + output_padding + 1;
        let padding = match dice.once_in(2) {
            true => dice.between(0, 3.min((whole - 1) / 2)),
            false => 0,
        };
        output.push(whole - 2 * padding);
        windows.push([kernel, stride, padding, dilation, output_padding]);
    }
    let mut arguments = vec![channels.to_string()];
    let named = [
        ("kernel", 0),
        ("stride", 1),
        ("padding", 0),
        ("dilation", 1),
        ("output_padding", 0),
    ];
    for (index, (name, default)) in named.into_iter().enumerate() {
        arguments.extend(match windows[..] {
            [rows, columns] => pair(name, (rows[index], columns[index]), default),
            _ => pair(name, (windows[0][index], windows[0][index]), default),
        });
    }
    let unbiased = unbiased(dice);
    let has_bias = unbiased.is_none();
    arguments.extend(unbiased);
    let inputs = match shape.len() {
        3 => shape[0],
        _ => shape[1],
    };
    let divide =
        |groups: &usize| inputs.is_multiple_of(*groups) && channels.is_multiple_of(*groups);
    let divisors: Vec<usize> = (1..=inputs).filter(divide).collect();
    match dice.once_in(3) {
        // What limits are judged by knows nothing of groups.
        true => arguments.push(format!("groups = {}", dice.pick(&divisors))),
        false => arguments.extend(weights(dice, has_bias)),
    }
    match windows.len() {
        1 => {
            output.push(channels);
            Layer::new("ConvTranspose1d", arguments, output)
        }
        _ => {
            output.insert(0, channels);
            Layer::new("ConvTranspose2d", arguments, output)
        }
    }
}

/// A pool of an image or a sequence, or another size of it.
fn pool(dice: &mut Dice, shape: &[usize]) -> Layer {
    let image = shape.len() == 3;
    // Channels, and the axes that are pooled.
    let (channels, sizes) = match image {
        true => (shape[0], &shape[1..]),
        false => (shape[1], &shape[..1]),
    };
    let of = |sizes: Vec<usize>| match image {
        true => vec![channels, sizes[0], sizes[1]],
        false => vec![sizes[0], channels],
    };
    let named = |one: &'static str, two: &'static str| if image { two } else { one };
    match dice.below(8) {
        6 | 7 => upsample(dice, sizes, of, image),
        0 => {
            let (kind, function) = dice.pick(&[
                ("GlobalAvgPool", "global_avg_pool"),
                ("GlobalMaxPool", "global_max_pool"),
            ]);
            Layer::new(kind, vec![], vec![channels]).function(function)
        }
        1 => {
            let (kind, function) = match dice.once_in(2) {
                true => (
                    named("AdaptiveAvgPool1d", "AdaptiveAvgPool2d"),
                    named("adaptive_avg_pool1d", "adaptive_avg_pool2d"),
                ),
                false => (
                    named("AdaptiveMaxPool1d", "AdaptiveMaxPool2d"),
                    named("adaptive_max_pool1d", "adaptive_max_pool2d"),
                ),
            };
            let size = |&size: &usize| dice.between(1, size + 2);
            let parts: Vec<usize> = sizes.iter().map(size).collect();
            Layer::new(kind, vec![joined(&parts)], of(parts)).function(function)
        }
        _ => sliding(dice, sizes, of, named),
    }
}

/// An image or a sequence at another size, of at most 20 pixels or steps.
fn upsample(
    dice: &mut Dice,
    sizes: &[usize],
    of: impl Fn(Vec<usize>) -> Vec<usize>,
    image: bool,
) -> Layer {
    let linear = if image { "Bilinear" } else { "Linear" };
    let mode = dice.pick(&["Nearest", "NearestExact", linear, linear]);
    let (mut arguments, outputs) = match dice.once_in(2) {
        true => {
            let outputs: Vec<usize> = sizes.iter().map(|_| dice.between(1, 20)).collect();
            (vec![format!("size = {}", joined(&outputs))], outputs)
        }
        false => {
            // Of the smallest size one is left.
            let halves = sizes.iter().all(|&size| size > 1);
            let half = if halves && dice.once_in(3) {
                1
            } else {
                dice.pick(&[2, 3, 4, 5])
            };
            let outputs = sizes.iter().map(|&size| size * half / 2).collect();
            (vec![format!("{:?}", half as f64 / 2.0)], outputs)
        }
    };
    if mode != "Nearest" {
        arguments.push(format!("mode = {mode}"));
    }
    if mode == linear && dice.once_in(2) {
        arguments.push("align_corners = true".into());
    }
    Layer::new("Upsample", arguments, of(outputs)).function("upsample")
}

/// A pool of windows that slide.
fn sliding(
    dice: &mut Dice,
    sizes: &[usize],
    of: impl Fn(Vec<usize>) -> Vec<usize>,
    named: impl Fn(&'static str, &'static str) -> &'static str,
) -> Layer {
    let largest = dice.once_in(2);
    let ceil = dice.once_in(3);
    let mut windows: [Vec<usize>; 5] = Default::default();
    let [kernels, strides, paddings, dilations, outputs] = &mut windows;
    for &size in sizes {
        let kernel = dice.between(1, 3.min(size));
        let fits = largest && kernel > 1 && 2 * (kernel - 1) < size;
        let dilation = if fits && dice.once_in(4) { 2 } else { 1 };
        let stride = if dice.once_in(2) {
            kernel
        } else {
            dice.between(1, 3)
        };
        let padding = dice.between(0, kernel / 2);
        let room = size + 2 * padding - dilation * (kernel - 1) - 1;
        let mut places = if ceil {
            room.div_ceil(stride)
        } else {
            room / stride
        } + 1;
        if ceil && (places - 1) * stride >= size + padding {
            places -= 1;
        }
        kernels.push(kernel);
        strides.push(stride);
        paddings.push(padding);
        dilations.push(dilation);
        outputs.push(places);
    }
    let mut arguments = vec![joined(kernels)];
    if strides != kernels {
        arguments.push(format!("stride = {}", joined(strides)));
    }
    if paddings.iter().any(|&padding| padding > 0) {
        arguments.push(format!("padding = {}", joined(paddings)));
    }
    if dilations.iter().any(|&dilation| dilation > 1) {
        arguments.push(format!("dilation = {}", joined(dilations)));
    }
    if ceil {
        arguments.push("ceil_mode = true".into());
    }
    if !largest && dice.once_in(2) {
        arguments.push("count_include_pad = false".into());
    }
    let (kind, function) = match largest {
        true => (
            named("MaxPool1d", "MaxPool2d"),
            named("max_pool1d", "max_pool2d"),
        ),
        false => (
            named("AvgPool1d", "AvgPool2d"),
            named("avg_pool1d", "avg_pool2d"),
        ),
    };
    Layer::new(kind, arguments, of(outputs.clone())).function(function)
}

/// A number for each axis: one alone, or a pair, which is one number where both are the same.
fn joined(each: &[usize]) -> String {
    match *each {
        [rows, columns] if rows != columns => format!("({rows}, {columns})"),
        [number, ..] => number.to_string(),
        [] => String::new(),
    }
}

/// A pair as an argument, as one number where both are the same, and left out where it is the default.
fn pair(name: &str, (rows, columns): (usize, usize), default: usize) -> Option<String> {
    match rows == columns {
        true => (rows != default).then(|| format!("{name} = {rows}")),
        false => Some(format!("{name} = ({rows}, {columns})")),
    }
}

fn unbiased(dice: &mut Dice) -> Option<String> {
    dice.once_in(4).then(|| "bias = false".to_string())
}

/// How weights begin, what they cost, and their limits.
fn weights(dice: &mut Dice, has_bias: bool) -> Vec<String> {
    let mut arguments = Vec::new();
    if dice.once_in(6) {
        let scheme = dice.pick(&[
            "KaimingUniform",
            "KaimingNormal",
            "XavierUniform",
            "XavierNormal",
            "XavierUniform(Tanh)",
            "KaimingNormal(0.75, mode = FanOut)",
            "LeCunUniform",
            "LeCunNormal",
            "Orthogonal",
            "Orthogonal(LeakyRelu(0.25))",
            "Uniform(-0.5, 0.25)",
            "Normal(0.25)",
            "TruncatedNormal(0.25, high = 0.5)",
            "Constant(0.125)",
        ]);
        arguments.push(format!("init = {scheme}"));
    }
    if has_bias && dice.once_in(6) {
        let scheme = dice.pick(&["Constant(0.25)", "Uniform(-0.25, 0.5)", "Zeros"]);
        arguments.push(format!("bias_init = {scheme}"));
    }
    if dice.once_in(6) {
        let limit = dice.pick(&["0.25", "0.75", "3"]);
        arguments.push(format!("max_norm = {limit}"));
    }
    if dice.once_in(6) {
        arguments.push("l1 = 0.03125".into());
    }
    if dice.once_in(6) {
        arguments.push("l2 = 0.0625".into());
    }
    if dice.once_in(8) {
        arguments.push("frozen = true".into());
    }
    arguments
}
