//! The procedural macro of kiln. All logic lives in `kiln-compiler`.
#![forbid(unsafe_code)]

use proc_macro::{TokenStream, TokenTree};

/// What `kiln::model!` calls: the path of the facade crate, a semicolon, the declarations.
#[doc(hidden)]
#[proc_macro]
pub fn __model(input: TokenStream) -> TokenStream {
    let mut input = input.into_iter();
    let is_end =
        |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';');
    let root: TokenStream = input.by_ref().take_while(|token| !is_end(token)).collect();
    kiln_compiler::compile(&root.into(), input.collect::<TokenStream>().into()).into()
}
