//! Layers that act in training alone, as a user of `kiln` meets them.
#![forbid(unsafe_code)]

use kiln::prelude::*;

model! {
    /// Each kind of noise on ones, whose weights say what became of them.
    struct Branch(x: [3, 4, 5]) -> [3, 4, 5] { StochasticDepth(0.3), scale: Conv2d(3, kernel = 1) }

    struct Channels(x: [20, 4, 5]) -> [20, 4, 5] { SpatialDropout(0.3), scale: Conv2d(20, kernel = 1) }

    struct Features(x: [6, 20]) -> [6, 20] { SpatialDropout(0.3), scale: Dense(20) }

    struct Noisy(x: [3, 4, 5]) -> [3, 4, 5] { GaussianNoise(0.5), scale: Conv2d(3, kernel = 1) }

    struct Multiplied(x: [7]) -> [7] { GaussianDropout(0.2), scale: Dense(7) }

    struct Selu(x: [7]) -> [7] { AlphaDropout(0.2), scale: Dense(7) }

    struct Gone(x: [7]) -> ([7], [7], [7]) {
        a: Dense(7), b: Dense(7), c: Dense(7),
        forward { (a(stochastic_depth(x, 1)), b(dropout(x, 1)), c(alpha_dropout(x, 1))) }
    }

    /// One layer that is called twice, and two with the same arguments.
    struct Shared(x: [64]) -> ([64], [64], [64]) {
        drop: Dropout(0.5), a: Dense(64), b: Dense(64), c: Dense(64),
        forward { (a(drop(x)), b(drop(x)), c(dropout(x, 0.5))) }
    }

    block Residual(x) {
        conv: Conv2d(8, 3, padding = 1),
        norm: BatchNorm,
        forward { relu(stochastic_depth(norm(conv(x)), 0.2) + x) }
    }

    /// The same network with noise and without.
    struct With(image: [8, 6, 6]) -> [3] {
        GaussianNoise(0.1), [Residual; 3], SpatialDropout(0.2), Flatten, AlphaDropout(0.1), GaussianDropout(0.1), Dense(3),
    }

    block Plain(x) {
        conv: Conv2d(8, 3, padding = 1),
        norm: BatchNorm,
        forward { relu(norm(conv(x)) + x) }
    }

    struct Without(image: [8, 6, 6]) -> [3] { [Plain; 3], Flatten, Dense(3) }
}

/// Makes a layer the identity.
fn identity<N: Model>(net: &mut N, layer: &str) {
    let mut parameters = net.parameters_mut();
    let weight = format!("{layer}.weight");
    let count = parameters.get(&weight).expect("weights").len();
    let side = count.isqrt();
    let eye: Vec<f32> = (0..count)
        .map(|at| f32::from(u8::from(at / side == at % side)))
        .collect();
    parameters.set(&weight, &eye).expect("as many");
    let zeros = vec![0.0; side];
    parameters
        .set(&format!("{layer}.bias"), &zeros)
        .expect("as many");
}

/// What training makes of so many inputs at its first step.
fn trained<N: Model>(net: &N, inputs: &[N::Input], seed: u64) -> Vec<N::Output> {
    let training = Training::new(net, inputs.len()).expect("memory");
    let mut training = training.seed(Seed(seed));
    training.forward(net, inputs).expect("sound").to_vec()
}

/// Whether a share of so many lies within five standard deviations.
fn assert_share(found: usize, of: usize, p: f64, what: &str) {
    let (mean, n) = (p * of as f64, of as f64);
    let off = (found as f64 - mean).abs() / (n * p * (1.0 - p)).sqrt();
    assert!(off < 5.0, "{what}: {found} of {of} at {p}");
}

#[test]
fn a_branch_is_dropped_with_all_of_its_sample() {
    let mut net = Branch::new(Seed(1));
    identity(&mut net, "scale");
    let outputs = trained(&net, &[[[[1.0; 5]; 4]; 3]; 1000], 3);
    let mut dropped = 0;
    for output in &outputs {
        let first = output[0][0][0];
        assert!(
            output
                .as_flattened()
                .as_flattened()
                .iter()
                .all(|&y| y == first)
        );
        assert!(first == 0.0 || (first - 1.0 / 0.7).abs() < 1e-6, "{first}");
        dropped += usize::from(first == 0.0);
    }
    assert_share(dropped, 1000, 0.3, "samples");
    // The next step, and the next seed, drop others: they agree where both keep or both drop.
    let other = trained(&net, &[[[[1.0; 5]; 4]; 3]; 1000], 4);
    let agree = outputs.iter().zip(&other).filter(|(a, b)| a == b).count();
    assert_share(agree, 1000, 0.58, "seeds");
}

#[test]
fn channels_and_features_are_dropped_at_once() {
    let mut net = Channels::new(Seed(1));
    identity(&mut net, "scale");
    let mut dropped = 0;
    for output in trained(&net, &[[[[1.0; 5]; 4]; 20]; 200], 3) {
        for channel in output {
            let first = channel[0][0];
            assert!(channel.as_flattened().iter().all(|&y| y == first));
            assert!(first == 0.0 || (first - 1.0 / 0.7).abs() < 1e-6, "{first}");
            dropped += usize::from(first == 0.0);
        }
    }
    assert_share(dropped, 4000, 0.3, "channels");

    let mut net = Features::new(Seed(1));
    identity(&mut net, "scale");
    let mut dropped = 0;
    for output in trained(&net, &[[[1.0; 20]; 6]; 200], 3) {
        for feature in 0..20 {
            assert!(
                output
                    .iter()
                    .all(|step| step[feature] == output[0][feature])
            );
            dropped += usize::from(output[0][feature] == 0.0);
        }
    }
    assert_share(dropped, 4000, 0.3, "features");
}

