//! How weights begin, and the limits of their norms, as declarations say them.
#![forbid(unsafe_code)]

#[path = "layers/linear.rs"]
mod linear;

use kiln::{Lent, Score, TrainingIn, data::Samples, memory, prelude::*};
use linear::Linear;

model! {
    struct Beginnings(image: [2, 6, 6]) -> [3] {
        conv: Conv2d(20, kernel = 3, init = Orthogonal, bias_init = Constant(0.25)),
        Relu,
        Reshape(20, 16),
        lstm: Lstm(6, init = LeCunNormal, recurrent_init = Orthogonal(Tanh), bias_init = Zeros, forget_bias = 1),
        Flatten,
        wide: Dense(7, init = Orthogonal(0.01), bias_init = Uniform(1, 2)),
        tall: Dense(40, init = Orthogonal(LeakyRelu(0.2)), bias_init = Ones),
        cut: Dense(30, init = TruncatedNormal(0.5, -0.25, 1)),
        custom: Linear(weight: [3, 30], bias: [3], init = Orthogonal(2), bias_init = Normal(0.1)) -> [3],
    }

    struct Ours(x: [5]) -> [3] {
        hidden: Linear(weight: [20, 5], bias: [20], max_norm = 0.5) -> [20],
        Tanh,
        out: Linear(weight: [3, 20], bias: [3], max_norm = 0.75) -> [3],
    }
    struct Theirs(x: [5]) -> [3] {
        hidden: Dense(20, max_norm = 0.5),
        Tanh,
        out: Dense(3, max_norm = 0.75),
    }

    /// Wide enough for threads to share its limit.
    struct Wide(x: [130]) -> [3] {
        hidden: Dense(600, max_norm = 0.5),
        Tanh,
        middle: Dense(20),
        Tanh,
        out: Dense(3, max_norm = 0.25),
    }
    struct WideFrozen(x: [130]) -> [3] {
        hidden: Dense(600, max_norm = 0.5, frozen = true),
        Tanh,
        middle: Dense(20),
        Tanh,
        out: Dense(3, max_norm = 0.25),
    }

    /// Chunks take each other's memory.
    struct Summed(image: [3, 20, 20]) -> [5] {
        conv: Conv2d(20, kernel = 3, padding = 1, max_norm = 0.25),
        Relu,
        Conv2d(24, kernel = 3, padding = 1),
        BatchNorm,
        Relu,
        MaxPool2d(2),
        Flatten,
        out: Dense(5, max_norm = 0.125),
    }
}

fn noise(index: usize) -> f32 {
    let mixed = (index as u32).wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
    (mixed.wrapping_mul(0xC2B2_AE35) >> 8) as f32 / (1 << 23) as f32 - 1.0
}

fn vectors<const N: usize>(count: usize) -> Samples<[f32; N], usize> {
    let input = |sample: usize| std::array::from_fn(|i| noise(sample * N + i));
    let inputs = (0..count).map(input).collect::<Vec<_>>();
    Samples::new(inputs, (0..count).map(|i| i % 3).collect::<Vec<_>>()).expect("as many")
}

fn get(net: &impl Model, name: &str) -> Vec<f32> {
    net.parameters().get(name).expect(name)
}

/// All parameters' bits.
fn bits(net: &impl Model) -> Vec<u32> {
    let names = net.parameters().names();
    let numbers = names.flat_map(|(name, _)| get(net, name));
    numbers.map(f32::to_bits).collect()
}

/// The norms of the rows of a matrix, a shape's first axis.
fn norms(net: &impl Model, name: &str) -> Vec<f64> {
    let shape = net.parameters().names().find(|it| it.0 == name);
    let rows = shape.expect(name).1[0];
    let weights = get(net, name);
    let square = |row: &[f32]| row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
    let rows = weights.chunks(weights.len() / rows);
    rows.map(|row| square(row).sqrt()).collect()
}

#[track_caller]
fn assert_within(net: &impl Model, name: &str, limit: f64) {
    let norms = norms(net, name);
    assert!(
        norms.iter().all(|norm| *norm < limit * (1.0 + 1e-6)),
        "{name}: {norms:?}"
    );
}

#[track_caller]
fn assert_limited(net: &impl Model, name: &str, limit: f64) {
    let norms = norms(net, name);
    let largest = norms.iter().copied().fold(0.0, f64::max);
    // Some are as large as they may be.
    assert!(
        (largest / limit - 1.0).abs() < 1e-6,
        "{name}: {largest}, not {limit}"
    );
}

