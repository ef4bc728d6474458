//! Random models: written from seeds, compiled by the macro, judged by the interpreter.
#![forbid(unsafe_code)]

pub mod dice;
pub mod generate;
