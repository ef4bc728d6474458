//! Ten steps against PyTorch.
//!
//! The expected weights were computed by PyTorch 2.15 in double precision: six weights, of which one has tiny gradients,
//! with the gradients of [`gradient`].

mod reference;

use super::{Adam, AdamW, Optimizer, Sgd, State};
use crate::{
    block::Block,
    math::TINY,
    simd::{self, Isa, Task},
    tensor::Penalty,
    update::{Consumer, Sink, Store, Update},
};
use alloc::{format, string::ToString, vec::Vec};

const START: [f32; 6] = [0.5, -1.25, 0.0, 2.0, -0.03125, 0.75];

/// The gradient of weight `i` in step `t`.
fn gradient(i: usize, t: usize) -> f32 {
    let size = if i == 4 { 1e-4 } else { 1.0 };
    ((i * 7 + t * 5) % 11) as f32 * 0.125 * size - 0.625 * size
}

struct Ten<'a, O>(&'a O);

impl<O: Optimizer> Task for Ten<'_, O> {
    type Output = [f32; 16];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [f32; 16] {
        let mut weights = Block::ZERO;
        weights.0[..6].copy_from_slice(&START);
        let mut state = State::<O>::default();
        for t in 0..10 {
            let mut gradients = Block::ZERO;
            for (i, g) in gradients.0[..6].iter_mut().enumerate() {
                *g = gradient(i, t);
            }
            let step = self.0.step(t as u64, 1.0);
            step.apply(s, gradients.load(s), &mut weights, &mut state);
        }
        weights.0
    }
}

/// Compares ten steps on every instruction set, padding included.
fn check<O: Optimizer>(name: &str, optimizer: O, expected: [f64; 6]) {
    for level in simd::levels() {
        let found = simd::dispatch(level, Ten(&optimizer));
        for (found, expected) in found.into_iter().zip(expected) {
            let error = (f64::from(found) - expected).abs();
            assert!(
                error <= 1e-6 * expected.abs().max(0.1),
                "{name} on {level:?}: {found}, PyTorch {expected}"
            );
        }
        assert_eq!(found[6..], [0.0; 10], "{name} on {level:?}");
    }
}

#[test]
fn gradient_descent_is_that_of_pytorch() {
    let plain = Sgd::new(0.1);
    check(
        "SGD",
        plain,
        [0.5125, -1.2875, 0.05, 2.0, -0.031255, 0.7875],
    );
    check(
        "SGD with decay",
        plain.weight_decay(0.01),
        [
            0.507535637,
            -1.27523031,
            0.0496383737,
            1.98077452,
            -0.0309438937,
            0.779523119,
        ],
    );
    let heavy = plain.momentum(0.9);
    check(
        "momentum",
        heavy,
        [
            0.459591369,
            -1.19012405,
            0.308040345,
            1.58128747,
            -0.0312640203,
            1.10244109,
        ],
    );
    check(
        "dampened momentum",
        heavy.dampening(0.3).weight_decay(0.01),
        [
            0.575863938,
            -1.21906805,
            0.262642867,
            1.52888794,
            -0.0303022418,
            1.04321664,
        ],
    );
    check(
        "Nesterov's momentum",
        heavy.nesterov().weight_decay(0.01),
        [
            0.450203192,
            -1.17868173,
            0.322939763,
            1.54205777,
            -0.0298094456,
            1.0609615,
        ],
    );
}

#[test]
fn adam_is_that_of_pytorch() {
    check(
        "Adam",
        Adam::default(),
        [
            0.500878154,
            -1.24994435,
            0.00244024277,
            1.99643945,
            -0.0322613094,
            0.753216085,
        ],
    );
    check(
        "Adam with all numbers changed",
        Adam::new(0.05)
            .betas(0.8, 0.99)
            .epsilon(1e-6)
            .weight_decay(0.1),
        [
            0.478003145,
            -1.14097786,
            0.113723108,
            1.71698965,
            0.00472316991,
            0.799681739,
        ],
    );
    check(
        "AdamW",
        AdamW::default(),
        [
            0.500828045,
            -1.24981935,
            0.00244011142,
            1.99623971,
            -0.0322581438,
            0.753140875,
        ],
    );
    check(
        "AdamW with decay",
        AdamW::new(0.05).weight_decay(0.3),
        [
            0.465910367,
            -1.07179443,
            0.112598351,
            1.55916707,
            -0.0745299627,
            0.790362163,
        ],
    );
}

/// Lets moments and weights decay without gradients, and gives all numbers met on the way.
struct Decay<O>(O);

impl<O: Optimizer> Task for Decay<O>
where
    State<O>: bytemuck::Pod,
{
    type Output = (Vec<f32>, Vec<f32>);

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Self::Output {
        let (mut weights, mut all) = (Block([1.0; 16]), Vec::new());
        let mut state = State::<O>::default();
        let mut numbers = Vec::new();
        for t in 0..1500 {
            let gradient = Block([if t == 0 { 1e-3 } else { 0.0 }; 16]);
            let step = self.0.step(t, 1.0);
            step.apply(s, gradient.load(s), &mut weights, &mut state);
            numbers.extend_from_slice(bytemuck::cast_slice(core::slice::from_ref(&state)));
            all.extend_from_slice(&weights.0);
        }
        (numbers, all)
    }
}

