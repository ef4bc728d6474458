//! A dataset in memory.

mod place;

use super::dataset::Dataset;
use crate::{
    error::{Error, Found, Result},
    parameters::Seed,
    random,
};
use alloc::vec::Vec;
use core::{borrow::Borrow, slice};

/// Images of one channel, `[1, H, W]`, and their classes.
pub type Images<const H: usize, const W: usize> = Samples<[[[f32; W]; H]; 1], usize>;

/// A dataset in memory: at least one input, and one target for each.
///
/// ```
/// use kiln::data::Samples;
///
/// let xor = Samples::new(
///     [[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]],
///     [[0.0_f32], [1.0], [1.0], [0.0]],
/// )?;
/// assert_eq!(xor.len(), 4);
/// let (train, test) = xor.map(|input| input.map(|bit| 2.0 * bit - 1.0)).split(0.75)?;
/// assert_eq!((train.inputs()[0], test.targets()), ([-1.0, -1.0], &[[0.0]][..]));
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Samples<I, T> {
    inputs: Vec<I>,
    targets: Vec<T>,
}

impl<I, T> Samples<I, T> {
    /// Pairs each input with the target at the same place. Takes vectors, arrays and slices.
    ///
    /// # Errors
    ///
    /// [`Error::Counts`] if there are not as many targets as inputs, [`Error::EmptyDataset`] if there are none.
    pub fn new(inputs: impl Into<Vec<I>>, targets: impl Into<Vec<T>>) -> Result<Self> {
        let (inputs, targets) = (inputs.into(), targets.into());
        if inputs.len() != targets.len() {
            return Err(Error::Counts {
                inputs: inputs.len(),
                targets: targets.len(),
            });
        }
        if inputs.is_empty() {
            return Err(Error::EmptyDataset);
        }
        Ok(Self { inputs, targets })
    }

    /// Collects pairs of input and target. Each pair passes over the stack; [`fill`](Self::fill) makes large inputs in
    /// place.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyDataset`] if there are none.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (I, T)>) -> Result<Self>
    where
        I: Clone,
        T: Clone,
    {
        let mut pairs = pairs.into_iter();
        // A hint may be anything: what it does not have room for grows as pairs come.
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        let least = pairs.size_hint().0;
        let _ = (inputs.try_reserve(least), targets.try_reserve(least));
        // Cloned from where the iterator leaves it: `unzip` moves a pair over the stack again and again in a debug build.
        while let Some((input, target)) = &pairs.next() {
            inputs.extend_from_slice(slice::from_ref(input));
            targets.extend_from_slice(slice::from_ref(target));
        }
        Self::new(inputs, targets)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// `false`: there is always at least one sample.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The inputs, in order.
    pub fn inputs(&self) -> &[I] {
        &self.inputs
    }

    /// The targets in order.
    pub fn targets(&self) -> &[T] {
        &self.targets
    }

    /// Inputs and targets side by side.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&I, &T)> + DoubleEndedIterator + Clone {
        self.inputs.iter().zip(&self.targets)
    }

    /// The inputs and the targets, by value.
    pub fn into_parts(self) -> (Vec<I>, Vec<T>) {
        (self.inputs, self.targets)
    }

    /// The first `count` samples, or all if there are fewer.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyDataset`] if `count` is 0.
    pub fn first(mut self, count: usize) -> Result<Self> {
        self.inputs.truncate(count);
        self.targets.truncate(count);
        Self::new(self.inputs, self.targets)
    }

    /// The first `count` samples, and the rest.
    ///
    /// # Errors
    ///
    /// [`Error::Split`] if either part would be empty.
    pub fn split_at(mut self, count: usize) -> Result<(Self, Self)> {
        if count == 0 || count >= self.len() {
            return Err(Error::Split {
                samples: self.len(),
                first: count,
            });
        }
        let rest = Self::new(self.inputs.split_off(count), self.targets.split_off(count))?;
        Ok((Self::new(self.inputs, self.targets)?, rest))
    }

