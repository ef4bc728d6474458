//! Tokens to syntax trees.
//!
//! A mistake costs the item it stands in: parsing goes on after the next comma, semicolon or struct, so that several
//! mistakes show at once.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Expr, Token, braced, bracketed,
    ext::IdentExt,
    parenthesized,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    token::{Brace, Bracket, Paren},
};

use crate::{
    ast::{Argument, Constant, Forward, Input, Layer, Model, Shape},
    report::Report,
};

/// Reads all structs of one `model!`; those whose head could be read are given even when their bodies hold errors.
pub fn parse(tokens: TokenStream, report: &mut Report) -> Vec<Model> {
    let mut models = Vec::new();
    let parser = |input: ParseStream| {
        if input.is_empty() {
            report.error(
                Span::call_site(),
                "an empty `model!`; it holds `struct Name(x: [784]) -> [10] { layers }`",
            );
        }
        while !input.is_empty() {
            match model(input, report) {
                Ok(model) => models.push(model),
                Err(error) => {
                    report.absorb(error);
                    skip_to_model(input);
                }
            }
        }
        Ok(())
    };
    let rest = parser.parse2(tokens);
    // What an error left unread inside of parentheses is no second error.
    if let Err(error) = rest
        && report.is_clean()
    {
        report.absorb(error);
    }
    models
}

fn model(input: ParseStream, report: &mut Report) -> syn::Result<Model> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    expect(
        input,
        input.peek(Token![struct]),
        "expected `struct Name(x: [784]) -> [10] { layers }`",
    )?;
    input.parse::<Token![struct]>()?;
    let name: Ident = input.parse()?;
    check_not_generic(input)?;
    expect(
        input,
        input.peek(Paren),
        "expected the inputs, as in `Name(x: [784])`",
    )?;
    let inputs;
    parenthesized!(inputs in input);
    let inputs = contained(&inputs, |inputs| {
        Punctuated::<Input, Token![,]>::parse_terminated_with(inputs, named_shape)
    })?;
    expect(
        input,
        input.peek(Token![->]),
        "expected an arrow and the output's shape, as in `-> [10]`",
    )?;
    input.parse::<Token![->]>()?;
    let outputs = outputs(input)?;
    expect(
        input,
        input.peek(Brace),
        "expected the layers in braces, as in `{ Flatten, Dense(10) }`",
    )?;
    let inside;
    braced!(inside in input);
    let mut model = Model {
        attributes,
        visibility,
        name,
        inputs: inputs.into_iter().collect(),
        outputs,
        constants: Vec::new(),
        layers: Vec::new(),
        forward: None,
    };
    body(&inside, &mut model, report);
    Ok(model)
}

/// Sizes are numbers, so far: `struct Mlp<const N: usize>` is not read yet.
fn check_not_generic(input: ParseStream) -> syn::Result<()> {
    let message = "models generic over sizes are not supported yet; name sizes inside: `const N: usize = 128;`";
    expect(input, !input.peek(Token![<]), message)
}

/// `[10]`, or `([10], [2])`.
fn outputs(input: ParseStream) -> syn::Result<Vec<Shape>> {
    if !input.peek(Paren) {
        return Ok(vec![shape(input)?]);
    }
    let inside;
    let paren = parenthesized!(inside in input);
    let shapes = contained(&inside, |inside| {
        Punctuated::<Shape, Token![,]>::parse_terminated_with(inside, shape)
    })?;
    if shapes.is_empty() {
        return Err(syn::Error::new(
            paren.span.join(),
            "expected the output's shape, as in `-> [10]`",
        ));
    }
    Ok(shapes.into_iter().collect())
}

/// `image: [1, 28, 28]`.
fn named_shape(input: ParseStream) -> syn::Result<Input> {
    let name = input.parse()?;
    let message = format!("expected the shape of `{name}`, as in `{name}: [784]`");
    expect(input, input.peek(Token![:]), message)?;
    input.parse::<Token![:]>()?;
    Ok(Input {
        name,
        shape: shape(input)?,
    })
}

/// `[1, 28, 28]`, or `u32[64]`.
fn shape(input: ParseStream) -> syn::Result<Shape> {
    let element = input
        .peek(syn::Ident)
        .then(|| input.parse::<Ident>())
        .transpose()?;
    expect(
        input,
        input.peek(Bracket),
        "expected a shape, as in `[1, 28, 28]`",
    )?;
    let inside;
    let bracket = bracketed!(inside in input);
    let sizes = contained(&inside, Punctuated::<Expr, Token![,]>::parse_terminated)?;
    Ok(Shape {
        element,
        sizes: sizes.into_iter().collect(),
        span: bracket.span.join(),
    })
}