#[test]
fn moments_never_become_subnormal() {
    for level in simd::levels() {
        let (adam, _) = simd::dispatch(level, Decay(Adam::default().betas(0.9, 0.8)));
        let (heavy, _) = simd::dispatch(level, Decay(Sgd::new(0.1).momentum(0.9)));
        let normal = |x: &f32| *x == 0.0 || x.is_normal();
        assert!(adam.iter().chain(&heavy).all(normal), "{level:?}");
        assert_eq!(heavy.last(), Some(&0.0), "{level:?}");
        assert_eq!(adam[adam.len() - 32..][..16], [0.0; 16], "{level:?}");
        let wide = Adam::default().betas(0.9, 0.8).epsilon(0.0);
        let (wide, _) = simd::dispatch(level, Decay(wide));
        assert!(wide.iter().all(normal), "{level:?}");
        assert_eq!(wide[wide.len() - 32..], [0.0; 32], "{level:?}");
    }
}

/// Weights that decay reach zero by every rule, and none of them is tiny on the way.
#[test]
fn weights_decay_to_zero() {
    for level in simd::levels() {
        let plain = Sgd::new(0.1).weight_decay(1.0);
        let heavy = plain.momentum(0.5);
        let all = [
            simd::dispatch(level, Decay(heavy)).1,
            simd::dispatch(level, Decay(heavy.nesterov())).1,
            simd::dispatch(level, Decay(AdamW::new(0.1).weight_decay(1.0))).1,
        ];
        for weights in all {
            assert!(weights.iter().all(|w| *w == 0.0 || w.abs() >= TINY));
            assert_eq!(weights.last(), Some(&0.0), "{level:?}");
        }
    }
}

/// A gradient of a half on weights 2, -3, 0, with a penalty.
struct Penalized;

impl Task for Penalized {
    type Output = ([f32; 3], [f32; 3]);

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Self::Output {
        let mut gradients = Block::ZERO;
        gradients.0[..3].fill(0.5);
        let mut weights = Block::ZERO;
        weights.0[..2].copy_from_slice(&[2.0, -3.0]);
        let penalty = Penalty {
            l1: 0.25,
            l2: 0.125,
        };
        let (mut fused, mut stored) = (weights, weights);
        let step = Sgd::new(1.0).step(0, 1.0);
        Consumer::new(s, &step, core::slice::from_mut(&mut fused), &mut [()]).finish(
            0,
            &[gradients],
            &penalty,
        );
        Consumer::new(s, &Store, core::slice::from_mut(&mut stored), &mut [()]).finish(
            0,
            &[gradients],
            &penalty,
        );
        assert_eq!(stored, gradients);
        penalty.add_to(s, &[weights], core::slice::from_mut(&mut stored));
        assert_eq!(fused.0[3..], [0.0; 13]);
        assert_eq!(stored.0[3..], [0.0; 13]);
        (
            [fused.0[0], fused.0[1], fused.0[2]],
            [stored.0[0], stored.0[1], stored.0[2]],
        )
    }
}

/// dL/dw = 0.5 + 0.25 sign(w) + 2 * 0.125 w.
#[test]
fn penalties_follow_keras() {
    for level in simd::levels() {
        let (fused, stored) = simd::dispatch(level, Penalized);
        assert_eq!(stored, [1.25, -0.5, 0.5], "{level:?}");
        assert_eq!(fused, [0.75, -2.5, -0.5], "{level:?}");
    }
    let penalty = Penalty {
        l1: 0.25,
        l2: 0.125,
    };
    let mut weights = Block::ZERO;
    weights.0[..2].copy_from_slice(&[2.0, -3.0]);
    assert_eq!(penalty.loss(&[weights]), 0.25 * 5.0 + 0.125 * 13.0);
}

/// The gradient of every lane in twenty steps, as a share of the largest: some are zero, none before the third step in
/// half of the lanes.
fn share(lane: usize, t: usize) -> f32 {
    match (lane, t) {
        (8.., ..3) => 0.0,
        _ if (lane + t) % 5 == 4 => 0.0,
        _ => ((lane * 7 + t * 5) % 11) as f32 * 0.2 - 0.9,
    }
}

/// Weights after twenty steps with gradients of up to `size`.
struct Twenty(Adam, f32);

impl Task for Twenty {
    type Output = [f32; 16];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [f32; 16] {
        let mut weights = Block::ZERO;
        let mut state = State::<Adam>::default();
        for t in 0..20 {
            let gradients = Block(core::array::from_fn(|lane| self.1 * share(lane, t)));
            let step = self.0.step(t as u64, 1.0);
            step.apply(s, gradients.load(s), &mut weights, &mut state);
        }
        weights.0
    }
}

