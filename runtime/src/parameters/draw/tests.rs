//! The moments of what is drawn, and its fixed numbers.

use super::{Seed, draw, normal_of};
use crate::{random, tensor::Init};
use alloc::vec::Vec;

fn numbers(init: Init, seed: Seed, tensor: u64, count: usize) -> Vec<f32> {
    let mut generator = random::stream(seed.0, tensor);
    (0..count)
        .map(|_| draw(init, &mut generator, normal_of))
        .collect()
}

/// Mean and standard deviation.
fn moments(numbers: &[f32]) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    let squares = numbers
        .iter()
        .map(|&x| (f64::from(x) - mean).powi(2))
        .sum::<f64>();
    (mean, (squares / count).sqrt())
}

#[test]
fn distributions_have_their_moments() {
    let uniform = numbers(Init::Uniform(0.25), Seed(7), 0, 100_000);
    let (mean, deviation) = moments(&uniform);
    assert!(mean.abs() < 2e-3 && (deviation - 0.25 / 3.0_f64.sqrt()).abs() < 1e-3);
    assert!(uniform.iter().all(|x| (-0.25..0.25).contains(x)));

    let normal = numbers(Init::Normal(2.0), Seed(7), 1, 100_000);
    let (mean, deviation) = moments(&normal);
    assert!(mean.abs() < 0.03 && (deviation - 2.0).abs() < 0.02);
    let beyond = normal.iter().filter(|x| x.abs() > 4.0).count();
    assert!(
        (4200..4900).contains(&beyond),
        "{beyond} beyond two deviations, 4550 expected"
    );

    assert_eq!(numbers(Init::Constant(0.5), Seed(7), 2, 3), [0.5; 3]);
}

/// Moments by `scipy.stats.truncnorm(low / std, high / std, scale=std)`.
#[test]
fn truncated_distributions_have_their_moments() {
    for ([std, low, high], [mean, deviation]) in TRUNCATED {
        let init = Init::TruncatedNormal { std, low, high };
        let drawn = numbers(init, Seed(7), 1, 100_000);
        let found = moments(&drawn);
        assert!(
            (found.0 - mean).abs() < 0.01 * deviation,
            "{init:?}: {found:?}"
        );
        assert!(
            (found.1 / deviation - 1.0).abs() < 0.01,
            "{init:?}: {found:?}"
        );
        assert!(drawn.iter().all(|x| (low..=high).contains(x)), "{init:?}");
    }
}

#[test]
fn what_lies_between_two_numbers_is_uniform() {
    for (low, high) in [(-0.25, 1.0), (3.0, 3.5), (-3e38, 3e38)] {
        let drawn = numbers(Init::Between { low, high }, Seed(7), 1, 100_000);
        assert!(drawn.iter().all(|x| (low..=high).contains(x)));
        let (mean, deviation) = moments(&drawn);
        let (low, high) = (f64::from(low), f64::from(high));
        let expected = (high - low) / 12.0_f64.sqrt();
        assert!((mean - (low + high) / 2.0).abs() < 0.01 * expected);
        assert!((deviation / expected - 1.0).abs() < 0.01);
    }
}

/// Four gates, of which the second begins with 1.
#[test]
fn parts_begin_by_themselves() {
    const GATES: Init = Init::Parts(&[
        Init::Uniform(0.5),
        Init::Constant(1.0),
        Init::Uniform(0.5),
        Init::Uniform(0.5),
    ]);
    for (index, expected) in [(0, 0), (4, 0), (5, 1), (9, 1), (10, 2), (19, 3)] {
        let Init::Parts(parts) = GATES else {
            unreachable!()
        };
        assert_eq!(GATES.at(index, 20), parts[expected], "{index}");
    }
    assert_eq!(Init::Normal(1.0).at(3, 7), Init::Normal(1.0));
}

/// A seed means the same for ever.
#[test]
fn seeds_are_fixed() {
    let uniform = numbers(Init::Uniform(1.0), Seed(7), 0, 4);
    assert_eq!(uniform, numbers(Init::Uniform(1.0), Seed(7), 0, 4));
    assert_ne!(uniform, numbers(Init::Uniform(1.0), Seed(7), 1, 4));
    assert_ne!(uniform, numbers(Init::Uniform(1.0), Seed(8), 0, 4));
    assert_eq!(uniform, UNIFORM);
    let normal = numbers(Init::Normal(1.0), Seed(7), 3, 4);
    let errors = normal.iter().zip(NORMAL).map(|(x, y)| (x - y).abs());
    assert!(errors.fold(0.0, f32::max) < 1e-6, "{normal:?}");
}

/// By an implementation of PCG32 and SplitMix64 of its own.
const UNIFORM: [f32; 4] = [0.6176801, 0.70408213, 0.80953956, -0.33603728];
const NORMAL: [f32; 4] = [-0.1980824, -0.84864324, 1.1276138, -0.6185808];

const TRUNCATED: [([f32; 3], [f64; 2]); 9] = [
    ([1.0, -2.0, 2.0], [0.0, 0.87962566]),
    ([0.02, -2.0, 2.0], [0.0, 0.02]),
    ([0.05, -0.1, 0.1], [0.0, 0.043981283]),
    ([2.0, -0.5, 0.5], [0.0, 0.28747341]),
    ([0.5, -0.5, 0.5], [0.0, 0.26978005]),
    ([1.0, 0.5, 1.5], [0.92064461, 0.27738439]),
    ([1.0, -0.25, 4.0], [0.64564999, 0.64867058]),
    ([1.0, 2.0, 7.0], [2.3732155, 0.33805192]),
    ([0.5, -3.0, -1.0], [-1.1866077, 0.1690255]),
];
