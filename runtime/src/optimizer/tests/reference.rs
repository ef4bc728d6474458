//! Every rule beside its definition in double precision, over settings and gradients of many sizes.

use crate::{
    block::Block,
    math::TINY,
    optimizer::{
        Adadelta, Adagrad, Adam, AdamW, AnyOptimizer, Lion, NAdam, Optimizer, RAdam, RmsProp, Sgd,
        State,
    },
    simd::{self, Isa, Task},
    update::Update,
};
use alloc::{format, string::ToString, vec, vec::Vec};

/// PyTorch's definition: gradient, weight, what is remembered, and the step, counted from 1. It gives the new weight.
type Definition = fn(&AnyOptimizer, f64, f64, &mut [f64; 4], i32) -> f64;

/// A quotient of which 0 / 0 is nothing.
fn over(above: f64, below: f64) -> f64 {
    if above == 0.0 { 0.0 } else { above / below }
}

fn moments([m, v, ..]: &mut [f64; 4], g: f64, beta1: f64, beta2: f64) {
    *m = beta1 * *m + (1.0 - beta1) * g;
    *v = beta2 * *v + (1.0 - beta2) * g * g;
}

fn adam(any: &AnyOptimizer, g: f64, w: f64, state: &mut [f64; 4], t: i32) -> f64 {
    let (rate, b1, b2, epsilon, decay, decoupled, largest) = match *any {
        AnyOptimizer::Adam(a) => (
            a.learning_rate,
            a.beta1,
            a.beta2,
            a.epsilon,
            a.weight_decay,
            false,
            false,
        ),
        AnyOptimizer::AdamAmsGrad(a) => (
            a.learning_rate,
            a.beta1,
            a.beta2,
            a.epsilon,
            a.weight_decay,
            false,
            true,
        ),
        AnyOptimizer::AdamW(a) => (
            a.learning_rate,
            a.beta1,
            a.beta2,
            a.epsilon,
            a.weight_decay,
            true,
            false,
        ),
        AnyOptimizer::AdamWAmsGrad(a) => (
            a.learning_rate,
            a.beta1,
            a.beta2,
            a.epsilon,
            a.weight_decay,
            true,
            true,
        ),
        _ => panic!("{any:?}"),
    };
    let (g, w) = decayed(g, w, decay, rate, decoupled);
    moments(state, g, b1, b2);
    state[2] = state[2].max(state[1]);
    let v = state[if largest { 2 } else { 1 }];
    let below = (v / (1.0 - b2.powi(t))).sqrt() + epsilon;
    w - rate * over(state[0] / (1.0 - b1.powi(t)), below)
}

/// Gradient and weight after weight decay.
fn decayed(g: f64, w: f64, decay: f64, rate: f64, decoupled: bool) -> (f64, f64) {
    match decoupled {
        true => (g, (1.0 - rate * decay) * w),
        false => (g + decay * w, w),
    }
}

fn nadam(any: &AnyOptimizer, g: f64, w: f64, state: &mut [f64; 4], t: i32) -> f64 {
    let AnyOptimizer::NAdam(a) = *any else {
        panic!("{any:?}")
    };
    let rate = a.learning_rate;
    let (g, w) = decayed(g, w, a.weight_decay, rate, a.is_decoupled);
    moments(state, g, a.beta1, a.beta2);
    let mu = |t: i32| a.beta1 * (1.0 - 0.5 * 0.96_f64.powf(f64::from(t) * a.momentum_decay));
    let product: f64 = (1..=t).map(mu).product();
    let below = (state[1] / (1.0 - a.beta2.powi(t))).sqrt() + a.epsilon;
    let fresh = (1.0 - mu(t)) / (1.0 - product) * g;
    let along = mu(t + 1) / (1.0 - product * mu(t + 1)) * state[0];
    w - rate * over(fresh + along, below)
}