/// The same in double precision, and the length of the way.
fn twenty(adam: &Adam, size: f32, lane: usize) -> (f64, f64) {
    let (mut m, mut v, mut weight, mut way) = (0.0, 0.0, 0.0, 0.0);
    for t in 0..20 {
        let g = f64::from(size * share(lane, t));
        m = adam.beta1 * m + (1.0 - adam.beta1) * g;
        v = adam.beta2 * v + (1.0 - adam.beta2) * g * g;
        let corrected = |moment: f64, beta: f64| moment / (1.0 - beta.powi(t as i32 + 1));
        let below = corrected(v, adam.beta2).sqrt() + adam.epsilon;
        let change = if below == 0.0 {
            0.0
        } else {
            corrected(m, adam.beta1) / below
        };
        weight -= adam.learning_rate * change;
        way += (adam.learning_rate * change).abs();
    }
    (weight, way)
}

/// Every epsilon that is admitted, beside gradients of all sizes of `f32`.
#[test]
fn adam_is_right_for_every_epsilon_and_every_gradient() {
    for level in simd::levels() {
        for epsilon in [1e-3, 1e-8, 1e-12, 1e-15, 1e-18, 0.0] {
            for (beta1, beta2) in [(0.9, 0.999), (0.5, 0.9), (0.0, 0.99999)] {
                let adam = Adam::new(1.0).betas(beta1, beta2).epsilon(epsilon);
                // Without an epsilon, smaller ones lose digits beside 2^-95.
                let least = if epsilon == 0.0 { -22 } else { -25 };
                // With a large one, squares overflow beyond.
                let most = if epsilon > 1e-11 { 18 } else { 38 };
                for exponent in least..=most {
                    let size = 10.0_f32.powi(exponent);
                    let found = simd::dispatch(level, Twenty(adam, size));
                    for (lane, found) in found.into_iter().enumerate() {
                        let (expected, way) = twenty(&adam, size, lane);
                        let error = (f64::from(found) - expected).abs();
                        assert!(
                            error <= 1e-5 * way + 1e-8,
                            "{found}, expected {expected}: {adam:?}, {size:e}, {level:?}"
                        );
                    }
                }
            }
        }
    }
}

/// Gradients so small that they count as 0 change nothing, whatever the epsilon.
#[test]
fn what_is_nothing_moves_nothing() {
    for level in simd::levels() {
        for epsilon in [1e-8, 1e-18, 0.0] {
            for size in [0.0, 1e-45, 1e-38, 1e-30] {
                let adam = Adam::new(1.0).epsilon(epsilon);
                let found = simd::dispatch(level, Twenty(adam, size));
                assert_eq!(found, [0.0; 16], "{epsilon:e}, {size:e}, {level:?}");
            }
        }
    }
}

/// Constants of a step that overflow `f32` leave the zeros between weights zero.
#[test]
fn zeros_stay_zero_at_any_rate() {
    fn check<O: Optimizer>(optimizer: O) {
        for level in simd::levels() {
            let found = simd::dispatch(level, Ten(&optimizer));
            assert_eq!(found[6..], [0.0; 10], "{level:?}");
        }
    }
    check(Sgd::new(3e38).weight_decay(3e38));
    check(Sgd::new(3e38).momentum(0.9).nesterov().weight_decay(3e38));
    check(
        Adam::new(3e38)
            .betas(0.999, 0.0)
            .epsilon(0.0)
            .weight_decay(3e38),
    );
    check(AdamW::new(3e38).betas(0.999, 0.0).weight_decay(3e38));
}

/// Where PyTorch's weight never moves again, the step is some learning rates.
#[test]
fn gradients_whose_squares_overflow_still_move_a_weight() {
    for level in simd::levels() {
        for (size, most) in [(1e19, 20.0), (1e20, 200.0)] {
            let found = simd::dispatch(level, Twenty(Adam::new(1.0), size));
            for weight in found {
                assert!(weight != 0.0 && weight.abs() < most, "{weight}, {size:e}");
            }
        }
    }
}

#[test]
fn what_is_not_finite_as_f32_is_told_so() {
    let checks = |number: f64| {
        [
            Sgd::new(number).check(),
            Sgd::new(0.1).momentum(0.9).weight_decay(number).check(),
            Adam::new(number).check(),
            Adam::new(0.1).epsilon(number).check(),
            AdamW::new(0.1).weight_decay(number).check(),
        ]
    };
    for number in [f64::INFINITY, f64::NAN, 1e300, 3.5e38] {
        for check in checks(number) {
            let message = check.expect_err("a number beyond f32").to_string();
            assert!(message.contains(&format!("is {number:?}, but must be 0")));
            assert!(
                message.contains("and finite as `f32`, such as"),
                "{message}"
            );
        }
    }
    for number in [0.0, f64::from(f32::MAX)] {
        assert!(checks(number).iter().all(Result::is_ok));
    }
}
