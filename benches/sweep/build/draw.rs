//! Networks at random: the same for a seed wherever they are drawn.
//!
//! | | |
//! | --- | --- |
//! | kinds, equally often | Dense chains, convolution chains, residual chains, recurrences, mobile ones (inverted residuals), sequences of convolutions, upward ones (transposed or interpolated) |
//! | groups | one for each channel in mobile chains; 1 to 32 in every second convolution chain |
//! | norms | none, BatchNorm, GroupNorm of 1 to 16 groups; LayerNorm in sequences |
//! | widths of Dense | 8 to 4096 |
//! | channels | 3 to 512 |
//! | kernels, strides | 1 to 7, 1 to 3 |
//! | images | 7 to 128 pixels on a side |
//! | depths | 1 to 8; recurrences 1 to 3 levels |
//! | LSTM | 8 to 512 units, 4 to 64 steps |
//! | batches | 8 to 256 |
//!
//! Sizes are drawn evenly on a logarithmic scale; every second one is a multiple of eight. What takes a rival seconds for
//! one step is drawn anew.

use crate::{
    dice::Dice,
    network::{Conv, Layer, Network},
};

/// Operations of a training step at most, counted as three times the forward pass.
const MOST_OPERATIONS: u64 = 100_000_000_000;

/// Numbers that are learnt at most.
const MOST_PARAMETERS: usize = 40_000_000;

/// Numbers of the caller's in a batch at most.
const MOST_BORDER: usize = 16_000_000;

/// The network of a seed and an index.
pub fn network(seed: u64, index: usize) -> Network {
    let mut dice = Dice::new(seed.wrapping_mul(1_000_003).wrapping_add(index as u64));
    loop {
        let (input, layers) = match index % 7 {
            0 => dense(&mut dice),
            1 => convolutions(&mut dice),
            2 => residual(&mut dice),
            3 => recurrence(&mut dice),
            4 => mobile(&mut dice),
            5 => sequence(&mut dice),
            _ => upward(&mut dice),
        };
        let network = Network {
            name: format!("drawn{index}"),
            input,
            layers,
            batch: dice.pick(&[8, 16, 32, 64, 128, 256]),
            adam: dice.once_in(2),
        };
        let batch = network.batch;
        let fits = network.cost().is_some_and(|(operations, parameters)| {
            3 * batch as u64 * operations <= MOST_OPERATIONS && parameters <= MOST_PARAMETERS
        });
        if fits && network.border() * batch <= MOST_BORDER {
            return network;
        }
    }
}

/// A size on a logarithmic scale.
fn size(dice: &mut Dice, least: usize, most: usize) -> usize {
    let span = (most as f64 / least as f64).ln();
    let unit = dice.bits() as f64 / u64::MAX as f64;
    let drawn = (least as f64 * (unit * span).exp()).round() as usize;
    let drawn = if dice.once_in(2) && drawn >= 8 {
        drawn / 8 * 8
    } else {
        drawn
    };
    drawn.clamp(least, most)
}

fn activation(dice: &mut Dice) -> Layer {
    match dice.below(9) {
        0 => Layer::Tanh,
        1 => Layer::Sigmoid,
        2 => Layer::Silu,
        3 => Layer::Gelu,
        4 => Layer::Relu6,
        _ => Layer::Relu,
    }
}

fn dense(dice: &mut Dice) -> (Vec<usize>, Vec<Layer>) {
    let input = vec![size(dice, 8, 4096)];
    let mut layers = Vec::new();
    for _ in 1..dice.between(1, 8) {
        layers.push(Layer::Dense(size(dice, 8, 4096)));
        layers.push(activation(dice));
    }
    layers.push(Layer::Dense(if dice.once_in(2) {
        10
    } else {
        size(dice, 8, 4096)
    }));
    (input, layers)
}

fn image(dice: &mut Dice) -> Vec<usize> {
    let channels = if dice.once_in(2) {
        3
    } else {
        size(dice, 3, 512)
    };
    let side = size(dice, 7, 128);
    vec![channels, side, side]
}

