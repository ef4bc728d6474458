//! What keeps an expansion and its user's names apart.
//!
//! A procedural macro's identifiers resolve where the macro is called, even those of mixed site where they meet an item:
//! `let x` compares with a `const x` in scope, and `f32` is whatever type the user calls so. The anonymous constant of an
//! expansion therefore imports what its own names stand for, and what is imported in a block hides what lies around it:
//!
//! - primitive types, by their paths;
//! - a function under the name of every variable, for a pattern that meets a function makes a new variable.
//!
//! Both are read off the tokens themselves, so that there is no list of names to keep.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, Literal, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

/// Types that every program has, unless a user's type of that name hides them.
const PRIMITIVES: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16",
    "u32", "u64", "u128", "usize",
];

/// The scope inside of an expansion's anonymous constant.
#[derive(Debug, Default)]
pub struct Scope {
    /// The struct's name, which stays the user's whatever it is.
    own: String,
    /// Functions that stand in it.
    functions: BTreeSet<String>,
    /// Primitive types that were met.
    primitives: BTreeSet<String>,
    /// What may be a variable.
    variables: BTreeSet<String>,
    /// Words of Rust's own that were met.
    words: BTreeSet<String>,
}

impl Scope {
    /// The scope of the expansion of a struct.
    pub fn of(name: &Ident) -> Self {
        Self {
            own: name.to_string(),
            ..Self::default()
        }
    }

    /// The same with functions in it.
    pub fn with(self, functions: BTreeSet<String>) -> Self {
        Self { functions, ..self }
    }

    /// The same tokens, to stand in this scope. They do not name the struct, but for `Self`. No integer has its type, for
    /// every place that is emitted says which type it takes.
    pub fn tokens(&mut self, tokens: TokenStream) -> TokenStream {
        self.group(tokens, Delimiter::None)
    }

    fn group(&mut self, tokens: TokenStream, around: Delimiter) -> TokenStream {
        let mut tokens = tokens.into_iter().peekable();
        let mut kept = Vec::new();
        let mut before = Before::Other;
        while let Some(token) = tokens.next() {
            let next = match tokens.peek() {
                Some(TokenTree::Punct(mark))
                    if mark.as_char() == ':' && mark.spacing() == Spacing::Joint =>
                {
                    Next::Path
                }
                Some(TokenTree::Punct(mark)) if mark.as_char() == ':' => Next::Colon,
                _ => Next::Other,
            };
            let after = Before::of(&token, &before);
            kept.push(match token {
                TokenTree::Group(attribute) if before == Before::Hash => attribute.into(),
                TokenTree::Group(group) => {
                    let mut inner = Group::new(
                        group.delimiter(),
                        self.group(group.stream(), group.delimiter()),
                    );
                    inner.set_span(group.span());
                    inner.into()
                }
                TokenTree::Ident(ident) => {
                    // `size: 3` in braces is a field's name, unless a `let` comes before it.
                    let is_field =
                        next == Next::Colon && around == Delimiter::Brace && before != Before::Let;
                    if before != Before::Member && !is_field {
                        self.name(&ident, next == Next::Path);
                    }
                    match before == Before::Member || is_field {
                        true => ident,
                        false => self.renamed(ident),
                    }
                    .into()
                }
                TokenTree::Literal(literal) => {
                    unsuffixed(&literal).map_or(literal.into(), TokenTree::from)
                }
                mark => mark,
            });
            before = after;
        }
        kept.into_iter().collect()
    }

    /// Remembers what a name may stand for.
    fn name(&mut self, ident: &Ident, begins_path: bool) {
        let name = ident.to_string();
        if PRIMITIVES.contains(&name.as_str()) {
            self.primitives.insert(name);
        } else if !begins_path
            && !name.starts_with(char::is_uppercase)
            && !self.functions.contains(&name)
            && !self.variables.contains(&name)
            && !self.words.contains(&name)
        {
            match is_free(ident) {
                true => self.variables.insert(name),
                false => self.words.insert(name),
            };
        }
    }

    /// A struct that is called as what is imported keeps its name, and what is imported takes another.
    fn renamed(&self, ident: Ident) -> Ident {
        match ident == self.own && self.is_imported(&self.own) {
            true => Ident::new(&format!("{ident}_"), ident.span()),
            false => ident,
        }
    }

    fn is_imported(&self, name: &str) -> bool {
        name == "rt" || PRIMITIVES.contains(&name)
    }

