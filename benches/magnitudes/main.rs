//! Whether the size of numbers changes the speed: each workload with ordinary operands, with operands drawn from all of
//! f32, and with weights after 100,000 steps of decay.
//!
//! `cargo bench --bench magnitudes`. Numbers below 2^-63 count as zero, so that products of stored numbers are never
//! subnormal; a ratio above 1.25 says that some are. Training draws operands from all of f32 up to 1, since its losses must
//! be finite.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "the peak is not asked for here")]
#[path = "../networks/machine.rs"]
mod machine;

use kiln::{data::Samples, prelude::*};
use machine::seconds;
use std::hint::black_box;

model! {
    struct Mnist(image: [1, 28, 28]) -> [10] {
        Flatten, Dense(128), Relu, Dropout(0.2), Dense(10),
    }

    struct MnistCnn(image: [1, 28, 28]) -> [10] {
        Conv2d(32, kernel = 3), Relu, MaxPool2d(2), Conv2d(64, kernel = 3), Relu, MaxPool2d(2),
        Flatten, Dropout(0.5), Dense(10),
    }

    struct RowLstm(rows: [28, 28]) -> [10] {
        Lstm(128, layers = 2), Last, Dense(10),
    }

    struct Square(x: [4096]) -> [4096] {
        Dense(4096),
    }

    struct Tiny(x: [6]) -> [4] {
        Dense(64), Relu, Dense(8), Relu, Dense(4),
    }
}

/// Random bits that are the same in every run.
struct Bits(u64);

impl Bits {
    fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 32) as u32
    }

    fn number(&mut self, operands: Operands) -> f32 {
        loop {
            let bits = self.next();
            let number = f32::from_bits(bits);
            match operands {
                Operands::Ordinary => return bits as f32 / (1_u64 << 31) as f32 - 1.0,
                Operands::Finite if number.is_finite() => return number,
                Operands::UpToOne if number.abs() <= 1.0 => return number,
                _ => {}
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Operands {
    /// Between -1 and 1, evenly.
    Ordinary,
    /// Any finite bits.
    Finite,
    /// Any bits of a magnitude up to 1.
    UpToOne,
}

/// A nested array of such numbers.
fn input<T: bytemuck::AnyBitPattern + bytemuck::NoUninit>(
    bits: &mut Bits,
    operands: Operands,
) -> Vec<T> {
    let mut one = vec![T::zeroed()];
    for number in bytemuck::cast_slice_mut::<T, f32>(&mut one) {
        *number = bits.number(operands);
    }
    one
}

/// Times of one network, in seconds: answering one sample, a batch of 64, and an epoch of two batches.
type Times = [f64; 3];

macro_rules! measure {
    ($network:ident, $input:ty, $outputs:literal, $train:expr) => {{
        let inputs = |operands| -> Vec<$input> {
            let mut bits = Bits(3);
            (0..64)
                .flat_map(|_| input::<$input>(&mut bits, operands))
                .collect()
        };
        let fresh = || $network::new(Seed(1));
        let wild = |operands| {
            let (mut net, mut bits) = (fresh(), Bits(9));
            let names: Vec<_> = net.parameters().names().collect();
            for (name, shape) in names {
                let count = shape.iter().product();
                let values: Vec<f32> = (0..count).map(|_| bits.number(operands)).collect();
                net.parameters_mut()
                    .set(name, &values)
                    .expect("its own shape");
            }
            net
        };
        let decayed = || {
            let (mut net, mut zero) = (fresh(), fresh());
            zero.parameters_mut().blocks_mut().fill(Default::default());
            let mut descent =
                Descent::new(&net, Sgd::new(0.1).weight_decay(0.01)).expect("good numbers");
            for _ in 0..100_000 {
                descent
                    .apply(&mut net, zero.parameters())
                    .expect("good numbers");
            }
            net
        };
        let answers = |net: &$network, inputs: &[$input]| -> [f64; 2] {
            let mut outputs = vec![[0.0; $outputs]; 64];
            let one = seconds(|| {
                black_box(net.forward(black_box(&inputs[0])));
            });
            let batch = seconds(|| {
                net.forward_batch(black_box(inputs), black_box(&mut outputs))
                    .expect("equal lengths");
            });
            [one, batch]
        };
        let epoch = |net: &$network, inputs: Vec<$input>| -> f64 {
            let labels = (0..64).map(|i| i % 4).collect::<Vec<usize>>();
            let data = Samples::new(inputs, labels).expect("as many labels");
            let mut trainer = Trainer::new(Adam::default(), CrossEntropy)
                .batch(32)
                .threads(1)
                .quiet();
            let mut best = f64::INFINITY;
            for _ in 0..9 {
                let history = trainer.fit(&mut net.clone(), &data).expect("finite losses");
                best = best.min(history.seconds);
            }
            best
        };
        let all = |net: $network, trained: $network, operands, small| -> Times {
            let [one, batch] = answers(&net, &inputs(operands));
            let epoch = if $train {
                epoch(&trained, inputs(small))
            } else {
                f64::NAN
            };
            [one, batch, epoch]
        };
        let ordinary = all(fresh(), fresh(), Operands::Ordinary, Operands::Ordinary);
        let wild = all(
            wild(Operands::Finite),
            wild(Operands::UpToOne),
            Operands::Finite,
            Operands::UpToOne,
        );
        let decayed = if $train {
            let net = decayed();
            all(net.clone(), net, Operands::Ordinary, Operands::Ordinary)
        } else {
            [f64::NAN; 3]
        };
        report(stringify!($network), ordinary, wild, decayed);
    }};
}

fn report(network: &str, ordinary: Times, wild: Times, decayed: Times) {
    for (index, what) in ["one sample", "batch of 64", "training, 64 samples"]
        .into_iter()
        .enumerate()
    {
        let [a, b, c] = [ordinary[index], wild[index], decayed[index]].map(|seconds| seconds * 1e6);
        if a.is_finite() {
            let name = format!("{network}, {what}");
            println!(
                "{name:<32} {a:>12.2} {b:>12.2} {:>6.2} {c:>12.2} {:>6.2}",
                b / a,
                c / a
            );
        }
    }
}

fn main() {
    println!(
        "{:<32} {:>12} {:>12} {:>6} {:>12} {:>6}",
        "microseconds", "ordinary", "all of f32", "ratio", "decayed", "ratio"
    );
    measure!(Mnist, [[[f32; 28]; 28]; 1], 10, true);
    measure!(MnistCnn, [[[f32; 28]; 28]; 1], 10, true);
    measure!(RowLstm, [[f32; 28]; 28], 10, true);
    measure!(Square, [f32; 4096], 4096, false);
    measure!(Tiny, [f32; 6], 4, true);
}
