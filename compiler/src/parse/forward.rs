//! What stands between the braces of `forward`: `let` statements, and last the output.
//!
//! Rust's own parser would read more than a dataflow may hold, and stop at the first mistake. Here every statement is read on
//! its own, and what a dataflow has no word for is told what takes its place.

use super::cursor::{contained, expect};
use crate::report::Report;
use proc_macro2::{Delimiter, Ident, Punct, Spacing, TokenStream, TokenTree};
use syn::{
    Attribute, Expr, Local, LocalInit, LocalModifiers, Pat, Stmt, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

/// All statements that can be read.
pub(super) fn statements(input: ParseStream, report: &mut Report) -> syn::Result<Vec<Stmt>> {
    contained(input, |input| {
        check_indices(input.fork().parse()?)?;
        let mut statements = Vec::new();
        while !input.is_empty() {
            check_keyword(input)?;
            match statement(input) {
                Ok(statement) => statements.push(statement),
                Err(error) => {
                    report.absorb(error);
                    skip_statement(input);
                }
            }
        }
        Ok(statements)
    })
}

/// A `let` whose name is a keyword; whatever uses it cannot be read either.
fn check_keyword(input: ParseStream) -> syn::Result<()> {
    let ahead = input.fork();
    if ahead.parse::<Token![let]>().is_err() {
        return Ok(());
    }
    let other = ahead.peek(syn::Ident) || ahead.peek(Token![mut]) || ahead.peek(Token![ref]);
    let keyword = ahead.peek(Ident::peek_any) && !other && !ahead.peek(Token![_]);
    expect(
        &ahead,
        !keyword,
        "this is a keyword of Rust; choose another name",
    )
}

/// Goes past the next semicolon, or the braces that end a statement.
fn skip_statement(input: ParseStream) {
    while let Ok(token) = input.parse::<TokenTree>() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == ';' => return,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let ended = input.parse::<Option<Token![;]>>();
                if ended.is_ok_and(|ended| ended.is_some()) || !input.peek(Token![else]) {
                    return;
                }
            }
            _ => {}
        }
    }
}

fn statement(input: ParseStream) -> syn::Result<Stmt> {
    let attributes = input.call(Attribute::parse_outer)?;
    if input.peek(Token![let]) {
        return binding(input, attributes);
    }
    check_no_item(input)?;
    let expr: Expr = input.parse()?;
    let semicolon: Option<Token![;]> = input.parse()?;
    let ends = semicolon.is_some() || input.is_empty() || is_block(&expr);
    expect(input, ends, behind(input))?;
    Ok(Stmt::Expr(expr, semicolon))
}

/// `let h = relu(x);`
fn binding(input: ParseStream, attrs: Vec<Attribute>) -> syn::Result<Stmt> {
    let let_token = input.parse()?;
    let message =
        "a tensor is never changed; leave `mut` out, and give the name anew: `let h = relu(h);`";
    expect(input, !input.peek(Token![mut]), message)?;
    let pat = Pat::parse_single(input)?;
    let message = "shapes are inferred; leave this one out, as in `let h = relu(x);`";
    expect(input, !input.peek(Token![:]), message)?;
    expect(
        input,
        input.peek(Token![=]),
        "a `let` is written `let h = relu(x);`",
    )?;
    let eq_token = input.parse()?;
    let expr: Expr = input.parse()?;
    let message = "a `let` always binds; leave `else` out, as in `let h = relu(x);`";
    expect(input, !input.peek(Token![else]), message)?;
    expect(input, input.peek(Token![;]), behind(input))?;
    Ok(Stmt::Local(Local {
        attrs,
        let_token,
        modifiers: LocalModifiers::default(),
        pat,
        init: Some(LocalInit {
            eq_token,
            expr: Box::new(expr),
            diverge: None,
        }),
        semi_token: input.parse()?,
    }))
}

/// What is wrong with what stands directly behind an expression.
fn behind(input: ParseStream) -> &'static str {
    if input.peek(Token![@]) {
        "weights are a layer's: declare `fc: Dense(10)` above `forward`, and write `fc(x)`"
    } else if input.peek(Token![if]) || input.peek(Token![for]) {
        "a network has no branches and no loops; write each step as a `let`"
    } else if input.peek(Token![,]) {
        "`forward` ends in the output, without a comma; several outputs are a tuple, `(a, b)`"
    } else {
        "expected `;` after the statement"
    }
}

/// Items belong outside of the model.
fn check_no_item(input: ParseStream) -> syn::Result<()> {
    let item = input.peek(Token![fn])
        || input.peek(Token![struct])
        || input.peek(Token![use])
        || input.peek(Token![static])
        || (input.peek(Token![const]) && input.peek2(syn::Ident));
    let message = "`forward` holds `let` statements and, last, the output; constants and layers stand above it";
    expect(input, !item, message)
}

/// Whether an expression ends in braces, and needs no semicolon.
fn is_block(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::If(_)
            | Expr::Match(_)
            | Expr::ForLoop(_)
            | Expr::While(_)
            | Expr::Loop(_)
            | Expr::Block(_)
    )
}

/// What Python writes between the brackets of an index is no Rust.
fn check_indices(tokens: TokenStream) -> syn::Result<()> {
    let mut indexed = false;
    for token in tokens {
        let is_operand = match &token {
            TokenTree::Group(group) => {
                if indexed && group.delimiter() == Delimiter::Bracket {
                    check_index(group.stream())?;
                }
                check_indices(group.stream())?;
                !matches!(group.delimiter(), Delimiter::Brace)
            }
            TokenTree::Ident(word) => {
                Ident::parse_any
                    .parse2(TokenTree::from(word.clone()).into())
                    .is_ok()
                    && word != "return"
            }
            _ => false,
        };
        indexed = is_operand;
    }
    Ok(())
}

/// One index is a range, with one range for each axis in parentheses.
fn check_index(tokens: TokenStream) -> syn::Result<()> {
    let mut ranges = 0;
    let mut before: Option<Punct> = None;
    for token in tokens {
        let TokenTree::Punct(mark) = token else {
            before = None;
            continue;
        };
        let message = match mark.as_char() {
            ':' => Some("a range is written with two dots, as in `x[2..5]`"),
            ',' => Some("ranges of several axes stand in parentheses, as in `x[(.., 2..5)]`"),
            '.' if before
                .as_ref()
                .is_some_and(|dot| dot.as_char() == '.' && dot.spacing() == Spacing::Joint) =>
            {
                ranges += 1;
                (ranges > 1).then_some("a range has a start and an end, and takes every number between; leave the step out")
            }
            _ => None,
        };
        if let Some(message) = message {
            return Err(syn::Error::new(mark.span(), message));
        }
        before = Some(mark);
    }
    Ok(())
}
