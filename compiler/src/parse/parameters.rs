//! Const parameters and what is given for them: `<const N: usize, const BIAS: bool = true>`, `<16, { 2 * N }>`.

use super::cursor::expect;
use crate::ast::Parameter;
use proc_macro2::Ident;
use syn::{Expr, ExprPath, Lit, Token, braced, parse::ParseStream, token::Brace};

/// The parameters in angle brackets, where there are any.
pub(super) fn parameters(input: ParseStream) -> syn::Result<Option<Vec<Parameter>>> {
    if input.parse::<Option<Token![<]>>()?.is_none() {
        return Ok(None);
    }
    let mut parameters: Vec<Parameter> = Vec::new();
    while !input.peek(Token![>]) {
        let parameter = parameter(input)?;
        let before = parameters.last().is_some_and(|it| it.default.is_some());
        if before && parameter.default.is_none() {
            let name = &parameter.name;
            let message = format!(
                "`{name}` has no default but stands behind one that has; parameters with defaults come last"
            );
            return Err(syn::Error::new(name.span(), message));
        }
        parameters.push(parameter);
        separator(input)?;
    }
    let close = input.parse::<Token![>]>()?;
    if parameters.is_empty() {
        let message =
            "there are no parameters; drop the angle brackets, or write `<const N: usize>`";
        return Err(syn::Error::new(close.span, message));
    }
    Ok(Some(parameters))
}

/// `const N: usize`, or `const BIAS: bool = true`.
fn parameter(input: ParseStream) -> syn::Result<Parameter> {
    let message = "a parameter is a size or a switch, as in `const N: usize` or `const BIAS: bool`";
    expect(input, input.peek(Token![const]), message)?;
    input.parse::<Token![const]>()?;
    expect(input, input.peek(syn::Ident), message)?;
    let name: Ident = input.parse()?;
    expect(input, input.peek(Token![:]), message)?;
    input.parse::<Token![:]>()?;
    let kind = input.fork().parse::<Ident>().map(|kind| kind.to_string());
    let is_flag = match kind.as_deref() {
        Ok("usize") => false,
        Ok("bool") => true,
        _ => return Err(input.error(message)),
    };
    input.parse::<Ident>()?;
    let default = input.parse::<Option<Token![=]>>()?;
    let default = default.map(|_| argument(input)).transpose()?;
    Ok(Parameter {
        name,
        is_flag,
        default,
    })
}

/// What is given in angle brackets, where there are any.
pub(super) fn arguments(input: ParseStream) -> syn::Result<Option<Vec<Expr>>> {
    if input.parse::<Option<Token![<]>>()?.is_none() {
        return Ok(None);
    }
    let mut arguments = Vec::new();
    while !input.peek(Token![>]) {
        arguments.push(argument(input)?);
        separator(input)?;
    }
    input.parse::<Token![>]>()?;
    Ok(Some(arguments))
}

/// A comma, or the end.
fn separator(input: ParseStream) -> syn::Result<()> {
    if input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    let message = "expected `,` or `>`; what is computed stands in braces, as in `<{ 2 * N }>`";
    expect(input, input.peek(Token![>]), message)
}

/// A literal, a constant, or an expression in braces.
fn argument(input: ParseStream) -> syn::Result<Expr> {
    if input.peek(Brace) {
        let inside;
        braced!(inside in input);
        let value = inside.parse()?;
        expect(
            &inside,
            inside.is_empty(),
            "expected one expression in the braces",
        )?;
        return Ok(value);
    }
    if input.peek(Lit) {
        return Ok(Expr::Lit(input.parse()?));
    }
    let message = "expected a number, `true`, `false`, a constant, or an expression in braces, as in `{ 2 * N }`";
    expect(input, input.peek(syn::Ident), message)?;
    let name: Ident = input.parse()?;
    Ok(Expr::Path(ExprPath {
        attrs: Vec::new(),
        qself: None,
        path: name.into(),
    }))
}