/// Holds the shorter side of a matrix of `rows` against a gain.
#[track_caller]
fn assert_orthogonal(weights: &[f32], rows: usize, gain: f64) {
    let columns = weights.len() / rows;
    let at = |vector: usize, i: usize| {
        let at = match rows <= columns {
            true => vector * columns + i,
            false => i * columns + vector,
        };
        f64::from(weights[at]) / gain
    };
    for a in 0..rows.min(columns) {
        for b in 0..=a {
            let product = |i| at(a, i) * at(b, i);
            let product = (0..rows.max(columns)).map(product).sum::<f64>();
            let expected = f64::from(u8::from(a == b));
            assert!((product - expected).abs() < 1e-5, "{a}, {b}: {product}");
        }
    }
}

#[test]
fn weights_begin_as_declared() {
    let net = Beginnings::new(Seed(3));
    assert_orthogonal(&get(&net, "conv.weight"), 20, 1.0);
    assert_orthogonal(&get(&net, "lstm.weight_hh_l0"), 24, 5.0 / 3.0);
    assert_orthogonal(&get(&net, "wide.weight"), 7, 0.01);
    assert_orthogonal(&get(&net, "tall.weight"), 40, (2.0 / 1.04_f64).sqrt());
    assert_orthogonal(&get(&net, "custom.weight"), 3, 2.0);

    assert_eq!(get(&net, "conv.bias"), [0.25; 20]);
    assert_eq!(get(&net, "tall.bias"), [1.0; 40]);
    let mut forget = [0.0; 24];
    assert_eq!(get(&net, "lstm.bias_hh_l0"), forget);
    forget[6..12].fill(1.0);
    assert_eq!(get(&net, "lstm.bias_ih_l0"), forget);
    let within = |name: &str, low: f32, high: f32| {
        let numbers = get(&net, name);
        let spread = numbers.iter().any(|x| *x != numbers[0]);
        assert!(
            spread && numbers.iter().all(|x| (low..=high).contains(x)),
            "{name}"
        );
    };
    within("wide.bias", 1.0, 2.0);
    within("cut.weight", -0.25, 1.0);
    let limit = 2.0 * (1.0_f32 / 16.0).sqrt() / 0.879_625_7;
    within("lstm.weight_ih_l0", -limit, limit);
    within("custom.bias", -0.5, 0.5);
    // Default, beside all this.
    within("cut.bias", -0.159, 0.159);

    let again = Beginnings::new(Seed(3));
    assert_eq!(bits(&net), bits(&again));
    assert_ne!(bits(&net), bits(&Beginnings::new(Seed(4))));
}

/// A fit by two threads or so, with norms clipped or not.
fn fitted<N, T>(net: &N, data: &Samples<N::Input, T>, threads: usize, clips: bool) -> N
where
    N: Model,
    N::Input: Clone + Sync,
    T: Clone + Send + Sync,
    CrossEntropy: kiln::Loss<N::Output, T>,
{
    let trainer = Trainer::new(Adam::new(0.05), CrossEntropy)
        .batch(8)
        .epochs(2);
    let mut trainer = trainer.threads(threads).quiet();
    if clips {
        trainer = trainer.clip_norm(0.5);
    }
    let mut net = net.clone();
    trainer.fit(&mut net, data).expect("finite numbers");
    net
}

#[test]
fn layers_of_one_s_own_are_limited() {
    let theirs = Theirs::new(Seed(1));
    let mut ours = Ours::new(Seed(2));
    for (name, _) in theirs.parameters().names() {
        let values = get(&theirs, name);
        ours.parameters_mut().set(name, &values).expect(name);
    }
    let data = vectors(24);
    let (theirs, ours) = (
        fitted(&theirs, &data, 1, false),
        fitted(&ours, &data, 1, false),
    );
    for (name, _) in theirs.parameters().names() {
        for (found, expected) in get(&ours, name).into_iter().zip(get(&theirs, name)) {
            assert!(
                (found - expected).abs() < 1e-4,
                "{name}: {found}, {expected}"
            );
        }
    }
    assert_limited(&ours, "hidden.weight", 0.5);
    assert_limited(&ours, "out.weight", 0.75);
    assert_limited(&theirs, "out.weight", 0.75);
}