fn radam(any: &AnyOptimizer, g: f64, w: f64, state: &mut [f64; 4], t: i32) -> f64 {
    let AnyOptimizer::RAdam(a) = *any else {
        panic!("{any:?}")
    };
    let rate = a.learning_rate;
    let (g, w) = decayed(g, w, a.weight_decay, rate, a.is_decoupled);
    moments(state, g, a.beta1, a.beta2);
    let m = state[0] / (1.0 - a.beta1.powi(t));
    let unbiased = 1.0 - a.beta2.powi(t);
    let most = 2.0 / (1.0 - a.beta2) - 1.0;
    let n = most - 2.0 * f64::from(t) * a.beta2.powi(t) / unbiased;
    if n <= 5.0 {
        return w - rate * m;
    }
    let trust = ((n - 4.0) * (n - 2.0) * most / ((most - 4.0) * (most - 2.0) * n)).sqrt();
    w - rate * trust * over(m * unbiased.sqrt(), state[1].sqrt() + a.epsilon)
}

fn rms_prop(any: &AnyOptimizer, g: f64, w: f64, state: &mut [f64; 4], _: i32) -> f64 {
    let (rate, alpha, epsilon, decay, momentum, centered) = match *any {
        AnyOptimizer::RmsProp(a) => (
            a.learning_rate,
            a.alpha,
            a.epsilon,
            a.weight_decay,
            0.0,
            false,
        ),
        AnyOptimizer::RmsPropMomentum(a) => (
            a.learning_rate,
            a.alpha,
            a.epsilon,
            a.weight_decay,
            a.momentum,
            false,
        ),
        AnyOptimizer::RmsPropCentered(a) => (
            a.learning_rate,
            a.alpha,
            a.epsilon,
            a.weight_decay,
            0.0,
            true,
        ),
        AnyOptimizer::RmsPropCenteredMomentum(a) => (
            a.learning_rate,
            a.alpha,
            a.epsilon,
            a.weight_decay,
            a.momentum,
            true,
        ),
        _ => panic!("{any:?}"),
    };
    let g = g + decay * w;
    moments(state, g, alpha, alpha);
    let mean = if centered { state[0] } else { 0.0 };
    let below = (state[1] - mean * mean).max(0.0).sqrt() + epsilon;
    state[2] = momentum * state[2] + over(g, below);
    w - rate * state[2]
}

fn adagrad(any: &AnyOptimizer, g: f64, w: f64, state: &mut [f64; 4], t: i32) -> f64 {
    let AnyOptimizer::Adagrad(a) = *any else {
        panic!("{any:?}")
    };
    let g = g + a.weight_decay * w;
    state[0] += g * g + if t == 1 { a.initial_accumulator } else { 0.0 };
    let rate = a.learning_rate / (1.0 + f64::from(t - 1) * a.lr_decay);
    w - rate * over(g, state[0].sqrt() + a.epsilon)
}

fn adadelta(any: &AnyOptimizer, g: f64, w: f64, [v, u, ..]: &mut [f64; 4], _: i32) -> f64 {
    let AnyOptimizer::Adadelta(a) = *any else {
        panic!("{any:?}")
    };
    let g = g + a.weight_decay * w;
    *v = a.rho * *v + (1.0 - a.rho) * g * g;
    let d = g * (*u + a.epsilon).sqrt() / (*v + a.epsilon).sqrt();
    *u = a.rho * *u + (1.0 - a.rho) * d * d;
    w - a.learning_rate * d
}

fn lion(any: &AnyOptimizer, g: f64, w: f64, [m, ..]: &mut [f64; 4], _: i32) -> f64 {
    let AnyOptimizer::Lion(a) = *any else {
        panic!("{any:?}")
    };
    let along = a.beta1 * *m + (1.0 - a.beta1) * g;
    *m = a.beta2 * *m + (1.0 - a.beta2) * g;
    let sign = if along == 0.0 { 0.0 } else { along.signum() };
    (1.0 - a.learning_rate * a.weight_decay) * w - a.learning_rate * sign
}

/// Twenty steps with gradients of up to `size`, on weights that begin as 0 or as `start`.
struct Twenty<'a, O> {
    optimizer: &'a O,
    size: f32,
    start: f32,
}

/// The gradient of a lane in a step, as a share of the largest: some are zero, none before the third step in half of the
/// lanes.
fn share(lane: usize, t: usize) -> f32 {
    match (lane, t) {
        (8.., ..3) => 0.0,
        _ if (lane + t) % 5 == 4 => 0.0,
        _ => ((lane * 7 + t * 5) % 11) as f32 * 0.2 - 0.9,
    }
}

