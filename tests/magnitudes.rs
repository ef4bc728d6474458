//! Magnitudes below 2^-63 count as zero, and NaN never vanishes: for every kind of layer and every optimizer, on every
//! instruction set.
#![forbid(unsafe_code)]

use kiln::{Optimizer, data::Samples, prelude::*, simd};
use std::sync::Mutex;

model! {
    struct Perceptron(x: [21]) -> [5] {
        Dense(19, l2 = 0.01), Relu, Dropout(0.3), Dense(18), Tanh, Dense(17), Sigmoid, Dense(5, l1 = 0.001),
    }

    struct Recurrent(x: [4, 7]) -> [5] { Lstm(18, layers = 2), Dense(6), LogSoftmax, Flatten, Dense(5) }

    struct Convolution(x: [2, 8, 8]) -> [5] {
        Conv2d(5, kernel = 3, padding = 1), Relu, MaxPool2d(2), Conv2d(17, kernel = 3, padding = 1), MaxPool2d(3, stride = 1, padding = 1),
        Flatten, Dense(5),
    }

    struct Combined(x: [9]) -> [5] {
        a: Dense(20), b: Dense(20), c: Dense(5),
        forward {
            let p = softmax(a(x));
            let q = sigmoid(b(x));
            let r = concat(p * q - q, p[3..9] + q[2..8]);
            c(concat(r, x))
        }
    }
}

/// The smallest magnitude that is not zero.
const TINY: f32 = 1.0 / (1_u64 << 63) as f32;

/// Runs a test on every instruction set, one test at a time: the restriction is one of the process.
fn on_every_set(test: impl Fn()) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock();
    for level in simd::levels() {
        assert!(simd::restrict(simd::set_of(level)));
        test();
    }
    simd::restrict(None);
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

    /// Any `f32` at all.
    fn any(&mut self) -> f32 {
        f32::from_bits(self.next())
    }

    /// Of either sign, from the subnormals to 1, half of them from 2^-8 on.
    fn small(&mut self) -> f32 {
        let (bits, wide) = (self.next(), self.next());
        let exponent = if wide % 2 == 0 {
            119 + wide / 2 % 8
        } else {
            wide / 2 % 127
        };
        f32::from_bits(bits & 0x807f_ffff | exponent << 23)
    }
}

