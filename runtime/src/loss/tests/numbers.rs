//! Losses of numbers: values against the definition in double precision, slopes against its central differences.

use super::*;
use crate::loss::{
    BinaryCrossEntropy, Elementwise, Hinge, HingeEmbedding, Huber, KlDiv, Mae, Quantile, SmoothL1,
};

/// A definition, and where it has a corner.
struct Definition {
    value: fn(f64, f64) -> f64,
    corners: fn(f64, f64) -> bool,
    /// How far a value may be off, relative to itself.
    tolerance: f64,
}

/// Judges single numbers by the definition, and many by single ones.
fn check<L: Elementwise>(loss: &L, pairs: &[[f32; 2]], definition: &Definition) {
    const MANY: usize = 37;
    let Definition {
        value,
        corners,
        tolerance,
    } = *definition;
    for level in simd::levels() {
        let one = |[y, t]: [f32; 2]| row(level, loss, &[y], &[t], 0.5, [0.0]);
        for &[y, t] in pairs {
            let (found, [slope]) = one([y, t]);
            let (y, t) = (f64::from(y), f64::from(t));
            let expected = value(y, t);
            let off = (f64::from(found) - expected).abs();
            assert!(
                off <= tolerance * expected.abs(),
                "{found} is not {expected} at {y}, {t}"
            );
            let step = 1e-5 * y.abs().max(1.0);
            if !corners(y - step, t) && !corners(y + step, t) {
                let difference = (value(y + step, t) - value(y - step, t)) / (4.0 * step);
                let off = (f64::from(slope) - difference).abs();
                assert!(
                    off <= 1e-6 * difference.abs().max(0.1),
                    "{slope} is not {difference} at {y}, {t}"
                );
            }
        }
        let many =
            |index: usize| core::array::from_fn::<f32, MANY, _>(|i| pairs[i % pairs.len()][index]);
        let (outputs, targets) = (many(0), many(1));
        let (found, slopes) = row(level, loss, &outputs, &targets, 0.5, [0.0; MANY]);
        let count = if L::SUM { 1.0 } else { MANY as f64 };
        let (mut sum, mut size) = (0.0, 0.0);
        for ((y, t), slope) in outputs.into_iter().zip(targets).zip(slopes) {
            let (value, [expected]) = one([y, t]);
            sum += f64::from(value);
            size += f64::from(value.abs());
            let expected = f64::from(expected) / count;
            assert!((f64::from(slope) - expected).abs() <= 1e-6 * expected.abs());
        }
        assert!((f64::from(found) - sum / count).abs() <= 1e-6 * size / count);
    }
}

/// Differences of all sizes, none of them at a corner of what is tested.
const PAIRS: [[f32; 2]; 12] = [
    [0.0, 0.125],
    [0.3, -0.1],
    [-1.5, -0.75],
    [2.0, -1.0],
    [-3.0, 4.0],
    [1e4, 1.0],
    [-1e4, 3.0],
    [1e-4, 0.0],
    [-7.25, -7.5],
    [0.1, 100.0],
    [1e15, -1e15],
    [5.0, 4.0625],
];

#[test]
fn squares_and_magnitudes() {
    let definition = |value| Definition {
        value,
        corners: |y, t| (y - t).abs() < 1e-5,
        tolerance: 3e-7,
    };
    check(&Mse, &PAIRS, &definition(|y, t| (y - t).powi(2)));
    check(&Mae, &PAIRS, &definition(|y, t| (y - t).abs()));
    check(
        &Huber::new(0.5),
        &PAIRS,
        &definition(|y, t| {
            let d = y - t;
            if d.abs() <= 0.5 {
                d * d / 2.0
            } else {
                0.5 * (d.abs() - 0.25)
            }
        }),
    );
    check(
        &SmoothL1::new(2.0),
        &PAIRS,
        &definition(|y, t| {
            let d = y - t;
            if d.abs() < 2.0 {
                d * d / 4.0
            } else {
                d.abs() - 1.0
            }
        }),
    );
    check(
        &SmoothL1::new(0.0),
        &PAIRS,
        &definition(|y, t| (y - t).abs()),
    );
    check(
        &Quantile::new(0.9),
        &PAIRS,
        &definition(|y, t| (0.9 * (t - y)).max(-0.1 * (t - y))),
    );
}

/// At a corner the slope is PyTorch's.
#[test]
fn slopes_at_corners() {
    fn slope<L: Elementwise>(loss: &L, y: f32, t: f32) -> f32 {
        let slopes: Vec<f32> = simd::levels()
            .map(|level| row(level, loss, &[y], &[t], 1.0, [7.0]).1[0])
            .collect();
        assert!(slopes.iter().all(|slope| *slope == slopes[0]));
        slopes[0]
    }
    assert_eq!(slope(&Mae, 2.0, 2.0), 0.0);
    assert_eq!(slope(&SmoothL1::new(0.0), 2.0, 2.0), 0.0);
    assert_eq!(slope(&SmoothL1::new(1.0), 3.0, 2.0), 1.0);
    assert_eq!(slope(&Huber::new(1.0), 1.0, 2.0), -1.0);
    assert_eq!(slope(&Quantile::new(0.25), 2.0, 2.0), 0.0);
    assert_eq!(slope(&Hinge, 1.0, 1.0), 0.0);
    assert_eq!(slope(&HingeEmbedding::new(2.0), 2.0, -1.0), 0.0);
    assert_eq!(slope(&KlDiv, -3.0, 0.0), 0.0);
}

