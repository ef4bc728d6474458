//! An answer depends on the input alone: not on its place in a batch, nor on how it is asked for, on every instruction set.
#![forbid(unsafe_code)]

use kiln::{Loss, Workspace, prelude::*, simd, zeroed_vec};
use std::sync::Mutex;

model! {
    struct Wide(x: [10]) -> [2] {
        Dense(3000),
        Relu,
        Dense(2),
    }

    struct Recurrent(x: [5, 9]) -> [33] {
        Lstm(33),
        Last,
    }

    struct Steps(x: [4, 70]) -> [4, 3] {
        Lstm(16),
        Dense(90),
        Tanh,
        Dense(3),
        Softmax,
    }

    struct Image(image: [2, 9, 10]) -> [7] {
        Conv2d(20, kernel = 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Conv2d(17, kernel = 2),
        Sigmoid,
        Flatten,
        Dense(40),
        Relu,
        Dense(7),
    }
}

/// Keeps the outputs that training computes, in the order of their targets.
struct Keep<O>(Mutex<Vec<O>>);

impl<O: Clone + Send> Loss<O, usize> for Keep<O> {
    fn row<S: simd::Isa>(&self, _: S, output: &O, target: &usize, _: f32, _: &mut O) -> f32 {
        if let Ok(mut kept) = self.0.lock() {
            kept[*target] = output.clone();
        }
        0.0
    }
}

/// Samples of the longest batch: a group of rows, and some more.
const MOST: usize = 37;

/// Lengths of batches, and how many samples are answered at once.
const BATCHES: [(usize, usize); 10] = [
    (1, 1),
    (2, 2),
    (5, 5),
    (8, 8),
    (13, 13),
    (24, 24),
    (25, 1),
    (25, 5),
    (25, 25),
    (MOST, MOST),
];

fn noise(index: usize) -> f32 {
    let mixed = (index as u32 + 1).wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
    (mixed.wrapping_mul(0xC2B2_AE35) >> 8) as f32 / (1 << 23) as f32 - 1.0
}

fn check<N: Model>(net: &N, name: &str, input: impl Fn(usize) -> N::Input)
where
    N::Output: PartialEq,
{
    let inputs: Vec<N::Input> = (0..MOST).map(input).collect();
    for set in simd::levels().map(simd::set_of) {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        let here = format!("{name} on {set:?}");
        let mut alone: Vec<N::Output> = zeroed_vec(MOST).expect(&here);
        for (input, alone) in inputs.iter().zip(&mut alone) {
            net.forward_into(input, alone);
        }
        let mut outputs: Vec<N::Output> = zeroed_vec(MOST).expect(&here);
        for (rows, room) in BATCHES {
            let (inputs, outputs) = (&inputs[MOST - rows..], &mut outputs[..rows]);
            let mut workspace = Workspace::<N>::new(room);
            workspace.forward_batch(net, inputs, outputs).expect(&here);
            assert!(
                outputs[..] == alone[MOST - rows..],
                "{rows} rows, {room} at once, {here}"
            );
        }
        for (threads, rows) in [(1, 25), (2, 13), (1, 1)] {
            let mut training = Training::with_threads(net, rows, threads).expect(&here);
            let kept = Keep(Mutex::new(zeroed_vec(rows).expect(&here)));
            let targets: Vec<usize> = (0..rows).collect();
            training
                .backward(net, &inputs[..rows], &targets, &kept)
                .expect(&here);
            let kept = kept.0.into_inner().expect(&here);
            assert!(kept == alone[..rows], "training on {rows} rows, {here}");
        }
        println!("one answer everywhere: {here}");
    }
    simd::restrict(None);
}

/// One test, for a restriction to an instruction set holds for the whole process.
#[test]
fn an_answer_does_not_depend_on_its_place() {
    let vector = |sample: usize| std::array::from_fn(|k| noise(sample * 10 + k));
    check(&Wide::new(Seed(1)), "Wide", vector);
    check(&Recurrent::new(Seed(2)), "Recurrent", |sample| {
        std::array::from_fn(|t| std::array::from_fn(|k| noise((sample * 5 + t) * 9 + k)))
    });
    check(&Steps::new(Seed(3)), "Steps", |sample| {
        std::array::from_fn(|t| std::array::from_fn(|k| noise((sample * 4 + t) * 70 + k)))
    });
    check(&Image::new(Seed(4)), "Image", |sample| {
        std::array::from_fn(|channel| {
            std::array::from_fn(|row| {
                std::array::from_fn(|column| {
                    noise(((sample * 2 + channel) * 9 + row) * 10 + column)
                })
            })
        })
    });
}
