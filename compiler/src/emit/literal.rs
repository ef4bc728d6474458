//! Integers as people write them: `20`, where `quote` writes `20usize`.

use proc_macro2::{Group, Literal, TokenStream, TokenTree};

/// The same tokens, no integer with its type: every place that is emitted says which type it takes.
pub fn unsuffixed(tokens: TokenStream) -> TokenStream {
    tokens.into_iter().map(tree).collect()
}

fn tree(tree: TokenTree) -> TokenTree {
    match tree {
        TokenTree::Group(group) => {
            let mut plain = Group::new(group.delimiter(), unsuffixed(group.stream()));
            plain.set_span(group.span());
            plain.into()
        }
        TokenTree::Literal(literal) => number(&literal).map_or(literal.into(), TokenTree::from),
        other => other,
    }
}

/// The literal without its type, if it is an integer that has one.
fn number(literal: &Literal) -> Option<Literal> {
    let text = literal.to_string();
    let digits = ["usize", "u64", "u32"]
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix))?;
    let mut plain = Literal::u64_unsuffixed(digits.parse().ok()?);
    plain.set_span(literal.span());
    Some(plain)
}
