//! Functions that C programs call, and the header that declares them.
//!
//! Bodies are the runtime's and safe; a null pointer is `None`. Only the attribute that gives a function its name in C
//! vouches for something: that no other function of the program has this name.

use super::arrays::parts;
use super::model::{Model, Stream};
use super::stored::STACK_BLOCKS;
use crate::element::Element;
use crate::exports::{plain, prefix};
use crate::graph::{Graph, ValueId};
use crate::storage::LANES;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// What a model has for C.
pub struct Exported {
    /// The functions.
    pub functions: TokenStream,
    /// The constant with the header.
    pub header: TokenStream,
}

/// A value that crosses, as both languages know it.
struct Part {
    /// Its parameter.
    name: Ident,
    /// Its type in Rust.
    rust: TokenStream,
    /// Its element in C.
    element: &'static str,
    /// What it is, for the header.
    doc: String,
    /// How many numbers it has.
    count: usize,
}

/// The inputs or outputs of a model, or of a step of its stream.
fn crossing(graph: &Graph, values: &[ValueId], word: &str, stream: Option<&Stream>) -> Vec<Part> {
    let part = |(index, id): (usize, &ValueId)| {
        let value = &graph.values[id.0];
        let shape = match stream.map(|stream| stream.schedule.frames_of(id.0)) {
            Some(Some(1)) => &value.shape[1..],
            _ => &value.shape[..],
        };
        let (element, count) = match value.element {
            Element::F32 => ("float", shape.iter().product()),
            Element::U32 => ("uint32_t", shape.iter().product()),
            Element::Scalar => ("uint32_t", 1),
        };
        let own = match word {
            "input" | "frame" => plain(&value.name),
            _ => index.to_string(),
        };
        let name = match values.len() {
            1 => word.to_string(),
            _ => format!("{word}_{own}"),
        };
        Part {
            name: Ident::new(&name, Span::call_site()),
            rust: parts(std::iter::once((value.element, shape))),
            element,
            doc: format!("`{}`, {shape:?}", value.name),
            count,
        }
    };
    values.iter().enumerate().map(part).collect()
}

/// A tuple's parts come and go by themselves: how they become one value, and how its parts become theirs.
struct Gathered {
    parameters: TokenStream,
    make: TokenStream,
    value: TokenStream,
    give: TokenStream,
}

