//! The bytes of a file.

use super::{
    header::{self, PREFIX},
    replace,
};
use crate::error::{Error, Result, io};
use alloc::{format, vec::Vec};
use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

/// Reads a file whole, unless its first bytes show that it holds no weights, or a save over it was interrupted.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let read = io("read", path);
    let mut file = File::open(path).map_err(io("open", path))?;
    let mut bytes = Vec::new();
    let start = file.by_ref().take(PREFIX as u64).read_to_end(&mut bytes);
    start.map_err(io("read", path))?;
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
    // Where a file is written over, old and new weights may stand side by side in it, of the same names and shapes.
    if let Some(copy) = replace::copy_of(path) {
        let whole = fs::read(&copy).map_err(io("read", &copy))?;
        if bytes != whole {
            return Err(Error::Interrupted {
                path: path.into(),
                copy,
            });
        }
    }
    Ok(bytes)
}