/// Constants, layers and `forward`, in any order.
fn body(input: ParseStream, model: &mut Model, report: &mut Report) {
    while !input.is_empty() {
        if let Err(error) = item(input, model, report) {
            report.absorb(error);
            skip_item(input);
        }
    }
}

fn item(input: ParseStream, model: &mut Model, report: &mut Report) -> syn::Result<()> {
    for attribute in input.call(Attribute::parse_outer)? {
        check_doc(&attribute, report);
    }
    if input.peek(Token![const]) {
        model.constants.push(constant(input)?);
    } else if is_forward(input) {
        let forward = forward(input)?;
        check_one_forward(model, &forward, report);
        model.forward.get_or_insert(forward);
        input.parse::<Option<Token![,]>>()?;
    } else {
        expect(
            input,
            input.peek(syn::Ident),
            "expected a layer, as in `hidden: Dense(128)`",
        )?;
        model.layers.push(layer(input)?);
        check_comma(input, report)?;
    }
    Ok(())
}

/// Layers and constants may be documented; other attributes would be lost silently.
fn check_doc(attribute: &Attribute, report: &mut Report) {
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
fn check_comma(input: ParseStream, report: &mut Report) -> syn::Result<()> {
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
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
    let ty: syn::Type = input.parse()?;
    if !matches!(&ty, syn::Type::Path(path) if path.path.is_ident("usize")) {
        return Err(syn::Error::new_spanned(ty, written));
    }
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

fn is_forward(input: ParseStream) -> bool {
    input.peek2(Brace)
        && input
            .fork()
            .parse::<Ident>()
            .is_ok_and(|word| word == "forward")
}

/// `forward { ... }`.
fn forward(input: ParseStream) -> syn::Result<Forward> {
    let word: Ident = input.parse()?;
    Ok(Forward {
        span: word.span(),
        block: input.parse()?,
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
    expect(
        input,
        input.peek(syn::Ident),
        "expected a layer's kind, such as `Dense`",
    )?;
    let kind: Ident = input.parse()?;
    let mut arguments = Vec::new();
    if input.peek(Paren) {
        let inside;
        parenthesized!(inside in input);
        let list = contained(&inside, |inside| {
            Punctuated::<Argument, Token![,]>::parse_terminated_with(inside, argument)
        })?;
        arguments = list.into_iter().collect();
    }
    check_layer_ends(input, &kind)?;
    Ok(Layer {
        name,
        kind,
        arguments,
    })
}

/// What is nearly a layer gets the way it is written.
fn check_layer_ends(input: ParseStream, kind: &Ident) -> syn::Result<()> {
    let brackets = input.peek(Bracket) || input.peek(Brace);
    expect(
        input,
        !brackets,
        format!("arguments stand in parentheses, as in `{kind}(10)`"),
    )?;
    let message = format!("a layer is named with a colon, as in `{kind}: Dense(10)`");
    expect(input, !input.peek(Token![=]), message)?;
    expect(
        input,
        !input.peek(Token![::]),
        "a layer's kind is a single name, such as `Dense`",
    )
}

/// `3`, or `kernel = 3`.
fn argument(input: ParseStream) -> syn::Result<Argument> {
    let named = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
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

/// An error at the next token unless `found`.
fn expect(input: ParseStream, found: bool, message: impl std::fmt::Display) -> syn::Result<()> {
    if found {
        Ok(())
    } else {
        Err(input.error(message))
    }
}

/// Reads what stands between delimiters. After an error the rest is dropped, or syn would complain about it as well.
fn contained<T>(
    inside: ParseStream,
    read: impl FnOnce(ParseStream) -> syn::Result<T>,
) -> syn::Result<T> {
    read(inside).inspect_err(|_| while inside.parse::<TokenTree>().is_ok() {})
}

/// Goes past the next comma or semicolon, or the braces of a `forward`.
fn skip_item(input: ParseStream) {
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

/// Goes past the braces that end a model.
fn skip_to_model(input: ParseStream) {
    while let Ok(token) = input.parse::<TokenTree>() {
        if matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace) {
            return;
        }
    }
}
