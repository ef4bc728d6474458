//! Distributions against differences in double precision, and their samples against what they should be.

use super::{Categorical, Draw, Normal, Squashed, SquashedNormal};
use crate::{error::Error, parameters::Seed};
use alloc::{string::ToString, vec::Vec};

/// Rows of a test of samples: each is a place of its own.
const SAMPLES: usize = 20_000;

fn places() -> impl Iterator<Item = Draw> {
    (0..SAMPLES).map(|row| Draw::new(Seed(11), row as u64 / 100, row % 100))
}

/// Pearson's statistic of counts beside what is expected.
fn chi_square(counts: &[usize], shares: &[f64]) -> f64 {
    let total = counts.iter().sum::<usize>() as f64;
    let pairs = counts.iter().zip(shares);
    pairs
        .map(|(&count, share)| {
            let expected = total * share;
            (count as f64 - expected) * (count as f64 - expected) / expected
        })
        .sum()
}

/// A function's gradient by central differences.
fn differences<const N: usize>(at: [f64; N], f: impl Fn(&[f64; N]) -> f64) -> [f64; N] {
    const STEP: f64 = 1e-5;
    core::array::from_fn(|i| {
        let shifted = |by: f64| {
            let mut at = at;
            at[i] += by;
            f(&at)
        };
        (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP)
    })
}

#[track_caller]
fn near<const N: usize>(found: [f32; N], expected: [f64; N]) {
    let largest = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    for (found, expected) in found.into_iter().zip(expected) {
        let error = (f64::from(found) - expected).abs();
        assert!(error <= 1e-6 * largest, "{found}, expected {expected}");
    }
}

/// ln of the softmax, term by term.
fn log_softmax<const N: usize>(logits: &[f64; N]) -> [f64; N] {
    let sum: f64 = logits.iter().map(|x| x.exp()).sum();
    logits.map(|x| x - sum.ln())
}

#[test]
fn categorical_is_that_of_double_precision() {
    let entropy = |logits: &[f64; 6]| {
        let logs = log_softmax(logits);
        -logs.iter().map(|log| log.exp() * log).sum::<f64>()
    };
    for scale in [0.0_f32, 0.5, 3.0, 10.0] {
        let logits: [f32; 6] = core::array::from_fn(|i| scale * ((i * 5 % 7) as f32 / 3.0 - 1.0));
        let law = Categorical::new(&logits).expect("sound");
        let wide = logits.map(f64::from);
        near([law.entropy()], [entropy(&wide)]);
        near(law.entropy_gradient(), differences(wide, entropy));
        near(law.probabilities(), log_softmax(&wide).map(f64::exp));
        for action in 0..6 {
            near(
                [law.log_prob(action).expect("an action")],
                [log_softmax(&wide)[action]],
            );
            near(
                law.log_prob_gradient(action).expect("an action"),
                differences(wide, |logits| log_softmax(logits)[action]),
            );
        }
    }
}

#[test]
fn categorical_stands_large_logits() {
    let law = Categorical::new(&[1e4, -1e4, 1e4]).expect("sound");
    assert_eq!(law.probabilities(), [0.5, 0.0, 0.5]);
    near([law.entropy()], [core::f64::consts::LN_2]);
    let log_prob = law.log_prob(1).expect("an action");
    near([log_prob], [-20_000.0 - core::f64::consts::LN_2]);
    assert_eq!(law.log_prob_gradient(1).expect("it"), [-0.5, 1.0, -0.5]);
    assert_eq!(law.entropy_gradient(), [0.0; 3]);
    assert_eq!(law.mode(), 0);
    let law = Categorical::new(&[-3e38, 3e38]).expect("sound");
    assert_eq!((law.probabilities(), law.mode()), ([0.0, 1.0], 1));
    assert_eq!(law.entropy().to_bits(), 0);
}

#[test]
fn what_is_not_allowed_has_no_probability() {
    let allowed = [false, true, false, true];
    let law = Categorical::masked(&[9.0, 0.5, f32::NAN, -0.5], &allowed).expect("sound");
    let alone = Categorical::new(&[0.5, -0.5]).expect("sound");
    assert_eq!(law.entropy(), alone.entropy());
    assert_eq!(law.log_prob(0).expect("an action"), f32::NEG_INFINITY);
    let spread = |[a, b]: [f32; 2]| [0.0, a, 0.0, b];
    assert_eq!(law.probabilities(), spread(alone.probabilities()));
    assert_eq!(law.entropy_gradient(), spread(alone.entropy_gradient()));
    for (action, same) in [(1, 0), (3, 1)] {
        assert_eq!(law.log_prob(action).ok(), alone.log_prob(same).ok());
        assert_eq!(
            law.log_prob_gradient(action).expect("an action"),
            spread(alone.log_prob_gradient(same).expect("an action"))
        );
    }
    assert_eq!(law.log_prob_gradient(2).expect("an action")[2], 0.0);
    assert!(places().all(|draw| allowed[law.sample(draw)]));
}

