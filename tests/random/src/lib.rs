//! Random models: written from seeds, compiled by the macro, judged by the interpreter.
//!
//! A judgement runs on every instruction set of the machine. What it says of a model it says with the model's source, so
//! that a failure can be tried by hand at once.
#![forbid(unsafe_code)]

pub mod case;
pub mod dice;
pub mod generate;
pub mod judge;
mod limits;
mod stream;

pub use case::Case;
pub use judge::judge;
pub use stream::stream;
