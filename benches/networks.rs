//! The three networks, a large Dense and a tiny network, beside the peak of this core in the same run.
//!
//! `cargo bench --bench networks`. Every round measures the peak of fused multiply-adds first and each workload right
//! after; what is printed is the median over the rounds of the time and of the share of the peak. Training counts three
//! times the forward pass's operations, as is usual. Answers for one sample are bound by how fast weights arrive, so
//! they stand beside the speed at which a plain sum reads as much memory in a row as a level-2 cache holds. The machine
//! should be idle.
#![forbid(unsafe_code)]

use fearless_simd::{f32x16, prelude::*};
use kiln::prelude::*;
use kiln::simd::{self, InstructionSet, Isa, Task};
use std::{hint::black_box, time::Instant};

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

/// Chains of multiply-adds in registers and nothing else.
struct Peak;

/// Steps of every chain in a measurement of the peak.
const PEAK_STEPS: usize = 200_000;

impl Task for Peak {
    /// Operations per second.
    type Output = f64;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> f64 {
        // As many chains as two multipliers of four cycles keep busy, and no more than there are registers.
        if S::SET == InstructionSet::Avx512 {
            chains::<S, 12>(s)
        } else {
            chains::<S, 6>(s)
        }
    }
}

#[inline(always)]
fn chains<S: Isa, const N: usize>(s: S) -> f64 {
    let start = Instant::now();
    let (factor, term) = (
        f32x16::splat(s, black_box(0.999)),
        f32x16::splat(s, black_box(0.1)),
    );
    let mut sums = [term; N];
    for _ in 0..PEAK_STEPS {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    let total = sums.into_iter().fold(term, |total, sum| total + sum);
    black_box(<[f32; 16]>::from(total));
    (2 * 16 * N * PEAK_STEPS) as f64 / start.elapsed().as_secs_f64()
}

/// A plain sum over memory that fits a level-2 cache and no level-1 cache.
struct Reading<'a>(&'a [Line]);

/// A cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([f32; 16]);

/// Blocks that are read: 256 KiB.
const READ_BLOCKS: usize = 4096;

impl Task for Reading<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let mut sums = [f32x16::splat(s, 0.0); 8];
        for blocks in self.0.as_chunks::<8>().0 {
            for (sum, block) in sums.iter_mut().zip(blocks) {
                *sum += f32x16::simd_from(s, block.0);
            }
        }
        let total = sums.into_iter().fold(sums[0], |total, sum| total + sum);
        black_box(<[f32; 16]>::from(total));
    }
}

/// Bytes per second of [`Reading`].
fn reading() -> f64 {
    let memory = vec![Line([1.0; 16]); READ_BLOCKS];
    let seconds = seconds(|| simd::dispatch(simd::level(), Reading(black_box(&memory))));
    size_of_val(&memory[..]) as f64 / seconds
}

fn peak() -> f64 {
    (0..5)
        .map(|_| simd::dispatch(simd::level(), Peak))
        .fold(0.0, f64::max)
}

/// Seconds of one call, the best of a few repetitions that each take about ten milliseconds.
fn seconds(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    call();
    let repeats = (0.01 / start.elapsed().as_secs_f64().max(1e-9)).clamp(1.0, 1e6) as usize;
    let run = |_| {
        let start = Instant::now();
        for _ in 0..repeats {
            call();
        }
        start.elapsed().as_secs_f64() / repeats as f64
    };
    (0..3).map(run).fold(f64::INFINITY, f64::min)
}

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

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
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

/// One epoch over synthetic samples.
macro_rules! training {
    ($network:ident, $input:expr, $batch:expr, $threads:expr, $samples:expr) => {{
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
        move || {
            trainer
                .fit(&mut net, &data)
                .expect("synthetic data is clean")
                .seconds
        }
    }};
}

/// The tiny network as anybody would write it by hand for its shape.
struct Naive {
    l1: ([[f32; 6]; 64], [f32; 64]),
    l2: ([[f32; 64]; 8], [f32; 8]),
    l3: ([[f32; 8]; 4], [f32; 4]),
}

fn naive_layer<const K: usize, const N: usize>(
    w: &[[f32; K]; N],
    b: &[f32; N],
    x: &[f32; K],
    relu: bool,
) -> [f32; N] {
    std::array::from_fn(|n| {
        let mut sum = b[n];
        for k in 0..K {
            sum += w[n][k] * x[k];
        }
        if relu { sum.max(0.0) } else { sum }
    })
}

