//! Losses of several outputs: pairs that are compared, and sums.

use super::*;
use crate::loss::{CosineEmbedding, Part, Score, Weighted, Weights, in_batch};

type Pair = ([f32; 37], [f32; 37]);

/// The definition of PyTorch in double precision.
fn cosine((a, b): (&[f64], &[f64])) -> f64 {
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    sum(a, b) / ((sum(a, a) + 1e-12) * (sum(b, b) + 1e-12)).sqrt()
}

#[test]
fn cosines_are_those_of_double_precision() {
    let part = |phase: f32| core::array::from_fn(|i| (i as f32 * 0.37 + phase).sin());
    let pairs: [Pair; 3] = [
        (part(0.0), part(0.5)),
        (part(0.0), part(3.0)),
        (part(1.0), part(1.0)),
    ];
    for (pair, label) in pairs.iter().flat_map(|pair| [(pair, 1_i8), (pair, -1)]) {
        let value = |a: &[f64], b: &[f64]| match label {
            1 => 1.0 - cosine((a, b)),
            _ => (cosine((a, b)) - 0.25).max(0.0),
        };
        for level in simd::levels() {
            let zero = ([0.0; 37], [0.0; 37]);
            let loss = CosineEmbedding::new(0.25);
            let (found, delta) = row(level, &loss, pair, &label, 1.0, zero);
            let (mut a, mut b) = (pair.0.map(f64::from), pair.1.map(f64::from));
            assert!((f64::from(found) - value(&a, &b)).abs() < 1e-6);
            for i in 0..37 {
                let step = 1e-5;
                let mut slope = |first: bool| {
                    let mut at = |by: f64| {
                        let to = if first { &mut a[i] } else { &mut b[i] };
                        *to += by;
                        value(&a, &b)
                    };
                    let (up, down) = (at(step), at(-2.0 * step));
                    at(step);
                    (up - down) / (2.0 * step)
                };
                assert!((f64::from(delta.0[i]) - slope(true)).abs() < 1e-6);
                assert!((f64::from(delta.1[i]) - slope(false)).abs() < 1e-6);
            }
        }
    }
}

/// The cosine of nothing is 0.
#[test]
fn vectors_of_zeros_have_a_cosine() {
    for level in simd::levels() {
        let zero = ([0.0; 3], [0.0; 3]);
        let loss = CosineEmbedding::default();
        let (found, delta) = row(level, &loss, &zero, &1, 1.0, zero);
        assert_eq!((found, delta), (1.0, zero));
        let (found, delta) = row(level, &loss, &([0.0; 3], [3.0, 0.0, 4.0]), &1, 1.0, zero);
        assert_eq!(found, 1.0);
        assert!(
            delta
                .0
                .iter()
                .chain(&delta.1)
                .all(|slope| slope.is_finite())
        );
        let (found, _) = row(level, &loss, &zero, &0, 1.0, zero);
        assert!(found.is_nan());
    }
}

#[test]
fn a_factor_multiplies_loss_and_slope_alone() {
    let output = [0.5_f32, -1.0, 2.0];
    let loss = CrossEntropy.weight([4.0, 1.0, 1.0]);
    for level in simd::levels() {
        let (plain, delta) = row(level, &loss, &output, &0, 0.5, [0.0; 3]);
        let (found, scaled) = row(level, &loss.times(0.25), &output, &0, 0.5, [0.0; 3]);
        assert_eq!(found, plain * 0.25);
        for (scaled, delta) in scaled.into_iter().zip(delta) {
            assert!((scaled - delta * 0.25).abs() <= 1e-7);
        }
    }
    let twice = Weighted::new(loss, 2.0);
    assert_eq!(Loss::<[f32; 3], _>::sample_weight(&twice, &0), 4.0);
    assert_eq!(twice.accuracy(&output, &2), Some(1.0));
    assert!(Loss::<[f32; 3], u8>::expects_logits(&twice));
}

/// Judges one sample as a batch of weights does.
struct Judged<'a, O, T, L> {
    loss: &'a L,
    output: &'a O,
    target: &'a T,
    delta: &'a mut O,
}

impl<O, T, L: Loss<O, T>> Task for Judged<'_, O, T, L> {
    type Output = Score;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Score {
        let weights = Weights([2.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
        let loss = in_batch::InBatch::new(self.loss, weights);
        in_batch::score(s, &loss, self.output, self.target, 1.0, self.delta)
    }
}

/// Each part of a tuple has its own weight, its own mean and its own accuracy.
#[test]
fn parts_are_judged_apart() {
    let loss = (CrossEntropy.ignore_index(9), Mse.times(3.0));
    let output = ([0.5_f32, -1.0, 2.0], [1.0_f32, 2.0]);
    for level in simd::levels() {
        for label in [2, 9] {
            let mut delta = ([0.0; 3], [0.0; 2]);
            let task = Judged {
                loss: &loss,
                output: &output,
                target: &(label, [0.0, 2.0]),
                delta: &mut delta,
            };
            let score = simd::dispatch(level, task);
            let (first, slope) = row(level, &loss.0, &output.0, &label, 0.5, [0.0; 3]);
            let counts = f32::from(u8::from(label == 2));
            let expected = Part {
                loss: first,
                weight: counts,
                accuracy: counts,
                counted: counts,
            };
            assert_eq!(score.parts[0], expected);
            let expected = Part {
                loss: 1.5,
                weight: 1.0,
                accuracy: 0.0,
                counted: 0.0,
            };
            assert_eq!(score.parts[1], expected);
            assert_eq!(score.parts[2..], [Part::default(); 4]);
            assert_eq!(delta, (slope, [0.75, 0.0]));
        }
    }
    let target = [(2, [0.0; 2]), (9, [0.0; 2])];
    let weights = in_batch::weigh::<([f32; 3], [f32; 2]), _, _>(&loss, &target);
    assert_eq!(weights.0, [1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
}
