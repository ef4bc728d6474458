//! What the fuzzer feeds to the compiler, to the readers of files and to trainers. The modules of declarations are also
//! part of `compiler/tests/fuzz.rs`, `readers` is of `tests/data.rs`, and `checkpoints` of `tests/resume`, which replay
//! the corpora on every compiler.
#![forbid(unsafe_code)]

pub mod checkpoints;
pub mod dice;
#[path = "../../tests/random/src/generate/mod.rs"]
pub mod generate;
pub mod input;
pub mod judge;
pub mod mutation;
pub mod readers;
