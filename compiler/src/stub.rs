//! What is emitted after an error: a struct with the methods that the rest of the program calls, so that a user sees
//! what is wrong with the model and not what follows from it.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{ast, report::Report, sizes::Constants};

/// Stubs for all models of one `model!`.
pub fn stubs(models: &[ast::Model]) -> TokenStream {
    models.iter().map(stub).collect()
}

fn stub(model: &ast::Model) -> TokenStream {
    let ast::Model {
        attributes,
        visibility,
        name,
        ..
    } = model;
    // What is wrong with the sizes was reported already.
    let mut known = Report::default();
    let constants = Constants::evaluate(&model.constants, &mut known);
    let inputs = types(
        model.inputs.iter().map(|input| &input.shape),
        &constants,
        &mut known,
    );
    let outputs = types(model.outputs.iter(), &constants, &mut known);
    known.take();
    let forward = match (inputs, outputs) {
        (Some(input), Some(output)) => quote! {
            /// Stands in for a model with errors.
            pub fn forward(&self, _input: &#input) -> #output {
                ::core::unimplemented!()
            }
            /// Stands in for a model with errors.
            pub fn forward_batch(&self, _inputs: &[#input], _outputs: &mut [#output]) {}
        },
        // Nothing is known of the types, and `!` becomes whatever is expected.
        _ => quote! {
            /// Stands in for a model with errors.
            pub fn forward<Input: ?::core::marker::Sized>(&self, _input: &Input) -> ! {
                ::core::unimplemented!()
            }
        },
    };
    quote! {
        #(#attributes)*
        #visibility struct #name {
            _stub: (),
        }

        #[allow(dead_code)]
        impl #name {
            /// Stands in for a model with errors.
            pub fn new<Seed>(_seed: Seed) -> Self {
                Self { _stub: () }
            }
            #forward
        }
    }
}

/// Nested arrays: one, or a tuple of several.
fn types<'a>(
    shapes: impl Iterator<Item = &'a ast::Shape>,
    constants: &Constants,
    report: &mut Report,
) -> Option<TokenStream> {
    let types: Option<Vec<TokenStream>> = shapes
        .map(|shape| constants.shape(shape, report).map(|sizes| array(&sizes)))
        .collect();
    let types = types?;
    Some(match types.as_slice() {
        [one] => one.clone(),
        several => quote! { (#(#several),*) },
    })
}

/// `[2, 3]` as `[[f32; 3]; 2]`.
fn array(sizes: &[usize]) -> TokenStream {
    sizes
        .iter()
        .rev()
        .fold(quote! { f32 }, |inner, size| quote! { [#inner; #size] })
}
