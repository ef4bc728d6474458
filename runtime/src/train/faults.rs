//! Errors that threads meet in samples.

use crate::error::{Error, Result};
use std::sync::{Mutex, PoisonError};

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

    /// The error, if there was one.
    pub fn take(&mut self) -> Result<()> {
        let first = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        first.take().map_or(Ok(()), |(_, error)| Err(error))
    }
}
