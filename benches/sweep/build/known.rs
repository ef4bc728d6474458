//! Networks that stand in every sweep: pairs and chains in which one thing is large.

use crate::network::{Conv, Layer, Network};
use Layer::{Dense, Flatten, Last, Lstm, MaxPool, Relu};

/// How many there are.
pub const COUNT: usize = 19;

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
    wide.into_iter().chain(images).chain(sequences)
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
