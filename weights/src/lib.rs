//! Files of weights, [safetensors](https://huggingface.co/docs/safetensors): what is one, and the numbers in it.
//!
//! The compiler reads them for a network that is compiled with its weights, the runtime while a program runs. Both say the
//! same of a file that is none.
#![forbid(unsafe_code)]
#![no_std]

extern crate alloc;

pub mod header;
mod number;

use alloc::string::String;

pub use number::{LARGEST_COUNT, Number, Unfit, count};
pub use safetensors::{Dtype, SafeTensors, tensor};

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
