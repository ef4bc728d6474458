//! Losses against PyTorch, against double precision, and their gradients against differences.

mod classes;
mod long;
mod numbers;
mod pairs;
mod refused;

use super::{CrossEntropy, Label, Loss, Mse, argmax};
use crate::{
    error::Error,
    simd::{self, Isa, Task},
};
use alloc::vec::Vec;
use fearless_simd::Level;

/// Loss and delta of one output.
struct Row<'a, O, T, L> {
    loss: &'a L,
    output: &'a O,
    target: &'a T,
    scale: f32,
    zero: O,
}

impl<O, T, L: Loss<O, T>> Task for Row<'_, O, T, L> {
    type Output = (f32, O);

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> (f32, O) {
        let mut delta = self.zero;
        let loss = self
            .loss
            .row(s, self.output, self.target, self.scale, &mut delta);
        (loss, delta)
    }
}

fn row<O: Clone, T, L: Loss<O, T>>(
    level: Level,
    loss: &L,
    output: &O,
    target: &T,
    scale: f32,
    zero: O,
) -> (f32, O) {
    let task = Row {
        loss,
        output,
        target,
        scale,
        zero,
    };
    simd::dispatch(level, task)
}

fn near(found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= tolerance, "{found}, expected {expected}");
    }
}

/// Expected numbers by PyTorch 2.15 in double precision.
#[test]
fn losses_are_those_of_pytorch() {
    for level in simd::levels() {
        let logits = [0.25, -1.5, 3.0, 0.0, 2.5];
        let (loss, delta) = row(level, &CrossEntropy, &logits, &4, 1.0, [0.0; 5]);
        near(&[loss], &[1.0489040997139614], 3e-7);
        let expected = [
            0.03692360983133278,
            0.0064163612868163205,
            0.57758243642693,
            0.028756136250464994,
            -0.6496785437955439,
        ];
        near(&delta, &expected, 2e-7);

        let steps = [[0.5, -1.0, 2.0], [0.25, 4.0, -3.0]];
        let (loss, delta) = row(level, &CrossEntropy, &steps, &[0, 1], 1.0, [[0.0; 3]; 2]);
        near(&[loss], &[0.8827236468519728], 3e-7);
        let expected = [
            -0.41235480392998164,
            0.019556286635343725,
            0.39279851729463794,
            0.011478458459864779,
            -0.01192352659377538,
            0.00044506813391058473,
        ];
        near(delta.as_flattened(), &expected, 2e-7);

        let targets = [[1.0, 0.0, 2.5], [0.0, 3.0, -3.5]];
        let (loss, delta) = row(level, &Mse, &steps, &targets, 1.0, [[0.0; 3]; 2]);
        near(&[loss], &[0.46875], 1e-7);
        let third = 1.0 / 3.0;
        let expected = [
            -third / 2.0,
            -third,
            -third / 2.0,
            0.25 * third,
            third,
            third / 2.0,
        ];
        near(delta.as_flattened(), &expected, 1e-7);
    }
}

/// Rows of every length around the size of a block, and logits far from 0, against double precision.
#[test]
fn cross_entropy_is_accurate_at_all_lengths() {
    fn check<const N: usize>(level: Level) {
        for shift in [0.0_f32, 80.0, -1000.0] {
            let logits: [f32; N] =
                core::array::from_fn(|i| shift + ((i * 37 + 11) % 23) as f32 * 0.5 - 5.0);
            let target = N / 2;
            let (loss, delta) = row(level, &CrossEntropy, &logits, &target, 0.5, [0.0; N]);
            let largest = logits.iter().copied().fold(f32::MIN, f32::max);
            let powers: Vec<f64> = logits
                .iter()
                .map(|x| f64::from(x - largest).exp())
                .collect();
            let sum: f64 = powers.iter().sum();
            let expected = sum.ln() - f64::from(logits[target] - largest);
            near(&[loss], &[expected], 1e-6 * expected.max(1.0));
            let expected: Vec<f64> = (0..N)
                .map(|i| 0.5 * (powers[i] / sum - if i == target { 1.0 } else { 0.0 }))
                .collect();
            near(&delta, &expected, 2e-7);
        }
    }
    for level in simd::levels() {
        check::<1>(level);
        check::<2>(level);
        check::<15>(level);
        check::<16>(level);
        check::<17>(level);
        check::<32>(level);
        check::<100>(level);
    }
}

