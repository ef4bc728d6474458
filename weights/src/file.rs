//! A file as a whole.

use crate::header;
use alloc::string::String;
use safetensors::SafeTensors;

/// The tensors of a file.
///
/// # Errors
///
/// Why there are none: what else the file is, or where it is damaged; and what to do.
pub fn parse(bytes: &[u8]) -> Result<SafeTensors<'_>, String> {
    header::check_start(bytes)?;
    let names = header::check(bytes)?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| header::explain(&error, bytes))?;
    match file.len() == names {
        true => Ok(file),
        false => Err(header::TWICE.into()),
    }
}
