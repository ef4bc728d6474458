//! The moments of what is drawn, and its fixed numbers.

use super::{Seed, draw};
use crate::{random, tensor::Init};
use alloc::vec::Vec;

fn numbers(init: Init, seed: Seed, tensor: u64, count: usize) -> Vec<f32> {
    let mut generator = random::stream(seed.0, tensor);
    (0..count).map(|_| draw(init, &mut generator)).collect()
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
