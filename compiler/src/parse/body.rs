//! What stands between a model's braces: constants, layers and `forward`.

use super::{
    cursor::{check_keyword, contained, expect},
    forward::statements,
};
use crate::{
    ast::{Argument, Constant, Forward, Layer, Model},
    report::Report,
};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::{
    Attribute, Lit, Token, braced,
    ext::IdentExt,
    parenthesized,
    parse::ParseStream,
    punctuated::Punctuated,
    token::{Brace, Bracket, Paren},
};

/// Constants, layers and `forward`, in any order.
pub(super) fn body(input: ParseStream, model: &mut Model, report: &mut Report) {
    let mut semicolons = 0;
    while !input.is_empty() {
        if let Err(error) = item(input, model, &mut semicolons, report) {
            report.absorb(error);
            skip_item(input);
        }
    }
}

fn item(
    input: ParseStream,
    model: &mut Model,
    semicolons: &mut usize,
    report: &mut Report,
) -> syn::Result<()> {
    for attribute in input.call(Attribute::parse_outer)? {
        check_doc(&attribute, report);
    }
    if input.peek(Token![const]) {
        model.constants.push(constant(input)?);
    } else if is_forward(input) {
        let forward = forward(input, report)?;
        check_one_forward(model, &forward, report);
        model.forward.get_or_insert(forward);
        input.parse::<Option<Token![,]>>()?;
    } else {
        check_layer_begins(input)?;
        model.layers.push(layer(input)?);
        check_comma(input, semicolons, report)?;
    }
    Ok(())
}

/// A layer begins with its name or its kind, and neither is a keyword.
fn check_layer_begins(input: ParseStream) -> syn::Result<()> {
    let message = "the dataflow is written `forward { ... }`, without `fn` and parameters";
    expect(
        input,
        !(input.peek(Token![fn]) && input.peek2(syn::Ident)),
        message,
    )?;
    let message = "a layer is declared without `let`, as in `hidden: Dense(128)`, and a size as `const N: usize = 128;`";
    expect(input, !input.peek(Token![let]), message)?;
    let message = "a layer is declared without `self`, as in `hidden: Dense(128)`";
    expect(
        input,
        !(input.peek(Token![self]) && input.peek2(Token![.])),
        message,
    )?;
    check_keyword(input)?;
    check_no_dots(input)?;
    let message = "expected a layer, as in `hidden: Dense(128)`";
    expect(input, input.peek(syn::Ident), message)
}

/// `features.0: Conv2d(8, 3)` has the name of a layer in a file.
fn check_no_dots(input: ParseStream) -> syn::Result<()> {
    let (ahead, mut name) = (input.fork(), String::new());
    let mut dotted = false;
    while let Ok(part) = ahead.parse::<TokenTree>() {
        match &part {
            TokenTree::Punct(mark) if mark.as_char() == ':' && dotted => {
                let message = format!(
                    "a name here holds no dot; write `name = \"{name}\"` among the arguments, which is the layer's name in files"
                );
                return Err(input.error(message));
            }
            TokenTree::Punct(mark) if mark.as_char() == '.' => dotted = true,
            TokenTree::Ident(_) | TokenTree::Literal(_) => {}
            _ => break,
        }
        name.push_str(&part.to_string());
    }
    Ok(())
}

/// Layers, constants and statements may be documented; other attributes would be lost silently.
pub fn check_doc(attribute: &Attribute, report: &mut Report) {
    if !attribute.path().is_ident("doc") {
        report.error_over(
            attribute,
            "inside a model only doc comments are supported; put attributes on the struct",
        );
    }
}

/// One dataflow for one model.
fn check_one_forward(model: &Model, second: &Forward, report: &mut Report) {
    if model.forward.is_some() {
        report.error(second.span, "a model has one `forward`; this is the second");
    }
}

