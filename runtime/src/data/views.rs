//! Views of a dataset: other samples, or the same in another order or number, without a copy of any.

mod balance;
mod concat;
mod folds;
mod indices;
mod stratify;
mod subset;
#[cfg(test)]
mod tests;

pub use concat::Concat;
pub use folds::Folds;
pub use subset::Subset;

use super::{dataset::Dataset, samples::Samples};
use crate::{
    error::{Error, Result},
    loss::Label,
    parameters::Seed,
    value::{Value, zeroed_vec},
};
use alloc::vec::Vec;
use core::borrow::Borrow;

/// Parts of a dataset to train and to validate on, as views: no input is copied. Every [`Dataset`] has these methods.
///
/// ```
/// use kiln::{Seed, data::{Dataset, Parts}};
///
/// let (digits, _) = kiln::data::digits()?;
/// let (train, validation) = digits.stratified_split(0.8, Seed(1))?;
/// assert_eq!((train.len(), validation.len()), (1200, 300));
///
/// for (train, validation) in digits.stratified_folds(5, Seed(1))? {
///     assert_eq!((train.len(), validation.len()), (1200, 300));
/// }
/// # Ok::<(), kiln::Error>(())
/// ```
pub trait Parts: Dataset + Sized {
    /// The samples at these indices, in this order. An index may come more than once.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyDataset`] if there are none, [`Error::Setting`] if an index is not below `len()`.
    fn subset(&self, indices: impl Into<Vec<usize>>) -> Result<Subset<&Self>> {
        Subset::new(self, indices)
    }

    /// The first `count` samples, or all if there are fewer.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyDataset`] if `count` is 0.
    fn take(&self, count: usize) -> Result<Subset<&Self>> {
        let count = count.min(self.len());
        let mut indices = indices::room(count as u128)?;
        indices.extend(0..count);
        self.subset(indices)
    }

    /// The samples of this dataset and, behind them, those of another.
    fn concat<D>(&self, other: D) -> Concat<&Self, D>
    where
        D: Dataset<Input = Self::Input, Target = Self::Target>,
    {
        Concat::new(self, other)
    }

    /// A copy of all samples, which can be changed, for example to normalise a part.
    ///
    /// ```
    /// use kiln::{Seed, data::{Normaliser, Parts, Samples}};
    ///
    /// let samples = Samples::new([[1.0_f32], [2.0], [3.0], [4.0]], [0, 1, 0, 1])?;
    /// let (train, _) = samples.stratified_split(0.5, Seed(1))?;
    /// let scale = Normaliser::fit(&train)?;
    /// let train = train.to_samples()?.change(|input| scale.apply(input));
    /// assert_eq!(train.inputs()[0][0], -train.inputs()[1][0]);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Memory`] if there is no memory for the inputs, and whatever the dataset says.
    fn to_samples(&self) -> Result<Samples<Self::Input, Self::Target>>
    where
        Self::Input: Value,
    {
        let mut inputs = zeroed_vec::<Self::Input>(self.len())?;
        let mut targets = Vec::new();
        for (row, place) in inputs.iter_mut().enumerate() {
            let (input, target) = self.sample(row)?;
            place.clone_from(input.borrow());
            targets.push(target.borrow().clone());
        }
        Samples::new(inputs, targets)
    }

    /// A share of the samples and the others, chosen by a seed so that each class has the same share of both parts, as
    /// nearly as whole samples allow. Both keep the order of the dataset.
    ///
    /// Of 10 samples, 0.8 are 8. Each class gets its exact share rounded down; what is left of the count goes to the
    /// classes whose shares lost most, the first among equals. scikit-learn's `train_test_split(.., stratify=y)` does
    /// the same, but draws among equals.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if the fraction is not between 0 and 1, or a class has a single sample, which cannot be in both;
    /// [`Error::Split`] if a part would have fewer samples than there are classes.
    fn stratified_split(&self, fraction: f64, seed: impl Into<Seed>) -> Result<Split<'_, Self>>
    where
        Self::Target: Label,
    {
        let (first, second) = stratify::split(&self.classes()?, fraction, seed.into())?;
        Ok((self.subset(first)?, self.subset(second)?))
    }

    /// Pairs of a part to train on and one to validate on, `count` of them: every sample is validated on in exactly
    /// one. The order of the samples is mixed by the seed before.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if there are fewer than 2 folds or more than samples.
    fn folds(&self, count: usize, seed: impl Into<Seed>) -> Result<Folds<'_, Self>> {
        Folds::even(self, count, Some(seed.into()))
    }

    /// The same without shuffling: each fold is validated on consecutive samples, as scikit-learn's `KFold(count)`
    /// chooses them.
    ///
    /// # Errors
    ///
    /// As [`folds`](Self::folds).
    fn folds_in_order(&self, count: usize) -> Result<Folds<'_, Self>> {
        Folds::even(self, count, None)
    }

    /// Folds of which each has its share of every class, as `StratifiedKFold` of scikit-learn deals them: the numbers
    /// of samples by fold and class are the same as there.
    ///
    /// # Errors
    ///
    /// As [`folds`](Self::folds), and if a class has fewer samples than there are folds.
    fn stratified_folds(&self, count: usize, seed: impl Into<Seed>) -> Result<Folds<'_, Self>>
    where
        Self::Target: Label,
    {
        let classes = self.classes()?;
        let folds = stratify::deal(&classes, count, Some(seed.into()))?;
        Ok(Folds::new(self, count, folds))
    }

    /// The label of each sample as an index.
    ///
    /// # Errors
    ///
    /// [`Error::Sample`] if a label is negative, and whatever the dataset says.
    fn classes(&self) -> Result<Vec<usize>>
    where
        Self::Target: Label,
    {
        let class = |row| {
            let label: Self::Target = *self.target(row)?.borrow();
            label.class().ok_or_else(|| Error::Sample {
                row,
                source: alloc::format!("label {} names no class; count from 0", label.number())
                    .into(),
            })
        };
        (0..self.len()).map(class).collect()
    }

    /// A weight for each of `N` classes, so that all classes have the same total weight: samples / (`N` x samples of
    /// the class), as scikit-learn's `class_weight="balanced"`.
    ///
    /// ```
    /// use kiln::data::{Parts, Samples};
    ///
    /// let samples = Samples::new([[0.0_f32]; 4], [0, 0, 0, 1])?;
    /// assert_eq!(samples.class_weights()?, [4.0 / 6.0, 2.0]);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::LabelOutOfRange`] if a label is not below `N`, [`Error::Setting`] if a class has no sample.
    fn class_weights<const N: usize>(&self) -> Result<[f32; N]>
    where
        Self::Target: Label,
    {
        balance::weights(&self.classes()?)
    }

    /// Repeats samples until every class is as frequent as the most frequent one: all samples of a class equally often,
    /// and some of them, chosen by the seed, once more. For training only.
    ///
    /// ```
    /// use kiln::{Seed, data::{Dataset, Parts, Samples}};
    ///
    /// let samples = Samples::new([[0.0_f32]; 4], [0, 0, 0, 1])?;
    /// assert_eq!(samples.oversampled(Seed(1))?.len(), 6);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`classes`](Self::classes), and [`Error::EmptyDataset`].
    fn oversampled(&self, seed: impl Into<Seed>) -> Result<Subset<&Self>>
    where
        Self::Target: Label,
    {
        self.subset(balance::oversample(&self.classes()?, seed.into())?)
    }
}

impl<D: Dataset> Parts for D {}

/// Two views of a dataset.
pub type Split<'a, D> = (Subset<&'a D>, Subset<&'a D>);