    /// The first `fraction` of the samples, and the rest; 0.8 of 10 samples are 8. Does not shuffle: see
    /// [`shuffle`](Self::shuffle).
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if the fraction is not between 0 and 1, [`Error::Split`] if either part would be empty.
    pub fn split(self, fraction: f64) -> Result<(Self, Self)> {
        // Not so for NaN.
        let inside = fraction > 0.0 && fraction < 1.0;
        if !inside {
            return Err(Error::Setting {
                setting: "fraction",
                found: Found::Number(fraction),
                expected: "more than 0 and less than 1, such as 0.8 for four fifths of the samples",
            });
        }
        let count = (fraction * self.len() as f64 + 0.5) as usize;
        self.split_at(count)
    }

    /// Shuffles the samples. Every order is equally likely, and a seed always gives the same order. Shuffle data that
    /// are sorted by class before you split them. A trainer shuffles on its own in every epoch.
    ///
    /// ```
    /// use kiln::{Seed, data::Samples};
    ///
    /// # fn main() -> kiln::Result<()> {
    /// let sorted = Samples::new([[0.0_f32]; 100], [[0_u8; 50], [1; 50]].concat())?;
    /// let (train, test) = sorted.shuffle(Seed(1)).split(0.8)?;
    /// assert!(train.targets().contains(&1) && test.targets().contains(&0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn shuffle(mut self, seed: impl Into<Seed>) -> Self {
        let mut generator = random::stream(random::mix(seed.into().0), SHUFFLE);
        random::shuffle(self.len(), &mut generator, |a, b| {
            self.inputs.swap(a, b);
            self.targets.swap(a, b);
        });
        self
    }

    /// Changes every input, by value. [`change`](Self::change) and [`map_into`](Self::map_into) change large inputs in
    /// place.
    pub fn map<J>(self, change: impl FnMut(I) -> J) -> Samples<J, T> {
        Samples {
            inputs: self.inputs.into_iter().map(change).collect(),
            targets: self.targets,
        }
    }

    /// Changes every target.
    pub fn map_targets<U>(self, change: impl FnMut(T) -> U) -> Samples<I, U> {
        Samples {
            inputs: self.inputs,
            targets: self.targets.into_iter().map(change).collect(),
        }
    }
}

/// Keeps the stream of the shuffle apart from those of parameters and epochs.
const SHUFFLE: u64 = 0x7361_6d70_6c65_7321;

impl<I, T> Samples<[I; 1], T> {
    /// Drops an outermost dimension of 1, without copying: `[1, 28, 28]` images become sequences of 28 rows.
    pub fn squeeze(self) -> Samples<I, T> {
        Samples {
            inputs: self.inputs.into_flattened(),
            targets: self.targets,
        }
    }
}

impl<I: Sync, T: Clone + Send + Sync> Dataset for Samples<I, T> {
    type Input = I;
    type Target = T;

    fn len(&self) -> usize {
        self.inputs.len()
    }

    #[inline]
    fn sample(&self, index: usize) -> Result<(impl Borrow<I>, impl Borrow<T>)> {
        match (self.inputs.get(index), self.targets.get(index)) {
            (Some(input), Some(target)) => Ok((input, target)),
            _ => Err(self.missing(index)),
        }
    }

    #[inline]
    fn target(&self, index: usize) -> Result<impl Borrow<T>> {
        self.targets.get(index).ok_or_else(|| self.missing(index))
    }
}

