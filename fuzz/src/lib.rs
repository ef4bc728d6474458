//! What the fuzzer feeds to the compiler and to the readers of files. The modules of declarations are also part of
//! `compiler/tests/fuzz.rs`, and `readers` is of `tests/data.rs`, which replay the corpora on every compiler.
#![forbid(unsafe_code)]

pub mod dice;
#[path = "../../tests/random/src/generate/mod.rs"]
pub mod generate;
pub mod input;
pub mod judge;
pub mod mutation;
pub mod readers;