impl Naive {
    #[inline(never)]
    fn forward(&self, x: &[f32; 6]) -> [f32; 4] {
        let h = naive_layer(&self.l1.0, &self.l1.1, x, true);
        let h = naive_layer(&self.l2.0, &self.l2.1, &h, true);
        naive_layer(&self.l3.0, &self.l3.1, &h, false)
    }
}

fn workloads(threads: usize) -> Vec<Workload> {
    let image = |sample: usize| [rows(sample)];
    let mut all = Vec::new();

    let (net, x) = (Mnist::new(Seed(1)), image(0));
    all.push(
        workload(
            "mnist, one sample",
            Mnist::FLOPS,
            Unit::Latency,
            move || {
                seconds(|| {
                    black_box(net.forward(black_box(&x)));
                })
            },
        )
        .streams(size_of::<f32>() * Mnist::PARAMS),
    );

    let net = Mnist::new(Seed(1));
    let (inputs, mut outputs) = ((0..64).map(image).collect::<Vec<_>>(), vec![[0.0; 10]; 64]);
    all.push(workload(
        "mnist, batch 64",
        64 * Mnist::FLOPS,
        Unit::Rate(64),
        move || {
            seconds(|| {
                net.forward_batch(black_box(&inputs), black_box(&mut outputs))
                    .expect("equal lengths")
            })
        },
    ));

    let epoch = training!(Mnist, image, 32, threads, 6_400);
    all.push(workload(
        "mnist, training, batch 32",
        3 * 6_400 * Mnist::FLOPS,
        Unit::Rate(6_400),
        epoch,
    ));

    let (net, x) = (MnistCnn::new(Seed(1)), image(0));
    all.push(workload(
        "mnist_cnn, one image",
        MnistCnn::FLOPS,
        Unit::Latency,
        move || {
            seconds(|| {
                black_box(net.forward(black_box(&x)));
            })
        },
    ));

    let epoch = training!(MnistCnn, image, 64, threads, 640);
    all.push(workload(
        "mnist_cnn, training, batch 64",
        3 * 640 * MnistCnn::FLOPS,
        Unit::Rate(640),
        epoch,
    ));

    let (net, x) = (RowLstm::new(Seed(1)), rows(0));
    all.push(
        workload(
            "row_lstm, one sequence",
            RowLstm::FLOPS,
            Unit::Latency,
            move || {
                seconds(|| {
                    black_box(net.forward(black_box(&x)));
                })
            },
        )
        // The recurrent weights of two levels, once for each of 28 steps.
        .streams(size_of::<f32>() * 28 * 2 * 4 * 128 * 128),
    );

    let epoch = training!(RowLstm, rows, 64, threads, 256);
    all.push(workload(
        "row_lstm, training, batch 64",
        3 * 256 * RowLstm::FLOPS,
        Unit::Rate(256),
        epoch,
    ));

    let net = Square::new(Seed(1));
    let inputs = (0..256)
        .map(|row| std::array::from_fn(|k| noise(row * 4096 + k)))
        .collect::<Vec<_>>();
    let mut outputs = vec![[0.0; 4096]; 256];
    all.push(workload(
        "Dense 4096 x 4096, batch 256",
        256 * Square::FLOPS,
        Unit::Rate(256),
        move || {
            seconds(|| {
                net.forward_batch(black_box(&inputs), black_box(&mut outputs))
                    .expect("equal lengths")
            })
        },
    ));

    let (net, x) = (Tiny::new(Seed(1)), std::array::from_fn(noise));
    all.push(workload(
        "1,004-parameter MLP",
        Tiny::FLOPS,
        Unit::Latency,
        move || {
            seconds(|| {
                black_box(net.forward(black_box(&x)));
            })
        },
    ));
    let naive = Naive {
        l1: (
            std::array::from_fn(|n| std::array::from_fn(|k| noise(n * 6 + k))),
            [0.1; 64],
        ),
        l2: (
            std::array::from_fn(|n| std::array::from_fn(|k| noise(n * 64 + k))),
            [0.1; 8],
        ),
        l3: (
            std::array::from_fn(|n| std::array::from_fn(|k| noise(n * 8 + k))),
            [0.1; 4],
        ),
    };
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
            "{:<34} {:>22} {:>10} {:>12}",
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
                "{:<34} {figure:>22} {:>8.1} % {streamed:>12}",
                workload.name,
                100.0 * median(&workload.shares)
            );
        }
    }
}
