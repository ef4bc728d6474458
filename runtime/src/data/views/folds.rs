//! Cross-validation: every sample is validated on once.

use super::{indices, stratify::check_folds, subset::Subset};
use crate::{data::dataset::Dataset, error::Result, parameters::Seed, random};
use alloc::vec::Vec;

/// Pairs of a part to train on and one to validate on, each a view that keeps the dataset's order.
///
/// ```
/// use kiln::{Seed, data::{Parts, Samples}};
///
/// let samples = Samples::new([[0.0_f32]; 10], [0_u8; 10])?;
/// let held = samples.folds(5, Seed(1))?.map(|(_, validation)| validation.indices().to_vec());
/// let mut all = held.flatten().collect::<Vec<_>>();
/// all.sort();
/// assert_eq!(all, (0..10).collect::<Vec<_>>());
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Folds<'a, D> {
    data: &'a D,
    count: usize,
    next: usize,
    /// The fold in which each sample is validated on.
    folds: Vec<usize>,
}

/// Keeps the order of folds apart from that of `Samples::shuffle`.
const FOLDS: u64 = 0x666f_6c64_732e_2e2e;

impl<'a, D: Dataset> Folds<'a, D> {
    pub(super) fn new(data: &'a D, count: usize, folds: Vec<usize>) -> Self {
        Self {
            data,
            count,
            next: 0,
            folds,
        }
    }

    /// Folds whose sizes differ by one at most, the first ones larger.
    pub(super) fn even(data: &'a D, count: usize, seed: Option<Seed>) -> Result<Self> {
        let samples = data.len();
        check_folds(count, samples)?;
        let (size, larger) = (samples / count, samples % count);
        let sizes = (0..count).map(|fold| size + usize::from(fold < larger));
        let mut folds = indices::room(samples as u128)?;
        let sizes = sizes.enumerate();
        folds.extend(sizes.flat_map(|(fold, size)| core::iter::repeat_n(fold, size)));
        if let Some(seed) = seed {
            let mut generator = random::stream(random::mix(seed.0), FOLDS);
            random::shuffle(samples, &mut generator, |a, b| folds.swap(a, b));
        }
        Ok(Self::new(data, count, folds))
    }
}

impl<'a, D: Dataset> Iterator for Folds<'a, D> {
    type Item = (Subset<&'a D>, Subset<&'a D>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.count {
            return None;
        }
        let fold = self.next;
        self.next += 1;
        let samples = 0..self.folds.len();
        let (validation, train) = samples.partition::<Vec<_>, _>(|&at| self.folds[at] == fold);
        // A dataset that has become shorter since has no more folds.
        let train = Subset::new(self.data, train).ok()?;
        Some((train, Subset::new(self.data, validation).ok()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.count - self.next))
    }
}
