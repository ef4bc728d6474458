//! Emission: the placed network as plain Rust over the runtime.
//!
//! The struct alone stands at the scope of the invocation. Its methods, its traits and all functions and constants stand in
//! an anonymous constant, so that no name but the struct's is visible to the user.

pub mod arrays;
pub mod call;
pub mod crossing;
pub mod document;
pub mod export;
pub mod functions;
pub mod gradient;
pub mod hygiene;
pub mod infer;
pub mod model;
pub mod names;
pub mod passes;
pub mod step;
pub mod stored;
pub mod stream;
pub mod tables;

use crate::attributes::{allowances, conditions, derived, passed};
use crate::facade::Facade;
use crate::graph::{Graph, ValueId};
use crate::shapes;
use crate::storage::LANES;
use arrays::parts;
use functions::Functions;
use model::Model;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// Writes a network for users of a facade.
pub fn emit(facade: &Facade, model: &Model<'_>) -> TokenStream {
    let root = &facade.root;
    let Graph {
        attributes,
        visibility,
        name,
        ..
    } = model.graph;
    let documentation = document::documentation(model);
    let (passed, derived) = (passed(attributes), derived(attributes));
    let (conditions, allowances) = (conditions(attributes), allowances(attributes));
    let input = types(&model.graph.inputs, model);
    let output = types(&model.graph.outputs, model);
    let tables = tables::tables(model);
    let mut functions = Functions::default();
    let infer = infer::infer(model, &mut functions, &input);
    let (transpose, load) = (
        passes::transpose(model, &mut functions),
        passes::load(model),
    );
    let forward = passes::forward(model, &mut functions);
    let (loss, outside) = (passes::loss(model), passes::outside(model));
    let backward = passes::backward(model, &mut functions);
    let (update, fold, follow) = (
        passes::update(model, &mut functions),
        passes::fold(model, &mut functions),
        passes::follow(model, &mut functions),
    );
    let (slope, slopes) = match model.graph.asked.input_gradients {
        true => (Some(passes::slope(model)), Some(name)),
        false => (None, None),
    };
    let carry = carry(model.graph);
    let stream = model.stream.as_ref();
    let stream = stream.map(|stream| stream::stream(model, stream, &mut functions));
    let workspace = model.inference.1.blocks * LANES * 4;
    let train = model.training.1.blocks * LANES * 4;
    let is_small = output_bytes(model) <= LARGEST_BY_VALUE;
    // With a lifetime the bound is asked for where `forward` is called, not here, where it never holds.
    let by_value = (!is_small).then(|| quote!(where for<'call> Self: rt::SmallOutput));
    let (forward_doc, into_doc) = document::answers(model, is_small);
    let mut scope = hygiene::Scope::of(name).with(std::mem::take(&mut functions.names));
    let functions = scope.tokens(functions.items());
    // Without an allocator there is no value to call a method on.
    let owned = facade.allocates.then(|| quote! {
        /// A model with fresh parameters, drawn from `seed`: the same seed gives the same model for ever, on every
        /// machine.
        ///
        /// # Panics
        ///
        /// If there is no memory for the parameters; `try_new` gives an error instead.
        #[must_use]
        #[track_caller]
        pub fn new(seed: rt::Seed) -> Self {
            rt::initialized(seed)
        }

        /// A model with fresh parameters, drawn from `seed`.
        ///
        /// # Errors
        ///
        /// If there is no memory for the parameters.
        pub fn try_new(seed: rt::Seed) -> rt::Result<Self> {
            rt::try_initialized(seed)
        }

        #[doc = #forward_doc]
        #[must_use]
        pub fn forward(&self, input: &#input) -> #output #by_value {
            rt::forward(self, input)
        }

        #[doc = #into_doc]
        pub fn forward_into(&self, input: &#input, output: &mut #output) {
            rt::forward_into(self, input, output);
        }

        /// Answers many samples, one output for each input.
        ///
        /// # Errors
        ///
        /// If the slices differ in length.
        pub fn forward_batch(&self, inputs: &[#input], outputs: &mut [#output]) -> rt::Result<()> {
            rt::forward_batch(self, inputs, outputs)
        }
    });
    let streams = stream
        .as_ref()
        .filter(|_| facade.allocates)
        .map(|stream| &stream.methods);
    let stored = stored::method(facade, model);
    let (exported, header) = export::exported(model).map_or((None, None), |exported| {
        (Some(exported.functions), Some(exported.header))
    });
    // Without an allocator, such a network is the only kind that is a value.
    let kept = stored.as_ref().filter(|_| !facade.allocates && is_small);
    let kept = kept.and_then(|_| stored::answer(model, &input, &output));
    let methods = scope.tokens(quote! {
        /// The layers: names, kinds, output shapes, parameters and operations.
        pub const LAYERS: &'static [rt::Layer] = <Self as rt::Model>::LAYERS;
        /// Numbers the network learns.
        pub const PARAMS: usize = rt::count_parameters(Self::LAYERS);
        /// Floating-point operations of one sample's forward pass, a multiply-add counted as two.
        pub const FLOPS: u64 = rt::count_flops(Self::LAYERS);
        /// Bytes of workspace one sample needs in inference.
        pub const WORKSPACE_BYTES: usize = #workspace;
        /// Bytes of activations and deltas of one sample in training; `kiln::memory::training` counts what a batch needs.
        pub const TRAIN_BYTES_PER_SAMPLE: usize = #train;

        #header

        #stored

        #owned

        #kept

        #streams

        #exported
    });
    let associated = scope.tokens(quote! {
        type Input = #input;
        type Output = #output;
        #[doc(hidden)]
        type Network = Self;
    });
    let traits = [
        "Declared",
        "Model",
        "SmallOutput",
        "Network",
        "InputGradients",
        "Pretrained",
        "Causal",
        "Steps",
    ]
    .map(|name| {
        let name = Ident::new(name, Span::call_site());
        scope.tokens(quote!(rt::#name))
    });
    let [
        declared,
        interface,
        small,
        network,
        sloped,
        pretrained,
        causal,
        steps,
    ] = &traits;
    let small = is_small.then(|| {
        quote! {
            #[automatically_derived]
            impl #small for #name {}
        }
    });
    let slopes = slopes.map(|name| {
        quote! {
            #[automatically_derived]
            impl #sloped for #name {}
        }
    });
    let pretrained = stored.is_some().then(|| {
        let method = scope.tokens(quote! {
            fn pretrained() -> Self {
                Self::pretrained()
            }
        });
        quote! {
            #[automatically_derived]
            impl #pretrained for #name {
                #method
            }
        }
    });
    let passes = scope.tokens(quote! {
        type Model = Self;
        type Input = #input;
        type Output = #output;

        #tables

        fn from_arena(arena: rt::Arena) -> Self {
            Self { arena: rt::Memory(arena) }
        }

        fn arena(model: &Self) -> &[rt::Block] {
            &model.arena.0
        }

        fn arena_mut(model: &mut Self) -> &mut rt::Arena {
            &mut model.arena.0
        }

        #infer
        #transpose
        #load
        #forward
        #loss
        #outside
        #backward
        #slope
        #carry
        #update
        #fold
        #follow
    });
    let streamed = stream.map(|stream| {
        let (interface, body) = (scope.tokens(stream.interface), scope.tokens(stream.steps));
        quote! {
            #[automatically_derived]
            impl #causal for #name {
                #interface
            }

            #[automatically_derived]
            #[doc(hidden)]
            impl #steps for #name {
                #body
            }
        }
    });
    let constants = model.names.constants(&quote!(#functions #passes #streamed));
    let constants = scope.tokens(constants);
    let imports = scope.imports(root);
    quote! {
        #passed
        #documentation
        #derived
        #visibility struct #name {
            arena: #root::rt::Memory,
        }

        #conditions
        #allowances
        #[allow(clippy::approx_constant)]
        const _: () = {
            #imports

            #constants

            #functions

            impl #name {
                #methods
            }

            #[automatically_derived]
            impl #declared for #name {
                #associated
            }

            #[automatically_derived]
            impl #interface for #name {}

            #small

            #slopes

            #pretrained

            #[automatically_derived]
            #[doc(hidden)]
            impl #network for #name {
                #passes
            }

            #streamed
        };
    }
}

