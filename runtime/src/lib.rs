//! The runtime that expansions of `kiln::model!` call: sixteen-lane blocks, one register tile per
//! instruction set, the kernels built from it, and training on top.
//!
//! Users name the facade crate `kiln`; nothing here is meant to be named directly.
#![forbid(unsafe_code)]
#![no_std]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod arena;
pub mod batch;
pub mod block;
#[cfg(feature = "alloc")]
pub mod check;
pub mod custom;
#[cfg(feature = "std")]
pub mod data;
pub mod declared;
pub mod distribution;
pub mod error;
#[cfg(feature = "files")]
pub mod files;
pub mod flat;
pub mod foreign;
#[cfg(feature = "std")]
pub mod handover;
pub mod inference;
pub mod kernels;
pub mod layout;
pub mod loss;
pub mod math;
pub mod memory;
#[cfg(feature = "alloc")]
pub mod metrics;
pub mod model;
pub mod network;
pub mod optimizer;
pub mod parameters;
pub mod random;
pub mod schedule;
pub mod simd;
pub mod step;
pub mod stream;
#[cfg(feature = "alloc")]
mod summary;
pub mod tensor;
#[cfg(all(test, any(feature = "data", feature = "files")))]
mod testing;
pub mod tile;
#[cfg(feature = "train")]
pub mod train;
pub mod update;
pub mod value;
pub mod views;
