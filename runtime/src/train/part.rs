//! A stretch of a dataset.

use crate::{
    data::Dataset,
    error::{Error, Result, setting::check},
    train::faults::guarded,
};
use core::borrow::Borrow;

/// Some samples of a dataset that lie one after another. All fits are of parts, so that one with a split of its own is no
/// other code than one without.
pub struct Part<'a, D> {
    data: &'a D,
    first: usize,
    count: usize,
}

impl<'a, D: Dataset> Part<'a, D> {
    /// All of a dataset that has `count` samples.
    pub fn whole(data: &'a D, count: usize) -> Self {
        Self {
            data,
            first: 0,
            count,
        }
    }

    /// All but the last `fraction`, and that, as Keras' `validation_split`.
    pub fn split(data: &'a D, count: usize, fraction: f64) -> Result<(Self, Self)> {
        let inside = fraction > 0.0 && fraction < 1.0;
        let expected = "more than 0 and less than 1, such as 0.2 for the last fifth of the samples";
        check(inside, "validation_split", fraction, expected)?;
        let first = (count as f64 * (1.0 - fraction)) as usize;
        if first == 0 || first >= count {
            return Err(Error::Split {
                samples: count,
                first,
            });
        }
        let rest = Self {
            data,
            first,
            count: count - first,
        };
        Ok((Self::whole(data, first), rest))
    }

    /// An error that names a row of this part, with that of the dataset.
    pub fn place(&self, error: Error) -> Error {
        error.behind(self.first)
    }
}

impl<D: Dataset> Dataset for Part<'_, D> {
    type Input = D::Input;
    type Target = D::Target;

    fn len(&self) -> usize {
        self.count
    }

    #[inline]
    fn sample(
        &self,
        index: usize,
    ) -> Result<(impl Borrow<Self::Input>, impl Borrow<Self::Target>)> {
        let row = self.first + index;
        match self.first {
            0 => self.data.sample(row),
            // What panics is named by its row of the whole.
            _ => guarded(row, || self.data.sample(row)),
        }
    }

    #[inline]
    fn sample_in(
        &self,
        epoch: u64,
        index: usize,
    ) -> Result<(impl Borrow<Self::Input>, impl Borrow<Self::Target>)> {
        let row = self.first + index;
        match self.first {
            0 => self.data.sample_in(epoch, row),
            _ => guarded(row, || self.data.sample_in(epoch, row)),
        }
    }

    #[inline]
    fn target(&self, index: usize) -> Result<impl Borrow<Self::Target>> {
        let row = self.first + index;
        match self.first {
            0 => self.data.target(row),
            _ => guarded(row, || self.data.target(row)),
        }
    }

    /// A sample that goes on from one before this part begins anew.
    #[inline]
    fn follows(&self, index: usize) -> Option<usize> {
        self.data
            .follows(self.first + index)?
            .checked_sub(self.first)
    }
}
