//! Where the samples of a batch and their targets come from.

use crate::{block::Block, model::Model, simd::Isa};
use core::ops::Range;

/// Where the samples of a batch come from.
pub trait Source<N: Model, T>: Sync {
    /// Loads the samples at some positions of the batch into the first rows of a chunk, and their targets if those are
    /// gathered.
    fn load<S: Isa>(
        &self,
        s: S,
        positions: Range<usize>,
        gathered: Option<&mut [T]>,
        chunk: &mut [Block],
        capacity: usize,
    );

    /// Whether nothing was wrong with any sample so far.
    fn is_sound(&self) -> bool;
}

/// The targets of some samples.
pub trait Targets<T>: Send + Sized {
    /// The same for a while.
    type Lent<'b>: Targets<T>
    where
        Self: 'b;

    /// The same for a while.
    fn lent(&mut self) -> Self::Lent<'_>;

    /// Those of the first `rows` samples, and the others.
    fn split(self, rows: usize) -> (Self, Self);

    /// How many samples they are for.
    fn rows(&self) -> usize {
        self.all().len()
    }

    /// All of them.
    fn all(&self) -> &[T];

    /// Room for them, if they come with the samples.
    fn gathered(&mut self) -> Option<&mut [T]>;
}

/// Targets that are there.
pub struct Given<'a, T>(pub &'a [T]);

/// No targets for so many samples.
pub struct Absent(pub usize);

impl<T> Targets<T> for Absent {
    type Lent<'b> = Self;

    fn lent(&mut self) -> Self {
        Self(self.0)
    }

    fn split(self, rows: usize) -> (Self, Self) {
        (Self(rows), Self(self.0.saturating_sub(rows)))
    }

    fn rows(&self) -> usize {
        self.0
    }

    fn all(&self) -> &[T] {
        &[]
    }

    fn gathered(&mut self) -> Option<&mut [T]> {
        None
    }
}

/// Targets that come with the samples, and whatever else is written for each sample; until then there are others.
pub struct Gathered<'a, T>(pub &'a mut [T]);

impl<T: Sync> Targets<T> for Given<'_, T> {
    type Lent<'b>
        = Given<'b, T>
    where
        Self: 'b;

    fn lent(&mut self) -> Given<'_, T> {
        Given(self.0)
    }

    fn split(self, rows: usize) -> (Self, Self) {
        let (first, others) = self.0.split_at(rows);
        (Self(first), Self(others))
    }

    fn all(&self) -> &[T] {
        self.0
    }

    fn gathered(&mut self) -> Option<&mut [T]> {
        None
    }
}

impl<T: Send> Targets<T> for Gathered<'_, T> {
    type Lent<'b>
        = Gathered<'b, T>
    where
        Self: 'b;

    fn lent(&mut self) -> Gathered<'_, T> {
        Gathered(self.0)
    }

    fn split(self, rows: usize) -> (Self, Self) {
        let (first, others) = self.0.split_at_mut(rows);
        (Self(first), Self(others))
    }

    fn all(&self) -> &[T] {
        self.0
    }

    fn gathered(&mut self) -> Option<&mut [T]> {
        Some(self.0)
    }
}