/// The delta of every loss is its gradient: central differences.
#[test]
fn deltas_are_gradients() {
    type Pair = ([f32; 19], [[f32; 5]; 7]);
    let loss = (CrossEntropy, Mse);
    let target = (3, core::array::from_fn(|i| [i as f32 * 0.1; 5]));
    let output: Pair = (
        core::array::from_fn(|i| (i as f32 * 0.7).sin()),
        core::array::from_fn(|i| core::array::from_fn(|j| ((i * 5 + j) as f32).cos())),
    );
    let zero: Pair = ([0.0; 19], [[0.0; 5]; 7]);
    for level in simd::levels() {
        let at = |output: &Pair| f64::from(row(level, &loss, output, &target, 1.0, zero).0);
        let (_, delta) = row(level, &loss, &output, &target, 1.0, zero);
        let step = 1e-2;
        let compare = |change: &dyn Fn(&mut Pair, f32), delta: f32| {
            let (mut up, mut down) = (output, output);
            change(&mut up, step);
            change(&mut down, -step);
            let difference = (at(&up) - at(&down)) / (2.0 * f64::from(step));
            assert!(
                (difference - f64::from(delta)).abs() < 1e-4,
                "{difference}, {delta}"
            );
        };
        for i in 0..19 {
            compare(&|pair, step| pair.0[i] += step, delta.0[i]);
        }
        for i in 0..35 {
            compare(
                &|pair, step| pair.1[i / 5][i % 5] += step,
                delta.1[i / 5][i % 5],
            );
        }
    }
}

#[test]
fn accuracy_takes_the_largest_logit() {
    assert_eq!(argmax(&[]), 0);
    assert_eq!(argmax(&[1.0, 3.0, 3.0, 2.0]), 1);
    assert_eq!(argmax(&[1.0, f32::NAN, 3.0, f32::NAN]), 1);
    let unknown = CrossEntropy.accuracy(&[f32::NAN; 3], &0);
    assert_eq!(unknown, Some(0.0), "no answer is no right answer");
    let steps = [[0.0, 1.0], [f32::NAN, 0.0]];
    assert_eq!(CrossEntropy.accuracy(&steps, &[1, 0]), Some(0.5));
    assert_eq!(CrossEntropy.accuracy(&[0.0, 2.0, 1.0], &1), Some(1.0));
    assert_eq!(CrossEntropy.accuracy(&[0.0, 2.0, 1.0], &2), Some(0.0));
    let steps = [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]];
    assert_eq!(CrossEntropy.accuracy(&steps, &[1, 1, 0, 1]), Some(0.5));
    let pair = ([0.0, 1.0], 3.0_f32);
    assert_eq!((CrossEntropy, Mse).accuracy(&pair, &(1, 3.0)), Some(1.0));
    assert_eq!(Mse.accuracy(&3.0_f32, &3.0), None);
}

/// The loss of a tuple is the sum, its delta that of each part, its accuracy the mean of those that have one.
#[test]
fn tuples_add_their_losses() {
    let loss = (CrossEntropy, Mse, CrossEntropy);
    let output = ([0.5_f32, -1.0, 2.0], [[1.0_f32, 2.0]; 2], [0.25_f32, 4.0]);
    let target = (0, [[0.0, 2.5]; 2], 1);
    let zero = ([0.0; 3], [[0.0; 2]; 2], [0.0; 2]);
    for level in simd::levels() {
        let a = row(level, &loss.0, &output.0, &target.0, 0.5, zero.0);
        let b = row(level, &loss.1, &output.1, &target.1, 0.5, zero.1);
        let c = row(level, &loss.2, &output.2, &target.2, 0.5, zero.2);
        let (sum, delta) = row(level, &loss, &output, &target, 0.5, zero);
        assert_eq!(sum, a.0 + b.0 + c.0);
        assert_eq!(delta, (a.1, b.1, c.1));
    }
    assert_eq!(loss.accuracy(&output, &target), Some(0.5));
    assert_eq!(
        (Mse, Mse, Mse).accuracy(&(0.0, 1.0, 2.0), &(0.0, 1.0, 2.0)),
        None
    );
    let refused =
        Loss::<([f32; 3], [[f32; 2]; 2], [f32; 2]), _>::check(&loss, 4, &(0, target.1, 2));
    assert!(matches!(
        refused,
        Err(Error::LabelOutOfRange {
            row: 4,
            label: 2,
            classes: 2
        })
    ));
    let six = (Mse, Mse, Mse, Mse, Mse, Mse);
    let ones = (1.0_f32, 1.0, 1.0, 1.0, 1.0, 1.0);
    let zeros = (0.0_f32, 0.0, 0.0, 0.0, 0.0, 0.0);
    assert_eq!(
        row(simd::level(), &six, &ones, &zeros, 0.5, zeros),
        (6.0, ones)
    );
}