/// How the results of a sample become inputs of the one that follows it, if any do.
fn carry(graph: &Graph) -> Option<TokenStream> {
    if graph.asked.carried.is_empty() {
        return None;
    }
    let part = |whole: &str, index: usize, count: usize| {
        let (whole, index) = (
            Ident::new(whole, Span::call_site()),
            Literal::usize_unsuffixed(index),
        );
        match count {
            1 => quote!(*#whole),
            _ => quote!(#whole.#index),
        }
    };
    let moves = shapes::carried(graph).map(|(input, output)| {
        let from = part("before", output, graph.outputs.len());
        let to = part("input", input, graph.inputs.len());
        quote!(#to = #from;)
    });
    Some(quote! {
        const CARRIES: bool = true;

        fn carry(before: &Self::Output, input: &mut Self::Input) {
            #(#moves)*
        }
    })
}

/// The largest answer that `forward` gives by value: 64 KiB.
const LARGEST_BY_VALUE: usize = 1 << 16;

/// Bytes of an answer as the caller holds it.
fn output_bytes(model: &Model<'_>) -> usize {
    let outputs = model.graph.outputs.iter();
    let numbers = outputs.map(|output| {
        let shape = &model.graph.values[output.0].shape;
        shape.iter().product::<usize>()
    });
    numbers.sum::<usize>().saturating_mul(size_of::<f32>())
}

/// The type of some values as the caller sees them.
fn types(values: &[ValueId], model: &Model<'_>) -> TokenStream {
    let values = values.iter().map(|value| &model.graph.values[value.0]);
    parts(values.map(|value| (value.element, &value.shape[..])))
}
