//! What activations, arithmetic and softmax have in common: blocks in, blocks of the same storage out.

use super::lower::Operand;
use crate::emit::site::{self, Site};
use crate::fuse::Activation;
use crate::program::Slot;
use crate::rt;
use crate::storage::{Border, Form, LANES, Storage};
use proc_macro2::TokenStream;
use quote::quote;

/// Any storage serves, unless f(0) is not 0 and gaps inside would fill up.
pub fn accepts(activation: Activation, operand: Operand<'_>) -> bool {
    activation != Activation::Sigmoid
        || !operand.storage.has_gaps()
        || operand.storage.is_contiguous()
}

/// y = f(x).
pub fn forward(site: &Site<'_>, activation: Activation) -> TokenStream {
    let (path, activation) = (rt::activate(), site::activation(activation));
    let blocks = site.output().blocks();
    let floats = site.output_shape().iter().product::<usize>();
    let body = quote!(#path::<S, #activation>(s, x, y, #blocks, #floats););
    site.step(&[("x", Slot::Input(0)), ("y", Slot::Output)], &body)
}

/// dx = f'(x) dy.
pub fn backward(site: &Site<'_>, activation: Activation) -> TokenStream {
    let Some(add) = site.adds(0) else {
        return TokenStream::new();
    };
    let (path, activation) = (rt::activation_into(), site::activation(activation));
    let body = quote!(#path::<S, #activation, #add>(s, y, dy, dx););
    site.step(
        &[
            ("y", Slot::Output),
            ("dy", Slot::Delta),
            ("dx", Slot::InputDelta(0)),
        ],
        &body,
    )
}

/// The second operand must be stored like the first; the first must be such that a copy can follow it.
pub fn accepts_pair(operand: Operand<'_>) -> bool {
    match operand.index {
        0 => operand.storage.shape == operand.shape || operand.storage.form == Form::Flat,
        _ => operand.storage == operand.first,
    }
}

/// Storage for an operand that is not accepted.
pub fn wants_pair(operand: Operand<'_>, border: Border) -> Storage {
    match operand.index {
        0 => Storage::natural(operand.shape, border),
        _ => operand.first.clone(),
    }
}

/// z = f(x, y).
pub fn combine(site: &Site<'_>, path: &TokenStream) -> TokenStream {
    let names = [
        ("x", Slot::Input(0)),
        ("y", Slot::Input(1)),
        ("z", Slot::Output),
    ];
    site.step(&names, &quote!(#path::<S>(s, x, y, z);))
}

/// The delta of a term of a sum.
pub fn term(site: &Site<'_>, operand: usize, negative: bool) -> Option<TokenStream> {
    let add = site.adds(operand)?;
    let path = rt::term_backward();
    let body = quote!(#path::<S, #negative, #add>(s, dz, dx););
    Some(site.step(
        &[("dz", Slot::Delta), ("dx", Slot::InputDelta(operand))],
        &body,
    ))
}

/// Whether a vector, or every step of a sequence, begins a block.
pub fn accepts_rows(operand: Operand<'_>) -> bool {
    operand.storage.shape == operand.shape
        && operand
            .storage
            .rows()
            .is_some_and(|(_, stride)| stride.is_multiple_of(LANES))
}

/// Numbers per row and blocks per row.
fn row(site: &Site<'_>) -> (usize, usize) {
    let n = *site.output_shape().last().unwrap_or(&1);
    (n, n.div_ceil(LANES))
}

/// y = f(row of x).
pub fn rows_forward(site: &Site<'_>, path: &TokenStream) -> TokenStream {
    let ((n, p), blocks, blocks_mut) = (row(site), rt::blocks(), rt::blocks_mut());
    let body = quote!(#path::<S, #n, #p>(s, #blocks::<#p>(x), #blocks_mut::<#p>(y)););
    site.step(&[("x", Slot::Input(0)), ("y", Slot::Output)], &body)
}

/// dx from a row of y and dy.
pub fn rows_backward(site: &Site<'_>, path: &TokenStream) -> TokenStream {
    let Some(add) = site.adds(0) else {
        return TokenStream::new();
    };
    let ((n, p), blocks, blocks_mut) = (row(site), rt::blocks(), rt::blocks_mut());
    let body = quote! {
        #path::<S, #n, #p, #add>(s, #blocks::<#p>(y), #blocks::<#p>(dy), #blocks_mut::<#p>(dx));
    };
    site.step(
        &[
            ("y", Slot::Output),
            ("dy", Slot::Delta),
            ("dx", Slot::InputDelta(0)),
        ],
        &body,
    )
}
