//! Weights that are part of the program: one literal, which is there when the program begins.

use super::{document, model::Model};
use crate::{facade::Facade, storage};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The method that gives the network with its stored weights, if it has some.
pub fn method(facade: &Facade, model: &Model<'_>) -> Option<TokenStream> {
    let bytes = model.weights.as_ref()?;
    let file = model.graph.asked.weights.as_ref()?.value();
    let doc = format!(
        " The network with the weights of `{file}`, as the file was when the program was compiled. They are read where they \
         lie in the program: nothing is parsed, copied or allocated before they change."
    );
    let blocks = bytes.len() / storage::bytes(1);
    let literal = Literal::byte_string(bytes);
    let path = facade.included(&file);
    Some(quote! {
        #[doc = #doc]
        #[must_use]
        pub const fn pretrained() -> Self {
            // Cargo compiles anew when the file changes.
            const _: &[u8] = ::core::include_bytes!(#path);
            static WEIGHTS: [rt::Block; #blocks] = rt::stored(*#literal);
            Self { arena: rt::Memory(rt::Arena::of(&WEIGHTS)) }
        }
    })
}

/// Answers by value, where no allocator lends memory and the stack has room for the workspace.
pub fn answer(model: &Model<'_>, input: &TokenStream, output: &TokenStream) -> Option<TokenStream> {
    let blocks = model.inference.1.blocks;
    let (doc, _) = document::answers(model, true);
    (blocks <= STACK_BLOCKS).then(|| {
        quote! {
            #[doc = #doc]
            #[must_use]
            pub fn forward(&self, input: &#input) -> #output {
                rt::forward_with(self, input, &mut [rt::Block([0.0; 16]); #blocks])
            }
        }
    })
}

/// Larger workspaces than 16 KiB are the caller's.
pub const STACK_BLOCKS: usize = 256;
