//! The arrays by which a user's program sees values.

use proc_macro2::TokenStream;
use quote::quote;

/// One nested array as it is, several as a tuple.
pub fn arrays<'a>(leaf: &TokenStream, shapes: impl Iterator<Item = &'a [usize]>) -> TokenStream {
    let arrays = shapes
        .map(|shape| nested_array(leaf, shape))
        .collect::<Vec<_>>();
    match &arrays[..] {
        [one] => one.clone(),
        several => quote!((#(#several),*)),
    }
}

/// `leaf` in nested arrays: `[1, 28, 28]` as `[[[leaf; 28]; 28]; 1]`.
pub fn nested_array(leaf: &TokenStream, shape: &[usize]) -> TokenStream {
    shape
        .iter()
        .rev()
        .fold(leaf.clone(), |inner, &size| quote!([#inner; #size]))
}
