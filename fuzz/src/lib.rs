//! What the fuzzer feeds to the compiler. The modules of declarations are also part of `compiler/tests/fuzz.rs`, which
//! replays the corpus on every compiler.
#![forbid(unsafe_code)]

pub mod dice;
#[path = "../../tests/random/src/generate/mod.rs"]
pub mod generate;
pub mod input;
pub mod judge;
pub mod mutation;
