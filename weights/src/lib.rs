//! Files of weights in the format [safetensors](https://huggingface.co/docs/safetensors): how they are checked, and how
//! their numbers become those of a network.
//!
//! The compiler reads such files for a network that is compiled with its weights, the runtime while a program runs. Both
//! report the same errors.
#![forbid(unsafe_code)]
#![no_std]

#[cfg(feature = "files")]
extern crate alloc;

#[cfg(feature = "files")]
mod file;
#[cfg(feature = "files")]
pub mod header;
mod kept;
#[cfg(feature = "files")]
mod number;

pub use kept::{LARGEST_COUNT, TINY, UPPER, flush_number, joined_count, split_count};
#[cfg(feature = "files")]
pub use {
    file::parse,
    number::{Number, Unfit, count},
    safetensors::{Dtype, SafeTensors, tensor},
};
