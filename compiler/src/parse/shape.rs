//! Shapes, as they are written.

use super::cursor::{contained, expect};
use crate::ast::Shape;
use proc_macro2::Ident;
use syn::{Expr, Token, bracketed, parse::ParseStream, punctuated::Punctuated, token::Bracket};

/// The shape of an input, which may be `u32` alone.
pub(super) fn input_shape(input: ParseStream) -> syn::Result<Shape> {
    let alone = input.peek(syn::Ident) && !input.peek2(Bracket);
    let ahead = input.fork();
    if alone && ahead.parse::<Ident>().is_ok_and(|word| word == "u32") {
        let element = input.parse::<Ident>()?;
        return Ok(Shape {
            sizes: Vec::new(),
            is_scalar: true,
            span: element.span(),
            element: Some(element),
        });
    }
    shape(input)
}

/// `[1, 28, 28]`, or `u32[64]`.
pub(super) fn shape(input: ParseStream) -> syn::Result<Shape> {
    let named = input.peek(syn::Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]);
    let message = "an output has no name; write its shape alone, as in `-> [10]`";
    expect(input, !named, message)?;
    let typed = input.peek(syn::Ident);
    let bracketed = if typed {
        input.peek2(Bracket)
    } else {
        input.peek(Bracket)
    };
    let message = "expected a shape, as in `[1, 28, 28]`; a single number is `[1]`";
    expect(input, bracketed, message)?;
    let element = typed.then(|| input.parse::<Ident>()).transpose()?;
    let inside;
    let bracket = bracketed!(inside in input);
    let sizes = contained(&inside, |inside| {
        Punctuated::<Expr, Token![,]>::parse_terminated_with(inside, size)
    })?;
    Ok(Shape {
        element,
        sizes: sizes.into_iter().collect(),
        is_scalar: false,
        span: bracket.span.join(),
    })
}

/// One size of a shape; what Rust writes `[f32; 784]` is `[784]` here.
fn size(input: ParseStream) -> syn::Result<Expr> {
    let size = input.parse()?;
    let message = "a shape is its sizes, separated by commas, as in `[784]`; its numbers are f32, and indices are `u32[784]`";
    expect(input, !input.peek(Token![;]), message)?;
    Ok(size)
}