#[test]
fn hinges() {
    let pairs = PAIRS.map(|[y, t]| [y, if t > 0.0 { 1.0 } else { -1.0 }]);
    let hinge = Definition {
        value: |y, t| (1.0 - y * t).max(0.0),
        corners: |y, t| (1.0 - y * t).abs() < 1e-4,
        tolerance: 3e-7,
    };
    check(&Hinge, &pairs, &hinge);
    let embedding = Definition {
        value: |y, t| if t > 0.0 { y } else { (2.5 - y).max(0.0) },
        corners: |y, _| (2.5 - y).abs() < 1e-4,
        tolerance: 3e-7,
    };
    check(&HingeEmbedding::new(2.5), &pairs, &embedding);
    assert_eq!(
        Hinge.accuracy(&[0.5_f32, -2.0, 0.0, f32::NAN], &[1.0, -1.0, 1.0, 1.0]),
        Some(0.5)
    );
}

/// ln(1 + e^x) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Logits from -1e4 to 1e4, small losses with all their digits.
#[test]
fn binary_cross_entropy() {
    let logits = [
        -1e4, -90.0, -40.0, -17.0, -2.0, -1e-3, 0.0, 0.5, 3.0, 16.5, 60.0, 88.5, 1e4,
    ];
    let targets = [0.0, 1.0, 0.25, 0.875];
    let pairs: Vec<[f32; 2]> = logits
        .into_iter()
        .flat_map(|x| targets.map(|t| [x, t]))
        // A loss of e^-80 and less is about subnormal numbers.
        .filter(|&[x, t]: &[f32; 2]| {
            x.abs() < 80.0 || (t - f32::from(u8::from(x > 0.0))).abs() > 0.0
        })
        .collect();
    let plain = Definition {
        value: |x, t| t * softplus(-x) + (1.0 - t) * softplus(x),
        corners: |_, _| false,
        tolerance: 1e-6,
    };
    check(&BinaryCrossEntropy, &pairs, &plain);
    let weighted = Definition {
        value: |x, t| 3.0 * t * softplus(-x) + (1.0 - t) * softplus(x),
        ..plain
    };
    check(&BinaryCrossEntropy.pos_weight(3.0), &pairs, &weighted);
    for level in simd::levels() {
        let same = BinaryCrossEntropy.pos_weight([3.0; 19]);
        let (x, t) = (
            core::array::from_fn(|i| i as f32 - 9.0),
            core::array::from_fn(|i| (i % 2) as f32),
        );
        let expected = row(
            level,
            &BinaryCrossEntropy.pos_weight(3.0),
            &x,
            &t,
            1.0,
            [0.0; 19],
        );
        assert_eq!(row(level, &same, &x, &t, 1.0, [0.0; 19]), expected);
        let steps = row(level, &same, &[x; 2], &[t; 2], 1.0, [[0.0; 19]; 2]);
        assert_eq!(steps.0, expected.0);
        for (found, expected) in steps.1.as_flattened().iter().zip(expected.1) {
            assert!((found - expected / 2.0).abs() <= 1e-7);
        }
        for label in [0_u8, 1] {
            let expected = row(
                level,
                &BinaryCrossEntropy,
                &[0.75],
                &[f32::from(label)],
                1.0,
                [0.0],
            );
            assert_eq!(
                row(level, &BinaryCrossEntropy, &[0.75], &label, 1.0, [0.0]),
                expected
            );
        }
        for x in [f32::NAN, f32::INFINITY] {
            assert!(
                !row(level, &BinaryCrossEntropy, &[x], &[0.0], 1.0, [0.0])
                    .0
                    .is_finite()
            );
        }
    }
    assert_eq!(
        BinaryCrossEntropy.accuracy(&[1.0, -1.0, 0.0, f32::NAN], &[1.0, 1.0, 0.0, 0.0]),
        Some(0.5)
    );
}

#[test]
fn divergence() {
    let pairs = [
        [-0.5, 0.5],
        [-3.0, 0.125],
        [-80.0, 0.0],
        [-1e4, 1e-3],
        [-0.5, 0.99],
        [-20.0, 1e-30],
        [-2.0, 1.0],
    ];
    let plain = Definition {
        value: |y, t| if t == 0.0 { 0.0 } else { t * (t.ln() - y) },
        corners: |_, _| false,
        tolerance: 3e-6,
    };
    check(&KlDiv, &pairs, &plain);
    let logarithms = Definition {
        value: |y, t| t.exp() * (t - y),
        ..plain
    };
    let pairs = [
        [-0.5, -0.75],
        [-3.0, -2.0],
        [-1e4, -50.0],
        [-0.01, -1e4],
        [-20.0, 0.0],
    ];
    check(&KlDiv.log_target(), &pairs, &logarithms);
}
