//! A function for each layer and pass, so that a backtrace and a profile name the layer.

use super::call::{Around, Printer};
use crate::memory::program::{Event, Mode};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use std::collections::BTreeSet;

/// Events of a program above which no function is inlined: what rustc spends on a function grows faster than the function.
const INLINED: usize = 24;

/// Kernels of a stream that are one function, in a network with more than [`INLINED`].
const PART: usize = 12;

/// What is done for a layer.
pub struct Statement<'a> {
    /// What expansions call the stage that applies the layer.
    pub label: &'a str,
    /// The call of a kernel.
    pub tokens: TokenStream,
}

impl<'a> Statement<'a> {
    /// The calls of some events.
    pub fn of(events: &[&'a Event], printer: Printer<'_>) -> Vec<Self> {
        let statement = |event: &&'a Event| {
            let (label, call) = (&*event.label, event.action.call()?);
            let call = printer.call(call);
            let tokens = match event.asked {
                true => quote!(if rows.asked { #call }),
                false => call,
            };
            Some(Self { label, tokens })
        };
        events.iter().filter_map(statement).collect()
    }
}

/// The functions of an expansion.
#[derive(Default)]
pub struct Functions {
    /// All names.
    pub names: BTreeSet<String>,
    items: Vec<TokenStream>,
}

impl Functions {
    /// Makes a function of neighbouring statements that belong to one layer, and gives the calls of all functions. Where the
    /// caller's own inputs are read, they are of type `input`.
    pub fn add(
        &mut self,
        pass: &str,
        statements: &[Statement<'_>],
        printer: Printer<'_>,
        input: &TokenStream,
    ) -> TokenStream {
        let layers = statements.chunk_by(|first, second| first.label == second.label);
        let is_long = printer.program().events.len() > INLINED;
        let inline = match is_long && printer.program().mode != Mode::Stream {
            true => quote!(#[inline(never)]),
            false => quote!(#[inline(always)]),
        };
        let mut calls = TokenStream::new();
        for statements in layers {
            let name = self.name(&format!("{pass}_{}", statements[0].label));
            let body = statements.iter().map(|statement| statement.tokens.clone());
            let body = body.collect();
            let (parameters, arguments) = signature(printer.around(), &body, input);
            self.items.push(quote! {
                #inline
                fn #name<S: rt::Isa>(s: S, #parameters) {
                    #body
                }
            });
            calls.extend(quote!(#name(s, #arguments);));
        }
        calls
    }

    /// The steps of a stream: the functions of layers are parts of one function, since its kernels are made to be parts of what
    /// calls them; in a long network, of several that take turns. In those is known what is in all: a LONE step, if it is
    /// one, and how large memory is.
    pub fn add_steps(
        &mut self,
        statements: &[Statement<'_>],
        printer: Printer<'_>,
        known: &dyn Fn(&TokenStream) -> TokenStream,
    ) -> TokenStream {
        let input = TokenStream::new();
        if statements.len() <= INLINED {
            return self.add("step", statements, printer, &input);
        }
        let mut calls = TokenStream::new();
        for (index, part) in statements.chunks(PART).enumerate() {
            let body = self.add("step", part, printer, &input);
            let known = known(&body);
            let name = self.name(&format!("steps_{index}"));
            self.items.push(quote! {
                #[inline(never)]
                fn #name<S: rt::Isa, const LONE: bool>(
                    s: S,
                    rows: rt::Rows<'_>,
                    past: &mut [rt::Block],
                    memory: &mut [rt::Block],
                ) {
                    s.vectorize(
                        #[inline(always)]
                        || {
                            #known
                            #body
                        },
                    );
                }
            });
            calls.extend(quote!(#name::<S, LONE>(s, rows, past, memory);));
        }
        calls
    }

    /// A name that no other function has.
    fn name(&mut self, wanted: &str) -> Ident {
        let mut name = wanted.to_owned();
        let mut count = 1;
        while !self.names.insert(name.clone()) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        Ident::new(&name, Span::call_site())
    }

    /// All functions.
    pub fn items(self) -> TokenStream {
        self.items.into_iter().collect()
    }
}

/// What a function takes besides the instruction set, and what it is given.
fn signature(
    around: Around,
    body: &TokenStream,
    input: &TokenStream,
) -> (TokenStream, TokenStream) {
    match around {
        Around::Rows if mentions(body, "inputs") => (
            quote!(rows: rt::Rows<'_>, inputs: &[#input], memory: &mut [rt::Block]),
            quote!(rows, inputs, memory),
        ),
        Around::Rows if mentions(body, "past") => (
            quote!(rows: rt::Rows<'_>, past: &mut [rt::Block], memory: &mut [rt::Block]),
            quote!(rows, past, memory),
        ),
        Around::Rows => (
            quote!(rows: rt::Rows<'_>, memory: &mut [rt::Block]),
            quote!(rows, memory),
        ),
        Around::Lead => {
            let all = [
                ("inputs", quote!(inputs: &[#input])),
                ("near", quote!(near: &mut [rt::Block])),
                ("memory", quote!(memory: &mut [rt::Block])),
            ];
            let used = all.into_iter().filter(|(name, _)| mentions(body, name));
            let (names, parameters): (Vec<_>, Vec<_>) = used.unzip();
            let names = names.iter().map(|name| Ident::new(name, Span::call_site()));
            (
                quote!(rows: rt::Rows<'_>, #(#parameters),*),
                quote!(rows, #(#names),*),
            )
        }
        Around::Fold => (
            quote!(batch: rt::Batch<'_>, joint: &mut [rt::Block]),
            quote!(batch, joint),
        ),
        Around::Arena => (
            quote!(joint: &[rt::Block], arena: &mut [rt::Block]),
            quote!(joint, arena),
        ),
        Around::Weights => (
            quote!(parameters: &[rt::Block], first: usize, transposed: &mut [rt::Block]),
            quote!(parameters, first, transposed),
        ),
        Around::Gradients => (
            quote!(batch: rt::Batch<'_>, first: usize, sink: &mut dyn rt::Sink),
            quote!(batch, first, sink),
        ),
    }
}

/// Whether a name stands anywhere in some tokens.
pub fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}
