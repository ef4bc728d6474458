//! The runtime that expansions of `kiln::model!` call: sixteen-lane blocks, one register tile per
//! instruction set, the kernels built from it, and training on top.
//!
//! Users name the facade crate `kiln`; nothing here is meant to be named directly.
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

pub mod batch;
pub mod block;
pub mod kernels;
pub mod math;
pub mod simd;
pub mod tile;
pub mod update;
