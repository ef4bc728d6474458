//! What an expression is as it is written, before any name in it has a meaning.

use syn::{Expr, Lit, UnOp};

use crate::arguments::bare;

/// Whether an expression is a number as it is written.
pub(super) fn is_number(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Lit(literal) => matches!(literal.lit, Lit::Float(_) | Lit::Int(_)),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && is_number(&unary.expr),
        _ => false,
    }
}