/// Layers are separated by commas. Where only the comma is missing, the next layer is still read.
fn check_comma(input: ParseStream, semicolons: &mut usize, report: &mut Report) -> syn::Result<()> {
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    if input.peek(Token![;]) {
        // Who writes one writes them all: the first is enough.
        if *semicolons == 0 {
            report.absorb(input.error("layers end in `,`, not in `;`"));
        }
        *semicolons += 1;
        return input.parse::<Token![;]>().map(|_| ());
    }
    let error = input.error("expected `,` after the layer");
    if !(input.peek(syn::Ident) || input.peek(Token![const]) || input.peek(Token![#])) {
        return Err(error);
    }
    report.absorb(error);
    Ok(())
}

/// `const WIDTH: usize = 16;`
fn constant(input: ParseStream) -> syn::Result<Constant> {
    input.parse::<Token![const]>()?;
    let name = input.parse()?;
    let written = format!("a constant is written `const {name}: usize = 16;`");
    expect(input, input.peek(Token![:]), &written)?;
    input.parse::<Token![:]>()?;
    check_usize(input, &written)?;
    expect(input, input.peek(Token![=]), &written)?;
    input.parse::<Token![=]>()?;
    let value = input.parse()?;
    expect(
        input,
        input.peek(Token![;]),
        "expected `;` after the constant",
    )?;
    input.parse::<Token![;]>()?;
    Ok(Constant { name, value })
}

/// A constant is a `usize`, which a macro that writes the model may have put in invisible brackets.
fn check_usize(input: ParseStream, written: &str) -> syn::Result<()> {
    let mut ty = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![=]) && !input.peek(Token![;]) {
        ty.extend([input.parse::<TokenTree>()?]);
    }
    match is_usize(ty.clone()) {
        true => Ok(()),
        false if ty.is_empty() => Err(input.error(written)),
        false => Err(syn::Error::new_spanned(ty, written)),
    }
}

fn is_usize(ty: TokenStream) -> bool {
    let mut tokens = ty.into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(word)), None) => word == "usize",
        (Some(TokenTree::Group(group)), None) => {
            matches!(group.delimiter(), Delimiter::None | Delimiter::Parenthesis)
                && is_usize(group.stream())
        }
        _ => false,
    }
}

fn is_forward(input: ParseStream) -> bool {
    input.peek2(Brace)
        && input
            .fork()
            .parse::<Ident>()
            .is_ok_and(|word| word == "forward")
}

/// `forward { ... }`.
fn forward(input: ParseStream, report: &mut Report) -> syn::Result<Forward> {
    let word: Ident = input.parse()?;
    let inside;
    let brace_token = braced!(inside in input);
    Ok(Forward {
        span: word.span(),
        block: syn::Block {
            brace_token,
            stmts: statements(&inside, report)?,
        },
    })
}

/// `conv1: Conv2d(16, kernel = 3)`, without a name, or without parentheses.
fn layer(input: ParseStream) -> syn::Result<Layer> {
    let named = input.peek2(Token![:]) && !input.peek2(Token![::]);
    let mut name = None;
    if named {
        name = Some(input.parse()?);
        input.parse::<Token![:]>()?;
    }
    let dataflow = name.as_ref().is_some_and(|name| name == "forward") && input.peek(Brace);
    let message = "the dataflow is written `forward { ... }`, without a colon";
    expect(input, !dataflow, message)?;
    expect(
        input,
        input.peek(syn::Ident),
        "expected a layer's kind, such as `Dense`",
    )?;
    let kind: Ident = input.parse()?;
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
    Ok(Layer {
        name,
        kind,
        arguments,
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

/// Goes past the next comma or semicolon, or the braces of a `forward`.
pub(super) fn skip_item(input: ParseStream) {
    while let Ok(token) = input.parse::<TokenTree>() {
        match token {
            TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => return,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let _comma = input.parse::<Option<Token![,]>>();
                return;
            }
            _ => {}
        }
    }
}
