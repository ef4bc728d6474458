//! Layers that are declared frozen, or with a rate of their own, beside the same ones that a trainer is told of.
#![forbid(unsafe_code)]

use kiln::{data::Samples, prelude::*};

model! {
    struct Below(x: [5]) -> [3] { stem: Dense(18, frozen = true), Relu, head: Dense(3) }
    struct BelowOpen(x: [5]) -> [3] { stem: Dense(18), Relu, head: Dense(3) }

    struct Between(x: [5]) -> [3] {
        first: Dense(18), Tanh, stem: Dense(17, l2 = 0.01, frozen = true), Relu, head: Dense(3),
    }
    struct BetweenOpen(x: [5]) -> [3] {
        first: Dense(18), Tanh, stem: Dense(17, l2 = 0.01), Relu, head: Dense(3),
    }

    struct Image(x: [2, 6, 6]) -> [3] {
        first: Conv2d(5, kernel = 3, bias = false),
        stem: { Conv2d(6, kernel = 3, bias = false, frozen = true), BatchNorm(frozen = true) },
        Relu,
        Flatten,
        head: Dense(3),
    }
    struct ImageOpen(x: [2, 6, 6]) -> [3] {
        first: Conv2d(5, kernel = 3, bias = false),
        stem: { Conv2d(6, kernel = 3, bias = false), BatchNorm },
        Relu,
        Flatten,
        head: Dense(3),
    }

    struct Steps(x: [4, 3]) -> [3] { first: Lstm(5), stem: Lstm(6, frozen = true), Last, head: Dense(3) }
    struct StepsOpen(x: [4, 3]) -> [3] { first: Lstm(5), stem: Lstm(6), Last, head: Dense(3) }

    /// A layer that is called twice.
    struct Shared(x: [6]) -> [3] {
        first: Dense(6),
        stem: Dense(6, frozen = true),
        head: Dense(3),
        forward { head(stem(relu(stem(first(x))))) }
    }
    struct SharedOpen(x: [6]) -> [3] {
        first: Dense(6),
        stem: Dense(6),
        head: Dense(3),
        forward { head(stem(relu(stem(first(x))))) }
    }

    struct All(x: [5]) -> [3] { stem: Dense(3, frozen = true) }
    struct Slow(x: [5]) -> [3] { stem: Dense(18, rate = 0.25), Relu, head: Dense(3) }
    struct Slower(x: [5]) -> [3] { stem: Dense(18, rate = 0.125), Relu, head: Dense(3) }
}

/// Numbers between -1 and 1 that look random and are the same in every run.
fn noise(index: usize) -> f32 {
    let mixed = (index as u32).wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
    (mixed.wrapping_mul(0xC2B2_AE35) >> 8) as f32 / (1 << 23) as f32 - 1.0
}

/// Inputs of noise, and the classes 0, 1, 2 in turn.
fn data<I>(input: impl Fn(usize) -> I) -> Samples<I, usize> {
    let inputs = (0..24).map(input).collect::<Vec<_>>();
    let labels = (0..24).map(|sample| sample % 3).collect::<Vec<_>>();
    Samples::new(inputs, labels).expect("as many labels as inputs")
}

fn vector<const N: usize>(sample: usize) -> [f32; N] {
    std::array::from_fn(|i| noise(sample * N + i))
}

fn bits(net: &impl Model, name: &str) -> Vec<u32> {
    let numbers = net.parameters().get(name).expect(name);
    numbers.into_iter().map(f32::to_bits).collect()
}

/// The names of a network, in one order.
fn names(net: &impl Model) -> Vec<&'static str> {
    let mut names = net
        .parameters()
        .names()
        .map(|(name, _)| name)
        .collect::<Vec<_>>();
    names.sort_unstable();
    names
}

fn copy(from: &impl Model, to: &mut impl Model) {
    assert_eq!(names(from), names(to));
    for name in names(from) {
        let values = from.parameters().get(name).expect(name);
        to.parameters_mut().set(name, &values).expect(name);
    }
}

