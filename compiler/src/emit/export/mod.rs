//! Functions that C programs call, and the header that declares them.
//!
//! Bodies are the runtime's and safe; a null pointer is `None`. Only the attribute that gives a function its name in C
//! vouches for something: that no other function of the program has this name.
//!
//! The interface of a model is data, which is written out twice, in Rust and in C.

mod function;
mod header;
mod interface;
mod part;

use super::model::{Model, Stream};
use super::stored::STACK_BLOCKS;
use crate::exports::prefix;
use crate::memory::plan;
use crate::storage::bytes;
use function::{Function, Parameter, answering};
use interface::{Held, Interface};
use part::Part;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

/// What a model has for C.
pub struct Exported {
    /// The functions.
    pub functions: TokenStream,
    /// The constant with the header.
    pub header: TokenStream,
}

/// What a model that asks for it has for C.
pub fn exported(model: &Model<'_>) -> Option<Exported> {
    let export = model.graph.asked.export_c.as_ref()?;
    let interface = interface(model, prefix(model.graph, export));
    let prefix = &interface.prefix;
    let functions = interface.functions.iter();
    let functions = functions.map(|function| function.rust(prefix, export.word.span()));
    let functions = functions.collect();
    let doc = format!(
        " The header of the functions that C programs call, to be written to `{prefix}.h`."
    );
    let text = header::header(&interface);
    let header = quote! {
        #[doc = #doc]
        pub const C_HEADER: &'static str = #text;
    };
    Some(Exported { functions, header })
}

/// What a C program sees of a model.
fn interface(model: &Model<'_>, prefix: String) -> Interface {
    let held = held(model);
    let mut functions: Vec<_> = held.iter().map(|it| size(it, &prefix)).collect();
    functions.extend([check(&held), init(model, &prefix)]);
    functions.extend(model.weights.as_ref().map(|_| pretrained(model, &prefix)));
    let (inputs, outputs) = part::of_model(model);
    functions.push(forward(model, &prefix, &inputs, &outputs));
    let mut parts: Vec<_> = inputs.into_iter().chain(outputs).collect();
    if let Some(stream) = &model.stream {
        let (frames, answers) = part::of_stream(model, stream);
        functions.extend([reset(&prefix), step(model, &prefix, &frames, &answers)]);
        parts.extend(frames.into_iter().chain(answers));
    }
    Interface {
        model: model.graph.name.unraw().to_string(),
        prefix,
        parts,
        held,
        functions,
    }
}

/// Whether `forward` works on the stack.
fn is_small(model: &Model<'_>) -> bool {
    model.inference.1.blocks <= STACK_BLOCKS
}