    /// The imports that make the scope; `root` is the path of the facade crate.
    pub fn imports(&self, root: &TokenStream) -> TokenStream {
        let import = |name: &str| {
            let name = Ident::new(name, Span::call_site());
            match self.renamed(name.clone()) {
                renamed if renamed == name => quote!(#name),
                renamed => quote!(#name as #renamed),
            }
        };
        let rt = import("rt");
        let primitives = self.primitives.iter().map(|name| import(name));
        let variables = self.variables.iter().map(|name| {
            let name = Ident::new(name, Span::call_site());
            quote!(variable as #name)
        });
        quote! {
            use ::core::primitive::{#(#primitives),*};
            use #root::#rt;
            use #root::rt::Network as _;
            use #root::rt::{#(#variables),*};
        }
    }
}

/// What stands before a token.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// A dot, `::`, a tick or `fn`, behind which a name is no name of this scope.
    Member,
    /// `let`, perhaps with `mut`.
    Let,
    /// `#`, behind which an attribute stands as it is.
    Hash,
    /// Anything else.
    Other,
}

/// What stands behind a name.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Path,
    Colon,
    Other,
}

impl Before {
    fn of(token: &TokenTree, before: &Self) -> Self {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => Self::Hash,
            TokenTree::Punct(mark) if matches!(mark.as_char(), '.' | '\'') => Self::Member,
            TokenTree::Punct(mark) if mark.as_char() == ':' && mark.spacing() == Spacing::Joint => {
                Self::Member
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' && *before == Self::Member => {
                Self::Member
            }
            TokenTree::Ident(word) if word == "fn" || word == "const" || word == "type" => {
                Self::Member
            }
            TokenTree::Ident(word) if word == "let" || (word == "mut" && *before == Self::Let) => {
                Self::Let
            }
            _ => Self::Other,
        }
    }
}

/// Whether an identifier is no word of Rust's own.
fn is_free(ident: &Ident) -> bool {
    syn::parse2::<Ident>(TokenTree::from(ident.clone()).into()).is_ok()
}

/// `20`, where `quote` writes `20usize`; `None` for what is no such integer.
fn unsuffixed(literal: &Literal) -> Option<Literal> {
    let text = literal.to_string();
    let digits = ["usize", "u64", "u32"]
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix))?;
    let mut plain = Literal::u64_unsuffixed(digits.parse().ok()?);
    plain.set_span(literal.span());
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::format_ident;

    #[test]
    fn variables_and_primitive_types_are_imported_and_nothing_else() {
        let mut scope = Scope::of(&format_ident!("Net"));
        let tokens = quote! {
            #[inline(always)]
            fn called<S: rt::Isa>(s: S, x: &mut [f32]) -> usize {
                let rt::Rows { capacity, rows: count, .. } = x.field;
                let mut typed: u64 = path::to::item(s, Field { size: 20usize });
                if count < Self::LIMIT { x.method() } else { typed }
            }
        };
        let kept = scope.tokens(tokens.clone()).to_string();
        assert_eq!(kept, tokens.to_string().replace("20usize", "20"));
        assert_eq!(Vec::from_iter(&scope.primitives), ["f32", "u64", "usize"]);
        assert_eq!(
            Vec::from_iter(&scope.variables),
            ["capacity", "count", "s", "typed", "x"]
        );
    }

    #[test]
    fn a_struct_keeps_its_name_whatever_is_imported() {
        let mut scope = Scope::of(&format_ident!("rt"));
        assert_eq!(
            scope.tokens(quote!(rt::Isa, a.rt)).to_string(),
            quote!(rt_::Isa, a.rt).to_string()
        );
        let imports = scope.imports(&quote!(::kiln)).to_string();
        assert!(
            imports.contains(
                &quote!(
                    use ::kiln::rt as rt_;
                )
                .to_string()
            ),
            "{imports}"
        );
        let mut scope = Scope::of(&format_ident!("f32"));
        assert_eq!(
            scope.tokens(quote!([f32; 3])).to_string(),
            quote!([f32_; 3]).to_string()
        );
        let imports = scope.imports(&quote!(::kiln)).to_string();
        assert!(
            imports.contains(
                &quote!(
                    use ::core::primitive::{f32 as f32_};
                )
                .to_string()
            ),
            "{imports}"
        );
    }
}
