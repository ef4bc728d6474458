//! The three networks, a bidirectional GRU, two residual networks, MobileNetV2, a large Dense and a tiny network, beside
//! the peak of this core in the same run.
//!
//! `cargo bench --bench networks`. Every round measures the peak of fused multiply-adds first and each workload right
//! after; what is printed is the median over the rounds of the time and of the share of the peak. Training counts three
//! times the forward pass's operations, as is usual. Answers for one sample are bound by how fast weights arrive, so
//! they stand beside the speed at which a plain sum reads as much memory in a row as a level-2 cache holds. The machine
//! should be idle.
#![forbid(unsafe_code)]

mod machine;
#[path = "../measure/median.rs"]
mod median;
#[path = "../../examples/mobilenet/network.rs"]
mod mobile;
mod naive;
mod residual;

use kiln::prelude::*;
use kiln::simd;
use machine::{peak, reading, seconds};
use median::median;
use mobile::{MobileNetV2, Small};
use naive::Naive;
use residual::{ResNet18, ResNet20};
use std::hint::black_box;

model! {
    struct Mnist(image: [1, 28, 28]) -> [10] {
        Flatten,
        Dense(128),
        Relu,
        Dropout(0.2),
        Dense(10),
    }

    struct MnistCnn(image: [1, 28, 28]) -> [10] {
        Conv2d(32, kernel = 3),
        Relu,
        MaxPool2d(2),
        Conv2d(64, kernel = 3),
        Relu,
        MaxPool2d(2),
        Flatten,
        Dropout(0.5),
        Dense(10),
    }

    struct RowLstm(rows: [28, 28]) -> [10] {
        Lstm(128, layers = 2),
        Last,
        Dense(10),
    }

    /// What reads speech: both directions of two levels.
    struct BothGru(frames: [100, 64]) -> [10] {
        Gru(128, layers = 2, bidirectional = true),
        Last,
        Dense(10),
    }

    struct Square(x: [4096]) -> [4096] {
        Dense(4096),
    }

    /// The network of tracel-ai/burn issue 4811.
    struct Tiny(x: [6]) -> [4] {
        Dense(64),
        Relu,
        Dense(8),
        Relu,
        Dense(4),
    }
}

const ROUNDS: usize = 9;

/// What one workload took in each round.
struct Workload {
    name: &'static str,
    operations: f64,
    /// Weights that a call streams from the level-2 cache.
    bytes: f64,
    unit: Unit,
    measure: Box<dyn FnMut() -> f64>,
    seconds: Vec<f64>,
    shares: Vec<f64>,
}

#[derive(Clone, Copy)]
enum Unit {
    Latency,
    /// So many samples per call.
    Rate(usize),
}

fn workload(
    name: &'static str,
    operations: u64,
    unit: Unit,
    measure: impl FnMut() -> f64 + 'static,
) -> Workload {
    let operations = operations as f64;
    Workload {
        name,
        operations,
        bytes: 0.0,
        unit,
        measure: Box::new(measure),
        seconds: Vec::new(),
        shares: Vec::new(),
    }
}

impl Workload {
    /// States the weights that a call streams.
    fn streams(mut self, bytes: usize) -> Self {
        self.bytes = bytes as f64;
        self
    }
}

/// Numbers between -1 and 1 that look random and are the same in every run.
fn noise(index: usize) -> f32 {
    let mixed = (index as u32).wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
    (mixed.wrapping_mul(0xC2B2_AE35) >> 8) as f32 / (1 << 23) as f32 - 1.0
}

fn rows(sample: usize) -> [[f32; 28]; 28] {
    std::array::from_fn(|row| {
        std::array::from_fn(|column| noise(sample * 784 + row * 28 + column).max(0.0))
    })
}

fn frames(sample: usize) -> [[f32; 64]; 100] {
    std::array::from_fn(|step| {
        std::array::from_fn(|feature| noise(sample * 6_400 + step * 64 + feature))
    })
}

/// Answers to one sample.
macro_rules! answer {
    ($name:literal, $network:ident, $x:expr) => {{
        let (net, x) = ($network::new(Seed(1)), $x);
        workload($name, $network::FLOPS, Unit::Latency, move || {
            seconds(|| {
                black_box(net.forward(black_box(&x)));
            })
        })
    }};
}

/// Answers to a batch of so many samples, of so many numbers each.
macro_rules! batch {
    ($name:literal, $network:ident, $input:expr, $samples:literal, $outputs:literal) => {{
        let net = $network::new(Seed(1));
        let inputs = (0..$samples).map($input).collect::<Vec<_>>();
        let mut outputs = vec![[0.0; $outputs]; $samples];
        let operations = $samples * $network::FLOPS;
        workload($name, operations, Unit::Rate($samples), move || {
            seconds(|| {
                net.forward_batch(black_box(&inputs), black_box(&mut outputs))
                    .expect("equal lengths")
            })
        })
    }};
}

/// One epoch over synthetic samples.
macro_rules! training {
    ($name:literal, $network:ident, $input:expr, $batch:expr, $threads:expr, $samples:expr) => {{
        let inputs = (0..$samples).map($input).collect::<Vec<_>>();
        let labels = (0..$samples)
            .map(|sample| sample % 10)
            .collect::<Vec<usize>>();
        let data = kiln::data::Samples::new(inputs, labels).expect("as many labels as inputs");
        let mut net = $network::new(Seed(1));
        let mut trainer = Trainer::new(Adam::default(), CrossEntropy)
            .epochs(1)
            .batch($batch)
            .threads($threads)
            .quiet();
        let epoch = move || {
            trainer
                .fit(&mut net, &data)
                .expect("synthetic data is clean")
                .seconds
        };
        let operations = 3 * $samples as u64 * $network::FLOPS;
        workload($name, operations, Unit::Rate($samples), epoch)
    }};
}