impl Gathered {
    /// One value, by reference.
    fn one(parameters: TokenStream, name: &Ident) -> Self {
        Self {
            parameters,
            make: TokenStream::new(),
            value: quote!(#name),
            give: TokenStream::new(),
        }
    }
}

/// Inputs: one by reference, several copied.
fn inputs(parts: &[Part]) -> Gathered {
    let (names, types) = split(parts);
    let parameters = quote!(#(#names: ::core::option::Option<&#types>),*);
    match &names[..] {
        [one] => Gathered::one(parameters, one),
        _ => Gathered {
            parameters,
            make: quote! {
                let gathered = match (#(#names),*) {
                    (#(rt::Some(#names)),*) => rt::Some((#(*#names),*)),
                    _ => rt::None,
                };
            },
            value: quote!(gathered.as_ref()),
            give: TokenStream::new(),
        },
    }
}

/// Outputs, likewise.
fn outputs(parts: &[Part]) -> Gathered {
    let (names, types) = split(parts);
    let parameters = quote!(#(#names: ::core::option::Option<&mut #types>),*);
    match &names[..] {
        [one] => Gathered::one(parameters, one),
        _ => {
            let places = (0..names.len()).map(proc_macro2::Literal::usize_unsuffixed);
            Gathered {
                parameters,
                make: quote! {
                    let (#(rt::Some(#names)),*) = (#(#names),*) else {
                        return rt::foreign::NULL;
                    };
                    let mut answers: (#(#types),*) = rt::foreign::zeroed();
                },
                value: quote!(rt::Some(&mut answers)),
                give: quote! {
                    if code == rt::foreign::OK {
                        #(*#names = answers.#places;)*
                    }
                },
            }
        }
    }
}

fn split(parts: &[Part]) -> (Vec<&Ident>, Vec<&TokenStream>) {
    parts.iter().map(|part| (&part.name, &part.rust)).unzip()
}

/// What a model that asks for it has for C.
pub fn exported(model: &Model<'_>) -> Option<Exported> {
    let graph = model.graph;
    let export = graph.asked.export_c.as_ref()?;
    // At the user's own word, rustc sees what a crate that forbids `unsafe_code` must not have; at a macro's it looks away.
    let unmangled = quote_spanned!(export.word.span()=> #[unsafe(no_mangle)]);
    let prefix = prefix(graph, export);
    let name = |what: &str| format_ident!("{prefix}_{what}");
    let blocks = model.layout.arena_blocks;
    let workspace = model.inference.1.blocks;
    let net = match model.weights {
        Some(_) => quote!(rt::Some(&Self::pretrained())),
        None => quote!(rt::None),
    };
    let (given, answers) = (
        crossing(graph, &graph.inputs, "input", None),
        crossing(graph, &graph.outputs, "output", None),
    );
    let (taken, made) = (inputs(&given), outputs(&answers));
    let (takes, make, input) = (taken.parameters, taken.make, taken.value);
    let (gives, room, output, give) = (made.parameters, made.make, made.value, made.give);
    let is_small = workspace <= STACK_BLOCKS;
    let (lent, memory) = match is_small {
        true => (
            TokenStream::new(),
            quote!(rt::Some(&mut [rt::Block([0.0; 16]); #workspace])),
        ),
        false => (
            quote!(, workspace: ::core::option::Option<&mut [rt::Block; #workspace]>),
            quote!(workspace.map(|workspace| &mut workspace[..])),
        ),
    };
    let (init, forward, check) = (name("init"), name("forward"), name("check"));
    let streamed = model.stream.as_ref().map(|stream| {
        let (frames, answers) = (
            crossing(&stream.graph, &stream.graph.inputs, "frame", Some(stream)),
            crossing(&stream.graph, &stream.graph.outputs, "answer", Some(stream)),
        );
        let kept = stream.planned.0.kept.blocks() + stream.planned.1.blocks;
        // What is kept, the workspace of a step, and a count of steps, which is as far as blocks are aligned.
        (frames, answers, (kept + 1) * LANES * size_of::<f32>())
    });
    let state_bytes = streamed.as_ref().map_or(0, |(.., bytes)| *bytes);
    let parameter_bytes = blocks * LANES * size_of::<f32>();
    let steps = streamed.as_ref().map(|(frames, answers, bytes)| {
        let (step, reset) = (name("step"), name("reset"));
        let (taken, made) = (inputs(frames), outputs(answers));
        let (takes, make, frame) = (taken.parameters, taken.make, taken.value);
        let (gives, room, answer, give) = (made.parameters, made.make, made.value, made.give);
        quote! {
            #unmangled
            extern "C" fn #reset(
                state: ::core::option::Option<&mut ::core::mem::MaybeUninit<rt::StreamState<Self>>>,
            ) -> i32 {
                const { ::core::assert!(::core::mem::size_of::<rt::StreamState<Self>>() == #bytes) };
                rt::foreign::reset(state)
            }

            #unmangled
            extern "C" fn #step(
                parameters: ::core::option::Option<&[rt::Block; #blocks]>,
                state: ::core::option::Option<&mut rt::StreamState<Self>>,
                #takes,
                #gives
            ) -> i32 {
                #make
                #room
                let parameters = parameters.map(|parameters| &parameters[..]);
                let code = rt::foreign::step::<Self>(#net, parameters, state, #frame, #answer);
                #give
                code
            }
        }
    });
    let functions = quote! {
        #unmangled
        extern "C" fn #check(parameters: usize, workspace: usize, state: usize) -> i32 {
            rt::foreign::check(&[parameters, workspace, state], &[#parameter_bytes, #workspace * 64, #state_bytes])
        }

        #unmangled
        extern "C" fn #init(parameters: ::core::option::Option<&mut [rt::Block; #blocks]>, seed: u64) -> i32 {
            rt::foreign::init::<Self>(parameters.map(|parameters| &mut parameters[..]), seed)
        }

        #unmangled
        extern "C" fn #forward(
            parameters: ::core::option::Option<&[rt::Block; #blocks]>,
            #takes,
            #gives
            #lent
        ) -> i32 {
            #make
            #room
            let parameters = parameters.map(|parameters| &parameters[..]);
            let code = rt::foreign::forward::<Self>(#net, parameters, #input, #output, #memory);
            #give
            code
        }

        #steps
    };
    let text = header(&Header {
        model,
        prefix: &prefix,
        given: &given,
        answers: &answers,
        streamed: streamed.as_ref(),
        parameter_bytes,
        workspace_bytes: workspace * LANES * size_of::<f32>(),
        is_small,
    });
    let doc = format!(
        " The header of the functions that C programs call, to be written to `{prefix}.h`."
    );
    let header = quote! {
        #[doc = #doc]
        pub const C_HEADER: &'static str = #text;
    };
    Some(Exported { functions, header })
}

/// What a header says.
struct Header<'a> {
    model: &'a Model<'a>,
    prefix: &'a str,
    given: &'a [Part],
    answers: &'a [Part],
    streamed: Option<&'a (Vec<Part>, Vec<Part>, usize)>,
    parameter_bytes: usize,
    workspace_bytes: usize,
    is_small: bool,
}

/// The text of a header.
fn header(header: &Header<'_>) -> String {
    let (prefix, upper) = (header.prefix, header.prefix.to_uppercase());
    let list = |parts: &[Part], constant: &str| {
        let one = |part: &Part| format!("{constant}{} *{}", part.element, part.name);
        parts.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let counts = |parts: &[Part]| {
        let line = |part: &Part| {
            let macro_name = format!("{upper}_{}", part.name.to_string().to_uppercase());
            format!(
                "/* Numbers of {}. */\n#define {macro_name} {}\n",
                part.doc, part.count
            )
        };
        parts.iter().map(line).collect::<String>()
    };
    let whose = match header.model.weights {
        Some(_) => {
            "`parameters` may be null: then the weights answer that the library is compiled with."
        }
        None => "`parameters` is what init has drawn.",
    };
    let (given, answers) = (list(header.given, "const "), list(header.answers, ""));
    let mut text = format!(
        "/* {}, a network made by kiln. Every function gives 0, or a code below; then it has written nothing. */\n\
         #ifndef {upper}_H\n#define {upper}_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n\
         #ifdef __cplusplus\n#define {upper}_ALIGNED alignas(64)\nextern \"C\" {{\n#else\n\
         #define {upper}_ALIGNED _Alignas(64)\n#endif\n\n\
         #define {upper}_OK 0\n/* A pointer is null. */\n#define {upper}_NULL 1\n\
         /* A size is not that of the library: this header is of another version. */\n#define {upper}_SIZE 2\n\n",
        header.model.graph.name
    );
    text += &counts(header.given);
    text += &counts(header.answers);
    text += &format!(
        "\n#define {upper}_PARAMETERS_BYTES {}\n#define {upper}_WORKSPACE_BYTES {}\n#define {upper}_STATE_BYTES {}\n\n\
         /* Weights, in memory of the caller's. */\n\
         typedef struct {{ {upper}_ALIGNED unsigned char bytes[{upper}_PARAMETERS_BYTES]; }} {prefix}_parameters;\n\n\
         /* Whether the library has the sizes of this header. */\n\
         int32_t {prefix}_check(size_t parameters, size_t workspace, size_t state);\n\
         #define {upper}_CHECK() \\\n    {prefix}_check({upper}_PARAMETERS_BYTES, {upper}_WORKSPACE_BYTES, {upper}_STATE_BYTES)\n\n\
         /* Draws fresh weights: a seed gives the same ones on every machine. */\n\
         int32_t {prefix}_init({prefix}_parameters *parameters, uint64_t seed);\n\n",
        header.parameter_bytes,
        header.workspace_bytes,
        header.streamed.map_or(0, |(.., bytes)| *bytes),
    );
    let workspace = match header.is_small {
        true => String::new(),
        false => {
            text += &format!(
                "/* What forward works in; anything may be in it. */\n\
                 typedef struct {{ {upper}_ALIGNED unsigned char bytes[{upper}_WORKSPACE_BYTES]; }} {prefix}_workspace;\n\n"
            );
            format!(", {prefix}_workspace *workspace")
        }
    };
    text += &format!(
        "/* Answers one sample. {whose} */\n\
         int32_t {prefix}_forward(const {prefix}_parameters *parameters, {given}, {answers}{workspace});\n\n"
    );
    if let Some((frames, answers, _)) = header.streamed {
        text += &counts(frames);
        text += &counts(answers);
        let (frames, answers) = (list(frames, "const "), list(answers, ""));
        text += &format!(
            "\n/* What a stream keeps from step to step. */\n\
             typedef struct {{ {upper}_ALIGNED unsigned char bytes[{upper}_STATE_BYTES]; }} {prefix}_state;\n\n\
             /* Begins a stream, whatever is in its memory. */\n\
             int32_t {prefix}_reset({prefix}_state *state);\n\n\
             /* Answers the next step of a stream. {whose} */\n\
             int32_t {prefix}_step(const {prefix}_parameters *parameters, {prefix}_state *state, {frames}, {answers});\n\n"
        );
    }
    text += &format!("#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {upper}_H */\n");
    text
}
