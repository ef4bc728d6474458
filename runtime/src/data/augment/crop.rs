//! Parts of images, chosen at random.

use super::draw::Draw;
use crate::{data::dataset::Dataset, error::Result, parameters::Seed, value::zeroed};
use alloc::boxed::Box;
use core::borrow::Borrow;

/// A view of images of which `H` rows and `W` columns are seen: while they are trained on, others in every epoch, each place
/// equally likely; in `evaluate` and validation, those in the middle. The place is a function of seed, epoch and index.
///
/// ```
/// use kiln::{Seed, data::{Dataset, RandomCrop, Samples}};
///
/// let images = Samples::new([[[[0.5_f32; 32]; 32]; 3]], [1])?;
/// let crops = RandomCrop::<_, 28, 28>::new(&images, Seed(1));
/// let (image, label) = crops.sample_in(0, 0)?;
/// # use std::borrow::Borrow;
/// # let _: (&[[[f32; 28]; 28]; 3], &i32) = (image.borrow(), label.borrow());
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RandomCrop<D, const H: usize, const W: usize> {
    data: D,
    seed: Seed,
}

impl<D: Dataset, const H: usize, const W: usize> RandomCrop<D, H, W> {
    /// Parts of the images of a dataset.
    pub fn new(data: D, seed: impl Into<Seed>) -> Self {
        Self {
            data,
            seed: seed.into(),
        }
    }
}

/// The part of an image that begins at a row and a column.
fn part<const C: usize, const ROWS: usize, const COLUMNS: usize, const H: usize, const W: usize>(
    image: &[[[f32; COLUMNS]; ROWS]; C],
    [top, left]: [usize; 2],
) -> Result<Box<[[[f32; W]; H]; C]>> {
    let mut part = zeroed::<[[[f32; W]; H]; C]>()?;
    for (from, to) in image.iter().zip(&mut *part) {
        for (from, to) in from[top..].iter().zip(to) {
            to.copy_from_slice(&from[left..left + W]);
        }
    }
    Ok(part)
}

impl<D, const C: usize, const ROWS: usize, const COLUMNS: usize, const H: usize, const W: usize>
    Dataset for RandomCrop<D, H, W>
where
    D: Dataset<Input = [[[f32; COLUMNS]; ROWS]; C]>,
{
    type Input = [[[f32; W]; H]; C];
    type Target = D::Target;

    fn len(&self) -> usize {
        self.data.len()
    }

    fn sample(&self, index: usize) -> Result<(impl Borrow<Self::Input>, impl Borrow<D::Target>)> {
        const {
            assert!(
                H <= ROWS && W <= COLUMNS,
                "a crop is no larger than its image"
            )
        };
        let (image, target) = self.data.sample(index)?;
        Ok((
            part(image.borrow(), [(ROWS - H) / 2, (COLUMNS - W) / 2])?,
            target,
        ))
    }

    fn sample_in(
        &self,
        epoch: u64,
        index: usize,
    ) -> Result<(impl Borrow<Self::Input>, impl Borrow<D::Target>)> {
        const {
            assert!(
                H <= ROWS && W <= COLUMNS,
                "a crop is no larger than its image"
            )
        };
        let (image, target) = self.data.sample_in(epoch, index)?;
        let mut draw = Draw::new(self.seed, epoch, index);
        let place = [draw.below(ROWS - H + 1), draw.below(COLUMNS - W + 1)];
        Ok((part(image.borrow(), place)?, target))
    }

    fn target(&self, index: usize) -> Result<impl Borrow<D::Target>> {
        self.data.target(index)
    }
}
