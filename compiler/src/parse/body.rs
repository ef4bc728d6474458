//! What stands between a model's braces: constants, layers and `forward`.

use super::{
    cursor::{check_keyword, expect},
    forward::statements,
    module::{is_custom, layer},
};
use crate::{
    ast::{Body, Constant, Forward},
    report::Report,
};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::{
    Attribute, Token, braced,
    parse::ParseStream,
    token::{Brace, Bracket},
};

/// Constants, layers and `forward`, in any order; `what` is a model or a block.
pub(super) fn body(input: ParseStream, what: &str, body: &mut Body, report: &mut Report) {
    let mut semicolons = 0;
    while !input.is_empty() {
        if let Err(error) = item(input, what, body, &mut semicolons, report) {
            report.absorb(error);
            skip_item(input);
        }
    }
}

fn item(
    input: ParseStream,
    what: &str,
    body: &mut Body,
    semicolons: &mut usize,
    report: &mut Report,
) -> syn::Result<()> {
    for attribute in input.call(Attribute::parse_outer)? {
        check_doc(&attribute, report);
    }
    if input.peek(Token![const]) {
        body.constants.push(constant(input)?);
    } else if is_forward(input) {
        let forward = forward(input, report)?;
        check_one_forward(what, body, &forward, report);
        body.forward.get_or_insert(forward);
        input.parse::<Option<Token![,]>>()?;
    } else {
        check_layer_begins(input)?;
        body.layers.push(layer(input)?);
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
    let begins = input.peek(syn::Ident) || input.peek(Brace) || input.peek(Bracket);
    expect(input, begins || is_custom(input), message)
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
fn check_one_forward(what: &str, body: &Body, second: &Forward, report: &mut Report) {
    if body.forward.is_some() {
        let message = format!("a {what} has one `forward`; this is the second");
        report.error(second.span, message);
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
