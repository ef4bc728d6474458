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

/// Reads all structs of one `model!`; those whose names could be read are given even when the rest holds errors.
pub fn parse(tokens: TokenStream, report: &mut Report) -> Vec<Model> {
    let mut models = Vec::new();
    if let Err(error) = check_depth(&tokens) {
        report.absorb(error);
        return models;
    }
    let parser = |input: ParseStream| {
        if input.is_empty() {
            report.error(
                Span::call_site(),
                "an empty `model!`; it holds `struct Name(x: [784]) -> [10] { layers }`",
            );
        }
        while !input.is_empty() {
            if let Err(error) = model(input, &mut models, report) {
                report.absorb(error);
                skip_to_model(input);
            }
        }
        Ok(())
    };
    let rest = parser.parse2(tokens);
    // What was left unread inside of brackets: the mistake itself, or what an error stopped in front of.
    if let Err(error) = rest {
        if report.is_clean() {
            report.absorb(error);
        }
        for model in &mut models {
            model.whole = false;
        }
    }
    models
}

/// Brackets within brackets, and tokens in one expression with all those around it, that a parser is asked to follow:
/// it does so by recursion, and the compiler's stack is not endless.
const DEPTH: usize = 64;
const TOKENS: usize = 500;

/// No program written by hand comes near these bounds; one written by a program is told before the stack overflows.
fn check_depth(tokens: &TokenStream) -> syn::Result<()> {
    let mut open = vec![(tokens.clone().into_iter(), 0)];
    while let Some((inside, run)) = open.last_mut() {
        match inside.next() {
            None => {
                open.pop();
                continue;
            }
            Some(TokenTree::Punct(mark)) if matches!(mark.as_char(), ',' | ';' | '#') => *run = 0,
            Some(TokenTree::Ident(word)) if word == "struct" => *run = 0,
            Some(token) => {
                *run += 1;
                let span = token.span();
                if let TokenTree::Group(group) = token {
                    open.push((group.stream().into_iter(), 0));
                }
                let around: usize = open.iter().map(|(_, run)| run).sum();
                if open.len() > DEPTH || around > TOKENS {
                    let message = format!(
                        "this is more than {DEPTH} brackets deep or {TOKENS} tokens long; name parts of it with `let` or `const`"
                    );
                    return Err(syn::Error::new(span, message));
                }
            }
        }
    }
    Ok(())
}

/// Adds a model as soon as its name is known.
fn model(input: ParseStream, models: &mut Vec<Model>, report: &mut Report) -> syn::Result<()> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    expect(
        input,
        input.peek(Token![struct]),
        "expected `struct Name(x: [784]) -> [10] { layers }`",
    )?;
    input.parse::<Token![struct]>()?;
    let mut model = Model {
        attributes,
        visibility,
        name: input.parse()?,
        inputs: Vec::new(),
        outputs: Vec::new(),
        constants: Vec::new(),
        layers: Vec::new(),
        forward: None,
        whole: false,
    };
    let errors = report.count();
    let read = head_and_body(input, &mut model, report);
    model.whole = read.is_ok() && report.count() == errors;
    models.push(model);
    read
}

/// What follows the name.
fn head_and_body(input: ParseStream, model: &mut Model, report: &mut Report) -> syn::Result<()> {
    check_not_generic(input)?;
    expect(
        input,
        input.peek(Paren),
        "expected the inputs, as in `Name(x: [784])`",
    )?;
    let inside;
    parenthesized!(inside in input);
    let inputs = contained(&inside, |inputs| {
        Punctuated::<Input, Token![,]>::parse_terminated_with(inputs, named_shape)
    })?;
    model.inputs = inputs.into_iter().collect();
    expect(
        input,
        input.peek(Token![->]),
        "expected an arrow and the output's shape, as in `-> [10]`",
    )?;
    input.parse::<Token![->]>()?;
    model.outputs = outputs(input)?;
    expect(
        input,
        input.peek(Brace),
        "expected the layers in braces, as in `{ Flatten, Dense(10) }`",
    )?;
    let inside;
    braced!(inside in input);
    body(&inside, model, report);
    Ok(())
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
    let message = "expected an input's name and shape, as in `x: [784]`";
    expect(input, input.peek(syn::Ident), message)?;
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
    let sizes = contained(&inside, |inside| {
        Punctuated::<Expr, Token![,]>::parse_terminated_with(inside, size)
    })?;
    Ok(Shape {
        element,
        sizes: sizes.into_iter().collect(),
        span: bracket.span.join(),
    })
}

/// One size of a shape; what Rust writes `[f32; 784]` is `[784]` here.
fn size(input: ParseStream) -> syn::Result<Expr> {
    let size = input.parse()?;
    let message = "a shape is its sizes, separated by commas, as in `[784]`; its numbers are f32";
    expect(input, !input.peek(Token![;]), message)?;
    Ok(size)
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
        check_layer_begins(input)?;
        model.layers.push(layer(input)?);
        check_comma(input, report)?;
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
    let named = input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::]);
    let message = match named && !input.peek(syn::Ident) {
        true => "this is a keyword of Rust; name the layer otherwise",
        false => "expected a layer, as in `hidden: Dense(128)`",
    };
    expect(input, input.peek(syn::Ident), message)
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
    let message = "`forward` takes no parameters; it is written `forward { ... }`";
    expect(input, !(kind == "forward" && input.peek(Brace)), message)?;
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
    let is_word = input.peek(Ident::peek_any);
    if is_word && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let word = input.call(Ident::parse_any)?;
        let message = format!("an argument is named with `=`, as in `{word} = 3`");
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

/// Goes past the braces that end a model, or to the word that begins the next.
fn skip_to_model(input: ParseStream) {
    while !input.peek(Token![struct])
        && let Ok(token) = input.parse::<TokenTree>()
    {
        if matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace) {
            return;
        }
    }
}
