//! What is more than weights, as a file: named tensors and words, with a version and a sum over everything.

mod content;
mod form;
mod kind;
mod reader;

pub use content::{Record, Stored};
pub use form::{CHECKPOINT, DESCENT, Form};
pub use kind::Kind;
pub use reader::Reader;