impl<I, T> Samples<I, T> {
    /// What is wrong with an index beyond the last sample.
    #[cold]
    fn missing(&self, index: usize) -> Error {
        Error::Sample {
            row: index,
            source: alloc::format!("the dataset has {} samples; ask for one below", self.len())
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;
    use crate::{data::Dataset, error::Error};
    use alloc::{string::ToString, vec, vec::Vec};
    use core::borrow::Borrow;

    fn numbers(count: usize) -> Samples<[f32; 1], usize> {
        let inputs = (0..count).map(|i| [i as f32]).collect::<Vec<_>>();
        Samples::new(inputs, (0..count).collect::<Vec<_>>()).unwrap()
    }

    /// An iterator that promises more than memory holds.
    struct Boastful(usize);

    impl Iterator for Boastful {
        type Item = ([f32; 1], usize);

        fn next(&mut self) -> Option<Self::Item> {
            self.0 = self.0.checked_sub(1)?;
            Some(([self.0 as f32], self.0))
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (usize::MAX, None)
        }
    }

    #[test]
    fn pairs_are_taken_whatever_their_iterator_promises() {
        let samples = Samples::from_pairs(Boastful(3)).unwrap();
        assert_eq!(samples.targets(), [2, 1, 0]);
    }

    #[test]
    fn every_input_needs_a_target() {
        let counts = Samples::new([[0.0_f32]; 3], [0_usize; 2]).unwrap_err();
        assert!(matches!(
            counts,
            Error::Counts {
                inputs: 3,
                targets: 2
            }
        ));
        let empty = Samples::new(Vec::<f32>::new(), Vec::<f32>::new()).unwrap_err();
        assert!(matches!(empty, Error::EmptyDataset));
    }

    #[test]
    fn parts_are_never_empty() {
        let (eight, two) = numbers(10).split(0.8).unwrap();
        assert_eq!((eight.len(), two.len()), (8, 2));
        assert_eq!(two.targets(), [8, 9]);
        for fraction in [0.0, 1.0, -1.0, 1.5, f64::NAN, f64::INFINITY] {
            let message = numbers(10).split(fraction).unwrap_err().to_string();
            assert_eq!(
                message,
                alloc::format!(
                    "`fraction` is {fraction:?}, but must be more than 0 and less than 1, \
                     such as 0.8 for four fifths of the samples"
                )
            );
        }
        for (samples, first) in [(10, 0), (10, 10), (10, 12), (1, 1)] {
            let message = numbers(samples).split_at(first).unwrap_err().to_string();
            let begin = alloc::format!("{samples} sample");
            assert!(
                message.starts_with(&begin) && message.contains(&alloc::format!("first {first} "))
            );
        }
        assert!(matches!(
            numbers(1).split(0.8),
            Err(Error::Split {
                samples: 1,
                first: 1
            })
        ));
        assert!(matches!(numbers(3).first(0), Err(Error::EmptyDataset)));
        assert_eq!(numbers(3).first(2).unwrap(), numbers(2));
        assert_eq!(numbers(3).first(9).unwrap(), numbers(3));
    }

    #[test]
    fn pairs_stay_together_in_any_order() {
        let shuffled = numbers(100).shuffle(7);
        assert_eq!(shuffled, numbers(100).shuffle(7));
        assert_ne!(shuffled, numbers(100).shuffle(8));
        assert!(
            shuffled
                .iter()
                .all(|(input, target)| *input == [*target as f32])
        );
        let moved = shuffled
            .targets()
            .iter()
            .enumerate()
            .filter(|(at, target)| at != *target);
        assert!(moved.count() > 80);
        let mut sorted = shuffled.into_parts().1;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());

        // Each of 24 orders of four about 1,000 times in 24,000: within six standard deviations.
        let mut counts = alloc::collections::BTreeMap::new();
        for seed in 0..24_000 {
            let order = numbers(4).shuffle(seed).into_parts().1;
            *counts.entry(order).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(
            counts
                .values()
                .all(|count: &i32| (count - 1000).abs() < 186),
            "{counts:?}"
        );
    }

    #[test]
    fn inputs_and_targets_change_apart() {
        let samples = numbers(3)
            .map(|[x]| (x, -x))
            .map_targets(|target| [target as f32]);
        assert_eq!(samples.inputs(), [(0.0, -0.0), (1.0, -1.0), (2.0, -2.0)]);
        assert_eq!(samples.iter().next_back(), Some((&(2.0, -2.0), &[2.0])));
        assert_eq!(
            numbers(2).squeeze().into_parts(),
            (vec![0.0, 1.0], vec![0, 1])
        );
    }

    #[test]
    fn samples_are_lent() {
        let samples = numbers(3);
        let lent = &samples;
        let (input, target) = lent.sample(2).unwrap();
        assert!(core::ptr::eq(input.borrow(), &samples.inputs()[2]));
        assert_eq!(target.borrow(), &2);
        let message = samples.sample(3).err().unwrap().to_string();
        assert!(
            message.contains("row 3") && message.contains("3 samples"),
            "{message}"
        );
    }
}
