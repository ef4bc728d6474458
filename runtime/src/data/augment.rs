//! Augmentation: samples that are another in every epoch, as a function of seed, epoch and index.

mod crop;
mod draw;
mod pixels;
#[cfg(test)]
mod tests;

pub use crop::RandomCrop;

use super::{array::Array, dataset::Dataset};
use crate::{
    error::{Result, setting::check_range},
    flat,
    parameters::Seed,
    value::zeroed,
};
use alloc::{boxed::Box, vec::Vec};
use core::borrow::Borrow;
use draw::Draw;
use pixels::Size;

/// An image, `[[[f32; W]; H]; C]`: what can be shifted, rotated and flipped.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no image",
    note = "images are `[[[f32; W]; H]; C]`, channels first"
)]
pub trait Image: Array {}

impl<const C: usize, const H: usize, const W: usize> Image for [[[f32; W]; H]; C] {}

/// A view of a dataset that changes the inputs of training at random, differently in every epoch. Changes are applied
/// in the order of the calls. `evaluate` and validation use the samples unchanged.
///
/// Each random number is a function of the seed, the epoch, the sample's index and the change. So a seed gives the same
/// result on any number of threads, in any order of the samples, and in a fit that continues another one.
///
/// ```
/// use kiln::{data::{Augment, Dataset}, prelude::*};
///
/// model! {
///     struct Digits(image: [1, 8, 8]) -> [10] { Flatten, Dense(32), Relu, Dense(10) }
/// }
///
/// let (train, test) = kiln::data::digits()?;
/// let moved = Augment::new(&train, Seed(7)).shift(1).rotate(10.0).noise(0.05);
/// let mut net = Digits::new(Seed(1));
/// let mut trainer = Trainer::new(Adam::new(0.01), CrossEntropy).epochs(5).quiet();
/// trainer.fit(&mut net, &moved)?;
/// assert!(trainer.evaluate(&net, &test)?.accuracy > Some(0.8));
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Augment<D> {
    data: D,
    seed: Seed,
    changes: Vec<Change>,
}

/// What is done to an input.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// By so many pixels at most.
    Shift(usize),
    /// By so many degrees at most.
    Rotate(f64),
    FlipHorizontal,
    FlipVertical,
    /// Of this standard deviation.
    Noise(f64),
}

impl<D: Dataset> Augment<D> {
    /// The samples of a dataset, without any change yet.
    pub fn new(data: D, seed: impl Into<Seed>) -> Self {
        Self {
            data,
            seed: seed.into(),
            changes: Vec::new(),
        }
    }

    /// Adds noise to every number, from a normal distribution with mean 0 and this standard deviation.
    pub fn noise(self, deviation: f64) -> Self {
        self.with(Change::Noise(deviation))
    }

    /// The dataset below.
    pub fn inner(&self) -> &D {
        &self.data
    }

    fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Refuses settings that make no sense.
    fn check(&self) -> Result<()> {
        for change in &self.changes {
            let (setting, number, expected) = match *change {
                Change::Rotate(degrees) => (
                    "Augment::rotate",
                    degrees,
                    "a finite angle of at least 0, such as 10.0 degrees",
                ),
                Change::Noise(deviation) => (
                    "Augment::noise",
                    deviation,
                    "a finite standard deviation of at least 0, such as 0.1",
                ),
                _ => continue,
            };
            check_range(setting, number, 0.0..f64::INFINITY, expected)?;
        }
        Ok(())
    }
}

impl<D: Dataset<Input: Image>> Augment<D> {
    /// Moves an image by up to `pixels` rows and as many columns, up or down and left or right, each number of them
    /// equally likely. Pixels from outside the image are 0: torchvision's `RandomCrop` of the image's own size with
    /// this `padding`.
    pub fn shift(self, pixels: usize) -> Self {
        self.with(Change::Shift(pixels))
    }

    /// Rotates an image about its centre by up to `degrees` in either direction, each angle equally likely. Pixels from
    /// outside the image are 0. Each pixel is interpolated bilinearly from the four nearest to its origin, as
    /// torchvision's `RandomRotation` does with `InterpolationMode.BILINEAR`.
    pub fn rotate(self, degrees: f64) -> Self {
        self.with(Change::Rotate(degrees))
    }

    /// Swaps left and right with a probability of one half.
    pub fn flip_horizontal(self) -> Self {
        self.with(Change::FlipHorizontal)
    }

    /// Swaps top and bottom with a probability of one half.
    pub fn flip_vertical(self) -> Self {
        self.with(Change::FlipVertical)
    }
}

impl<D: Dataset<Input: Array>> Augment<D> {
    /// The sample at `index` with the input that it has in an epoch.
    fn changed(&self, epoch: u64, index: usize) -> Result<(Box<D::Input>, impl Borrow<D::Target>)> {
        let mut to = zeroed::<D::Input>()?;
        let (input, target) = self.data.sample_in(epoch, index)?;
        flat::numbers_mut(&mut *to).copy_from_slice(flat::numbers(input.borrow()));
        let draw = Draw::new(self.seed, epoch, index);
        let size = Size::of(D::Input::SHAPE);
        // What pixels are taken from while an image is moved.
        let mut from = None;
        for (number, change) in self.changes.iter().enumerate() {
            let mut draw = draw.change(number);
            let numbers = flat::numbers_mut(&mut *to);
            match *change {
                Change::Shift(most) => {
                    let from = copied::<D::Input>(&mut from, numbers)?;
                    pixels::shift(from, numbers, size, [draw.around(most), draw.around(most)]);
                }
                Change::Rotate(most) => {
                    let from = copied::<D::Input>(&mut from, numbers)?;
                    let degrees = (2.0 * draw.unit() - 1.0) * most;
                    pixels::rotate(from, numbers, size, degrees);
                }
                Change::FlipHorizontal if draw.coin() => pixels::flip_horizontal(numbers, size),
                Change::FlipVertical if draw.coin() => pixels::flip_vertical(numbers, size),
                Change::FlipHorizontal | Change::FlipVertical => {}
                Change::Noise(deviation) => {
                    for pair in numbers.chunks_mut(2) {
                        for (number, noise) in pair.iter_mut().zip(draw.normals()) {
                            *number = (f64::from(*number) + deviation * noise) as f32;
                        }
                    }
                }
            }
        }
        Ok((to, target))
    }
}

/// The numbers as they are now, in memory that is made once for a sample.
fn copied<'a, I: Array>(memory: &'a mut Option<Box<I>>, numbers: &[f32]) -> Result<&'a [f32]> {
    if memory.is_none() {
        *memory = Some(zeroed::<I>()?);
    }
    let copy = match memory {
        Some(memory) => flat::numbers_mut(&mut **memory),
        None => &mut [],
    };
    copy.copy_from_slice(numbers);
    Ok(copy)
}

impl<D: Dataset<Input: Array>> Dataset for Augment<D> {
    type Input = D::Input;
    type Target = D::Target;

    fn len(&self) -> usize {
        self.data.len()
    }

    fn sample(&self, index: usize) -> Result<(impl Borrow<D::Input>, impl Borrow<D::Target>)> {
        self.check()?;
        self.data.sample(index)
    }

    fn sample_in(
        &self,
        epoch: u64,
        index: usize,
    ) -> Result<(impl Borrow<D::Input>, impl Borrow<D::Target>)> {
        self.check()?;
        self.changed(epoch, index)
    }

    fn target(&self, index: usize) -> Result<impl Borrow<D::Target>> {
        self.data.target(index)
    }

    fn follows(&self, index: usize) -> Option<usize> {
        self.data.follows(index)
    }
}
