//! Tokens to syntax trees.
//!
//! A mistake costs the item it stands in: parsing goes on after the next comma, semicolon or struct, so that several
//! mistakes show at once.

mod body;
mod cursor;
mod depth;
mod forward;
mod module;
mod parameters;
mod shape;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Token, braced, parenthesized,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    token::{Brace, Paren},
};

use crate::{
    ast::{Block, BlockInput, Body, Input, Instance, Model, Shape, Unit},
    report::Report,
};

pub use body::check_doc;

use body::body;
use cursor::{check_keyword, contained, expect};
use depth::check_depth;
use parameters::{arguments, parameters};
use shape::{input_shape, shape};

/// Reads everything in one `model!`; structs whose names could be read are given even when the rest holds errors.
pub fn parse(tokens: TokenStream, report: &mut Report) -> Unit {
    if let Err(error) = check_depth(&tokens) {
        report.absorb(error);
        return heads(without_bodies(tokens));
    }
    read(tokens, report)
}

/// Models of which only the heads are to be known, for something in their bodies cannot be read.
fn heads(tokens: TokenStream) -> Unit {
    if check_depth(&tokens).is_err() {
        return Unit::default();
    }
    let mut silent = Report::default();
    let mut unit = read(tokens, &mut silent);
    silent.take();
    for model in &mut unit.models {
        model.whole = false;
    }
    unit
}

fn read(tokens: TokenStream, report: &mut Report) -> Unit {
    let mut unit = Unit::default();
    let parser = |input: ParseStream| {
        if input.is_empty() {
            report.error(
                Span::call_site(),
                "an empty `model!`; it holds `struct Name(x: [784]) -> [10] { layers }`",
            );
        }
        while !input.is_empty() {
            if let Err(error) = item(input, &mut unit, report) {
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
        for model in &mut unit.models {
            model.whole = false;
        }
    }
    unit
}

/// Without what stands in the outermost braces, so that a model still has its name and its shapes.
fn without_bodies(tokens: TokenStream) -> TokenStream {
    let emptied = |token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            Group::new(Delimiter::Brace, TokenStream::new()).into()
        }
        token => token,
    };
    tokens.into_iter().map(emptied).collect()
}

/// A model, a block, or a model made of a template.
fn item(input: ParseStream, unit: &mut Unit, report: &mut Report) -> syn::Result<()> {
    let message = "a model ends in its braces; drop this";
    expect(
        input,
        !(input.peek(Token![;]) || input.peek(Token![,])),
        message,
    )?;
    let attributes = input.call(Attribute::parse_outer)?;
    if begins_block(input) {
        for attribute in &attributes {
            check_doc(attribute, report);
        }
        return block(input, &mut unit.blocks, report);
    }
    let visibility: syn::Visibility = input.parse()?;
    let is_public = !matches!(visibility, syn::Visibility::Inherited);
    if is_public && begins_block(input) {
        let message =
            "a block is seen in its own `model!` only; leave out what stands before `block`";
        report.absorb(input.error(message));
        return block(input, &mut unit.blocks, report);
    }
    if input.peek(Token![type]) {
        unit.instances
            .push(instance(input, attributes, visibility)?);
        return Ok(());
    }
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
        parameters: None,
        given: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        body: Body::default(),
        whole: false,
    };
    let errors = report.count();
    let read = head_and_body(input, &mut model, report);
    model.whole = read.is_ok() && report.count() == errors;
    unit.models.push(model);
    read
}

/// `block` is a word of this language alone, and the name of a block follows it.
fn begins_block(input: ParseStream) -> bool {
    let word = input.fork().parse::<Ident>();
    word.is_ok_and(|word| word == "block") && input.peek2(syn::Ident)
}

