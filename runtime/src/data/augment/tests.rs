//! Changes are those that were asked for, and a function of seed, epoch and index. `tests/data.rs` compares rotation with
//! PyTorch's.

use super::{
    Augment, RandomCrop,
    draw::Draw,
    pixels::{Size, flip_horizontal, flip_vertical, rotate, shift},
};
use crate::{
    data::{Dataset, Parts, Samples},
    error::{Error, Result},
    parameters::Seed,
};
use alloc::{vec, vec::Vec};
use core::borrow::Borrow;

const SIZE: Size = Size {
    rows: 2,
    columns: 3,
};

fn numbers() -> Vec<f32> {
    (1..=12).map(|number| number as f32).collect()
}

type Image = [[[f32; 3]; 2]; 2];

fn image() -> Image {
    [
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        [[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]],
    ]
}

#[test]
fn images_are_moved_channel_by_channel() {
    let shifted = |by| {
        let mut to = vec![-1.0; 12];
        shift(&numbers(), &mut to, SIZE, by);
        to
    };
    assert_eq!(shifted([0, 0]), numbers());
    assert_eq!(
        shifted([1, 0]),
        [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 7.0, 8.0, 9.0]
    );
    assert_eq!(
        shifted([-1, 0]),
        [
            4.0, 5.0, 6.0, 0.0, 0.0, 0.0, 10.0, 11.0, 12.0, 0.0, 0.0, 0.0
        ]
    );
    assert_eq!(
        shifted([0, -2]),
        [3.0, 0.0, 0.0, 6.0, 0.0, 0.0, 9.0, 0.0, 0.0, 12.0, 0.0, 0.0]
    );
    assert_eq!(
        shifted([0, 1]),
        [0.0, 1.0, 2.0, 0.0, 4.0, 5.0, 0.0, 7.0, 8.0, 0.0, 10.0, 11.0]
    );
    assert_eq!(shifted([5, -9]), [0.0; 12]);
    let mut flipped = numbers();
    flip_horizontal(&mut flipped, SIZE);
    assert_eq!(
        flipped,
        [
            3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0, 12.0, 11.0, 10.0
        ]
    );
    let mut flipped = numbers();
    flip_vertical(&mut flipped, SIZE);
    assert_eq!(
        flipped,
        [
            4.0, 5.0, 6.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 7.0, 8.0, 9.0
        ]
    );
    let mut turned = vec![-1.0; 12];
    rotate(&numbers(), &mut turned, SIZE, 0.0);
    assert_eq!(turned, numbers());
    rotate(&numbers(), &mut turned, SIZE, 180.0);
    let expected = [
        6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0,
    ];
    for (found, expected) in turned.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{turned:?}");
    }
}

#[test]
fn draws_are_evenly_spread_and_normal() {
    let mut counts = [0; 5];
    let (mut sum, mut squares, mut heads) = (0.0, 0.0, 0);
    for index in 0..5000 {
        let mut draw = Draw::new(Seed(3), 1, index).change(2);
        counts[(draw.around(2) + 2) as usize] += 1;
        heads += i32::from(draw.coin());
        for normal in draw.normals() {
            sum += normal;
            squares += normal * normal;
        }
    }
    // Within five standard deviations.
    assert!(
        counts.iter().all(|count: &i32| (count - 1000).abs() < 142),
        "{counts:?}"
    );
    assert!((heads - 2500_i32).abs() < 177, "{heads}");
    assert!(
        (sum / 1e4).abs() < 0.05 && (squares / 1e4 - 1.0).abs() < 0.071,
        "{sum} {squares}"
    );
}

#[test]
fn a_seed_is_a_seed() -> Result<()> {
    let data = Samples::new(vec![image(); 40], (0..40).collect::<Vec<_>>())?;
    let moved = |seed: u64| {
        Augment::new(&data, seed)
            .shift(1)
            .rotate(20.0)
            .flip_horizontal()
            .flip_vertical()
            .noise(0.1)
    };
    let inputs = |seed, epoch| {
        let moved = moved(seed);
        let input = |index| {
            moved.sample_in(epoch, index).map(|(input, target)| {
                assert_eq!(*target.borrow(), index as i32);
                let input: &Image = input.borrow();
                *input
            })
        };
        (0..40).rev().map(input).collect::<Result<Vec<_>>>()
    };
    assert_eq!(inputs(1, 0)?, inputs(1, 0)?);
    assert_ne!(inputs(1, 0)?, inputs(1, 1)?);
    assert_ne!(inputs(1, 0)?, inputs(2, 0)?);
    let first = inputs(1, 0)?;
    assert!(first.iter().all(|input| {
        input
            .as_flattened()
            .as_flattened()
            .iter()
            .all(|x| x.is_finite())
    }));
    assert_ne!(first[0], first[1]);
    // What is evaluated is not changed, and a part of the samples has the same changes as the whole.
    let moved = moved(1);
    assert_eq!(*moved.sample(7)?.0.borrow(), image());
    let part = moved.subset([9, 3])?;
    assert_eq!(*part.sample_in(0, 1)?.0.borrow(), first[39 - 3]);
    Ok(())
}

#[test]
fn nonsense_is_refused() -> Result<()> {
    let data = Samples::new([image()], [0])?;
    for augment in [
        Augment::new(&data, 1).noise(-1.0),
        Augment::new(&data, 1).noise(f64::NAN),
        Augment::new(&data, 1).rotate(f64::INFINITY),
    ] {
        assert!(matches!(
            augment.sample_in(0, 0),
            Err(Error::Setting { .. })
        ));
        assert!(matches!(augment.sample(0), Err(Error::Setting { .. })));
    }
    // However far, an image is moved out at most.
    let far = Augment::new(&data, 1).shift(usize::MAX);
    assert_eq!(*far.sample_in(0, 0)?.0.borrow(), [[[0.0; 3]; 2]; 2]);
    Ok(())
}

#[test]
fn crops_are_parts() -> Result<()> {
    let data = Samples::new(vec![image(); 60], vec![0; 60])?;
    let crops = RandomCrop::<_, 1, 2>::new(&data, 5);
    let mut met = Vec::new();
    for index in 0..60 {
        let (crop, _) = crops.sample_in(2, index)?;
        let [[[first, second]], [[third, _]]]: [[[f32; 2]; 1]; 2] = *crop.borrow();
        assert_eq!((second, third), (first + 1.0, first + 6.0));
        met.push(first as usize);
    }
    met.sort_unstable();
    met.dedup();
    assert_eq!(met, [1, 2, 4, 5]);
    assert_eq!(*crops.sample(0)?.0.borrow(), [[[1.0, 2.0]], [[7.0, 8.0]]]);
    Ok(())
}

/// `tests/golden/data_files.py` turns an image by `grid_sample`.
#[cfg(feature = "files")]
#[test]
fn rotation_is_that_of_pytorch() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/golden/data/files/rotations.safetensors"
    );
    let bytes = std::fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let floats = |name: &str| {
        let bytes = file.tensor(name).unwrap().data();
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect::<Vec<_>>()
    };
    let size = Size {
        rows: 5,
        columns: 7,
    };
    for degrees in [-30.0, 10.0, 45.0, 90.0] {
        let mut turned = vec![-1.0; 70];
        rotate(&floats("image"), &mut turned, size, degrees);
        let expected = floats(&alloc::format!("turned.{degrees}"));
        for (found, expected) in turned.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-5,
                "{degrees}: {found} {expected}"
            );
        }
    }
}
