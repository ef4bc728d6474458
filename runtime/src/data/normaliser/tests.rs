//! Channels are brought to one scale. `tests/data.rs` compares the numbers with scikit-learn's.

use super::Normaliser;
use crate::{data::Samples, error::Error};

#[test]
fn channels_are_those_of_the_shape() -> Result<(), Error> {
    let rows = Samples::new([[1.0_f32, 10.0], [3.0, 30.0]], [[0.0_f32]; 2])?;
    assert_eq!(Normaliser::fit(&rows)?.shift(), [2.0, 20.0]);
    let steps = Samples::new([[[1.0_f32, 10.0], [3.0, 30.0], [5.0, 20.0]]], [0])?;
    assert_eq!(Normaliser::fit(&steps)?.shift(), [3.0, 20.0]);
    let images = Samples::new([[[[1.0_f32, 3.0]], [[10.0, 30.0]], [[5.0, 5.0]]]], [0])?;
    let normaliser = Normaliser::fit(&images)?;
    assert_eq!(
        (normaliser.shift(), normaliser.scale()),
        (&[2.0, 20.0, 5.0][..], &[1.0, 10.0, 1.0][..])
    );
    let mut image = [[[1.0, 3.0]], [[10.0, 30.0]], [[5.0, 6.0]]];
    normaliser.apply(&mut image);
    assert_eq!(image, [[[-1.0, 1.0]], [[-1.0, 1.0]], [[0.0, 1.0]]]);
    normaliser.invert(&mut image);
    assert_eq!(image, [[[1.0, 3.0]], [[10.0, 30.0]], [[5.0, 6.0]]]);
    let normaliser = Normaliser::fit_min_max(&images)?;
    assert_eq!(
        (normaliser.shift(), normaliser.scale()),
        (&[1.0, 10.0, 5.0][..], &[2.0, 20.0, 1.0][..])
    );
    Ok(())
}

#[test]
fn targets_are_normalised_apart() -> Result<(), Error> {
    let data = Samples::new([[0.0_f32]; 3], [[100.0_f32], [200.0], [300.0]])?;
    let normaliser = Normaliser::fit_targets(&data)?;
    let data = data.map_targets(|mut target| {
        normaliser.apply(&mut target);
        target
    });
    assert_eq!(data.targets()[1], [0.0]);
    let mut answer = data.targets()[2];
    normaliser.invert(&mut answer);
    assert_eq!(answer, [300.0]);
    let bad = Samples::new([[0.0_f32]; 2], [[1.0_f32], [f32::NAN]])?;
    assert!(matches!(
        Normaliser::fit_targets(&bad),
        Err(Error::NanTarget { row: 1, index: 0 })
    ));
    let bad = Samples::new([[0.0_f32, f32::INFINITY]], [0])?;
    assert!(matches!(
        Normaliser::fit(&bad),
        Err(Error::NanInput {
            row: 0,
            index: 1,
            ..
        })
    ));
    Ok(())
}