impl<O: Optimizer> Task for Twenty<'_, O> {
    type Output = [f32; 16];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [f32; 16] {
        let mut weights = Block([self.start; 16]);
        let mut state = State::<O>::default();
        for t in 0..20 {
            let gradients = Block(core::array::from_fn(|lane| self.size * share(lane, t)));
            let step = self.optimizer.step(t as u64, 1.0);
            step.apply(s, gradients.load(s), &mut weights, &mut state);
        }
        weights.0
    }
}

/// Holds twenty steps against the definition, for gradients of 10^`sizes`.
fn check(
    optimizer: impl Into<AnyOptimizer>,
    definition: Definition,
    sizes: core::ops::RangeInclusive<i32>,
) {
    let any = optimizer.into();
    any.check().expect("settings of use");
    for level in simd::levels() {
        for exponent in sizes.clone() {
            for start in [0.0, 0.75] {
                let size = 10.0_f32.powi(exponent);
                let twenty = Twenty {
                    optimizer: &any,
                    size,
                    start,
                };
                let found = simd::dispatch(level, twenty);
                for (lane, found) in found.into_iter().enumerate() {
                    let (mut weight, mut way, mut state) = (f64::from(start), 0.0, [0.0; 4]);
                    for t in 0..20 {
                        let g = f64::from(size * share(lane, t));
                        let next = definition(&any, g, weight, &mut state, t as i32 + 1);
                        way += (next - weight).abs();
                        weight = next;
                    }
                    let error = (f64::from(found) - weight).abs();
                    let bound = 1e-5 * way + 1e-6 * f64::from(start) + 1e-8;
                    assert!(
                        error <= bound,
                        "{found}, expected {weight}: {any:?}, {size:e}, {level:?}, lane {lane}"
                    );
                }
            }
        }
    }
}

#[test]
fn adam_follows_its_definition() {
    let all = Adam::new(0.05).betas(0.8, 0.97).epsilon(1e-6);
    for decay in [0.0, 0.1] {
        check(Adam::default().weight_decay(decay), adam, -6..=3);
        check(all.amsgrad().weight_decay(decay), adam, -6..=3);
        check(AdamW::new(0.05).weight_decay(decay).amsgrad(), adam, -6..=3);
    }
    check(Adam::new(0.05).amsgrad(), adam, -10..=18);
    check(Adam::new(0.05).amsgrad().epsilon(0.0), adam, -18..=37);
}

#[test]
fn nadam_follows_its_definition() {
    for decay in [0.0, 0.1] {
        for momentum_decay in [0.0, 4e-3, 0.5, 100.0] {
            let usual = NAdam::default()
                .weight_decay(decay)
                .momentum_decay(momentum_decay);
            check(usual, nadam, -6..=3);
            check(
                usual.betas(0.5, 0.9).epsilon(1e-3).decoupled_weight_decay(),
                nadam,
                -6..=3,
            );
        }
    }
    check(NAdam::default(), nadam, -10..=18);
    check(NAdam::default().epsilon(0.0), nadam, -18..=37);
}

#[test]
fn radam_follows_its_definition() {
    for decay in [0.0, 0.1] {
        for (beta1, beta2) in [(0.9, 0.999), (0.5, 0.7), (0.0, 0.5), (0.95, 0.99)] {
            let usual = RAdam::new(0.01).betas(beta1, beta2).weight_decay(decay);
            check(usual, radam, -6..=1);
            check(usual.epsilon(1e-3).decoupled_weight_decay(), radam, -6..=1);
        }
    }
    // The first steps are along gradients of any size.
    check(RAdam::default(), radam, -10..=18);
}

#[test]
fn rms_prop_follows_its_definition() {
    for decay in [0.0, 0.1] {
        for alpha in [0.99, 0.5] {
            let usual = RmsProp::new(1e-3).alpha(alpha).weight_decay(decay);
            check(usual, rms_prop, -6..=3);
            check(usual.momentum(0.9), rms_prop, -6..=3);
            check(usual.centered().epsilon(1e-3), rms_prop, -4..=3);
            check(
                usual.momentum(0.5).centered().epsilon(1e-3),
                rms_prop,
                -4..=3,
            );
        }
    }
    check(RmsProp::new(1e-3).alpha(0.0), rms_prop, -6..=3);
    check(RmsProp::default(), rms_prop, -10..=18);
    check(RmsProp::default().epsilon(0.0), rms_prop, -18..=37);
}