#[test]
fn threads_and_clipping_hold_limits() {
    let (net, data) = (Wide::new(Seed(1)), vectors(40));
    for clips in [false, true] {
        let one = fitted(&net, &data, 1, clips);
        assert_eq!(bits(&one), bits(&fitted(&net, &data, 3, clips)));
        assert_limited(&one, "hidden.weight", 0.5);
        assert_limited(&one, "out.weight", 0.25);
        // A layer without a limit grows beyond.
        assert!(norms(&one, "middle.weight").iter().any(|norm| *norm > 1.0));
    }
    let image = |sample: usize| -> [[[f32; 20]; 20]; 3] {
        std::array::from_fn(|c| {
            std::array::from_fn(|y| {
                std::array::from_fn(|x| noise(sample * 1200 + c * 400 + y * 20 + x))
            })
        })
    };
    let inputs = (0..12).map(image).collect::<Vec<_>>();
    let data = Samples::new(inputs, (0..12).map(|i| i % 5).collect::<Vec<usize>>());
    let (net, data) = (Summed::new(Seed(1)), data.expect("as many"));
    for clips in [false, true] {
        let one = fitted(&net, &data, 1, clips);
        assert_eq!(bits(&one), bits(&fitted(&net, &data, 3, clips)));
        assert_limited(&one, "conv.weight", 0.25);
        assert_limited(&one, "out.weight", 0.125);
    }
}

#[test]
fn what_is_frozen_is_not_limited() {
    let data = vectors::<130>(16);
    let mut net = Wide::new(Seed(1));
    let large = get(&net, "hidden.weight")
        .iter()
        .map(|x| 8.0 * x)
        .collect::<Vec<_>>();
    net.parameters_mut()
        .set("hidden.weight", &large)
        .expect("its size");
    let mut trainer = Trainer::new(Sgd::new(0.01), CrossEntropy).batch(8).quiet();
    for clip in [None, Some(1.0)] {
        if let Some(limit) = clip {
            trainer = trainer.clip_norm(limit);
        }
        let mut told = net.clone();
        trainer.freeze("hidden");
        trainer.fit(&mut told, &data).expect("finite numbers");
        assert_eq!(get(&told, "hidden.weight"), large);
        assert_within(&told, "out.weight", 0.25);
        // Weights that were set are limited by the first step that may change them.
        trainer.thaw("hidden");
        trainer.fit(&mut told, &data).expect("finite numbers");
        assert_limited(&told, "hidden.weight", 0.5);
    }
    let mut declared = WideFrozen::new(Seed(1));
    declared
        .parameters_mut()
        .set("hidden.weight", &large)
        .expect("its size");
    let declared = fitted(&declared, &data, 2, false);
    assert_eq!(get(&declared, "hidden.weight"), large);
    assert_within(&declared, "out.weight", 0.25);

    // A rate of 0 changes nothing but what is beyond its limit.
    *trainer.optimizer_mut() = Sgd::new(0.0);
    let before = norms(&net, "hidden.weight");
    trainer.fit(&mut net, &data).expect("finite numbers");
    assert!(before.iter().all(|norm| *norm > 0.5));
    for norm in norms(&net, "hidden.weight") {
        assert!((norm - 0.5).abs() < 1e-6);
    }
}

/// A rule that is applied as gradients are finished, in memory of the caller's, and one that is applied to gradients.
#[test]
fn loops_of_one_s_own_hold_limits() -> kiln::Result<()> {
    let data = vectors::<5>(8);
    let start = Theirs::new(Seed(1));
    let mut by_hand = start.clone();
    let mut training = Training::new(&by_hand, 8)?;
    let mut descent = Descent::new(&by_hand, Sgd::new(0.5))?;

    let mut lent = start.clone();
    let mut blocks = vec![kiln::Block::ZERO; memory::training::<Theirs>(8)];
    let mut scores = [Score::default(); 8];
    let mut outputs = [[0.0; 3]; memory::outputs::<Theirs>()];
    let memory = Lent {
        blocks: &mut blocks,
        scores: &mut scores,
        outputs: &mut outputs,
    };
    let mut in_place = TrainingIn::new(8, memory)?;
    let mut its_descent = Descent::new(&lent, Sgd::new(0.5))?;
    for _ in 0..10 {
        training.backward(&by_hand, data.inputs(), data.targets(), &CrossEntropy)?;
        descent.apply(&mut by_hand, training.gradients())?;
        let net = &mut lent.parameters_mut();
        in_place.learn(
            net,
            data.inputs(),
            data.targets(),
            &CrossEntropy,
            &mut its_descent,
        )?;
    }
    assert_eq!(bits(&by_hand), bits(&lent));
    assert_limited(&lent, "hidden.weight", 0.5);
    Ok(())
}
