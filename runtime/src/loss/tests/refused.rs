//! What losses refuse: settings, and targets.

use super::*;
use crate::loss::{
    BinaryCrossEntropy, CosineEmbedding, Hinge, HingeEmbedding, Huber, KlDiv, MultiMargin, Nll,
    Quantile, SmoothL1, Weighted,
};

type Three = [f32; 3];

/// The loss is refused for this setting.
fn setting<O, T, L: Loss<O, T>>(name: &str, loss: &L) {
    match loss.check_settings() {
        Err(Error::Setting { setting, .. }) => assert_eq!(setting, name),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn settings_that_make_no_sense() {
    for smoothing in [-0.1, 1.1, f64::NAN] {
        setting::<Three, u8, _>("label_smoothing", &CrossEntropy.label_smoothing(smoothing));
        setting::<Three, Three, _>("label_smoothing", &CrossEntropy.label_smoothing(smoothing));
    }
    for weights in [
        [1.0, -1.0, 1.0],
        [0.0; 3],
        [f32::NAN, 1.0, 1.0],
        [1.0, 1.0, f32::INFINITY],
    ] {
        setting::<Three, u8, _>("weight", &CrossEntropy.weight(weights));
        setting::<Three, Three, _>("weight", &CrossEntropy.weight(&weights));
        setting::<[Three; 2], [u8; 2], _>("weight", &Nll.weight(weights));
        setting::<Three, u8, _>("weight", &MultiMargin::default().weight(weights));
    }
    setting::<Three, Three, _>("ignore_index", &CrossEntropy.ignore_index(3));
    for number in [f64::NAN, f64::INFINITY, 1e39] {
        setting::<Three, Three, _>("delta", &Huber::new(number));
        setting::<Three, Three, _>("beta", &SmoothL1::new(number));
        setting::<Three, Three, _>("margin", &HingeEmbedding::new(number));
        setting::<Three, u8, _>("margin", &MultiMargin::new(number));
        setting::<(Three, Three), i8, _>("margin", &CosineEmbedding::new(number));
        setting::<Three, Three, _>("pos_weight", &BinaryCrossEntropy.pos_weight(number));
        setting::<Three, Three, _>("times", &Mse.times(number));
    }
    setting::<Three, Three, _>("delta", &Huber::new(0.0));
    setting::<Three, Three, _>("delta", &Huber::new(-1.0));
    setting::<Three, Three, _>("delta", &Huber::new(1e-50));
    setting::<Three, Three, _>("beta", &SmoothL1::new(-0.5));
    setting::<Three, Three, _>("pos_weight", &BinaryCrossEntropy.pos_weight(-1.0));
    setting::<[f32; 1], u8, _>("pos_weight", &BinaryCrossEntropy.pos_weight(-1.0));
    setting::<Three, Three, _>(
        "pos_weight",
        &BinaryCrossEntropy.pos_weight([1.0, -1.0, 1.0]),
    );
    for quantile in [0.0, 1.0, -0.5, f64::NAN] {
        setting::<Three, Three, _>("quantile", &Quantile::new(quantile));
    }
    setting::<(Three, Three), i8, _>("margin", &CosineEmbedding::new(1.5));
    let pair = (Mse, Weighted::new(Huber::new(0.0), 0.5));
    setting::<(Three, Three), (Three, Three), _>("delta", &pair);
    for fine in [SmoothL1::new(0.0), SmoothL1::default()] {
        assert!(Loss::<Three, Three>::check_settings(&fine).is_ok());
    }
    let error = Loss::<Three, Three>::check_settings(&Huber::new(0.0)).unwrap_err();
    assert_eq!(
        alloc::string::ToString::to_string(&error),
        "`delta` is 0.0, but must be above 0 and finite as `f32`, such as 1.0"
    );
}

#[test]
fn targets_that_make_no_sense() {
    fn number<O, T, L: Loss<O, T>>(loss: &L, target: &T, at: usize, number: f64) {
        match loss.check(5, target) {
            Err(Error::TargetNumber {
                row: 5,
                index,
                found,
                ..
            }) => {
                assert_eq!((index, found), (at, number));
            }
            other => panic!("{other:?}"),
        }
    }
    number::<Three, _, _>(&CrossEntropy, &[0.5, 0.75, -0.25], 2, -0.25);
    number::<[Three; 2], _, _>(&CrossEntropy, &[[0.5; 3], [0.5, -0.25, 0.0]], 4, -0.25);
    number::<Three, _, _>(
        &CrossEntropy.label_smoothing(0.1),
        &[-0.5, 0.75, 0.0],
        0,
        -0.5,
    );
    number(&KlDiv, &[0.5, -0.25, 0.75], 1, -0.25);
    number(&BinaryCrossEntropy, &[0.5, 1.25, 0.75], 1, 1.25);
    number(
        &BinaryCrossEntropy.pos_weight([1.0; 3]),
        &[0.5, 0.25, -1.0],
        2,
        -1.0,
    );
    number(&Hinge, &[1.0, -1.0, 0.0], 2, 0.0);
    number(
        &HingeEmbedding::default(),
        &[[1.0, -1.0], [2.0, 1.0]],
        2,
        2.0,
    );
    number::<(Three, Three), _, _>(&CosineEmbedding::default(), &0_i8, 0, 0.0);
    let nan = [0.0, f32::NAN, 1.0];
    let results = [
        Loss::<Three, _>::check(&CrossEntropy, 5, &nan),
        KlDiv.check(5, &nan),
        KlDiv.log_target().check(5, &nan),
        BinaryCrossEntropy.check(5, &nan),
        Huber::default().check(5, &nan),
        Loss::<(Three, Three), _>::check(&(Mse, Mse.times(0.5)), 5, &([0.0; 3], nan)),
    ];
    for result in results {
        assert!(
            matches!(result, Err(Error::NanTarget { row: 5, index: 1 })),
            "{result:?}"
        );
    }
    let labels = [
        Loss::<Three, _>::check(&Nll, 5, &3_u8),
        Loss::<Three, _>::check(&Nll.ignore_index(4), 5, &3_u8),
        Loss::<Three, _>::check(&MultiMargin::default(), 5, &3_u8),
    ];
    for result in labels {
        assert!(matches!(
            result,
            Err(Error::LabelOutOfRange {
                row: 5,
                label: 3,
                classes: 3
            })
        ));
    }
    let binary = Loss::<[f32; 1], _>::check(&BinaryCrossEntropy, 5, &2_u8);
    assert!(matches!(
        binary,
        Err(Error::LabelOutOfRange {
            label: 2,
            classes: 2,
            ..
        })
    ));
}
