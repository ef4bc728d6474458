//! Some samples of a dataset.

use crate::{
    data::dataset::Dataset,
    error::{Error, Found, Result},
};
use alloc::{format, vec::Vec};
use core::borrow::Borrow;

/// The samples of a dataset at some indices, which is a dataset too. An error names a row as the dataset below counts it,
/// if that says so, or as this one counts it.
///
/// ```
/// use kiln::data::{Dataset, Samples, Subset};
///
/// let samples = Samples::new([[1.0_f32], [2.0], [3.0]], [0, 1, 2])?;
/// let some = Subset::new(&samples, [2, 0, 0])?;
/// assert_eq!(some.len(), 3);
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Subset<D> {
    data: D,
    indices: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    /// The samples at these indices, in this order. An index may come more than once.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyDataset`] if there are none, [`Error::Setting`] if an index is not below the dataset's length.
    pub fn new(data: D, indices: impl Into<Vec<usize>>) -> Result<Self> {
        let (indices, samples) = (indices.into(), data.len());
        if indices.is_empty() {
            return Err(Error::EmptyDataset);
        }
        if let Some(index) = indices.iter().find(|&&index| index >= samples) {
            return Err(Error::Setting {
                setting: "indices",
                found: Found::Text(format!("{index} among others, of {samples} samples")),
                expected: "below the number of samples, counted from 0",
            });
        }
        Ok(Self { data, indices })
    }

    /// Where the samples are in the dataset below.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// The dataset below.
    pub fn inner(&self) -> &D {
        &self.data
    }

    fn index(&self, index: usize) -> Result<usize> {
        self.indices
            .get(index)
            .copied()
            .ok_or_else(|| Error::Sample {
                row: index,
                source: format!(
                    "the subset has {} samples; ask for one below",
                    self.indices.len()
                )
                .into(),
            })
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    type Input = D::Input;
    type Target = D::Target;

    fn len(&self) -> usize {
        self.indices.len()
    }

    fn sample(&self, index: usize) -> Result<(impl Borrow<D::Input>, impl Borrow<D::Target>)> {
        self.data.sample(self.index(index)?)
    }

    fn sample_in(
        &self,
        epoch: u64,
        index: usize,
    ) -> Result<(impl Borrow<D::Input>, impl Borrow<D::Target>)> {
        self.data.sample_in(epoch, self.index(index)?)
    }

    fn target(&self, index: usize) -> Result<impl Borrow<D::Target>> {
        self.data.target(self.index(index)?)
    }
}