/// Mean and variance of what training makes of numbers of a value.
fn moments<const N: usize>(outputs: impl Iterator<Item = [f32; N]>) -> (f64, f64, f64) {
    let all: Vec<f64> = outputs.flatten().map(f64::from).collect();
    let n = all.len() as f64;
    let mean = all.iter().sum::<f64>() / n;
    let variance = all.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n;
    (mean, variance, n)
}

#[test]
fn what_is_expected_is_what_inference_gives() {
    let near = |(mean, variance, n): (f64, f64, f64), expected: f64, deviation: f64, what: &str| {
        assert!(
            (mean - expected).abs() < 5.0 * deviation / n.sqrt(),
            "{what}: mean {mean}"
        );
        assert!(
            (variance.sqrt() / deviation - 1.0).abs() < 0.03,
            "{what}: variance {variance}"
        );
    };
    let mut net = Noisy::new(Seed(1));
    identity(&mut net, "scale");
    let noisy = trained(&net, &[[[[2.0; 5]; 4]; 3]; 500], 3);
    near(
        moments(noisy.into_iter().flatten().flatten()),
        2.0,
        0.5,
        "noise",
    );
    let mut net = Multiplied::new(Seed(1));
    identity(&mut net, "scale");
    let multiplied = trained(&net, &[[2.0; 7]; 5000], 3);
    near(
        moments(multiplied.into_iter()),
        2.0,
        2.0 * 0.5,
        "multiplied",
    );
    // Of zeros, alpha dropout makes mean 0 and variance a^2 A^2 p (1 - p).
    let mut net = Selu::new(Seed(1));
    identity(&mut net, "scale");
    let selu = trained(&net, &[[0.0; 7]; 5000], 3);
    let least = 1.758_099_340_847_376_6_f64;
    let scale = 1.0 / (0.8 * (1.0 + 0.2 * least * least));
    near(
        moments(selu.into_iter()),
        0.0,
        least * (scale * 0.16).sqrt(),
        "alpha",
    );
}

#[test]
fn certainty_drops_all() {
    let mut net = Gone::new(Seed(1));
    for layer in ["a", "b", "c"] {
        identity(&mut net, layer);
    }
    for (a, b, c) in trained(&net, &[[3.0; 7]; 100], 3) {
        assert_eq!((a, b, c), ([0.0; 7], [0.0; 7], [0.0; 7]));
    }
    assert_eq!(net.forward(&[3.0; 7]), ([3.0; 7], [3.0; 7], [3.0; 7]));
}

#[test]
fn each_application_has_a_mask_of_its_own() {
    type Outputs = ([f32; 64], [f32; 64], [f32; 64]);
    let mut net = Shared::new(Seed(1));
    for layer in ["a", "b", "c"] {
        identity(&mut net, layer);
    }
    let outputs = trained(&net, &[[1.0; 64]; 100], 3);
    let agree = |pair: fn(&Outputs) -> [[f32; 64]; 2]| {
        let each = outputs.iter().map(|output| {
            let [a, b] = pair(output);
            a.iter().zip(&b).filter(|(a, b)| a == b).count()
        });
        assert_share(each.sum(), 6400, 0.5, "applications");
    };
    agree(|&(a, b, _)| [a, b]);
    agree(|&(a, _, c)| [a, c]);
    agree(|&(_, b, c)| [b, c]);
}

/// A step is told by nothing but its number: what a training makes of a batch is the same again, and another at the
/// next step.
#[test]
fn steps_differ_and_come_again() {
    let net = With::new(Seed(1));
    let inputs = [[[[0.5; 6]; 6]; 8]; 9];
    let labels = [0_usize, 1, 2, 0, 1, 2, 0, 1, 2];
    let step = || {
        let training = Training::with_threads(&net, 9, 2).expect("memory");
        let mut training = training.seed(Seed(3));
        let losses = [0; 3].map(|_| {
            let first = training.forward(&net, &inputs).expect("sound").to_vec();
            assert_eq!(training.forward(&net, &inputs).expect("sound"), first);
            training
                .backward(&net, &inputs, &labels, &CrossEntropy)
                .expect("sound")
        });
        assert!(losses[0] != losses[1] && losses[1] != losses[2]);
        losses
    };
    assert_eq!(step(), step());
}

/// Inference is that of a network without noise, to the last bit, and costs no more.
#[test]
fn inference_knows_nothing_of_noise() {
    assert_eq!(With::PARAMS, Without::PARAMS);
    assert_eq!(With::FLOPS, Without::FLOPS);
    assert_eq!(With::WORKSPACE_BYTES, Without::WORKSPACE_BYTES);
    let with = With::new(Seed(1));
    let mut without = Without::new(Seed(2));
    let pairs = with
        .parameters()
        .names()
        .map(|(name, _)| name)
        .collect::<Vec<_>>();
    let names = without
        .parameters()
        .names()
        .map(|(name, _)| name)
        .collect::<Vec<_>>();
    for (from, to) in pairs.iter().zip(names) {
        let numbers = with.parameters().get(from).expect("a parameter");
        without.parameters_mut().set(to, &numbers).expect("as many");
    }
    let image: [[[f32; 6]; 6]; 8] = std::array::from_fn(|channel| {
        std::array::from_fn(|row| {
            std::array::from_fn(|column| ((channel + row * column) as f32).sin())
        })
    });
    assert_eq!(with.forward(&image), without.forward(&image));
    let table = with.summary().to_string();
    for kind in [
        "GaussianNoise",
        "StochasticDepth",
        "SpatialDropout",
        "AlphaDropout",
        "GaussianDropout",
    ] {
        assert!(table.contains(kind), "{table}");
    }
}