fn workloads(threads: usize) -> Vec<Workload> {
    let image = |sample: usize| [rows(sample)];
    let mut all = Vec::new();

    all.push(
        answer!("mnist, one sample", Mnist, image(0)).streams(size_of::<f32>() * Mnist::PARAMS),
    );

    all.push(batch!("mnist, batch 64", Mnist, image, 64, 10));

    all.push(training!(
        "mnist, training, batch 32",
        Mnist,
        image,
        32,
        threads,
        6_400
    ));

    all.push(answer!("mnist_cnn, one image", MnistCnn, image(0)));

    all.push(training!(
        "mnist_cnn, training, batch 64",
        MnistCnn,
        image,
        64,
        threads,
        640
    ));

    all.push(
        answer!("row_lstm, one sequence", RowLstm, rows(0))
            // The recurrent weights of two levels, once for each of 28 steps.
            .streams(size_of::<f32>() * 28 * 2 * 4 * 128 * 128),
    );

    all.push(training!(
        "row_lstm, training, batch 64",
        RowLstm,
        rows,
        64,
        threads,
        256
    ));

    all.push(training!(
        "bidirectional GRU, training, batch 32",
        BothGru,
        frames,
        32,
        threads,
        64
    ));

    all.push(answer!("resnet20, one image", ResNet20, image(0)));

    all.push(training!(
        "resnet20, training, batch 64",
        ResNet20,
        image,
        64,
        threads,
        192
    ));

    let photo = |index: usize| -> [[[f32; 64]; 64]; 3] {
        std::array::from_fn(|channel| {
            std::array::from_fn(|row| {
                std::array::from_fn(|column| {
                    noise(((index * 3 + channel) * 64 + row) * 64 + column)
                })
            })
        })
    };
    all.push(answer!(
        "resnet18, one image 3 x 64 x 64",
        ResNet18,
        photo(0)
    ));
    all.push(batch!("resnet18, batch 16", ResNet18, photo, 16, 1000));

    let photo = |index: usize| -> [[[f32; 96]; 96]; 3] {
        let number = |channel, row, column| noise(((index * 3 + channel) * 96 + row) * 96 + column);
        std::array::from_fn(|channel| {
            std::array::from_fn(|row| std::array::from_fn(|column| number(channel, row, column)))
        })
    };
    all.push(answer!(
        "mobilenet, one image 3 x 96 x 96",
        MobileNetV2,
        photo(0)
    ));
    all.push(batch!("mobilenet, batch 16", MobileNetV2, photo, 16, 1000));
    all.push(training!(
        "small mobilenet, training, batch 64",
        Small,
        image,
        64,
        threads,
        192
    ));

    let row = |row: usize| std::array::from_fn(|k| noise(row * 4096 + k));
    all.push(batch!(
        "Dense 4096 x 4096, batch 256",
        Square,
        row,
        256,
        4096
    ));

    all.push(answer!(
        "1,004-parameter MLP",
        Tiny,
        std::array::from_fn(noise)
    ));
    let (naive, x) = (Naive::new(), std::array::from_fn(noise));
    all.push(workload(
        "  the same, naive Rust by hand",
        Tiny::FLOPS,
        Unit::Latency,
        move || {
            seconds(|| {
                black_box(naive.forward(black_box(&x)));
            })
        },
    ));
    all
}

fn main() {
    // `cargo bench` passes flags of its own; numbers among the arguments are thread counts.
    let mut counts = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect::<Vec<usize>>();
    if counts.is_empty() {
        counts = vec![1, 2];
    }
    for threads in counts {
        let mut all = workloads(threads);
        let (mut peaks, mut readings) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            readings.push(reading());
            for workload in &mut all {
                let peak = peak();
                let seconds = (workload.measure)();
                peaks.push(peak);
                workload.seconds.push(seconds);
                workload.shares.push(workload.operations / seconds / peak);
            }
        }
        println!(
            "\n{threads} thread(s) for training, {:?}; one core: peak {:.1} GFLOP/s, reads {:.0} GB/s from level 2 (medians)",
            simd::set_of(simd::level()),
            median(&peaks) / 1e9,
            median(&readings) / 1e9,
        );
        println!(
            "{:<38} {:>22} {:>10} {:>12}",
            "", "median", "of peak", "of reading"
        );
        for workload in &all {
            let seconds = median(&workload.seconds);
            let figure = match workload.unit {
                Unit::Latency if seconds < 1e-6 => format!("{:.0} ns", seconds * 1e9),
                Unit::Latency => format!("{:.2} us", seconds * 1e6),
                Unit::Rate(samples) => format!("{:.0} samples/s", samples as f64 / seconds),
            };
            let streamed = match workload.bytes {
                0.0 => String::new(),
                bytes => format!("{:.0} %", 100.0 * bytes / seconds / median(&readings)),
            };
            println!(
                "{:<38} {figure:>22} {:>8.1} % {streamed:>12}",
                workload.name,
                100.0 * median(&workload.shares)
            );
        }
    }
}
