//! The arrays by which a user's program sees values.

use crate::element::Element;
use proc_macro2::TokenStream;
use quote::quote;

/// One nested array of `f32` as it is, several as a tuple.
pub fn arrays<'a>(shapes: impl Iterator<Item = &'a [usize]>) -> TokenStream {
    parts(shapes.map(|shape| (Element::F32, shape)))
}

/// One value as the caller sees it, several as a tuple: nested arrays, or a `u32`.
pub fn parts<'a>(values: impl Iterator<Item = (Element, &'a [usize])>) -> TokenStream {
    let part = |(element, shape)| match element {
        Element::F32 => nested_array(&quote!(f32), shape),
        Element::U32 => nested_array(&quote!(u32), shape),
        Element::Scalar => quote!(u32),
    };
    let parts = values.map(part).collect::<Vec<_>>();
    match &parts[..] {
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
