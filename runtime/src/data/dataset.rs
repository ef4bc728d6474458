//! What training reads samples from.

use crate::error::Result;
use core::borrow::Borrow;

/// Pairs of inputs and targets that can be read in any order, from several threads at once.
///
/// A sample is borrowed from memory, or computed when it is asked for; neither needs an allocation. Borrow large
/// samples, or return them in a `Box`: by value they pass over the stacks of threads, which are made large enough for
/// them.
///
/// ```
/// use kiln::{Result, data::Dataset};
/// use std::borrow::Borrow;
///
/// /// Sixteen samples of a sine, and which quarter of its period they begin in.
/// struct Sines;
///
/// impl Dataset for Sines {
///     type Input = [f32; 16];
///     type Target = usize;
///
///     fn len(&self) -> usize {
///         400
///     }
///
///     fn sample(&self, index: usize) -> Result<(impl Borrow<[f32; 16]>, impl Borrow<usize>)> {
///         let phase = index as f32 / 400.0;
///         let input = core::array::from_fn(|i| (6.283 * (phase + i as f32 / 16.0)).sin());
///         Ok((input, (phase * 4.0) as usize))
///     }
/// }
///
/// assert_eq!(Sines.sample(100)?.1.borrow(), &1);
/// # Ok::<(), kiln::Error>(())
/// ```
pub trait Dataset: Sync {
    /// What the network is given: a nested array such as `[[[f32; 28]; 28]; 1]`, or a tuple of them.
    type Input;
    /// What the loss compares its answer to: the index of a class as any integer, or an array.
    type Target: Clone + Send + Sync;

    /// Number of samples.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sample at `index`, which is less than `len()`: its input and its target, each as a reference, by value, in a
    /// `Box` or in an `Arc`. The same index gives the same sample each time, unless it is meant to be augmented.
    ///
    /// # Errors
    ///
    /// Whatever keeps the sample from being read, best as [`Error::Sample`](crate::error::Error::Sample).
    fn sample(&self, index: usize)
    -> Result<(impl Borrow<Self::Input>, impl Borrow<Self::Target>)>;

    /// The sample at `index` as it is trained on in an epoch: what `Trainer` asks for, epochs counted from 0 since the
    /// network's first fit. An augmented sample is a function of a seed, the epoch and the index, and of nothing else,
    /// so that a seed is a seed on any number of threads. It is that of `sample` if nothing is said; `evaluate` asks
    /// for `sample`.
    ///
    /// # Errors
    ///
    /// As [`sample`](Self::sample).
    fn sample_in(
        &self,
        epoch: u64,
        index: usize,
    ) -> Result<(impl Borrow<Self::Input>, impl Borrow<Self::Target>)> {
        let _ = epoch;
        self.sample(index)
    }

    /// The target of the sample at `index` alone. All targets are asked for before training, to find those that the
    /// loss cannot use. Implement it where an input takes long to compute.
    ///
    /// # Errors
    ///
    /// As [`sample`](Self::sample).
    fn target(&self, index: usize) -> Result<impl Borrow<Self::Target>> {
        Ok(self.sample(index)?.1)
    }

    /// The sample that the one at `index` goes on from, if they are pieces of one sequence. A network that carries its
    /// state (`#[kiln(carry(..))]`) takes it from there; without one, the sample begins with the state in its input.
    /// `Trainer` visits samples that follow one another in ascending order, whatever it is told of shuffling, and each
    /// must be in the batch after that of the one it follows. [`Windows`](super::Windows) are such samples.
    fn follows(&self, index: usize) -> Option<usize> {
        let _ = index;
        None
    }
}

impl<D: Dataset> Dataset for &D {
    type Input = D::Input;
    type Target = D::Target;

    fn len(&self) -> usize {
        D::len(self)
    }

    fn sample(
        &self,
        index: usize,
    ) -> Result<(impl Borrow<Self::Input>, impl Borrow<Self::Target>)> {
        D::sample(self, index)
    }

    fn sample_in(
        &self,
        epoch: u64,
        index: usize,
    ) -> Result<(impl Borrow<Self::Input>, impl Borrow<Self::Target>)> {
        D::sample_in(self, epoch, index)
    }

    fn target(&self, index: usize) -> Result<impl Borrow<Self::Target>> {
        D::target(self, index)
    }

    fn follows(&self, index: usize) -> Option<usize> {
        D::follows(self, index)
    }
}