/// Adds a block as soon as its name is known.
fn block(input: ParseStream, blocks: &mut Vec<Block>, report: &mut Report) -> syn::Result<()> {
    input.parse::<Ident>()?;
    let mut block = Block {
        name: input.parse()?,
        parameters: Vec::new(),
        inputs: Vec::new(),
        body: Body::default(),
        whole: false,
    };
    let errors = report.count();
    let read = rest_of_block(input, &mut block, report);
    block.whole = read.is_ok() && report.count() == errors;
    blocks.push(block);
    read
}

/// What follows the name: `<const CHANNELS: usize>(x) { .. }`.
fn rest_of_block(input: ParseStream, block: &mut Block, report: &mut Report) -> syn::Result<()> {
    let name = &block.name;
    block.parameters = parameters(input)?.unwrap_or_default();
    let message = format!("expected the block's inputs, as in `{name}(x)`");
    expect(input, input.peek(Paren), message)?;
    let inside;
    parenthesized!(inside in input);
    let inputs = contained(&inside, |inputs| {
        Punctuated::<BlockInput, Token![,]>::parse_terminated_with(inputs, block_input)
    })?;
    block.inputs = inputs.into_iter().collect();
    let message = "a block says no output shape, for it is inferred; drop `->` and what follows it";
    expect(input, !input.peek(Token![->]), message)?;
    let message = "expected the layers in braces, as in `{ Dense(10), Relu }`";
    expect(input, input.peek(Brace), message)?;
    let inside;
    braced!(inside in input);
    body(&inside, "block", &mut block.body, report);
    Ok(())
}

/// `x`, or `x: [16, 8, 8]`.
fn block_input(input: ParseStream) -> syn::Result<BlockInput> {
    check_keyword(input)?;
    let message = "expected an input's name, as in `x`, or `x: [16, 8, 8]`";
    expect(input, input.peek(syn::Ident), message)?;
    let name = input.parse()?;
    let stated = input.parse::<Option<Token![:]>>()?.is_some();
    let shape = stated.then(|| input_shape(input)).transpose()?;
    Ok(BlockInput { name, shape })
}

/// `type Small = Mlp<32>;`.
fn instance(
    input: ParseStream,
    attributes: Vec<Attribute>,
    visibility: syn::Visibility,
) -> syn::Result<Instance> {
    input.parse::<Token![type]>()?;
    let name: Ident = input.parse()?;
    let written = format!("a model is made of a template as in `type {name} = Mlp<32>;`");
    expect(input, input.peek(Token![=]), &written)?;
    input.parse::<Token![=]>()?;
    expect(input, input.peek(syn::Ident), &written)?;
    let template = input.parse()?;
    expect(
        input,
        input.peek(Token![<]) || input.peek(Token![;]),
        &written,
    )?;
    let arguments = arguments(input)?.unwrap_or_default();
    expect(
        input,
        input.peek(Token![;]),
        format!("expected `;` after `type {name}`"),
    )?;
    input.parse::<Token![;]>()?;
    Ok(Instance {
        attributes,
        visibility,
        name,
        template,
        arguments,
    })
}

/// What follows the name.
fn head_and_body(input: ParseStream, model: &mut Model, report: &mut Report) -> syn::Result<()> {
    // What has angle brackets is a template, even if they cannot be read.
    model.parameters = input.peek(Token![<]).then(Vec::new);
    model.parameters = parameters(input)?;
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
    body(&inside, "model", &mut model.body, report);
    Ok(())
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
    check_keyword(input)?;
    let message = "expected an input's name and shape, as in `x: [784]`";
    expect(input, input.peek(syn::Ident), message)?;
    let name = input.parse()?;
    let message = format!("expected the shape of `{name}`, as in `{name}: [784]`");
    expect(input, input.peek(Token![:]), message)?;
    input.parse::<Token![:]>()?;
    Ok(Input {
        name,
        shape: input_shape(input)?,
    })
}

/// Goes past the braces that end a model or a block, or to the word that begins the next.
fn skip_to_model(input: ParseStream) {
    while !input.peek(Token![struct])
        && !input.peek(Token![type])
        && let Ok(token) = input.parse::<TokenTree>()
    {
        if matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace) {
            return;
        }
    }
}
