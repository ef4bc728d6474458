//! Layers: kinds with arguments, blocks with parameters, chains in braces, repetitions in brackets.

use super::{
    cursor::{check_keyword, contained, expect},
    parameters,
};
use crate::ast::{Argument, Layer, Module};
use proc_macro2::Ident;
use syn::{
    Lit, Token, braced, bracketed,
    ext::IdentExt,
    parenthesized,
    parse::ParseStream,
    punctuated::Punctuated,
    spanned::Spanned,
    token::{Brace, Bracket, Paren},
};

/// `conv1: Conv2d(16, kernel = 3)`, without a name, or without parentheses.
pub(super) fn layer(input: ParseStream) -> syn::Result<Layer> {
    let named = input.peek2(Token![:]) && !input.peek2(Token![::]);
    let mut name = None;
    if named {
        name = Some(input.parse::<Ident>()?);
        input.parse::<Token![:]>()?;
    }
    let dataflow = name.as_ref().is_some_and(|name| name == "forward") && input.peek(Brace);
    let message = "the dataflow is written `forward { ... }`, without a colon";
    expect(input, !dataflow, message)?;
    let module = module(input)?;
    Ok(Layer { name, module })
}

/// What a layer is.
fn module(input: ParseStream) -> syn::Result<Module> {
    if input.peek(Brace) {
        return chain(input);
    }
    if input.peek(Bracket) {
        return repeated(input);
    }
    let message = "expected a layer's kind, such as `Dense`";
    expect(input, input.peek(syn::Ident), message)?;
    let kind: Ident = input.parse()?;
    if let Some(arguments) = parameters::arguments(input)? {
        let message = format!(
            "a block takes its sizes in the angle brackets alone; drop the parentheses behind `{kind}<..>`"
        );
        expect(input, !input.peek(Paren), message)?;
        return Ok(Module::Block {
            name: kind,
            arguments,
        });
    }
    let mut arguments = Vec::new();
    let alone = !input.peek(Paren);
    if !alone {
        let inside;
        parenthesized!(inside in input);
        let list = contained(&inside, |inside| {
            Punctuated::<Argument, Token![,]>::parse_terminated_with(inside, argument)
        })?;
        arguments = list.into_iter().collect();
    }
    check_layer_ends(input, &kind, alone)?;
    Ok(Module::Kind { kind, arguments })
}

/// `{ Conv2d(16, 3), Relu }`: layers alone.
fn chain(input: ParseStream) -> syn::Result<Module> {
    let inside;
    let brace = braced!(inside in input);
    let layers = contained(&inside, |inside| {
        let mut layers = Vec::new();
        while !inside.is_empty() {
            let dataflow = inside.peek2(Brace)
                && inside
                    .fork()
                    .parse::<Ident>()
                    .is_ok_and(|word| word == "forward");
            let message = "braces hold layers only, each taking what the one before gives; a `block` has a dataflow of its own";
            expect(inside, !dataflow && !inside.peek(Token![const]), message)?;
            check_keyword(inside)?;
            layers.push(layer(inside)?);
            if !inside.is_empty() {
                expect(
                    inside,
                    inside.peek(Token![,]),
                    "expected `,` after the layer",
                )?;
                inside.parse::<Token![,]>()?;
            }
        }
        Ok(layers)
    })?;
    let span = brace.span.join();
    if layers.is_empty() {
        return Err(syn::Error::new(
            span,
            "these braces hold no layer; write one, as in `{ Dense(10), Relu }`",
        ));
    }
    Ok(Module::Chain { layers, span })
}

/// `[Residual<16>; 3]`.
fn repeated(input: ParseStream) -> syn::Result<Module> {
    let inside;
    let bracket = bracketed!(inside in input);
    contained(&inside, |inside| {
        let written = "a repetition is written `[Dense(16); 3]`";
        let named = inside.peek(syn::Ident) && inside.peek2(Token![:]) && !inside.peek2(Token![::]);
        let has_index = "what is repeated has its index for a name; drop this one";
        expect(inside, !named, has_index)?;
        if inside.is_empty() {
            return Err(syn::Error::new(bracket.span.join(), written));
        }
        let module = Box::new(module(inside)?);
        if let Module::Kind { arguments, .. } = &*module
            && let Some(stated) = arguments.iter().find(|argument| argument.is_name())
        {
            return Err(syn::Error::new(stated.value.span(), has_index));
        }
        let several = "a repetition holds one layer; several stand in braces, as in `[{ Dense(16), Relu }; 3]`";
        expect(inside, !inside.peek(Token![,]), several)?;
        // At the brackets, where nothing follows.
        if inside.is_empty() {
            return Err(syn::Error::new(bracket.span.join(), written));
        }
        expect(inside, inside.peek(Token![;]), written)?;
        let semicolon = inside.parse::<Token![;]>()?;
        if inside.is_empty() {
            return Err(syn::Error::new(semicolon.span, written));
        }
        let count = inside.parse()?;
        expect(inside, inside.is_empty(), written)?;
        Ok(Module::Repeated {
            module,
            count,
            span: bracket.span.join(),
        })
    })
}

/// What is nearly a layer gets the way it is written. Behind arguments only a comma is missing.
fn check_layer_ends(input: ParseStream, kind: &Ident, alone: bool) -> syn::Result<()> {
    if !alone && !input.peek(Brace) {
        return Ok(());
    }
    let message = "`forward` takes no parameters; it is written `forward { ... }`";
    expect(input, !(kind == "forward" && input.peek(Brace)), message)?;
    let brackets = input.peek(Bracket) || input.peek(Brace);
    expect(
        input,
        !brackets,
        format!("arguments stand in parentheses, as in `{kind}(10)`"),
    )?;
    let message = "the dataflow is written `forward { ... }`";
    expect(
        input,
        !(kind == "forward" && input.peek(Token![=])),
        message,
    )?;
    let message = format!("a layer is named with a colon, as in `{kind}: Dense(10)`");
    expect(input, !input.peek(Token![=]), message)?;
    let message = format!("arguments stand in parentheses, as in `{kind}(10)`");
    expect(input, !input.peek(Lit), message)?;
    expect(
        input,
        !(input.peek(Token![::]) || (input.peek(Token![.]) && input.peek2(syn::Ident))),
        "a layer's kind is a single name, such as `Dense`",
    )
}

/// `3`, or `kernel = 3`.
fn argument(input: ParseStream) -> syn::Result<Argument> {
    let is_word = input.peek(Ident::peek_any);
    if is_word && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let word = input.call(Ident::parse_any)?;
        let message = format!("an argument is named with `=`, as in `{word} = ..`");
        return Err(input.error(message));
    }
    let named = is_word && input.peek2(Token![=]) && !input.peek2(Token![==]);
    let mut name = None;
    if named {
        name = Some(input.call(Ident::parse_any)?);
        input.parse::<Token![=]>()?;
    }
    Ok(Argument {
        name,
        value: input.parse()?,
    })
}