/// Where roundings leave something over, too, an action that is allowed is sampled.
#[test]
fn one_that_is_allowed_is_sampled() {
    let law = Categorical::masked(&[0.0; 3], &[false, true, false]).expect("sound");
    assert!(places().all(|draw| law.sample(draw) == 1));
}

#[test]
fn actions_are_as_often_as_is_probable() {
    let law = Categorical::new(&[0.5, -1.0, 1.5, 0.0, -2.0]).expect("sound");
    let mut counts = [0; 5];
    places().for_each(|draw| counts[law.sample(draw)] += 1);
    let statistic = chi_square(&counts, &law.probabilities().map(f64::from));
    // Of four degrees of freedom: more than this once in a thousand.
    assert!(statistic < 18.47, "{counts:?}: {statistic}");
}

#[test]
fn numbers_of_a_place_are_uniform() {
    for index in [0, 1, 1000] {
        let (mut counts, mut whole) = ([0; 16], [0; 16]);
        for draw in places() {
            let number = draw.uniform(index);
            assert!((0.0..1.0).contains(&number));
            counts[(number * 16.0) as usize] += 1;
            whole[draw.below(index + 1, 16)] += 1;
        }
        for counts in [counts, whole] {
            let statistic = chi_square(&counts, &[1.0 / 16.0; 16]);
            // Of fifteen degrees of freedom.
            assert!(statistic < 37.7, "{counts:?}: {statistic}");
        }
    }
    assert_eq!(Draw::new(Seed(1), 2, 3).below(4, 0), 0);
}

/// Numbers of the same place, of two rows, of two steps and of two seeds are not correlated.
#[test]
fn numbers_are_independent_of_each_other() {
    let at = |seed: usize, step: usize, row: usize, index: u64| {
        Draw::new(seed as u64, step as u64, row).uniform(index) - 0.5
    };
    let uncorrelated = |what: &str, product: &dyn Fn(usize) -> f64| {
        let mean = (0..SAMPLES).map(product).sum::<f64>() / SAMPLES as f64;
        // Products of two such numbers have a deviation of 1/12.
        let deviations = mean * 12.0 * (SAMPLES as f64).sqrt();
        assert!(deviations.abs() < 3.3, "{what}: {deviations}");
    };
    uncorrelated("index", &|i| at(1, i, 0, 0) * at(1, i, 0, 1));
    uncorrelated("row", &|i| at(1, 0, i, 0) * at(1, 0, i + 1, 0));
    uncorrelated("step", &|i| at(1, i, 0, 0) * at(1, i + 1, 0, 0));
    uncorrelated("seed", &|i| at(i, 0, 0, 0) * at(i + 1, 0, 0, 0));
}

/// Sixteen classes of equal probability: `bounds` are the quantiles of the standard normal distribution at k/16.
#[test]
fn normal_samples_are_normal() {
    let bounds = [
        -1.534121, -1.150349, -0.887147, -0.674490, -0.488776, -0.318639, -0.157311, 0.0, 0.157311,
        0.318639, 0.488776, 0.674490, 0.887147, 1.150349, 1.534121,
    ];
    let (mean, log_std) = ([3.0, -2.0], [0.7, -1.0]);
    let law = Normal::new(&mean, &log_std).expect("sound");
    let mut counts = [[0; 16]; 2];
    let mut product = 0.0;
    for draw in places() {
        let value = law.sample(draw);
        let z: [f64; 2] =
            core::array::from_fn(|i| f64::from(value[i] - mean[i]) / f64::from(log_std[i]).exp());
        product += z[0] * z[1] / (SAMPLES as f64).sqrt();
        for (z, counts) in z.iter().zip(&mut counts) {
            counts[bounds.iter().filter(|bound| *bound < z).count()] += 1;
        }
    }
    for counts in counts {
        let statistic = chi_square(&counts, &[1.0 / 16.0; 16]);
        assert!(statistic < 37.7, "{counts:?}: {statistic}");
    }
    assert!(product.abs() < 3.3, "{product}");
}

/// ln of the normal density.
fn log_density(x: f64, mean: f64, log_std: f64) -> f64 {
    let z = (x - mean) / log_std.exp();
    -0.5 * z * z - log_std - 0.5 * core::f64::consts::TAU.ln()
}

