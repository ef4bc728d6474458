//! Losses of classes with all their options against the definition in double precision, and its central differences.

use super::*;
use crate::loss::{MultiMargin, Nll, in_batch};

/// PyTorch's definition, of what a row is multiplied by: L = - sum_c w_c ((1 - e) y_c + e / N) ln p_c.
fn definition(logits: &[f64], weights: &[f64], target: &[f64], smoothing: f64) -> f64 {
    let largest = logits.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = logits.iter().map(|x| (x - largest).exp()).sum();
    let costs = logits.iter().map(|x| sum.ln() - (x - largest));
    let parts = costs.zip(weights).zip(target);
    let spread = smoothing / logits.len() as f64;
    parts
        .map(|((cost, w), y)| w * ((1.0 - smoothing) * y + spread) * cost)
        .sum()
}

fn compare<const N: usize>(
    (loss, delta): (f32, [f32; N]),
    logits: &[f32; N],
    of: impl Fn(&[f64]) -> f64,
) {
    let mut logits = logits.map(f64::from);
    let expected = of(&logits);
    assert!(
        (f64::from(loss) - expected).abs() <= 2e-6 * expected.abs().max(1e-3),
        "{loss}, {expected}"
    );
    for (i, found) in delta.into_iter().enumerate() {
        let (before, step) = (logits[i], 1e-5);
        logits[i] = before + step;
        let up = of(&logits);
        logits[i] = before - step;
        let down = of(&logits);
        logits[i] = before;
        let slope = (up - down) / (2.0 * step);
        assert!(
            (f64::from(found) - slope).abs() <= 3e-6 * slope.abs().max(0.3),
            "{found}, {slope}"
        );
    }
}

fn at_length<const N: usize>() {
    let weights: [f32; N] = core::array::from_fn(|i| (i * 5 % 7) as f32 * 0.5 + 0.25);
    let soft: [f32; N] = core::array::from_fn(|i| {
        if i % 3 == 1 {
            0.0
        } else {
            (i % 4) as f32 + 0.5
        }
    });
    let total: f32 = soft.iter().sum();
    let soft = soft.map(|y| y / total);
    let class = N / 3;
    let hard: Vec<f64> = (0..N).map(|i| f64::from(u8::from(i == class))).collect();
    let (ones, weighed) = ([1.0; N], weights.map(f64::from));
    let probabilities = soft.map(f64::from);
    for shift in [0.0_f32, 1e4, -1e4] {
        let logits: [f32; N] =
            core::array::from_fn(|i| shift + ((i * 37 + 11) % 23) as f32 * 0.5 - 5.0);
        for (level, smoothing) in
            simd::levels().flat_map(|level| [0.0, 0.25, 1.0].map(|e| (level, e)))
        {
            let plain = CrossEntropy.label_smoothing(smoothing);
            let all = plain.weight(weights).ignore_index(-1);
            let found = row(level, &plain, &logits, &class, 1.0, [0.0; N]);
            compare(found, &logits, |x| definition(x, &ones, &hard, smoothing));
            let found = row(level, &all, &logits, &class, 1.0, [0.0; N]);
            compare(found, &logits, |x| {
                definition(x, &weighed, &hard, smoothing)
            });
            let found = row(level, &all, &logits, &soft, 1.0, [0.0; N]);
            compare(found, &logits, |x| {
                definition(x, &weighed, &probabilities, smoothing)
            });
        }
    }
}

#[test]
fn cross_entropy_with_options_is_accurate_at_all_lengths() {
    at_length::<16>();
    at_length::<37>();
}

