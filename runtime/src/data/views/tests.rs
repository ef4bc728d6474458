//! Views have the samples that they should, once. `tests/data.rs` compares splits with scikit-learn's.

use super::{Folds, Parts, Subset, stratify};
use crate::{
    data::{Dataset, Samples},
    error::{Error, Result},
};
use alloc::{string::ToString, vec, vec::Vec};
use core::borrow::Borrow;

/// Samples whose input is their index.
fn samples(labels: &[usize]) -> Samples<[f32; 1], usize> {
    let inputs = (0..labels.len()).map(|at| [at as f32]).collect::<Vec<_>>();
    Samples::new(inputs, labels).unwrap()
}

/// The inputs of all samples, and their targets.
fn all<D: Dataset<Input = [f32; 1], Target = usize>>(data: &D) -> Vec<(f32, usize)> {
    let sample = |at| {
        let (input, target) = data.sample(at).unwrap();
        assert_eq!(data.target(at).unwrap().borrow(), target.borrow());
        let [input] = *input.borrow();
        (input, *target.borrow())
    };
    (0..data.len()).map(sample).collect()
}

#[test]
fn subsets_have_what_they_were_asked_for() -> Result<()> {
    let data = samples(&[5, 6, 7, 8]);
    assert_eq!(
        all(&data.subset([3, 0, 3])?),
        [(3.0, 8), (0.0, 5), (3.0, 8)]
    );
    assert_eq!(all(&data.take(2)?), [(0.0, 5), (1.0, 6)]);
    assert_eq!(data.take(9)?.len(), 4);
    assert!(matches!(data.take(0), Err(Error::EmptyDataset)));
    let message = data.subset([1, 4]).unwrap_err().to_string();
    assert!(
        message.contains("`indices` is 4 among others, of 4 samples"),
        "{message}"
    );
    let (first, second) = (data.take(1)?, data.subset([2, 3])?);
    let both = first.concat(&second);
    assert_eq!(all(&both), [(0.0, 5), (2.0, 7), (3.0, 8)]);
    assert!(matches!(both.sample(3), Err(Error::Sample { row: 2, .. })));
    // A view of a view, and one that owns what it views.
    assert_eq!(all(&both.subset([2, 0])?), [(3.0, 8), (0.0, 5)]);
    assert_eq!(all(&Subset::new(data.clone(), [1])?), [(1.0, 6)]);
    Ok(())
}

#[test]
fn every_sample_is_validated_on_once() -> Result<()> {
    let labels = (0..103).map(|at| at % 3).collect::<Vec<_>>();
    let data = samples(&labels);
    let check = |folds: Folds<'_, _>| {
        let mut met = vec![0; labels.len()];
        let mut sizes = Vec::new();
        for (train, validation) in folds {
            assert_eq!(train.len() + validation.len(), labels.len());
            assert!(
                train
                    .indices()
                    .iter()
                    .all(|at| !validation.indices().contains(at))
            );
            validation.indices().iter().for_each(|&at| met[at] += 1);
            sizes.push(validation.len());
        }
        assert_eq!(met, vec![1; labels.len()]);
        sizes
    };
    assert_eq!(check(data.folds(5, 1)?), [21, 21, 21, 20, 20]);
    assert_eq!(check(data.folds_in_order(5)?), [21, 21, 21, 20, 20]);
    check(data.stratified_folds(5, 1)?);
    let validation = |seed| {
        let folds = data.folds(5, seed);
        folds.map(|mut folds| {
            folds
                .next()
                .map(|(_, validation)| validation.indices().to_vec())
        })
    };
    assert_eq!(validation(1)?, validation(1)?);
    assert_ne!(validation(1)?, validation(2)?);
    for count in [0, 1, 104] {
        let message = data.folds(count, 1).unwrap_err().to_string();
        assert!(
            message.starts_with("`folds` is ") && message.contains(" of 103 samples"),
            "{message}"
        );
        assert!(data.stratified_folds(count, 1).is_err());
    }
    let message = data.stratified_folds(40, 1).unwrap_err().to_string();
    assert_eq!(
        message,
        "`folds` is 40, but class 0 has 35 samples, but must be at most as many as each class has samples"
    );
    Ok(())
}