#[test]
fn normal_is_that_of_double_precision() {
    for [mean, log_std, value] in [
        [0.5_f32, -1.0, 0.25],
        [3.0, 2.0, -7.0],
        [-1.0, -4.0, -1.015625],
    ] {
        let law = Normal::new(&[mean], &[log_std]).expect("sound");
        let [m, l, x] = [mean, log_std, value].map(f64::from);
        near([law.log_prob(&[value])], [log_density(x, m, l)]);
        let ([by_mean], [by_log_std]) = law.log_prob_gradient(&[value]);
        let slopes = differences([m, l], |&[m, l]| log_density(x, m, l));
        near([by_mean, by_log_std], slopes);
        near(
            [law.entropy()],
            [l + 0.5 * (core::f64::consts::TAU.ln() + 1.0)],
        );
        // Of x^3 along the sample.
        let noise = (x - m) / l.exp();
        let slopes = differences([m, l], |&[m, l]| (m + l.exp() * noise).powi(3));
        let ([by_mean], [by_log_std]) = law.sample_gradient(&[value], &[3.0 * value * value]);
        near([by_mean, by_log_std], slopes);
    }
}

#[test]
fn squashed_is_that_of_double_precision() {
    for [mean, log_std, before] in [[0.5_f32, -1.0, 0.25], [1.0, 0.5, -2.5], [-1.0, -0.5, 3.0]] {
        let law = SquashedNormal::new(&[mean], &[log_std]).expect("sound");
        let sample = Squashed::new([before]);
        let [m, l, u] = [mean, log_std, before].map(f64::from);
        let log_prob = |u: f64, m, l| log_density(u, m, l) - (1.0 - u.tanh().powi(2)).ln();
        near([law.log_prob(&sample)], [log_prob(u, m, l)]);
        let noise = (u - m) / l.exp();
        let slopes = differences([m, l], |&[m, l]| {
            let u = m + l.exp() * noise;
            -1.5 * u.tanh() + 0.2 * log_prob(u, m, l)
        });
        let ([by_mean], [by_log_std]) = law.sample_gradient(&sample, &[-1.5], 0.2);
        near([by_mean, by_log_std], slopes);
    }
    // Far out, where an action is 1 as far as numbers go.
    let law = SquashedNormal::new(&[100.0], &[0.0]).expect("sound");
    assert_eq!(law.mode().action, [1.0]);
    near(
        [law.log_prob(&law.mode())],
        [log_density(0.0, 0.0, 0.0) - 2.0 * (core::f64::consts::LN_2 - 100.0)],
    );
    let sample = law.sample(Draw::new(Seed(1), 0, 0));
    assert_eq!(sample, Squashed::new(sample.before));
}

#[test]
fn refused() {
    let texts: Vec<_> = [
        Categorical::new(&[0.0, f32::NAN]).err(),
        Categorical::new(&[0.0, f32::INFINITY]).err(),
        Normal::new(&[f32::NAN], &[0.0]).err(),
        Normal::new(&[0.0; 2], &[0.0, 80.5]).err(),
        SquashedNormal::new(&[0.0], &[f32::NAN]).err(),
    ]
    .into_iter()
    .map(|error| error.expect("an error").to_string())
    .collect();
    for (text, beginning) in texts.iter().zip([
        "number 1 of the logits is NaN, but must be a number, or -infinity",
        "number 1 of the logits is inf, but",
        "number 0 of the means is NaN, but must be finite",
        "number 1 of the log standard deviations is 80.5, but must be from -80 to 80",
        "number 0 of the log standard deviations is NaN, but",
    ]) {
        assert!(text.starts_with(beginning), "{text}");
    }
    for error in [
        Categorical::masked(&[0.0; 3], &[false; 3]).err(),
        Categorical::new(&[f32::NEG_INFINITY; 3]).err(),
    ] {
        assert!(matches!(error, Some(Error::NoAction { actions: 3 })));
    }
    assert!(matches!(
        Categorical::new(&[]).err(),
        Some(Error::NoAction { actions: 0 })
    ));
    let law = Categorical::new(&[0.0; 3]).expect("sound");
    for error in [
        law.log_prob(3).err(),
        law.log_prob_gradient(3_i64).err(),
        law.log_prob(-1).err(),
    ] {
        let expected = matches!(
            error,
            Some(Error::ActionOutOfRange {
                row: None,
                action: 3 | -1,
                actions: 3
            })
        );
        assert!(expected, "{error:?}");
    }
}
