//! Networks that stand in every sweep: pairs and chains in which one thing is large.

use crate::network::{Conv, Layer, Network};
use Layer::{Dense, Flatten, Last, Lstm, MaxPool, Relu};

/// How many there are.
pub const COUNT: usize = 27;

/// All of them, each with a name of its own.
pub fn networks() -> impl Iterator<Item = Network> {
    let wide = [
        dense(&[64, 64], 64),
        dense(&[1024, 1024], 64),
        dense(&[4096, 4096], 64),
        dense(&[1024, 4096, 4096, 1024], 256),
        dense(&[512, 1024, 1024, 512], 64),
    ];
    let images = [
        pair(16, 3, 64),
        pair(64, 3, 32),
        pair(256, 3, 8),
        pair(64, 1, 32),
        pair(256, 1, 16),
        image([3, 32, 32], &[(64, 3, 1); 4], true),
        image(
            [3, 32, 32],
            &[(64, 3, 1), (128, 1, 1), (64, 1, 1), (128, 1, 1), (64, 1, 1)],
            false,
        ),
        image(
            [3, 64, 64],
            &[(32, 3, 2), (64, 3, 2), (128, 3, 2), (256, 3, 2)],
            true,
        ),
        image([3, 32, 32], &[(16, 3, 1); 4], true),
    ];
    let sequences = [8, 32, 128, 256, 512].map(|hidden| Network {
        name: format!("lstm{hidden}"),
        input: vec![28, hidden],
        layers: vec![Lstm(hidden, 1), Last, Dense(10)],
        batch: 32,
        adam: false,
    });
    let family = [
        depthwise(32, 56, 1),
        depthwise(144, 28, 2),
        depthwise(576, 14, 1),
        grouped(128, 32, 28),
        grouped(256, 4, 14),
        steps(64, 9, 512),
        transposed(),
        normalised(),
    ];
    wide.into_iter()
        .chain(images)
        .chain(sequences)
        .chain(family)
}

/// Layers between an image and itself.
fn family(name: String, input: &[usize], layers: Vec<Layer>) -> Network {
    Network {
        name,
        input: input.to_vec(),
        layers,
        batch: 32,
        adam: false,
    }
}

/// Two convolutions of each channel by itself.
fn depthwise(channels: usize, side: usize, stride: usize) -> Network {
    let conv = |stride| conv([channels, channels], 3, stride);
    let layers = vec![conv(stride), Layer::Relu6, conv(1), Layer::Relu6];
    let name = format!("depthwise{channels}_{side}_{stride}");
    family(name, &[channels, side, side], layers)
}

/// Two convolutions of groups.
fn grouped(channels: usize, groups: usize, side: usize) -> Network {
    let layers = vec![
        conv([channels, groups], 3, 1),
        Relu,
        conv([channels, groups], 3, 1),
        Relu,
    ];
    let name = format!("grouped{channels}_{groups}_{side}");
    family(name, &[channels, side, side], layers)
}

/// Two convolutions over a sequence.
fn steps(channels: usize, kernel: usize, steps: usize) -> Network {
    let Layer::Conv(conv) = conv([channels, 1], kernel, 1) else {
        unreachable!("a convolution is one")
    };
    let layers = vec![Layer::Conv1d(conv), Relu, Layer::Conv1d(conv), Relu];
    let name = format!("steps{channels}_{kernel}_{steps}");
    family(name, &[steps, channels], layers)
}

/// A generator's upward half: Radford et al. 2016.
fn transposed() -> Network {
    let up = |channels| {
        Layer::ConvTranspose(Conv {
            channels,
            groups: 1,
            kernel: 4,
            stride: 2,
            padding: 1,
            bias: true,
        })
    };
    let layers = vec![up(128), Relu, up(64), Relu, up(3), Layer::Tanh];
    family("transposed".into(), &[256, 4, 4], layers)
}

/// Two convolutions with norms of groups, pools and interpolation.
fn normalised() -> Network {
    let unit = |layers: &mut Vec<Layer>| {
        layers.extend([conv([64, 1], 3, 1), Layer::GroupNorm(8), Layer::Silu]);
    };
    let mut layers = Vec::new();
    unit(&mut layers);
    layers.push(Layer::AvgPool(2));
    unit(&mut layers);
    layers.push(Layer::Upsample);
    family("normalised".into(), &[64, 32, 32], layers)
}

/// A convolution of channels in groups that keeps sides, or divides them by the stride.
fn conv([channels, groups]: [usize; 2], kernel: usize, stride: usize) -> Layer {
    Layer::Conv(Conv {
        channels,
        groups,
        kernel,
        stride,
        padding: kernel / 2,
        bias: true,
    })
}

/// Dense layers of some widths, the first of which is the input's.
fn dense(widths: &[usize], batch: usize) -> Network {
    let mut layers = Vec::new();
    for &outputs in &widths[1..] {
        layers.extend([Dense(outputs), Relu]);
    }
    // A pair is two layers, both as wide as the input.
    if let &[_, outputs] = widths {
        layers.push(Dense(outputs));
    } else {
        layers.pop();
    }
    Network {
        name: format!(
            "dense{}",
            widths
                .iter()
                .map(|width| format!("_{width}"))
                .collect::<String>()
        ),
        input: vec![widths[0]],
        layers,
        batch,
        adam: false,
    }
}

/// Two convolutions that keep their image's size.
fn pair(channels: usize, kernel: usize, side: usize) -> Network {
    image([channels, side, side], &[(channels, kernel, 1); 2], false)
}

/// Convolutions of channels, kernels and strides, each with `Relu`, and perhaps a pool and a classifier.
fn image(input: [usize; 3], convolutions: &[(usize, usize, usize)], classifies: bool) -> Network {
    let mut layers = Vec::new();
    let mut name = format!("conv_{}", input[0]);
    for &(channels, kernel, stride) in convolutions {
        name += &format!("_{channels}k{kernel}s{stride}");
        let padding = kernel / 2;
        layers.extend([
            Layer::Conv(Conv {
                channels,
                groups: 1,
                kernel,
                stride,
                padding,
                bias: true,
            }),
            Relu,
        ]);
    }
    if classifies {
        layers.extend([MaxPool(2), Flatten, Dense(10)]);
    }
    Network {
        name,
        input: input.to_vec(),
        layers,
        batch: 32,
        adam: false,
    }
}
