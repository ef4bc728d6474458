//! Layers: kinds with arguments, blocks with parameters, chains in braces, repetitions in brackets.

use super::{
    cursor::{check_keyword, contained, expect},
    parameters,
    shape::shape,
};
use crate::ast::{Argument, Custom, CustomParameter, Layer, Module};
use proc_macro2::{Ident, TokenTree};
use quote::quote;
use syn::{
    AngleBracketedGenericArguments, Lit, Token, braced, bracketed,
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
    if is_custom(input) {
        return custom(input);
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

/// Whether a layer of the user's own stands here: a path, or a name behind which stands what it gives.
pub(super) fn is_custom(input: ParseStream) -> bool {
    if input.peek(Token![::]) || input.peek(Ident::peek_any) && input.peek2(Token![::]) {
        return true;
    }
    let ahead = input.fork();
    let named = ahead.parse::<Ident>().is_ok();
    let generics =
        !ahead.peek(Token![<]) || ahead.parse::<AngleBracketedGenericArguments>().is_ok();
    let arguments = !ahead.peek(Paren) || ahead.parse::<TokenTree>().is_ok();
    let arrow = ahead.parse::<Token![->]>().is_ok();
    named && generics && arguments && arrow && ahead.peek(Bracket)
}

/// `crate::Gain(weight: [64] = 1.0, l2 = 1e-4, saved = [64]) -> [64]`.
fn custom(input: ParseStream) -> syn::Result<Module> {
    let path = input.call(syn::Path::parse_mod_style)?;
    let Some(name) = path.segments.last().map(|last| last.ident.clone()) else {
        return Err(input.error("expected the path of a layer of your own, as in `crate::Gain`"));
    };
    let generics = input
        .peek(Token![<])
        .then(|| input.parse::<AngleBracketedGenericArguments>());
    let generics = generics.transpose()?;
    let (mut parameters, mut arguments, mut saved) = (Vec::new(), Vec::new(), None);
    if input.peek(Paren) {
        let inside;
        parenthesized!(inside in input);
        contained(&inside, |inside| {
            while !inside.is_empty() {
                if inside.peek(Ident::peek_any)
                    && inside.peek2(Token![:])
                    && !inside.peek2(Token![::])
                {
                    parameters.push(custom_parameter(inside)?);
                } else if inside
                    .fork()
                    .call(Ident::parse_any)
                    .is_ok_and(|word| word == "saved")
                    && inside.peek2(Token![=])
                {
                    inside.call(Ident::parse_any)?;
                    inside.parse::<Token![=]>()?;
                    saved = Some(shape(inside)?);
                } else {
                    arguments.push(argument(inside)?);
                }
                if !inside.is_empty() {
                    expect(
                        inside,
                        inside.peek(Token![,]),
                        "expected `,` between what stands in the parentheses",
                    )?;
                    inside.parse::<Token![,]>()?;
                }
            }
            Ok(())
        })?;
    }
    if !input.peek(Token![->]) {
        let message = format!(
            "a layer of kiln is a single name, such as `Dense`; one of your own states what it gives, as in `{}(..) -> [64]`",
            quote!(#path).to_string().replace(' ', "")
        );
        return Err(syn::Error::new_spanned(&path, message));
    }
    input.parse::<Token![->]>()?;
    Ok(Module::Custom(Box::new(Custom {
        path: quote!(#path #generics),
        name,
        parameters,
        saved,
        arguments,
        output: shape(input)?,
    })))
}

/// `weight: [64] = 1.0`.
fn custom_parameter(input: ParseStream) -> syn::Result<CustomParameter> {
    let name = input.call(Ident::parse_any)?;
    input.parse::<Token![:]>()?;
    let shape = shape(input)?;
    let stated = input.parse::<Option<Token![=]>>()?;
    let value = stated.map(|_| input.parse()).transpose()?;
    Ok(CustomParameter { name, shape, value })
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
        let arguments = match &*module {
            Module::Kind { arguments, .. } => &arguments[..],
            Module::Custom(custom) => &custom.arguments,
            _ => &[],
        };
        if let Some(stated) = arguments.iter().find(|argument| argument.is_name()) {
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