fn convolution(dice: &mut Dice, stride: usize, bias: bool) -> Conv {
    let kernel = dice.pick(&[1, 1, 2, 3, 3, 3, 3, 4, 5, 6, 7]);
    Conv {
        channels: size(dice, 3, 512),
        groups: 1,
        kernel,
        stride,
        padding: if dice.once_in(4) { 0 } else { kernel / 2 },
        bias,
    }
}

/// What stands behind an image: a classifier, or nothing.
fn head(dice: &mut Dice, layers: &mut Vec<Layer>) {
    match dice.below(3) {
        0 => {}
        1 => layers.extend([Layer::GlobalAvgPool, Layer::Dense(10)]),
        _ => layers.extend([Layer::Flatten, Layer::Dense(10)]),
    }
}

fn convolutions(dice: &mut Dice) -> (Vec<usize>, Vec<Layer>) {
    let input = image(dice);
    let mut layers = Vec::new();
    let norm = dice.below(3);
    let groups = match dice.once_in(2) {
        true => dice.pick(&[2, 4, 8, 16, 32]),
        false => 1,
    };
    let mut inputs = input[0];
    for _ in 0..dice.between(1, 8) {
        let stride = dice.pick(&[1, 1, 1, 1, 2, 3]);
        let mut conv = convolution(dice, stride, norm == 0);
        if inputs.is_multiple_of(groups) {
            conv.channels = conv.channels.next_multiple_of(groups);
            conv.groups = groups;
        }
        inputs = conv.channels;
        layers.push(Layer::Conv(conv));
        match norm {
            0 => {}
            1 => layers.push(Layer::BatchNorm),
            _ => layers.push(Layer::GroupNorm(divisor(dice, inputs))),
        }
        layers.push(activation(dice));
        match dice.below(10) {
            0 => layers.push(Layer::MaxPool(dice.pick(&[2, 2, 3]))),
            1 => layers.push(Layer::AvgPool(dice.pick(&[2, 2, 3]))),
            _ => {}
        }
    }
    head(dice, &mut layers);
    (input, layers)
}

fn residual(dice: &mut Dice) -> (Vec<usize>, Vec<Layer>) {
    let input = image(dice);
    let normalised = !dice.once_in(3);
    let conv = |channels, kernel, stride| Conv {
        channels,
        groups: 1,
        kernel,
        stride,
        padding: kernel / 2,
        bias: !normalised,
    };
    let normalise = |layers: &mut Vec<Layer>| layers.extend(normalised.then_some(Layer::BatchNorm));
    let mut layers = Vec::new();
    for stage in 0..dice.between(1, 3) {
        let channels = size(dice, 8, 512);
        let kernel = dice.pick(&[1, 3, 3, 3, 5]);
        layers.push(Layer::Conv(conv(
            channels,
            kernel,
            if stage == 0 { 1 } else { 2 },
        )));
        normalise(&mut layers);
        layers.push(Layer::Relu);
        for _ in 0..dice.between(1, 3) {
            let mut body = Vec::new();
            let kernel = dice.pick(&[1, 3, 3, 3]);
            body.push(Layer::Conv(conv(channels, kernel, 1)));
            normalise(&mut body);
            body.push(Layer::Relu);
            body.push(Layer::Conv(conv(channels, kernel, 1)));
            normalise(&mut body);
            layers.push(Layer::Residual(body));
        }
    }
    head(dice, &mut layers);
    (input, layers)
}

fn recurrence(dice: &mut Dice) -> (Vec<usize>, Vec<Layer>) {
    let input = vec![size(dice, 4, 64), size(dice, 8, 512)];
    let mut layers = vec![Layer::Lstm(size(dice, 8, 512), dice.between(1, 3))];
    if dice.once_in(4) {
        layers.push(Layer::Dense(size(dice, 8, 128)));
    } else {
        layers.extend([Layer::Last, Layer::Dense(10)]);
    }
    (input, layers)
}

