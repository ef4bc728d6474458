//! The runtime that expansions of `kiln::model!` call: sixteen-lane blocks, one register tile per
//! instruction set, the kernels built from it, and training on top.
//!
//! Users name the facade crate `kiln`; nothing here is meant to be named directly.
#![forbid(unsafe_code)]
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod batch;
pub mod block;
pub mod kernels;
pub mod layout;
pub mod loss;
pub mod math;
pub mod network;
pub mod simd;
pub mod tile;
pub mod update;
pub mod views;
