//! What is asked of the tokens ahead, wherever they are read.

use proc_macro2::{Ident, TokenTree};
use syn::{Token, ext::IdentExt, parse::ParseStream};
/// A keyword before a colon is meant as a name, and is one with a mark.
pub(super) fn check_keyword(input: ParseStream) -> syn::Result<()> {
    let named = input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::]);
    if !named || input.peek(syn::Ident) {
        return Ok(());
    }
    let word = input.fork().call(Ident::parse_any)?;
    // These five cannot be raw.
    let repair = match ["self", "Self", "super", "crate", "_"]
        .iter()
        .any(|fixed| word == fixed)
    {
        true => "choose another name".to_string(),
        false => format!("write `r#{word}`, which is saved as `{word}`"),
    };
    Err(input.error(format!("`{word}` is a keyword of Rust; {repair}")))
}

/// An error at the next token unless `found`.
pub(super) fn expect(
    input: ParseStream,
    found: bool,
    message: impl std::fmt::Display,
) -> syn::Result<()> {
    if found {
        Ok(())
    } else {
        Err(input.error(message))
    }
}

/// Reads what stands between delimiters. After an error the rest is dropped, or syn would complain about it as well.
pub(super) fn contained<T>(
    inside: ParseStream,
    read: impl FnOnce(ParseStream) -> syn::Result<T>,
) -> syn::Result<T> {
    read(inside).inspect_err(|_| while inside.parse::<TokenTree>().is_ok() {})
}
