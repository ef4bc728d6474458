//! In which order samples take their steps, and how many of them.

use super::layer::GROUP;
use crate::{block::LANES, kernels::length::counted};
use core::ops::Range;

/// The order in which samples take their steps, and how many each of them takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order<'a> {
    /// Whether the last step comes first.
    pub reverse: bool,
    /// How many of the steps count, sample by sample, where not all do.
    pub lengths: Option<&'a [[u32; LANES]]>,
}

impl Order<'_> {
    /// That of some of the samples.
    pub fn part(&self, samples: &Range<usize>) -> Self {
        Self {
            lengths: self.lengths.map(|lengths| &lengths[samples.clone()]),
            ..*self
        }
    }

    /// How many of `T` steps a sample takes.
    #[inline(always)]
    pub fn count<const T: usize>(&self, sample: usize) -> usize {
        match self.lengths {
            Some(lengths) => counted(&lengths[sample], T),
            None => T,
        }
    }

    /// The step that comes as number `step` of `count`; those that do not count come last, in their order.
    #[inline(always)]
    pub fn at(&self, step: usize, count: usize) -> usize {
        match self.reverse && step < count {
            true => count - 1 - step,
            false => step,
        }
    }
}

/// How far a group of samples goes.
pub struct Counts {
    /// The steps of each.
    pub each: [usize; GROUP],
    /// The steps of the longest.
    pub most: usize,
}

impl Counts {
    /// Those of so many samples.
    #[inline(always)]
    pub fn of<const T: usize>(order: Order<'_>, samples: usize) -> Self {
        let mut each = [0; GROUP];
        for (sample, count) in each[..samples].iter_mut().enumerate() {
            *count = order.count::<T>(sample);
        }
        let most = each.iter().copied().max().unwrap_or(0);
        Self { each, most }
    }

    /// Where every sample is at its step number `step`.
    #[inline(always)]
    pub fn at(&self, order: Order<'_>, step: usize) -> [usize; GROUP] {
        self.each.map(
            #[inline(always)]
            |count| order.at(step, count),
        )
    }
}
