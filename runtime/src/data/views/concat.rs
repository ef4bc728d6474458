//! Two datasets as one.

use crate::{data::dataset::Dataset, error::Result};
use core::{borrow::Borrow, marker::PhantomData};

/// The samples of one dataset and, behind them, those of another.
///
/// ```
/// use kiln::data::{Dataset, Parts, Samples};
///
/// let (first, second) = (Samples::new([[1.0_f32]], [0])?, Samples::new([[2.0_f32]], [1])?);
/// assert_eq!(first.concat(&second).len(), 2);
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Concat<A, B> {
    first: A,
    second: B,
    /// Samples of the first, asked for once.
    middle: usize,
}

impl<A: Dataset, B: Dataset<Input = A::Input, Target = A::Target>> Concat<A, B> {
    pub(super) fn new(first: A, second: B) -> Self {
        let middle = first.len();
        Self {
            first,
            second,
            middle,
        }
    }
}

/// What one dataset gives, or another: a borrowed `T`.
struct Either<T, A, B>(Given<A, B>, PhantomData<fn() -> T>);

enum Given<A, B> {
    First(A),
    Second(B),
}

impl<T, A, B> Either<T, A, B> {
    fn first(value: A) -> Self {
        Self(Given::First(value), PhantomData)
    }

    fn second(value: B) -> Self {
        Self(Given::Second(value), PhantomData)
    }
}

impl<T, A: Borrow<T>, B: Borrow<T>> Borrow<T> for Either<T, A, B> {
    fn borrow(&self) -> &T {
        match &self.0 {
            Given::First(value) => value.borrow(),
            Given::Second(value) => value.borrow(),
        }
    }
}

impl<A: Dataset, B: Dataset<Input = A::Input, Target = A::Target>> Dataset for Concat<A, B> {
    type Input = A::Input;
    type Target = A::Target;

    fn len(&self) -> usize {
        self.middle.saturating_add(self.second.len())
    }

    fn sample(&self, index: usize) -> Result<(impl Borrow<A::Input>, impl Borrow<A::Target>)> {
        Ok(match index.checked_sub(self.middle) {
            None => {
                let (input, target) = self.first.sample(index)?;
                (Either::first(input), Either::first(target))
            }
            Some(index) => {
                let (input, target) = self.second.sample(index)?;
                (Either::second(input), Either::second(target))
            }
        })
    }

    fn sample_in(
        &self,
        epoch: u64,
        index: usize,
    ) -> Result<(impl Borrow<A::Input>, impl Borrow<A::Target>)> {
        Ok(match index.checked_sub(self.middle) {
            None => {
                let (input, target) = self.first.sample_in(epoch, index)?;
                (Either::first(input), Either::first(target))
            }
            Some(index) => {
                let (input, target) = self.second.sample_in(epoch, index)?;
                (Either::second(input), Either::second(target))
            }
        })
    }

    fn target(&self, index: usize) -> Result<impl Borrow<A::Target>> {
        Ok(match index.checked_sub(self.middle) {
            None => Either::first(self.first.target(index)?),
            Some(index) => Either::second(self.second.target(index)?),
        })
    }

    fn follows(&self, index: usize) -> Option<usize> {
        match index.checked_sub(self.middle) {
            None => self.first.follows(index),
            Some(index) => Some(self.second.follows(index)? + self.middle),
        }
    }
}
