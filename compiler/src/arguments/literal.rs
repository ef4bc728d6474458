//! What an argument looks like as it is written.

use crate::ast::Argument;
use proc_macro2::Ident;
use syn::{Expr, Lit, UnOp};

/// Without the parentheses and invisible groups around it.
pub fn bare(value: &Expr) -> &Expr {
    match value {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        _ => value,
    }
}

/// An argument of a call as one of a declaration; Rust reads `axis = 1` as an assignment.
pub fn as_argument(expr: &Expr) -> Argument {
    let (name, value) = match expr {
        Expr::Assign(assign) => match plain_name(&assign.left) {
            Some(name) => (Some(name.clone()), &*assign.right),
            None => (None, expr),
        },
        _ => (None, expr),
    };
    Argument {
        name,
        value: value.clone(),
    }
}

/// A name as it stands, or in the invisible group that a macro makes of it.
pub fn plain_name(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Group(inner) => plain_name(&inner.expr),
        _ => None,
    }
}

/// The name in an argument that may be a layer's: `Relu`, `Dropout(0.5)`, and `"relu"` where an activation stands.
pub(super) fn named_layer(value: &Expr, is_activation: bool) -> Option<Ident> {
    match bare(value) {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.clone()),
        Expr::Call(call) => named_layer(&call.func, is_activation),
        Expr::Lit(literal) if is_activation => match &literal.lit {
            Lit::Str(text) => syn::parse_str(&text.value()).ok(),
            _ => None,
        },
        _ => None,
    }
}

/// What `(3, 5)` or `[3, 5]` holds.
pub(super) fn several(value: &Expr) -> Option<Vec<&Expr>> {
    match bare(value) {
        Expr::Tuple(tuple) => Some(tuple.elems.iter().collect()),
        Expr::Array(array) => Some(array.elems.iter().collect()),
        _ => None,
    }
}

/// Words are CamelCase (`Same`), constants are not (`N`, `WIDTH`).
pub(super) fn is_word(name: &Ident) -> bool {
    let name = name.to_string();
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// A literal number, perhaps negated, that is finite as the f32 it becomes.
pub fn number(value: &Expr) -> Option<f64> {
    let number: f64 = match bare(value) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Float(float) => float.base10_parse().ok()?,
            Lit::Int(int) => int.base10_parse().ok()?,
            _ => return None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => -number(&unary.expr)?,
        _ => return None,
    };
    (number as f32).is_finite().then_some(number)
}
