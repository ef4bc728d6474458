//! Backpropagation through time that is truncated: what a batch leaves is what the next one begins with.

use core::{borrow::Borrow, ops::Range};
use kiln::{
    First, Mse, Sgd, Training,
    data::{Dataset, Windows},
    prelude::*,
};

const WINDOW: usize = 4;
const UNITS: usize = 5;

model! {
    /// Four steps of a small recurrence, unrolled by hand.
    #[kiln(carry(state))]
    pub struct Unrolled(x: [4, 3], state: [5]) -> ([4, 1], [5]) {
        step: Dense(5),
        out: Dense(1),
        forward {
            let a = tanh(step(concat(flatten(x[0..1]), state)));
            let b = tanh(step(concat(flatten(x[1..2]), a)));
            let c = tanh(step(concat(flatten(x[2..3]), b)));
            let d = tanh(step(concat(flatten(x[3..4]), c)));
            (reshape(concat(out(a), out(b), out(c), out(d)), 4, 1), d)
        }
    }
}

type Input = ([[f32; 3]; WINDOW], [f32; UNITS]);
type Target = [[f32; 1]; WINDOW];

/// Windows of a series whose next number is asked for; `begin` is the state of a part's first window.
fn series(length: usize, parts: usize, begin: f32) -> impl Dataset<Input = Input, Target = Target> {
    let at = |position: usize| (position as f32 * 0.7).sin() + (position as f32 * 0.31).cos();
    let make = move |range: Range<usize>| {
        let x = core::array::from_fn(|i| [at(range.start + i), 1.0, -0.5]);
        let y = core::array::from_fn(|i| [at(range.start + i + 1)]);
        ((x, [begin; UNITS]), y)
    };
    Windows::new(length, WINDOW, parts, make).unwrap()
}

/// What a loop of one's own does: the states of a batch go into the next one.
fn by_hand(
    net: &mut Unrolled,
    data: &impl Dataset<Input = Input, Target = Target>,
    parts: usize,
    epochs: usize,
) -> f64 {
    let mut training = Training::new(net, parts).unwrap();
    let mut descent = Descent::new(net, Sgd::new(0.05)).unwrap();
    let mut mean = 0.0;
    for _ in 0..epochs {
        let mut states: Vec<[f32; UNITS]> = Vec::new();
        mean = 0.0;
        for first in (0..data.len()).step_by(parts) {
            let (mut inputs, mut targets) = (Vec::new(), Vec::new());
            for sample in first..first + parts {
                let (input, target) = data.sample(sample).unwrap();
                let (input, target): (&Input, &Target) = (input.borrow(), target.borrow());
                inputs.push(*input);
                targets.push(*target);
            }
            for (input, state) in inputs.iter_mut().zip(&states) {
                input.1 = *state;
            }
            let judged = training.backward_with(net, &inputs, |outputs, gradients| {
                states = outputs.iter().map(|output| output.1).collect();
                kiln::judge(&First(Mse), outputs, &targets, gradients)
            });
            mean += judged.unwrap() * parts as f64;
            descent.apply(net, training.gradients()).unwrap();
        }
        mean /= data.len() as f64;
    }
    mean
}

fn trainer(parts: usize, threads: usize) -> Trainer<Sgd, First<Mse>> {
    Trainer::new(Sgd::new(0.05), First(Mse))
        .batch(parts)
        .threads(threads)
        .quiet()
}

fn weights(net: &Unrolled) -> Vec<f32> {
    let names = ["step.weight", "step.bias", "out.weight", "out.bias"];
    let all = names.map(|name| net.parameters().get(name).unwrap());
    all.concat()
}

#[test]
fn a_fit_goes_on_where_the_batch_before_ended() {
    for parts in [1, 3, 40] {
        let data = series(parts * 41, parts, 0.25);
        let mut expected = Unrolled::new(Seed(1));
        let loss = by_hand(&mut expected, &data, parts, 3);
        for threads in [1, 2, 3] {
            let mut net = Unrolled::new(Seed(1));
            let history = trainer(parts, threads)
                .epochs(3)
                .fit(&mut net, &data)
                .unwrap();
            assert_eq!(weights(&net), weights(&expected), "{parts} on {threads}");
            let found = history.epochs[2].loss;
            assert!((found - loss).abs() < 1e-6, "{found} {loss}");
        }
    }
}