#[test]
fn adagrad_follows_its_definition() {
    for decay in [0.0, 0.1] {
        let usual = Adagrad::default().weight_decay(decay);
        check(usual, adagrad, -6..=3);
        check(usual.lr_decay(0.1), adagrad, -6..=3);
        check(
            usual.initial_accumulator(0.1).epsilon(1e-3),
            adagrad,
            -6..=3,
        );
    }
    check(Adagrad::default(), adagrad, -18..=37);
    check(Adagrad::default().epsilon(0.0), adagrad, -18..=37);
}

#[test]
fn adadelta_follows_its_definition() {
    for decay in [0.0, 0.1] {
        let usual = Adadelta::default().weight_decay(decay);
        check(usual, adadelta, -6..=3);
        check(usual.rho(0.5).epsilon(1e-3), adadelta, -6..=3);
    }
    check(Adadelta::new(0.5), adadelta, -10..=18);
    check(Adadelta::default().epsilon(1e-24), adadelta, -10..=18);
}

#[test]
fn lion_follows_its_definition() {
    for decay in [0.0, 0.1] {
        let usual = Lion::new(0.01).weight_decay(decay);
        check(usual, lion, -24..=37);
        check(usual.betas(0.5, 0.75), lion, -24..=37);
        check(usual.betas(0.0, 0.0), lion, -24..=37);
    }
}

/// One of each kind, with a weight decay where zeros between weights shall meet it.
fn all(decay: f64) -> Vec<AnyOptimizer> {
    vec![
        Sgd::new(0.1).weight_decay(decay).into(),
        Sgd::new(0.1).momentum(0.9).weight_decay(decay).into(),
        Adam::new(0.1).weight_decay(decay).into(),
        Adam::new(0.1).amsgrad().weight_decay(decay).into(),
        AdamW::new(0.1).weight_decay(decay).into(),
        AdamW::new(0.1).amsgrad().weight_decay(decay).into(),
        NAdam::new(0.1).weight_decay(decay).into(),
        RAdam::new(0.1).weight_decay(decay).into(),
        RmsProp::new(0.1).weight_decay(decay).into(),
        RmsProp::new(0.1).momentum(0.9).weight_decay(decay).into(),
        RmsProp::new(0.1).centered().weight_decay(decay).into(),
        RmsProp::new(0.1)
            .centered()
            .momentum(0.9)
            .weight_decay(decay)
            .into(),
        Adagrad::new(0.1).weight_decay(decay).into(),
        Adadelta::new(0.1).weight_decay(decay).into(),
        Lion::new(0.1).weight_decay(decay).into(),
    ]
}

/// With gradients that are nothing, and with rates and decays that overflow `f32` in a product.
#[test]
fn zeros_stay_zero_by_every_rule() {
    for level in simd::levels() {
        for size in [0.0, 1e-45, 1e-38, 1e-30] {
            for any in all(0.1) {
                let twenty = Twenty {
                    optimizer: &any,
                    size,
                    start: 0.0,
                };
                let found = simd::dispatch(level, twenty);
                assert_eq!(found, [0.0; 16], "{any:?}, {size:e}, {level:?}");
            }
        }
        for mut any in all(3e38) {
            any.set_learning_rate(3e38);
            any.check().expect("a rate within f32");
            let twenty = Twenty {
                optimizer: &any,
                size: 0.0,
                start: 0.0,
            };
            assert_eq!(
                simd::dispatch(level, twenty),
                [0.0; 16],
                "{any:?}, {level:?}"
            );
        }
    }
}

/// One gradient, then none for long: what is remembered, and the weights.
struct Fading<'a>(&'a AnyOptimizer);

impl Task for Fading<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Vec<f32> {
        let (mut weights, mut numbers) = (Block([1.0; 16]), Vec::new());
        let mut state = State::<AnyOptimizer>::default();
        for t in 0..1500 {
            let gradient = Block([if t == 0 { 1e-3 } else { 0.0 }; 16]);
            let step = self.0.step(t, 1.0);
            step.apply(s, gradient.load(s), &mut weights, &mut state);
            numbers.extend(state.iter().flat_map(|block| block.0));
            assert!(weights.0.iter().all(|w| *w == 0.0 || w.abs() >= TINY));
        }
        numbers
    }
}

