//! The attributes that a user puts on a model.

use crate::{nearest::nearest, report::Report};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{
    Attribute, Expr, ExprLit, Lit, LitStr, Meta, MetaList, MetaNameValue, Path, Token,
    punctuated::Punctuated,
};

/// What a model asks of the compiler, in `#[kiln(..)]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Training gives gradients of inputs, too.
    pub input_gradients: bool,
    /// The inputs whose next values are the last results.
    pub carried: Vec<Ident>,
    /// It answers frame by frame, too.
    pub stream: bool,
    /// C programs call it.
    pub export_c: Option<Export>,
    /// The file of weights that it is compiled with.
    pub weights: Option<LitStr>,
    /// What it may take at most.
    pub budget: Vec<(Resource, Expr)>,
}

/// What `export_c` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The word itself.
    pub word: Ident,
    /// What the names in C begin with, if it is not the model's name.
    pub name: Option<LitStr>,
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Numbers that the model keeps, learnt or not.
    Params,
    /// Bytes of workspace of one sample in inference.
    Workspace,
    /// Bytes of one sample in training.
    Train,
    /// Bytes of a stream's state.
    State,
}

impl Resource {
    /// The resource that a word of `budget(..)` names.
    fn of(word: &Ident) -> Option<Self> {
        Some(match &word.to_string()[..] {
            "params" => Self::Params,
            "workspace" => Self::Workspace,
            "train" => Self::Train,
            "state" => Self::State,
            _ => return None,
        })
    }
}

/// The most of a resource.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Of what.
    pub resource: Resource,
    /// How much.
    pub most: usize,
    /// Where it is written.
    pub span: Span,
}

/// The words of `#[kiln(..)]`.
const WORDS: &[&str] = &[
    "input_gradients",
    "carry",
    "stream",
    "weights",
    "budget",
    "export_c",
];

/// What the attributes ask of the compiler.
pub fn asked(attributes: &[Attribute], report: &mut Report) -> Asked {
    let mut asked = Asked::default();
    for attribute in attributes.iter().filter(|it| it.path().is_ident("kiln")) {
        let words = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        let Ok(words) = words else {
            let message = "what a model asks of the compiler is written `#[kiln(input_gradients)]`";
            report.error_over(attribute, message);
            continue;
        };
        for word in words {
            match &word {
                Meta::Path(path) if path.is_ident("input_gradients") => {
                    asked.input_gradients = true;
                }
                Meta::Path(path) if path.is_ident("stream") => asked.stream = true,
                word if word.path().is_ident("export_c") => match export(word) {
                    Some(export) if asked.export_c.is_none() => asked.export_c = Some(export),
                    _ => report.error_over(word, mistake(word)),
                },
                Meta::List(list) if list.path.is_ident("carry") => {
                    match list.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated) {
                        Ok(names) if !names.is_empty() => asked.carried.extend(names),
                        _ => report.error_over(&word, mistake(&word)),
                    }
                }
                Meta::List(list) if list.path.is_ident("budget") => {
                    budget(&word, list, &mut asked.budget, report);
                }
                Meta::NameValue(named) if named.path.is_ident("weights") => match &named.value {
                    Expr::Lit(ExprLit {
                        lit: Lit::Str(file),
                        ..
                    }) => match asked.weights {
                        Some(_) => report.error_over(&word, twice("weights")),
                        None => asked.weights = Some(file.clone()),
                    },
                    _ => report.error_over(&word, mistake(&word)),
                },
                _ => report.error_over(&word, mistake(&word)),
            }
        }
    }
    asked
}

/// `export_c`, or `export_c = "net"`.
fn export(word: &Meta) -> Option<Export> {
    let name = match word {
        Meta::Path(_) => None,
        Meta::NameValue(named) => match &named.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(name),
                ..
            }) => Some(name.clone()),
            _ => return None,
        },
        Meta::List(_) => return None,
    };
    let word = word.path().get_ident()?.clone();
    Some(Export { word, name })
}

