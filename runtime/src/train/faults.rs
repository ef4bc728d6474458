//! Errors that threads meet in samples.

use crate::error::{Error, Result};
use alloc::{format, string::String};
use core::any::Any;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

/// What a user's dataset says about a row. If it panics, that is an error like any other: nothing of ours is halfway
/// through while it is asked, and it is not asked again in this fit.
pub fn guarded<T>(row: usize, ask: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|panic| Err(panicked(row, &*panic)))
}

/// The error of what panicked at a row.
#[cold]
pub fn panicked(row: usize, panic: &(dyn Any + Send)) -> Error {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it did not say why");
    let source = format!("the dataset panicked ({said}); correct it, or let it give an error");
    Error::Sample {
        row,
        source: source.into(),
    }
}

/// The error at the lowest position so far, so that the one reported does not depend on threads.
#[derive(Default)]
pub struct Faults(Mutex<Option<(usize, Error)>>);

impl Faults {
    /// Notes what happened at a position of the batch or the dataset.
    #[cold]
    pub fn report(&self, position: usize, error: Error) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(before, _)| position < *before) {
            *first = Some((position, error));
        }
    }

    /// `true` if something happened.
    pub fn any(&self) -> bool {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.is_some()
    }

    /// The error, if there was one; it is forgotten.
    pub fn judge(&self) -> Result<()> {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.take().map_or(Ok(()), |(_, error)| Err(error))
    }
}