#[test]
fn nothing_that_is_remembered_becomes_subnormal() {
    let faster = [
        Adam::new(0.1).betas(0.5, 0.5).amsgrad().into(),
        NAdam::new(0.1).betas(0.5, 0.5).epsilon(0.0).into(),
        RmsProp::new(0.1).alpha(0.5).centered().momentum(0.5).into(),
        RmsProp::new(0.1).alpha(0.5).epsilon(0.0).into(),
        Adadelta::new(0.1).rho(0.5).epsilon(1e-24).into(),
        Lion::new(0.1).betas(0.5, 0.5).into(),
    ];
    for level in simd::levels() {
        for any in all(0.5).into_iter().chain(faster) {
            let numbers = simd::dispatch(level, Fading(&any));
            let normal = |x: &f32| *x == 0.0 || x.is_normal();
            assert!(numbers.iter().all(normal), "{any:?}, {level:?}");
        }
    }
}

/// Any optimizer takes the steps of the one that it holds, without weight decay too.
#[test]
fn any_optimizer_is_the_one_that_it_holds() {
    fn check<O: Optimizer + Copy + Into<AnyOptimizer>>(optimizer: O) {
        let any = optimizer.into();
        assert_eq!(any.learning_rate(), optimizer.learning_rate());
        let mut faster = any;
        faster.set_learning_rate(0.5);
        assert_eq!(faster.learning_rate(), 0.5);
        for level in simd::levels() {
            let run = |any: &AnyOptimizer| {
                let twenty = Twenty {
                    optimizer: any,
                    size: 0.01,
                    start: 1.0,
                };
                simd::dispatch(level, twenty)
            };
            let own = Twenty {
                optimizer: &optimizer,
                size: 0.01,
                start: 1.0,
            };
            assert_eq!(simd::dispatch(level, own), run(&any), "{any:?}");
            assert_ne!(run(&any), run(&faster), "{any:?}");
        }
    }
    check(Sgd::new(0.1));
    check(Sgd::new(0.1).momentum(0.9));
    check(Adam::new(0.1));
    check(Adam::new(0.1).amsgrad());
    check(AdamW::new(0.1));
    check(AdamW::new(0.1).amsgrad());
    check(NAdam::new(0.1));
    check(RAdam::new(0.1));
    check(RmsProp::new(0.1));
    check(RmsProp::new(0.1).momentum(0.9));
    check(RmsProp::new(0.1).centered());
    check(RmsProp::new(0.1).centered().momentum(0.9));
    check(Adagrad::new(0.1));
    check(Adadelta::new(0.1));
    check(Lion::new(0.1));
}

/// A step without decay is that of the same rule whose decay is 0.
#[test]
fn decay_is_left_out_where_asked() {
    struct Undecayed(AnyOptimizer);
    impl Optimizer for Undecayed {
        type Step = <AnyOptimizer as Optimizer>::Step;

        fn step(&self, taken: u64, factor: f64) -> Self::Step {
            self.0.step_without_decay(taken, factor)
        }

        fn learning_rate(&self) -> f64 {
            self.0.learning_rate()
        }

        fn set_learning_rate(&mut self, learning_rate: f64) {
            self.0.set_learning_rate(learning_rate);
        }
    }
    for level in simd::levels() {
        for (decays, none) in all(0.25).into_iter().zip(all(0.0)) {
            let undecayed = Undecayed(decays);
            let (size, start) = (0.01, 1.0);
            let run = |optimizer: &AnyOptimizer| {
                let twenty = Twenty {
                    optimizer,
                    size,
                    start,
                };
                simd::dispatch(level, twenty)
            };
            let without = Twenty {
                optimizer: &undecayed,
                size,
                start,
            };
            let without = simd::dispatch(level, without);
            assert_eq!(without, run(&none), "{none:?}");
            assert_ne!(without, run(&decays), "{decays:?}");
        }
    }
}