/// Kept gradients go the same way.
#[test]
fn clipped_and_accumulated_batches_go_on_too() {
    let data = series(240, 4, 0.0);
    let fit = |trainer: Trainer<Sgd, First<Mse>>| {
        let mut net = Unrolled::new(Seed(2));
        trainer
            .epochs(2)
            .fit(&mut net, &data)
            .map(|_| weights(&net))
    };
    let plain = fit(trainer(4, 1)).unwrap();
    let clipped = fit(trainer(4, 1).clip_norm(1e6)).unwrap();
    for (a, b) in plain.iter().zip(&clipped) {
        assert!((a - b).abs() < 1e-5 * a.abs().max(1.0), "{a} {b}");
    }
    assert!(fit(trainer(4, 1).accumulate(2)).is_ok());
}

#[test]
fn an_evaluation_carries_states_as_well() {
    let (parts, data) = (3, series(120, 3, -0.5));
    let net = Unrolled::new(Seed(3));
    let mut states = [[-0.5; UNITS]; 3];
    let mut sum = 0.0;
    for sample in 0..data.len() {
        let (input, target) = data.sample(sample).unwrap();
        let (input, target): (&Input, &Target) = (input.borrow(), target.borrow());
        let (outputs, state) = net.forward(&(input.0, states[sample % parts]));
        states[sample % parts] = state;
        let errors = outputs
            .iter()
            .zip(target)
            .map(|([y], [t])| f64::from(y - t).powi(2));
        sum += errors.sum::<f64>() / WINDOW as f64;
    }
    let expected = sum / data.len() as f64;
    for threads in [1, 2] {
        let found = trainer(parts, threads).evaluate(&net, &data).unwrap().loss;
        assert!(
            (found - expected).abs() < 1e-6 * expected,
            "{found} {expected}"
        );
    }
    // The last part of a dataset goes on from nothing that stands before it.
    let mut net = Unrolled::new(Seed(3));
    let split = trainer(parts, 1).validation_split(0.5).epochs(1);
    let mut split = split;
    assert!(
        split.fit(&mut net, &data).unwrap().epochs[0]
            .validation
            .is_some()
    );
}

/// Samples that follow none begin with the state that they are given.
#[test]
fn a_sequence_ends_where_the_data_say_so() {
    struct Reset<D>(D);
    impl<D: Dataset> Dataset for Reset<D> {
        type Input = D::Input;
        type Target = D::Target;

        fn len(&self) -> usize {
            self.0.len()
        }

        fn sample(
            &self,
            index: usize,
        ) -> kiln::Result<(impl Borrow<D::Input>, impl Borrow<D::Target>)> {
            self.0.sample(index)
        }

        fn follows(&self, index: usize) -> Option<usize> {
            self.0.follows(index).filter(|_| index != 4)
        }
    }
    let net = Unrolled::new(Seed(4));
    let data = Reset(series(48, 2, 0.5));
    let states = (0..data.len()).scan([[0.5; UNITS]; 2], |states, sample| {
        if sample == 4 {
            states[0] = [0.5; UNITS];
        }
        let (input, target) = data.sample(sample).unwrap();
        let (input, target): (&Input, &Target) = (input.borrow(), target.borrow());
        let (outputs, state) = net.forward(&(input.0, states[sample % 2]));
        states[sample % 2] = state;
        let errors = outputs
            .iter()
            .zip(target)
            .map(|([y], [t])| f64::from(y - t).powi(2));
        Some(errors.sum::<f64>() / WINDOW as f64)
    });
    let expected = states.sum::<f64>() / data.len() as f64;
    let found = trainer(2, 1).evaluate(&net, &data).unwrap().loss;
    assert!(
        (found - expected).abs() < 1e-6 * expected,
        "{found} {expected}"
    );
}

#[test]
fn a_batch_of_another_size_is_refused() {
    let data = series(96, 4, 0.0);
    let mut net = Unrolled::new(Seed(5));
    let before = weights(&net);
    let error = trainer(3, 1)
        .epochs(1)
        .fit(&mut net, &data)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("it follows sample 2, but the batch before it has samples 3 to 5; give `batch` as many samples"),
        "{error}"
    );
    // The first step has none before it.
    assert_ne!(weights(&net), before);
    let error = trainer(2, 1).evaluate(&net, &data).unwrap_err().to_string();
    assert!(error.contains("it follows sample"), "{error}");
}