/// A label is any integer: the same loss, delta and accuracy, and the same error with the label as it was given.
#[test]
fn labels_are_integers_of_any_type() {
    fn same<T: Label>(label: T) {
        for level in simd::levels() {
            let logits = [0.25, -1.5, 3.0, 0.0, 2.5];
            let expected = row(level, &CrossEntropy, &logits, &2_usize, 1.0, [0.0; 5]);
            assert_eq!(
                row(level, &CrossEntropy, &logits, &label, 1.0, [0.0; 5]),
                expected
            );
            let (steps, zero) = ([logits; 2], [[0.0; 5]; 2]);
            let expected = row(level, &CrossEntropy, &steps, &[2_usize; 2], 1.0, zero);
            assert_eq!(
                row(level, &CrossEntropy, &steps, &[label; 2], 1.0, zero),
                expected
            );
            assert_eq!(CrossEntropy.accuracy(&logits, &label), Some(1.0));
            assert_eq!(CrossEntropy.accuracy(&steps, &[label; 2]), Some(1.0));
        }
    }
    fn refused<T: Label>(given: T, number: i128) {
        let one = Loss::<[f32; 3], _>::check(&CrossEntropy, 8, &given);
        let many = Loss::<[[f32; 3]; 2], _>::check(&CrossEntropy, 8, &[given; 2]);
        for found in [one, many] {
            assert!(
                matches!(found, Err(Error::LabelOutOfRange { row: 8, label, classes: 3 }) if label == number)
            );
        }
        for level in simd::levels() {
            assert!(
                row(level, &CrossEntropy, &[0.0; 3], &given, 1.0, [0.0; 3])
                    .0
                    .is_nan()
            );
        }
        assert_eq!(CrossEntropy.accuracy(&[1.0, 0.0, 0.0], &given), Some(0.0));
    }
    same(2_u8);
    same(2_u16);
    same(2_u32);
    same(2_u64);
    same(2_i8);
    same(2_i16);
    same(2_i32);
    same(2_i64);
    same(2_isize);
    same(2_i128);
    same(2_u128);
    refused(3_u8, 3);
    refused(-1_i8, -1);
    refused(-1_i32, -1);
    refused(i64::MIN, i128::from(i64::MIN));
    refused(u64::MAX, i128::from(u64::MAX));
    refused(-3_isize, -3);
    refused(i128::MIN, i128::MIN);
    refused(u128::MAX, i128::MAX);
}

#[test]
fn targets_out_of_range_are_refused_and_never_panic() {
    let refused = Loss::<[f32; 3], _>::check(&CrossEntropy, 8, &3);
    assert!(matches!(
        refused,
        Err(Error::LabelOutOfRange {
            row: 8,
            label: 3,
            classes: 3
        })
    ));
    let refused = Mse.check(2, &[[0.0, f32::NAN]]);
    assert!(matches!(
        refused,
        Err(Error::NanTarget { row: 2, index: 1 })
    ));
    for level in simd::levels() {
        let (loss, _) = row(level, &CrossEntropy, &[0.0; 3], &7, 1.0, [0.0; 3]);
        assert!(loss.is_nan());
        let (loss, _) = row(
            level,
            &CrossEntropy,
            &[0.0, f32::NAN, 1.0],
            &0,
            1.0,
            [0.0; 3],
        );
        assert!(loss.is_nan());
        let (loss, _) = row(
            level,
            &CrossEntropy,
            &[0.0, f32::INFINITY],
            &0,
            1.0,
            [0.0; 2],
        );
        assert!(!loss.is_finite());
    }
}
