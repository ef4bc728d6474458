//! The attributes that a user puts on a model.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Path, Token, punctuated::Punctuated};

/// What the user derives.
pub fn derives(attributes: &[Attribute]) -> Vec<Path> {
    let derives = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"));
    let paths = derives.filter_map(|derive| {
        derive
            .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
            .ok()
    });
    paths.flatten().collect()
}

/// Whether a path ends in a name.
pub fn ends_in(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// Where the struct is left out, so is all that belongs to it.
pub fn conditions(attributes: &[Attribute]) -> TokenStream {
    let conditions = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    quote!(#(#conditions)*)
}