/// Trains one network, and the other with what `tell` says of it: the same bits, by a rule that is applied at once and by one that
/// is applied to gradients.
fn compare<A, B>(data: &Samples<A::Input, usize>, tell: impl Fn(&mut Trainer<AdamW, CrossEntropy>))
where
    A: Model<Output = [f32; 3]>,
    B: Model<Input = A::Input, Output = [f32; 3]>,
    A::Input: Clone + Sync,
{
    for clips in [false, true] {
        for threads in [1, 3] {
            let trainer = || {
                let optimizer = AdamW::new(0.01).weight_decay(0.1);
                let trainer = Trainer::new(optimizer, CrossEntropy).batch(8).epochs(2);
                let trainer = trainer.threads(threads).quiet();
                if clips {
                    trainer.clip_norm(0.1)
                } else {
                    trainer
                }
            };
            let mut open = B::new(Seed(3));
            let mut declared = A::new(Seed(4));
            copy(&open, &mut declared);
            let start = open.clone();
            let mut told = trainer();
            tell(&mut told);
            let expected = told.fit(&mut open, data).expect("finite numbers");
            let found = trainer().fit(&mut declared, data).expect("finite numbers");
            assert_eq!(found.epochs[1].loss, expected.epochs[1].loss);
            for name in names(&open) {
                assert_eq!(bits(&declared, name), bits(&open, name), "{name}");
            }
            assert_ne!(bits(&open, "head.bias"), bits(&start, "head.bias"));
        }
    }
}

#[test]
fn frozen_layers_stay_as_if_told_so() {
    let freeze = |trainer: &mut Trainer<AdamW, CrossEntropy>| trainer.freeze("stem");
    compare::<Below, BelowOpen>(&data(vector), freeze);
    compare::<Between, BetweenOpen>(&data(vector), freeze);
    compare::<Shared, SharedOpen>(&data(vector), freeze);
    let image = |sample: usize| {
        std::array::from_fn(|c| {
            std::array::from_fn(|y| {
                std::array::from_fn(|x| noise(sample * 72 + c * 36 + y * 6 + x))
            })
        })
    };
    compare::<Image, ImageOpen>(&data(image), freeze);
    let steps = |sample: usize| {
        std::array::from_fn(|t| std::array::from_fn(|i| noise(sample * 12 + t * 3 + i)))
    };
    compare::<Steps, StepsOpen>(&data(steps), freeze);
}

#[test]
fn rates_are_as_if_told_so() {
    compare::<Slow, BelowOpen>(&data(vector), |trainer| trainer.rate("stem", 0.25));
    compare::<Slower, Slow>(&data(vector), |trainer| trainer.rate("stem", 0.5));
}

#[test]
fn what_is_frozen_is_kept_and_not_learnt() {
    const { assert!(Below::PARAMS == 18 * 3 + 3 && BelowOpen::PARAMS == Below::PARAMS + 5 * 18 + 18) };
    // No delta flows below the head.
    const { assert!(Below::TRAIN_BYTES_PER_SAMPLE < BelowOpen::TRAIN_BYTES_PER_SAMPLE) };
    let net = Below::new(Seed(1));
    assert!(
        net.parameters()
            .get("stem.weight")
            .is_some_and(|w| w.iter().any(|w| *w != 0.0))
    );
    let training = Training::new(&net, 4).expect("a batch");
    assert!(training.gradients().get("stem.weight").is_none());
    assert!(training.gradients().get("head.weight").is_some());
    let copy = Below::from_bytes(&net.to_bytes().expect("a file")).expect("its own file");
    for name in names(&net) {
        assert_eq!(bits(&net, name), bits(&copy, name));
    }
    let error = Descent::new(&net, Sgd::new(0.1))
        .expect("a rate")
        .freeze("stem");
    assert!(error.is_err(), "it is frozen for good");
}

/// A network that learns nothing can be fitted: nothing happens.
#[test]
fn all_of_it_may_be_frozen() {
    let mut net = All::new(Seed(1));
    let before = bits(&net, "stem.weight");
    let mut trainer = Trainer::new(AdamW::new(0.1), CrossEntropy).quiet();
    trainer
        .fit(&mut net, &data(vector))
        .expect("finite numbers");
    assert_eq!(bits(&net, "stem.weight"), before);
}