fn zeroed(x: f32) -> f32 {
    if x.abs() < TINY { 0.0 } else { x }
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// What the tests ask of a network, whose input is a vector here.
trait Subject: Clone {
    const INPUTS: usize;
    fn fresh() -> Self;
    fn names() -> Vec<(&'static str, usize)>;
    fn set(&mut self, name: &str, values: &[f32]);
    fn numbers(&self) -> Vec<f32>;
    fn answers(&self, inputs: &[Vec<f32>]) -> Vec<[f32; 5]>;
    fn answer(&self, input: &[f32]) -> [f32; 5];
    fn train(&mut self, optimizer: impl Optimizer, inputs: &[Vec<f32>], epochs: usize);
}

macro_rules! subject {
    ($network:ident, $input:ty) => {
        impl Subject for $network {
            const INPUTS: usize = size_of::<$input>() / 4;

            fn fresh() -> Self {
                Self::new(Seed(5))
            }

            fn names() -> Vec<(&'static str, usize)> {
                let net = Self::new(Seed(0));
                let parameters = net.parameters();
                let names = parameters.names();
                names
                    .map(|(name, shape)| (name, shape.iter().product()))
                    .collect()
            }

            fn set(&mut self, name: &str, values: &[f32]) {
                self.parameters_mut().set(name, values).unwrap();
            }

            fn numbers(&self) -> Vec<f32> {
                let parameters = self.parameters();
                let tensors = parameters
                    .names()
                    .map(|(name, _)| parameters.get(name).unwrap());
                tensors.flatten().collect()
            }

            fn answers(&self, inputs: &[Vec<f32>]) -> Vec<[f32; 5]> {
                let inputs: Vec<$input> = inputs.iter().map(|x| shaped(x)).collect();
                let mut outputs = vec![[0.0; 5]; inputs.len()];
                self.forward_batch(&inputs, &mut outputs).unwrap();
                outputs
            }

            fn answer(&self, input: &[f32]) -> [f32; 5] {
                self.forward(&shaped::<$input>(input))
            }

            fn train(&mut self, optimizer: impl Optimizer, inputs: &[Vec<f32>], epochs: usize) {
                let inputs: Vec<$input> = inputs.iter().map(|x| shaped(x)).collect();
                let labels = (0..inputs.len()).map(|i| i % 5).collect::<Vec<usize>>();
                let data = Samples::new(inputs, labels).unwrap();
                let trainer = Trainer::new(optimizer, CrossEntropy);
                let mut trainer = trainer.epochs(epochs).batch(4).threads(1).quiet();
                trainer.fit(self, &data).unwrap();
            }
        }
    };
}

subject!(Perceptron, [f32; 21]);
subject!(Recurrent, [[f32; 7]; 4]);
subject!(Convolution, [[[f32; 8]; 8]; 2]);
subject!(Combined, [f32; 9]);

/// A vector as a nested array.
fn shaped<T: bytemuck::AnyBitPattern>(x: &[f32]) -> T {
    bytemuck::cast_slice::<f32, T>(x)[0]
}

/// Answers with operands of all bit patterns are those with zeros for the tiny ones, for one sample and for many.
fn tiny_operands_count_as_zero<N: Subject>() {
    let mut bits = Bits(7);
    for _ in 0..10 {
        let (mut given, mut plain) = (N::fresh(), N::fresh());
        for (name, count) in N::names() {
            let values: Vec<f32> = (0..count).map(|_| bits.any()).collect();
            // Some networks with weights of ordinary size, whose answers are finite.
            if bits.next().is_multiple_of(3) {
                continue;
            }
            given.set(name, &values);
            plain.set(name, &values.into_iter().map(zeroed).collect::<Vec<_>>());
        }
        let input = |bits: &mut Bits| (0..N::INPUTS).map(|_| bits.any()).collect::<Vec<_>>();
        let mut inputs: Vec<_> = (0..7).map(|_| input(&mut bits)).collect();
        inputs.push((0..N::INPUTS).map(|_| bits.small()).collect());
        let zeros: Vec<Vec<f32>> = inputs
            .iter()
            .map(|x| x.iter().copied().map(zeroed).collect())
            .collect();
        let found = given
            .answers(&inputs)
            .into_iter()
            .chain(inputs.iter().map(|x| given.answer(x)));
        let expected = plain
            .answers(&zeros)
            .into_iter()
            .chain(zeros.iter().map(|x| plain.answer(x)));
        for (found, expected) in found.zip(expected) {
            for (found, expected) in found.into_iter().zip(expected) {
                assert!(same(found, expected), "{found:e}, {expected:e}");
                assert!(
                    found.is_nan() || found == 0.0 || found.abs() >= TINY,
                    "{found:e}"
                );
            }
        }
    }
}

#[test]
fn tiny_operands_count_as_zero_in_answers() {
    on_every_set(|| {
        tiny_operands_count_as_zero::<Perceptron>();
        tiny_operands_count_as_zero::<Recurrent>();
        tiny_operands_count_as_zero::<Convolution>();
        tiny_operands_count_as_zero::<Combined>();
    });
}

/// Some steps with tiny numbers among inputs and weights are those with zeros, and leave no tiny weight.
fn tiny_operands_teach_nothing<N: Subject>(optimizer: impl Optimizer + Copy) {
    let mut bits = Bits(11);
    let (mut given, mut plain) = (N::fresh(), N::fresh());
    for (name, count) in N::names() {
        let values: Vec<f32> = (0..count).map(|_| bits.small() * 0.5).collect();
        given.set(name, &values);
        plain.set(name, &values.into_iter().map(zeroed).collect::<Vec<_>>());
    }
    let input = |_| (0..N::INPUTS).map(|_| bits.small()).collect::<Vec<_>>();
    let inputs: Vec<Vec<f32>> = (0..10).map(input).collect();
    let zeros: Vec<Vec<f32>> = inputs
        .iter()
        .map(|x| x.iter().copied().map(zeroed).collect())
        .collect();
    given.train(optimizer, &inputs, 2);
    plain.train(optimizer, &zeros, 2);
    for (found, expected) in given.numbers().into_iter().zip(plain.numbers()) {
        assert_eq!(
            found.to_bits(),
            expected.to_bits(),
            "{found:e}, {expected:e}"
        );
        assert!(found == 0.0 || found.abs() >= TINY, "{found:e}");
    }
}

#[test]
fn tiny_operands_count_as_zero_in_training() {
    on_every_set(|| {
        tiny_operands_teach_nothing::<Perceptron>(Sgd::new(0.1));
        tiny_operands_teach_nothing::<Perceptron>(Sgd::new(0.1).momentum(0.9).nesterov());
        tiny_operands_teach_nothing::<Recurrent>(Sgd::new(0.1).momentum(0.9));
        tiny_operands_teach_nothing::<Convolution>(Adam::default());
        tiny_operands_teach_nothing::<Combined>(AdamW::default());
    });
}

/// Epochs of five steps and what a weight loses in a step at a rate of 0.1: 100,000 steps. Unoptimised code takes fewer
/// and larger ones, after which a weight would be below 2^-126 as well.
const EPOCHS: usize = if cfg!(debug_assertions) { 30 } else { 20_000 };
const DECAY: f64 = if cfg!(debug_assertions) { 5.0 } else { 0.02 };

/// Where inputs are zero nothing but decay acts on a weight; it ends at zero, not among subnormal numbers.
fn decay_ends_at_zero<N: Subject>(optimizer: impl Optimizer) {
    let mut net = N::fresh();
    let inputs = vec![vec![0.0; N::INPUTS]; 20];
    net.train(optimizer, &inputs, EPOCHS);
    let numbers = net.numbers();
    assert!(numbers.iter().all(|x| *x == 0.0 || x.abs() >= TINY));
    assert!(numbers.contains(&0.0), "something decayed");
    for answer in net.answers(&inputs).into_iter().flatten() {
        assert!(answer == 0.0 || answer.abs() >= TINY, "{answer:e}");
    }
}

#[test]
fn what_decays_ends_at_zero() {
    on_every_set(|| {
        let plain = Sgd::new(0.1).weight_decay(DECAY);
        decay_ends_at_zero::<Perceptron>(plain);
        decay_ends_at_zero::<Recurrent>(plain.momentum(0.2));
        decay_ends_at_zero::<Convolution>(plain.momentum(0.2).nesterov());
        decay_ends_at_zero::<Combined>(AdamW::new(0.1).weight_decay(DECAY));
    });
}

/// A NaN in any input makes every answer NaN: the last layer reads everything.
fn nan_stays<N: Subject>() {
    let net = N::fresh();
    let input: Vec<f32> = (0..N::INPUTS).map(|i| (i as f32).sin()).collect();
    assert!(net.answer(&input).iter().all(|y| y.is_finite()));
    let spoilt = |place: usize| {
        let mut input = input.clone();
        input[place] = f32::NAN;
        input
    };
    let inputs: Vec<_> = (0..N::INPUTS).map(spoilt).collect();
    for (place, answer) in net.answers(&inputs).into_iter().enumerate() {
        assert!(
            answer.iter().all(|y| y.is_nan()),
            "input {place}: {answer:?}"
        );
        assert!(net.answer(&inputs[place]).iter().all(|y| y.is_nan()));
    }
    for (name, count) in N::names() {
        let mut net = net.clone();
        net.set(name, &vec![f32::NAN; count]);
        assert!(net.answer(&input).iter().any(|y| y.is_nan()), "{name}");
    }
}

#[test]
fn nan_never_vanishes() {
    on_every_set(|| {
        nan_stays::<Perceptron>();
        nan_stays::<Recurrent>();
        nan_stays::<Convolution>();
        nan_stays::<Combined>();
    });
}

/// An infinite input is no NaN: what it would leave in padding, zero times infinity, is kept out of the answer.
#[test]
fn infinity_does_not_reach_padding() {
    on_every_set(|| {
        let mut net = Convolution::new(Seed(1));
        for (name, count) in Convolution::names() {
            net.set(name, &vec![0.5; count]);
        }
        let mut input = vec![1.0; Convolution::INPUTS];
        input[9] = f32::INFINITY;
        assert_eq!(net.answer(&input), [f32::INFINITY; 5]);
    });
}
