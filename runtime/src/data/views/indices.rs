//! Room for lists of samples.

use crate::error::{Error, Result};
use alloc::vec::Vec;

/// Room for a number for each of so many samples; a dataset may claim more than memory lists.
pub fn room(count: u128) -> Result<Vec<usize>> {
    let mut indices = Vec::new();
    let room = usize::try_from(count).ok();
    let room = room.and_then(|count| indices.try_reserve_exact(count).ok());
    room.map(|()| indices).ok_or(Error::Memory {
        what: "indices of samples",
        bytes: count.saturating_mul(size_of::<usize>() as u128),
    })
}
