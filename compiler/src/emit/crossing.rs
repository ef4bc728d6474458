//! The copies between the caller's arrays and the buffers of a program.

use super::call::Printer;
use crate::memory::program::{Crossing, Stored};
use crate::rt;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Index;

/// Part `index` of `whole`, a reference to a tuple of `count`, or `whole` itself where there is one value.
pub fn part(index: usize, count: usize, whole: TokenStream, mutable: bool) -> TokenStream {
    let index = Index::from(index);
    match (count > 1, mutable) {
        (false, _) => whole,
        (true, false) => quote!(&#whole.#index),
        (true, true) => quote!(&mut #whole.#index),
    }
}

/// Copies one sample into the inputs' buffers: `true` if all numbers are finite.
pub fn load_sample(printer: Printer<'_>, inputs: &[Crossing]) -> TokenStream {
    let loads = inputs.iter().enumerate().map(|(index, input)| {
        let part = part(index, inputs.len(), quote!(input), false);
        load_part(printer, input, &part)
    });
    quote!(#(#loads)&*)
}

/// Copies an array of the caller's into its buffer: `true` if all numbers are finite.
pub fn load_part(printer: Printer<'_>, crossing: &Crossing, part: &TokenStream) -> TokenStream {
    let name = &printer.place(crossing.buffer).name;
    let [memory, capacity, row] = printer.row(crossing.buffer);
    if let Some([least, most]) = crossing.tokens {
        let path = rt::LOAD_TOKENS;
        return quote!(#path(#part, #memory, #name, #capacity, #row, [#least, #most]));
    }
    match &crossing.stored {
        None => {
            let path = rt::LOAD;
            quote!(#path(s, #part, #memory, #name, #capacity, #row))
        }
        Some(Stored { region, gaps }) => {
            let (path, first) = (rt::LOAD_STORED, region.to);
            let axes = printer.argument("axes", &region.arguments(), false);
            quote!(#path(s, #part, #memory, #name, #capacity, #row, #first, #axes, #gaps))
        }
    }
}

/// Copies a buffer to an array of the caller's.
fn unload_part(printer: Printer<'_>, crossing: &Crossing, part: &TokenStream) -> TokenStream {
    let name = &printer.place(crossing.buffer).name;
    match &crossing.stored {
        None => {
            let path = rt::UNLOAD;
            quote!(#path(memory, #name, capacity, row, #part);)
        }
        Some(Stored { region, .. }) => {
            let (path, back) = (rt::UNLOAD_STORED, region.back());
            let first = back.from;
            let axes = printer.argument("axes", &back.arguments(), false);
            quote!(#path(s, memory, #name, capacity, row, #part, #first, #axes);)
        }
    }
}

/// Copies the deltas of a sample's inputs, of which there are `count`, to the caller.
pub fn unload_slopes(
    printer: Printer<'_>,
    slopes: &[(usize, Crossing)],
    count: usize,
) -> TokenStream {
    let unloads = slopes.iter().map(|(index, slope)| {
        let part = part(*index, count, quote!(output), true);
        unload_part(printer, slope, &part)
    });
    quote!(#(#unloads)*)
}

/// Copies one sample of the outputs' buffers to the caller.
pub fn unload_sample<'a>(
    printer: Printer<'_>,
    outputs: impl ExactSizeIterator<Item = &'a Crossing>,
) -> TokenStream {
    let count = outputs.len();
    let unloads = outputs.enumerate().map(|(index, output)| {
        let part = part(index, count, quote!(output), true);
        unload_part(printer, output, &part)
    });
    quote!(#(#unloads)*)
}