/// Without an option set, nothing differs, and a whole class is a probability of 1.
#[test]
fn no_option_changes_no_bit() {
    let logits: [f32; 19] = core::array::from_fn(|i| (i as f32 * 0.7).sin() * 4.0);
    let soft: [f32; 19] = core::array::from_fn(|i| f32::from(u8::from(i == 3)));
    for level in simd::levels() {
        let expected = row(level, &CrossEntropy, &logits, &3, 0.5, [0.0; 19]);
        let none = CrossEntropy
            .label_smoothing(0.0)
            .ignore_index(-1)
            .weight([1.0; 19]);
        assert_eq!(row(level, &none, &logits, &3, 0.5, [0.0; 19]), expected);
        let (loss, delta) = row(level, &CrossEntropy, &logits, &soft, 0.5, [0.0; 19]);
        assert!((loss - expected.0).abs() <= 1e-6);
        assert!(
            delta
                .iter()
                .zip(expected.1)
                .all(|(a, b)| (a - b).abs() <= 1e-7)
        );
    }
}

/// A logit of -infinity costs nothing where nothing of the target is on it.
#[test]
fn what_is_impossible_may_be_certain_not_to_be() {
    let (logits, soft) = ([1.0, f32::NEG_INFINITY, 1.0], [0.5, 0.0, 0.5]);
    for level in simd::levels() {
        let (loss, delta) = row(level, &CrossEntropy, &logits, &soft, 1.0, [0.0; 3]);
        assert!((loss - 2_f32.ln()).abs() < 1e-6, "{loss}");
        assert_eq!(delta, [0.0; 3]);
    }
}

#[test]
fn likelihoods_and_margins() {
    const N: usize = 19;
    let outputs: [f32; N] = core::array::from_fn(|i| ((i * 7) % 19) as f32 * 0.3 - 4.0);
    let weights: [f32; N] = core::array::from_fn(|i| i as f32 * 0.25);
    for level in simd::levels() {
        let found = row(level, &Nll, &outputs, &4, 1.0, [0.0; N]);
        compare(found, &outputs, |y| -y[4]);
        let found = row(level, &Nll.weight(&weights), &outputs, &4, 1.0, [0.0; N]);
        compare(found, &outputs, |y| -y[4]);
        let found = row(level, &Nll.weight(weights), &outputs, &6, 1.0, [0.0; N]);
        compare(found, &outputs, |y| -1.5 * y[6]);
        let margin = |y: &[f64], power: i32, weight: f64| {
            let missing = (0..N)
                .filter(|i| *i != 6)
                .map(|i| (0.75 - y[6] + y[i]).max(0.0));
            missing.map(|short| short.powi(power)).sum::<f64>() * weight / N as f64
        };
        let loss = MultiMargin::new(0.75);
        compare(
            row(level, &loss, &outputs, &6, 1.0, [0.0; N]),
            &outputs,
            |y| margin(y, 1, 1.0),
        );
        let found = row(
            level,
            &loss.squared().weight(weights),
            &outputs,
            &6,
            1.0,
            [0.0; N],
        );
        compare(found, &outputs, |y| margin(y, 2, 1.5));
        assert!(row(level, &loss, &outputs, &19, 1.0, [0.0; N]).0.is_nan());
        assert!(row(level, &Nll, &outputs, &-1, 1.0, [0.0; N]).0.is_nan());
    }
}

