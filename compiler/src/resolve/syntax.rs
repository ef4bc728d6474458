//! What an expression is as it is written, before any name in it has a meaning.

use proc_macro2::Ident;
use syn::{Expr, Lit, UnOp};

use crate::{arguments::bare, ast::Argument};

/// Whether an expression is a number as it is written.
pub(super) fn is_number(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Lit(literal) => matches!(literal.lit, Lit::Float(_) | Lit::Int(_)),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && is_number(&unary.expr),
        _ => false,
    }
}

/// The name of what is called.
pub(super) fn plain_name(function: &Expr) -> Option<&Ident> {
    match function {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Group(inner) => plain_name(&inner.expr),
        _ => None,
    }
}

/// An argument of a call as one of a declaration; Rust reads `axis = 1` as an assignment.
pub(super) fn as_argument(expr: &Expr) -> Argument {
    match expr {
        Expr::Assign(assign) => match plain_name(&assign.left) {
            Some(name) => Argument {
                name: Some(name.clone()),
                value: (*assign.right).clone(),
            },
            None => Argument {
                name: None,
                value: expr.clone(),
            },
        },
        _ => Argument {
            name: None,
            value: expr.clone(),
        },
    }
}
