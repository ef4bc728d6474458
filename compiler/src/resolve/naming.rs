//! What layers are called in files: `name = "features.0"`, or else the name before the colon, or else the index.
//!
//! A `state_dict` joins a layer's name and its tensors' by dots, so that no name may begin another.

use std::{collections::BTreeMap, ops::Bound};

use proc_macro2::Span;
use syn::{Expr, Lit, ext::IdentExt, spanned::Spanned};

use crate::{ast, report::Report};

/// The names of some layers in files, in the order of their declaration, without that of the block around them.
pub(super) fn names(layers: &[ast::Layer], report: &mut Report) -> Vec<String> {
    let mut names = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let arguments = match &layer.module {
            ast::Module::Kind { arguments, .. } => &arguments[..],
            ast::Module::Custom(custom) => &custom.arguments,
            _ => &[],
        };
        let mut given = arguments.iter().filter(|argument| argument.is_name());
        let stated = given.next();
        if let Some(again) = given.next() {
            report.error_over(&again.value, "`name` is given twice; drop one");
        }
        let declared = || match &layer.name {
            Some(name) => name.unraw().to_string(),
            None => index.to_string(),
        };
        let span = match (stated, &layer.name) {
            (Some(stated), _) => stated.value.span(),
            (None, Some(name)) => name.span(),
            (None, None) => layer.module.span(),
        };
        let name = stated.and_then(|stated| text(&stated.value, report));
        names.push((name.unwrap_or_else(declared), stated.is_some(), span));
    }
    check_apart(&names, report);
    names.into_iter().map(|(name, ..)| name).collect()
}

/// The most letters of a name.
const LENGTH: usize = 256;

/// What a `name = ".."` says.
fn text(value: &Expr, report: &mut Report) -> Option<String> {
    let text = match value {
        Expr::Group(inner) => return text(&inner.expr, report),
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    let sound = text.filter(|text| text.len() <= LENGTH && text.split('.').all(is_part));
    if sound.is_none() {
        report.error_over(
            value,
            "`name` is the layer's name in files, as in `name = \"features.0\"`: letters, digits, `_`, `-`, `/` and `:`, joined by dots",
        );
    }
    sound
}

/// Whether this may stand between dots.
fn is_part(part: &str) -> bool {
    let is_sound =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '/' | ':');
    !part.is_empty() && part.chars().all(is_sound)
}

/// No layer is called as another, or as what belongs to another. Where neither name is stated, that is an error of names in
/// the model, and shown as such.
fn check_apart(names: &[(String, bool, Span)], report: &mut Report) {
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    // Stated names come last, so that the error stands at one of them.
    let declared = names.iter().filter(|(_, stated, _)| !stated);
    for (name, stated, span) in declared.chain(names.iter().filter(|(_, stated, _)| *stated)) {
        let clash = match known.get_key_value(name.as_str()) {
            Some((other, others)) => (*stated || *others).then_some(*other),
            None => {
                let mut outer = around(name).filter_map(|outer| known.get_key_value(outer));
                outer
                    .next()
                    .map(|(other, _)| *other)
                    .or_else(|| inside(&known, name))
            }
        };
        if let Some(other) = clash {
            let message = match other == name {
                true => {
                    format!("`{name}` is the name of another layer in files; give this one another")
                }
                false => format!(
                    "`{name}` and `{other}` cannot both be layers in files, where one holds the other; give this one another name"
                ),
            };
            report.error(*span, message);
        }
        known.insert(name, *stated);
    }
}

/// What a name stands inside of: `a.b` and `a` for `a.b.c`.
fn around(name: &str) -> impl Iterator<Item = &str> {
    name.rmatch_indices('.').map(|(end, _)| &name[..end])
}

/// A name that stands inside of this one.
fn inside<'k>(known: &BTreeMap<&'k str, bool>, name: &str) -> Option<&'k str> {
    let begin = format!("{name}.");
    let from = (Bound::Included(begin.as_str()), Bound::Unbounded);
    let (other, _) = known.range::<str, _>(from).next()?;
    other.starts_with(&begin).then_some(*other)
}
