//! What `docs/from-keras.md` says of optimizers: with Keras' numbers, those that leave nothing to differ are Keras' own
//! rules.
//!
//! Each rule is written as `keras.optimizers` has it, in f64, over a weight of a linear model.
#![forbid(unsafe_code)]

use kiln::{Optimizer, prelude::*};

model! {
    struct Linear(x: [3]) -> [1] { fc: Dense(1, bias = false) }
}

const X: [f32; 3] = [0.5, -1.25, 2.0];
const BEGIN: [f32; 3] = [0.3, 0.1, -0.2];
const STEPS: i32 = 50;

/// The squared error's gradient at some weights.
fn gradient(w: &[f64; 3]) -> [f64; 3] {
    let x = X.map(f64::from);
    let error = (0..3).map(|i| w[i] * x[i]).sum::<f64>() - 1.5;
    x.map(|x| 2.0 * error * x)
}

/// What a rule makes of the weights: from step, counted from 1, gradient and two memories, which begin at 0, the
/// change.
fn reference(rule: impl Fn(i32, f64, &mut f64, &mut f64) -> f64) -> [f64; 3] {
    let mut w = BEGIN.map(f64::from);
    let (mut first, mut second) = ([0.0; 3], [0.0; 3]);
    for step in 1..=STEPS {
        let g = gradient(&w);
        for i in 0..3 {
            w[i] += rule(step, g[i], &mut first[i], &mut second[i]);
        }
    }
    w
}

#[track_caller]
fn check<O: Optimizer>(optimizer: O, rule: impl Fn(i32, f64, &mut f64, &mut f64) -> f64) {
    let mut net = Linear::new(Seed(1));
    net.parameters_mut().set("fc.weight", &BEGIN).unwrap();
    let mut training = Training::new(&net, 1).unwrap();
    let mut descent = Descent::new(&net, optimizer).unwrap();
    for _ in 0..STEPS {
        training.backward(&net, &[X], &[[1.5]], &Mse).unwrap();
        descent.apply(&mut net, training.gradients()).unwrap();
    }
    let found = net.parameters().get("fc.weight").unwrap();
    let expected = reference(rule);
    let moved = BEGIN
        .iter()
        .zip(expected)
        .map(|(&w, end)| (f64::from(w) - end).abs());
    assert!(moved.fold(0.0, f64::max) > 1e-4, "the rule moves nothing");
    for (found, expected) in found.into_iter().zip(expected) {
        assert!(
            (f64::from(found) - expected).abs() < 1e-5 * expected.abs().max(0.1),
            "{found} {expected}"
        );
    }
}

#[test]
fn sgd() {
    check(Sgd::new(0.01), |_, g, _, _| -0.01 * g);
    check(Sgd::new(0.01).momentum(0.9), |_, g, velocity, _| {
        *velocity = 0.9 * *velocity - 0.01 * g;
        *velocity
    });
    check(
        Sgd::new(0.01).momentum(0.9).nesterov(),
        |_, g, velocity, _| {
            *velocity = 0.9 * *velocity - 0.01 * g;
            0.9 * *velocity - 0.01 * g
        },
    );
}

#[test]
fn nadam() {
    let (beta1, beta2) = (0.9, 0.999);
    let mu = |t: i32| beta1 * (1.0 - 0.5 * 0.96_f64.powi(t));
    check(
        NAdam::new(0.001).epsilon(1e-7).momentum_decay(1.0),
        |t, g, m, v| {
            let product: f64 = (1..=t).map(mu).product();
            *m += (1.0 - beta1) * (g - *m);
            *v += (1.0 - beta2) * (g * g - *v);
            let mean =
                mu(t + 1) * *m / (1.0 - product * mu(t + 1)) + (1.0 - mu(t)) * g / (1.0 - product);
            -0.001 * mean / ((*v / (1.0 - beta2.powi(t))).sqrt() + 1e-7)
        },
    );
}

/// With a rate of 1, since one of 0.001 moves nothing in fifty steps.
#[test]
fn adadelta() {
    check(
        Adadelta::new(1.0).rho(0.95).epsilon(1e-7),
        |_, g, squares, deltas| {
            *squares = 0.95 * *squares + 0.05 * g * g;
            let delta = -((*deltas + 1e-7) / (*squares + 1e-7)).sqrt() * g;
            *deltas = 0.95 * *deltas + 0.05 * delta * delta;
            delta
        },
    );
}

#[test]
fn lion() {
    check(Lion::new(0.001), |_, g, m, _| {
        let change = 0.9 * *m + 0.1 * g;
        *m = 0.99 * *m + 0.01 * g;
        -0.001 * change.signum()
    });
}

/// Where epsilon stands elsewhere, it decides nothing as long as gradients are of a usual size.
#[test]
fn those_whose_epsilon_stands_elsewhere() {
    let (beta1, beta2) = (0.9, 0.999);
    let adam = |t: i32, g: f64, m: &mut f64, v: &mut f64| {
        *m += (1.0 - beta1) * (g - *m);
        *v += (1.0 - beta2) * (g * g - *v);
        let rate = 0.001 * (1.0 - beta2.powi(t)).sqrt() / (1.0 - beta1.powi(t));
        -rate * *m / (v.sqrt() + 1e-7)
    };
    check(Adam::new(0.001).epsilon(1e-7), adam);
    check(
        RmsProp::new(0.001).alpha(0.9).epsilon(1e-7),
        |_, g, v, _| {
            *v = 0.9 * *v + 0.1 * g * g;
            -0.001 * g / (*v + 1e-7).sqrt()
        },
    );
    check(
        Adagrad::new(0.001).initial_accumulator(0.1).epsilon(1e-7),
        |_, g, sum, _| {
            *sum += g * g;
            -0.001 * g / (0.1 + *sum + 1e-7).sqrt()
        },
    );
}