/// Reads `budget(..)`. A model has one, which limits each resource once.
fn budget(word: &Meta, list: &MetaList, limits: &mut Vec<(Resource, Expr)>, report: &mut Report) {
    if !limits.is_empty() {
        return report.error_over(word, twice("budget"));
    }
    let parts = list.parse_args_with(Punctuated::<MetaNameValue, Token![,]>::parse_terminated);
    let Some(parts) = parts.ok().filter(|parts| !parts.is_empty()) else {
        return report.error_over(word, mistake(word));
    };
    for part in parts {
        let name = &part.path;
        match name.get_ident().and_then(Resource::of) {
            Some(resource) if limits.iter().any(|&(limited, _)| limited == resource) => {
                report.error_over(name, twice(&quote!(#name).to_string()));
            }
            Some(resource) => limits.push((resource, part.value)),
            None => report.error_over(name, mistake(word)),
        }
    }
}

/// The message for a word that may be given once.
fn twice(word: &str) -> String {
    format!("`{word}` is given twice; drop one")
}

/// What is wrong with a word of `#[kiln(..)]`.
fn mistake(word: &Meta) -> String {
    let path = word.path();
    let name = quote!(#path).to_string();
    match &name[..] {
        "input_gradients" => {
            "`input_gradients` stands alone, as in `#[kiln(input_gradients)]`".to_string()
        }
        "stream" => "`stream` stands alone, as in `#[kiln(stream)]`".to_string(),
        "export_c" => "`export_c` stands alone or says what names in C begin with, as in `#[kiln(export_c = \"net\")]`".to_string(),
        "carry" => "`carry` names the inputs that the last results are the next values of, as in `#[kiln(carry(state))]`".to_string(),
        "budget" => "`budget` limits `params`, `workspace`, `train` and `state`, as in `#[kiln(budget(params = 10_000, workspace = 4 * 1024))]`".to_string(),
        "weights" => "`weights` names one file of safetensors, as in `#[kiln(weights = \"net.safetensors\")]`".to_string(),
        _ => {
            let repair = match nearest(&name, WORDS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is `{}`", WORDS.join("`, `")),
            };
            format!("`kiln` has no word `{name}`; {repair}")
        }
    }
}

/// The attributes that are rustc's.
pub fn passed(attributes: &[Attribute]) -> TokenStream {
    let passed = attributes.iter().filter(|it| !it.path().is_ident("kiln"));
    quote!(#(#passed)*)
}

/// A trait that the user derives, and the conditions under which that happens: those of every `cfg_attr` around it.
pub struct Derived {
    /// The trait.
    pub path: Path,
    /// Predicates that must all hold.
    pub conditions: Vec<Meta>,
}

/// What the user derives.
pub fn derives(attributes: &[Attribute]) -> Vec<Derived> {
    let mut derives = Vec::new();
    for attribute in attributes {
        collect(&attribute.meta, &[], &mut derives);
    }
    derives
}

/// `derive(..)`, or a `cfg_attr(condition, ..)` that holds some.
fn collect(meta: &Meta, conditions: &[Meta], derives: &mut Vec<Derived>) {
    let Meta::List(list) = meta else {
        return;
    };
    if list.path.is_ident("derive") {
        let paths = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
        derives.extend(paths.into_iter().flatten().map(|path| Derived {
            path,
            conditions: conditions.to_vec(),
        }));
    } else if list.path.is_ident("cfg_attr") {
        let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        let mut parts = parts.into_iter().flatten();
        let conditions: Vec<Meta> = conditions.iter().cloned().chain(parts.next()).collect();
        for meta in parts {
            collect(&meta, &conditions, derives);
        }
    }
}

/// Attributes that derive what every network has, `Clone` and `Debug`, unless the user derives it.
pub fn derived(attributes: &[Attribute]) -> TokenStream {
    let own = derives(attributes);
    [
        ("Clone", quote!(::core::clone::Clone)),
        ("Debug", quote!(::core::fmt::Debug)),
    ]
    .into_iter()
    .map(|(name, path)| derived_unless(&path, own.iter().filter(|it| ends_in(&it.path, name))))
    .collect()
}

/// The attribute that derives a trait where none of the user's does.
fn derived_unless<'a>(path: &TokenStream, own: impl Iterator<Item = &'a Derived>) -> TokenStream {
    let cases: Vec<&[Meta]> = own.map(|it| &it.conditions[..]).collect();
    match cases[..] {
        [] => quote!(#[derive(#path)]),
        _ if cases.iter().any(|case| case.is_empty()) => TokenStream::new(),
        _ => quote!(#[cfg_attr(not(any(#(all(#(#cases),*)),*)), derive(#path))]),
    }
}

/// An expansion uses its struct even if that is deprecated. No other lint of rustc's is allowed, for what is allowed here a
/// user's crate may forbid.
pub fn allowances(attributes: &[Attribute]) -> TokenStream {
    let deprecated = |attribute: &Attribute| mentions(quote!(#attribute), "deprecated");
    match attributes.iter().any(deprecated) {
        true => quote!(#[allow(deprecated)]),
        false => TokenStream::new(),
    }
}

/// Whether a word stands anywhere in some tokens.
fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}

/// Whether a path ends in a name.
pub fn ends_in(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// Where the struct is left out, so is all that belongs to it.
pub fn conditions(attributes: &[Attribute]) -> TokenStream {
    let conditions = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    quote!(#(#conditions)*)
}