/// A pixel of an image is judged as a vector of its channels.
#[test]
fn pixels_are_vectors() {
    const C: usize = 3;
    let image: [[[f32; 5]; 4]; C] = core::array::from_fn(|c| {
        core::array::from_fn(|y| {
            core::array::from_fn(|x| ((c * 31 + y * 5 + x) as f32 * 1.3).sin() * 1e3)
        })
    });
    let labels: [[i16; 5]; 4] =
        core::array::from_fn(|y| core::array::from_fn(|x| ((y * 5 + x) % 4) as i16 - 1));
    let zero = [[[0.0; 5]; 4]; C];
    for smoothing in [0.0, 0.25] {
        let loss = CrossEntropy
            .weight([1.0, 0.5, 3.0])
            .ignore_index(-1)
            .label_smoothing(smoothing);
        for level in simd::levels() {
            let (found, delta) = row(level, &loss, &image, &labels, 1.0, zero);
            let (mut sum, mut hits) = (0.0, 0.0);
            for (y, x) in (0..20).map(|i| (i / 5, i % 5)) {
                let pixel: [f32; C] = core::array::from_fn(|c| image[c][y][x]);
                let (value, slopes) = row(level, &loss, &pixel, &labels[y][x], 0.05, [0.0; C]);
                sum += f64::from(value) / 20.0;
                if labels[y][x] >= 0 {
                    hits += loss.accuracy(&pixel, &labels[y][x]).unwrap_or(9.0) / 15.0;
                }
                for c in 0..C {
                    assert!((delta[c][y][x] - slopes[c]).abs() <= 1e-7);
                }
            }
            assert!((f64::from(found) - sum).abs() <= 1e-6 * sum.abs());
            assert!(
                loss.accuracy(&image, &labels)
                    .is_some_and(|found| (found - hits).abs() < 1e-6)
            );
            let wrong = row(level, &loss, &image, &[[7_i16; 5]; 4], 1.0, zero);
            assert!(wrong.0.is_nan());
        }
    }
    let loss = CrossEntropy.weight([1.0, 0.5, 3.0]).ignore_index(-1);
    type Image = [[[f32; 5]; 4]; C];
    // Five of each label.
    assert_eq!(Loss::<Image, _>::sample_weight(&loss, &labels), 22.5 / 20.0);
    assert_eq!(Loss::<Image, _>::accuracy_weight(&loss, &labels), 0.75);
    assert!(Loss::<Image, _>::check(&loss, 0, &labels).is_ok());
    assert!(Loss::<Image, _>::check(&CrossEntropy, 0, &labels).is_err());
}

/// What is left out has no gradient, whatever its outputs, and counts nothing; a label of no class is no NaN then.
#[test]
fn what_is_ignored_counts_nothing() {
    let outputs = [
        [0.5_f32, -1.0, f32::NAN],
        [2.0, 0.0, 1.0],
        [1.0, 0.0, 3.0],
        [0.0; 3],
    ];
    let labels = [-100, 0, 1, -100];
    let loss = CrossEntropy.ignore_index(-100).weight([1.0, 2.0, 5.0]);
    for level in simd::levels() {
        let (found, delta) = row(level, &loss, &outputs, &labels, 1.0, [[0.0; 3]; 4]);
        let first = row(level, &CrossEntropy, &outputs[1], &0, 0.25, [0.0; 3]);
        let second = row(level, &CrossEntropy, &outputs[2], &1, 0.5, [0.0; 3]);
        assert!((found - (first.0 + 2.0 * second.0) / 4.0).abs() < 1e-6);
        assert_eq!(delta, [[0.0; 3], first.1, second.1, [0.0; 3]]);
        assert_eq!(
            row(level, &loss, &outputs[0], &-100, 1.0, [0.0; 3]),
            (0.0, [0.0; 3])
        );
    }
    let weight = |labels: &[i32; 4]| Loss::<[[f32; 3]; 4], _>::sample_weight(&loss, labels);
    assert_eq!(weight(&labels), 0.75);
    assert_eq!(weight(&[-100; 4]), 0.0);
    assert_eq!(loss.accuracy(&outputs, &labels), Some(0.5));
    assert_eq!(
        Loss::<[[f32; 3]; 4], _>::accuracy_weight(&loss, &labels),
        0.5
    );
    assert_eq!(Loss::<[f32; 3], _>::accuracy_weight(&loss, &-100), 0.0);
    let total = in_batch::weigh::<[f32; 3], _, _>(&loss, &[0, -100, 2, 1]);
    assert_eq!(total.0[0], 8.0);
    assert!(Loss::<[f32; 3], _>::check(&loss, 0, &-100).is_ok());
    assert!(Loss::<[f32; 3], _>::check(&loss, 0, &-1).is_err());
}