/// A number of groups, up to 16, that divides channels.
fn divisor(dice: &mut Dice, channels: usize) -> usize {
    let fits = [1, 2, 4, 8, 16]
        .into_iter()
        .filter(|&groups| channels.is_multiple_of(groups));
    dice.pick(&fits.collect::<Vec<_>>())
}

/// Inverted residuals: channels are multiplied, convolved each by itself, and few again.
fn mobile(dice: &mut Dice) -> (Vec<usize>, Vec<Layer>) {
    let input = image(dice);
    let mut inputs = size(dice, 8, 96);
    let conv = |channels, groups, kernel, stride| {
        Layer::Conv(Conv {
            channels,
            groups,
            kernel,
            stride,
            padding: kernel / 2,
            bias: false,
        })
    };
    let activation = match dice.once_in(3) {
        true => Layer::Silu,
        false => Layer::Relu6,
    };
    let stem = conv(inputs, 1, 3, dice.pick(&[1, 2]));
    let mut layers = vec![stem, Layer::BatchNorm, activation.clone()];
    for _ in 0..dice.between(1, 8) {
        let stride = dice.pick(&[1, 1, 2]);
        let channels = if stride == 1 {
            inputs
        } else {
            size(dice, 8, 160)
        };
        let (hidden, kernel) = (inputs * dice.pick(&[3, 6, 6]), dice.pick(&[3, 3, 5]));
        let block = vec![
            conv(hidden, 1, 1, 1),
            Layer::BatchNorm,
            activation.clone(),
            conv(hidden, hidden, kernel, stride),
            Layer::BatchNorm,
            activation.clone(),
            conv(channels, 1, 1, 1),
            Layer::BatchNorm,
        ];
        layers.extend(match stride {
            1 => vec![Layer::Residual(block)],
            _ => block,
        });
        inputs = channels;
    }
    head(dice, &mut layers);
    (input, layers)
}

/// Convolutions over the steps of a sequence.
fn sequence(dice: &mut Dice) -> (Vec<usize>, Vec<Layer>) {
    let input = vec![size(dice, 64, 2048), size(dice, 1, 128)];
    let mut layers = Vec::new();
    let normalised = dice.below(3);
    for _ in 0..dice.between(1, 6) {
        let stride = dice.pick(&[1, 1, 2, 4]);
        let mut conv = convolution(dice, stride, true);
        (conv.channels, conv.kernel) = (size(dice, 8, 256), dice.pick(&[1, 3, 3, 5, 9]));
        conv.padding = conv.kernel / 2;
        layers.push(Layer::Conv1d(conv));
        match normalised {
            0 => {}
            1 => layers.push(Layer::BatchNorm),
            _ => layers.push(Layer::FeatureNorm),
        }
        layers.push(activation(dice));
    }
    if dice.once_in(2) {
        layers.extend([Layer::Last, Layer::Dense(10)]);
    }
    (input, layers)
}

/// From a small image to a large one.
fn upward(dice: &mut Dice) -> (Vec<usize>, Vec<Layer>) {
    let side = size(dice, 4, 16);
    let input = vec![size(dice, 16, 512), side, side];
    let mut layers = Vec::new();
    let transposed = !dice.once_in(3);
    for _ in 0..dice.between(1, 3) {
        let mut conv = convolution(dice, 1, true);
        conv.channels = size(dice, 3, 256);
        if transposed {
            (conv.kernel, conv.stride, conv.padding) =
                dice.pick(&[(4, 2, 1), (4, 2, 1), (2, 2, 0)]);
            layers.push(Layer::ConvTranspose(conv));
        } else {
            (conv.kernel, conv.padding) = (3, 1);
            layers.extend([Layer::Upsample, Layer::Conv(conv)]);
        }
        layers.push(activation(dice));
    }
    (input, layers)
}
