//! What a C program sees of a model, as data.

use super::function::Function;
use super::part::Part;
use proc_macro2::TokenStream;

/// What a C program sees of a model.
pub struct Interface {
    /// The model's name.
    pub model: String,
    /// What all names begin with.
    pub prefix: String,
    /// Inputs and outputs, those of a step last.
    pub parts: Vec<Part>,
    /// Memory that the caller lends.
    pub held: Vec<Held>,
    /// In the order of the header.
    pub functions: Vec<Function>,
}

/// Memory of the caller's that has a type of its own.
pub struct Held {
    /// Its parameter, and its type behind the prefix.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// How large it is.
    pub bytes: usize,
    /// The same in Rust.
    pub size: TokenStream,
}
