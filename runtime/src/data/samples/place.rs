//! Samples that are made and changed where they lie: an input may be larger than a stack.

use super::Samples;
use crate::{
    error::Result,
    flat::{self, Floats},
    value::{Value, zeroed_vec},
};
use alloc::vec::Vec;

impl<I: Value, T> Samples<I, T> {
    /// Makes `count` samples in place: `make` fills the input at an index, which comes full of zeros, and gives its target.
    ///
    /// ```
    /// use kiln::data::Samples;
    ///
    /// let images = Samples::<[[[f32; 224]; 224]; 3], _>::fill(4, |index, image| {
    ///     image.as_flattened_mut().as_flattened_mut().fill(index as f32);
    ///     index % 2
    /// })?;
    /// assert_eq!((images.inputs()[3][2][0][0], images.targets()), (3.0, &[0, 1, 0, 1][..]));
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::EmptyDataset`](crate::error::Error::EmptyDataset) if `count` is 0,
    /// [`Error::Memory`](crate::error::Error::Memory) if there is no memory for so many.
    pub fn fill(count: usize, mut make: impl FnMut(usize, &mut I) -> T) -> Result<Self> {
        let mut inputs = zeroed_vec::<I>(count)?;
        let make = |(index, input)| make(index, input);
        let targets = inputs.iter_mut().enumerate().map(make).collect::<Vec<_>>();
        Self::new(inputs, targets)
    }
}

impl<I: Floats + Value, T> Samples<I, T> {
    /// Samples whose inputs stand one after another in a flat slice, each in row-major order.
    ///
    /// ```
    /// use kiln::data::Samples;
    ///
    /// let points = Samples::<[f32; 2], _>::from_flat(&[0.0, 1.0, 2.0, 3.0], [7, 8])?;
    /// assert_eq!(points.inputs(), [[0.0, 1.0], [2.0, 3.0]]);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Numbers`](crate::error::Error::Numbers) if the numbers are not a multiple of what an input holds, and as
    /// [`new`](Self::new).
    pub fn from_flat(numbers: &[f32], targets: impl Into<Vec<T>>) -> Result<Self> {
        Self::new(flat::rows::<I>(numbers)?, targets)
    }
}

impl<I, T> Samples<I, T> {
    /// Changes every input where it lies, such as to scale it.
    ///
    /// ```
    /// use kiln::data::Samples;
    ///
    /// let samples = Samples::new([[1.0_f32, 3.0]], [0])?;
    /// let scaled = samples.change(|input| input.iter_mut().for_each(|x| *x = *x / 2.0 - 1.0));
    /// assert_eq!(scaled.inputs(), [[-0.5, 0.5]]);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    #[must_use]
    pub fn change(mut self, change: impl FnMut(&mut I)) -> Self {
        self.inputs.iter_mut().for_each(change);
        self
    }

    /// Makes every input another of any kind, written in place: it comes full of zeros.
    ///
    /// ```
    /// use kiln::data::Samples;
    ///
    /// let samples = Samples::new([[1.0_f32, 3.0]], [0])?;
    /// let means = samples.map_into(|input, mean: &mut [f32; 1]| mean[0] = (input[0] + input[1]) / 2.0)?;
    /// assert_eq!(means.inputs(), [[2.0]]);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Memory`](crate::error::Error::Memory) if there is no memory for the new inputs.
    pub fn map_into<J: Value>(self, mut change: impl FnMut(&I, &mut J)) -> Result<Samples<J, T>> {
        let mut inputs = zeroed_vec::<J>(self.inputs.len())?;
        for (from, to) in self.inputs.iter().zip(&mut inputs) {
            change(from, to);
        }
        Samples::new(inputs, self.targets)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Samples;
    use crate::error::Error;

    #[test]
    fn none_and_too_many_are_errors() {
        let fill = |count| Samples::<[f32; 1 << 16], u8>::fill(count, |_, _| 0);
        assert!(matches!(fill(0), Err(Error::EmptyDataset)));
        assert!(matches!(fill(usize::MAX / 8), Err(Error::Memory { .. })));
        let flat = |numbers: &[f32]| Samples::<[f32; 2], _>::from_flat(numbers, [0_u8]);
        assert!(matches!(flat(&[0.0; 3]), Err(Error::Numbers { .. })));
        assert!(matches!(flat(&[0.0; 4]), Err(Error::Counts { .. })));
    }
}