/// Where PyTorch's weight never moves again, or is no number, the step is a number.
#[test]
fn huge_gradients_move_weights() {
    for level in simd::levels() {
        for any in all(0.0) {
            if matches!(
                any,
                AnyOptimizer::Sgd(_) | AnyOptimizer::Momentum(_) | AnyOptimizer::RAdam(_)
            ) {
                continue;
            }
            for size in [1e20, 1e30, 1e38] {
                let twenty = Twenty {
                    optimizer: &any,
                    size,
                    start: 0.0,
                };
                for weight in simd::dispatch(level, twenty) {
                    assert!(
                        weight.is_finite() && weight != 0.0,
                        "{any:?}, {size:e}: {weight}"
                    );
                }
            }
        }
    }
}

#[test]
fn nan_stays_nan() {
    for level in simd::levels() {
        for any in all(0.0) {
            let twenty = Twenty {
                optimizer: &any,
                size: f32::NAN,
                start: 1.0,
            };
            let found = simd::dispatch(level, twenty);
            assert!(
                found.iter().all(|w| w.is_nan()),
                "{any:?}, {level:?}: {found:?}"
            );
        }
    }
}

#[test]
fn settings_of_no_use_are_refused() {
    let rms = RmsProp::default();
    let refused: Vec<(AnyOptimizer, &str)> = vec![
        (RmsProp::new(-1.0).into(), "learning_rate"),
        (rms.alpha(1.0).into(), "alpha"),
        (rms.alpha(f64::NAN).into(), "alpha"),
        (rms.epsilon(1e-30).into(), "epsilon"),
        (rms.weight_decay(-0.1).into(), "weight_decay"),
        (rms.momentum(1.5).into(), "momentum"),
        (rms.centered().momentum(-0.5).into(), "momentum"),
        (Adagrad::new(f64::NAN).into(), "learning_rate"),
        (Adagrad::default().lr_decay(-1.0).into(), "lr_decay"),
        (
            Adagrad::default().initial_accumulator(-1.0).into(),
            "initial_accumulator",
        ),
        (Adagrad::default().epsilon(-1.0).into(), "epsilon"),
        (
            Adagrad::default().weight_decay(f64::INFINITY).into(),
            "weight_decay",
        ),
        (Adadelta::new(1e300).into(), "learning_rate"),
        (Adadelta::default().rho(1.0).into(), "rho"),
        (Adadelta::default().epsilon(0.0).into(), "epsilon"),
        (
            Adadelta::default().weight_decay(-1.0).into(),
            "weight_decay",
        ),
        (Lion::new(-1.0).into(), "learning_rate"),
        (Lion::default().betas(1.0, 0.5).into(), "beta1"),
        (Lion::default().betas(0.5, -0.1).into(), "beta2"),
        (
            Lion::default().weight_decay(f64::NAN).into(),
            "weight_decay",
        ),
        (NAdam::new(-1.0).into(), "learning_rate"),
        (NAdam::default().betas(0.9, 1.0).into(), "beta2"),
        (
            NAdam::default().momentum_decay(-1.0).into(),
            "momentum_decay",
        ),
        (NAdam::default().epsilon(1e-19).into(), "epsilon"),
        (RAdam::new(f64::INFINITY).into(), "learning_rate"),
        (RAdam::default().betas(1.0, 0.9).into(), "beta1"),
        (RAdam::default().weight_decay(-1.0).into(), "weight_decay"),
        (Adam::default().amsgrad().betas(2.0, 0.9).into(), "beta1"),
        (AdamW::default().amsgrad().epsilon(-1.0).into(), "epsilon"),
    ];
    for (any, setting) in refused {
        let message = any.check().expect_err(setting).to_string();
        assert!(
            message.contains(&format!("`{setting}`")),
            "{any:?}: {message}"
        );
    }
}

/// The product of NAdam's momenta takes few factors, however many steps were taken.
#[test]
fn nadam_is_quick_after_any_number_of_steps() {
    for momentum_decay in [0.0, 1e-9, 4e-3, 1.0, 1e9] {
        for (beta1, beta2) in [(0.9, 0.999), (0.999_999, 0.999_999), (0.0, 0.0)] {
            let nadam = NAdam::default()
                .betas(beta1, beta2)
                .momentum_decay(momentum_decay);
            for taken in [0, 1_000_000, u64::MAX - 1] {
                let _ = nadam.step(taken, 1.0);
            }
        }
    }
}
