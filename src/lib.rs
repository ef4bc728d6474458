//! kiln compiles neural networks ahead of time, inside a Rust macro.
//!
//! A network is declared in Rust source with [`model!`]; the macro infers and checks every shape, derives the backward
//! pass, plans the memory, and expands to plain, statically-shaped Rust over a small SIMD runtime. The same declaration
//! trains and infers, and embeds in a binary with no framework, no allocation per call and no `unsafe`.
#![forbid(unsafe_code)]
#![no_std]

#[doc(hidden)]
pub mod rt;

#[doc(hidden)]
pub use kiln_macros::__model;

/// Declares neural networks.
#[macro_export]
macro_rules! model {
    ($($declaration:tt)*) => {
        $crate::__model! { $crate; $($declaration)* }
    };
}

pub use kiln_runtime::error::{Error, Result};

/// What most programs need.
pub mod prelude {
    pub use crate::model;
    pub use kiln_runtime::parameters::Seed;
}
