//! The bytes of a file.

use super::replace;
use crate::error::{Error, Result, io};
use alloc::{format, vec::Vec};
use kiln_weights::header::{self, PREFIX};
use std::{fs::File, io::Read, path::Path};

/// Reads a file whole, unless its first bytes show that it holds no weights, or a save over it was interrupted.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let read = io("read", path);
    let mut file = File::open(path).map_err(io("open", path))?;
    let mut bytes = Vec::new();
    let start = file.by_ref().take(PREFIX as u64).read_to_end(&mut bytes);
    start.map_err(io("read", path))?;
    if let (true, Some(copy)) = (bytes == replace::UNFINISHED, replace::copy_of(path)) {
        return Err(Error::Interrupted {
            path: path.into(),
            copy,
        });
    }
    header::check_start(&bytes).map_err(|reason| Error::NotSafetensors {
        path: Some(format!("{}", path.display())),
        reason,
    })?;
    let mut whole = || {
        let left = file.metadata()?.len().saturating_sub(PREFIX as u64);
        bytes.try_reserve_exact(usize::try_from(left).unwrap_or(usize::MAX))?;
        file.read_to_end(&mut bytes)
    };
    whole().map_err(read)?;
    Ok(bytes)
}