/// What the caller lends.
fn held(model: &Model<'_>) -> Vec<Held> {
    let blocks = |name, doc, blocks| {
        let bytes = bytes(blocks);
        let size = quote!(#bytes);
        Held {
            name,
            doc,
            bytes,
            size,
        }
    };
    let mut held = vec![blocks("parameters", "Weights.", model.layout.arena_blocks)];
    if !is_small(model) {
        let doc = "What forward works in; anything may be in it.";
        held.push(blocks("workspace", doc, model.inference.1.blocks));
    }
    if let Some(Stream { planned, .. }) = &model.stream {
        let bytes = bytes(plan::state(&planned.0, &planned.1));
        held.push(Held {
            name: "state",
            doc: "What a stream keeps from step to step.",
            bytes,
            // The header has the number, and C the memory: a build in which both differ is none.
            size: quote!(const {
                ::core::assert!(::core::mem::size_of::<rt::StreamState<Self>>() == #bytes);
                #bytes
            }),
        });
    }
    held
}

/// `net_parameters_bytes` and its kin.
fn size(held: &Held, prefix: &str) -> Function {
    Function {
        name: format!("{}_bytes", held.name),
        doc: format!("Bytes of {prefix}_{} in the library.", held.name),
        result: (quote!(usize), "size_t"),
        parameters: Vec::new(),
        body: held.size.clone(),
    }
}

/// `net_check`: whether header and library are of one version.
fn check(held: &[Held]) -> Function {
    let parameters: Vec<_> = held
        .iter()
        .map(|held| Parameter::new(held.name, quote!(usize), "size_t "))
        .collect();
    let names = parameters.iter().map(|parameter| &parameter.name);
    let sizes = held.iter().map(|held| &held.size);
    Function {
        name: "check".into(),
        doc: "Whether the library has these sizes.".into(),
        result: Function::code(),
        body: quote!(rt::foreign::check(&[#(#names),*], &[#(#sizes),*])),
        parameters,
    }
}

/// `net_init`: fresh parameters.
fn init(model: &Model<'_>, prefix: &str) -> Function {
    Function {
        name: "init".into(),
        doc: "Draws fresh weights: a seed gives the same ones on every machine.".into(),
        result: Function::code(),
        parameters: vec![
            Parameter::written(model, prefix),
            Parameter::new("seed", quote!(u64), "uint64_t "),
        ],
        body: quote! {
            rt::foreign::init::<Self>(parameters.map(|parameters| &mut parameters[..]), seed)
        },
    }
}

/// `net_pretrained`: a copy of the weights that the program is compiled with.
fn pretrained(model: &Model<'_>, prefix: &str) -> Function {
    Function {
        name: "pretrained".into(),
        doc: "Copies the weights that the library is compiled with.".into(),
        result: Function::code(),
        parameters: vec![Parameter::written(model, prefix)],
        body: quote! {
            let parameters = parameters.map(|parameters| &mut parameters[..]);
            rt::foreign::pretrained(&Self::pretrained(), parameters)
        },
    }
}

/// Whose weights answer: for the header, and in Rust.
fn answers_by(model: &Model<'_>) -> (&'static str, TokenStream) {
    match model.weights {
        Some(_) => (
            "Where parameters is null, the weights answer that the library is compiled with.",
            quote!(rt::Some(&Self::pretrained())),
        ),
        None => ("", quote!(rt::None)),
    }
}

/// `net_forward`: answers a sample.
fn forward(model: &Model<'_>, prefix: &str, inputs: &[Part], outputs: &[Part]) -> Function {
    let blocks = model.inference.1.blocks;
    let (doc, net) = answers_by(model);
    let mut parameters = vec![Parameter::read(model, prefix)];
    parameters.extend(inputs.iter().map(Parameter::taken));
    parameters.extend(outputs.iter().map(Parameter::given));
    let memory = match is_small(model) {
        true => quote!(rt::Some(&mut [rt::Block([0.0; 16]); #blocks])),
        false => {
            let rust = quote!(::core::option::Option<&mut [rt::Block; #blocks]>);
            let c = format!("{prefix}_workspace *");
            parameters.push(Parameter::new("workspace", rust, &c));
            quote!(workspace.map(|workspace| &mut workspace[..]))
        }
    };
    let call = |input, output| quote!(rt::foreign::forward::<Self>(#net, parameters, #input, #output, #memory));
    Function {
        name: "forward".into(),
        doc: format!("Answers one sample. {doc}"),
        result: Function::code(),
        parameters,
        body: answering(inputs, outputs, call),
    }
}

/// `net_reset`: begins a stream.
fn reset(prefix: &str) -> Function {
    let rust = quote! {
        ::core::option::Option<&mut ::core::mem::MaybeUninit<rt::StreamState<Self>>>
    };
    let state = Parameter::new("state", rust, &format!("{prefix}_state *"));
    Function {
        name: "reset".into(),
        doc: "Begins a stream, whatever is in its memory.".into(),
        result: Function::code(),
        parameters: vec![state],
        body: quote!(rt::foreign::reset(state)),
    }
}

/// `net_step`: answers the next step of a stream.
fn step(model: &Model<'_>, prefix: &str, frames: &[Part], answers: &[Part]) -> Function {
    let (doc, net) = answers_by(model);
    let state = quote!(::core::option::Option<&mut rt::StreamState<Self>>);
    let mut parameters = vec![
        Parameter::read(model, prefix),
        Parameter::new("state", state, &format!("{prefix}_state *")),
    ];
    parameters.extend(frames.iter().map(Parameter::taken));
    parameters.extend(answers.iter().map(Parameter::given));
    let call =
        |frame, answer| quote!(rt::foreign::step::<Self>(#net, parameters, state, #frame, #answer));
    Function {
        name: "step".into(),
        doc: format!("Answers the next step of a stream. {doc}"),
        result: Function::code(),
        parameters,
        body: answering(frames, answers, call),
    }
}