#[test]
fn classes_have_their_share_of_both_parts() -> Result<()> {
    let labels = [vec![0; 60], vec![1; 30], vec![7; 10]].concat();
    let data = samples(&labels);
    let (train, validation) = data.stratified_split(0.8, 3)?;
    let count = |part: &Subset<_>, class| {
        let classes = part.classes().unwrap();
        classes.iter().filter(|&&other| other == class).count()
    };
    for (class, first, second) in [(0, 48, 12), (1, 24, 6), (7, 8, 2)] {
        assert_eq!(
            (count(&train, class), count(&validation, class)),
            (first, second)
        );
    }
    let mut met = [train.indices(), validation.indices()].concat();
    met.sort_unstable();
    assert_eq!(met, (0..100).collect::<Vec<_>>());
    assert_ne!(train.indices(), data.stratified_split(0.8, 4)?.0.indices());
    for fraction in [0.0, 1.0, f64::NAN] {
        assert!(matches!(
            data.stratified_split(fraction, 1),
            Err(Error::Setting { .. })
        ));
    }
    assert!(matches!(
        data.stratified_split(0.01, 1),
        Err(Error::Split { first: 1, .. })
    ));
    assert!(matches!(
        data.stratified_split(0.99, 1),
        Err(Error::Split { first: 99, .. })
    ));
    let message = samples(&[0, 0, 4])
        .stratified_split(0.5, 1)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("class 4, which has a single sample"),
        "{message}"
    );
    Ok(())
}

#[test]
fn rare_classes_weigh_more_or_come_more_often() -> Result<()> {
    let data = samples(&[0, 0, 0, 0, 0, 1, 1, 2]);
    assert_eq!(data.class_weights()?, [8.0 / 15.0, 8.0 / 6.0, 8.0 / 3.0]);
    let found = data.class_weights::<2>();
    assert!(matches!(
        found,
        Err(Error::LabelOutOfRange {
            row: 7,
            label: 2,
            classes: 2
        })
    ));
    let message = data.class_weights::<4>().unwrap_err().to_string();
    assert!(message.contains("class 3 has no sample"), "{message}");
    let even = data.oversampled(1)?;
    let classes = even.classes()?;
    assert_eq!(classes, [[0; 5], [1; 5], [2; 5]].concat());
    // Each as often as the others, or once more.
    let times = |at| even.indices().iter().filter(|&&other| other == at).count();
    assert_eq!((times(0), times(7)), (1, 5));
    assert!(times(5) + times(6) == 5 && times(5).abs_diff(times(6)) == 1);
    Ok(())
}

#[test]
fn labels_may_be_any_integers_but_negative_ones() -> Result<()> {
    let data = Samples::new([[0.0_f32]; 3], [0_i64, 3, -1])?;
    let message = data.classes().unwrap_err().to_string();
    assert!(
        message.contains("row 2") && message.contains("label -1 names no class"),
        "{message}"
    );
    let data = Samples::new([[0.0_f32]; 3], [0_u8, 3, 1])?;
    assert_eq!(data.classes()?, [0, 3, 1]);
    Ok(())
}

/// What scikit-learn's documentation deals by hand.
#[test]
fn classes_are_dealt_in_turn() -> Result<()> {
    assert_eq!(stratify::deal(&[0, 0, 1, 1], 2, None)?, [0, 1, 0, 1]);
    assert_eq!(
        stratify::deal(&[1, 1, 1, 0, 0, 0, 0], 3, None)?,
        [0, 1, 2, 0, 0, 1, 2]
    );
    Ok(())
}

#[test]
fn copies_have_the_samples_of_their_view() -> Result<()> {
    let data = samples(&[5, 6, 7, 8]);
    let copy = data.subset([3, 1, 1])?.to_samples()?;
    assert_eq!(copy.inputs(), [[3.0], [1.0], [1.0]]);
    assert_eq!(copy.targets(), [8, 6, 6]);

    struct Torn;
    impl Dataset for Torn {
        type Input = [f32; 1];
        type Target = usize;

        fn len(&self) -> usize {
            2
        }

        fn sample(&self, row: usize) -> Result<(impl Borrow<[f32; 1]>, impl Borrow<usize>)> {
            match row {
                0 => Ok(([0.0], 0)),
                _ => Err(Error::Sample {
                    row,
                    source: "torn".into(),
                }),
            }
        }
    }
    assert!(matches!(
        Torn.to_samples(),
        Err(Error::Sample { row: 1, .. })
    ));
    Ok(())
}
