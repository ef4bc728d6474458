//! The procedural macro of kiln. All logic lives in `kiln-compiler`.
#![forbid(unsafe_code)]

use proc_macro::TokenStream;

/// Declares a neural network; see the crate `kiln` for the language.
#[proc_macro]
pub fn model(input: TokenStream) -> TokenStream {
    kiln_compiler::compile(input.into()).into()
}
