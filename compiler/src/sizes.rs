//! Evaluates integer expressions: literals, a model's constants, `+ - * / %` and parentheses.
//!
//! Arithmetic is checked: what is negative, divides by zero or overflows is an error at its own token.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use syn::{BinOp, Expr, Lit, UnOp, ext::IdentExt};

use crate::{ast, nearest::did_you_mean, report::Report};

/// The largest number of a declaration, and the most numbers of a tensor and of all values of a sample: eight gigabytes.
/// Products of two such numbers do not overflow.
pub const LIMIT: usize = 1 << 31;

/// What is known of a constant.
#[derive(Clone, Copy, Debug)]
enum Constant {
    Known(u64),
    /// A switch: a const parameter that is a `bool`.
    Flag(bool),
    /// Its declaration is wrong and was reported.
    Broken,
    /// It is declared further down.
    Later,
}

/// The constants of one model.
#[derive(Clone, Debug, Default)]
pub struct Constants {
    values: BTreeMap<String, Constant>,
}

impl Constants {
    /// Evaluates constants in order; each may use those before it, and what the parameters stand for.
    pub fn evaluate(given: &[ast::Given], declared: &[ast::Constant], report: &mut Report) -> Self {
        let names = declared
            .iter()
            .map(|constant| (constant.name.unraw().to_string(), Constant::Later));
        let mut constants = Self {
            values: names.collect(),
        };
        let mut settled = BTreeSet::new();
        for given in given {
            let value = match given.value {
                Some(ast::Value::Number(number)) => Constant::Known(number),
                Some(ast::Value::Flag(flag)) => Constant::Flag(flag),
                None => Constant::Broken,
            };
            constants.settle(&given.name, value, &mut settled);
        }
        for constant in declared {
            let value = constants.value(&constant.value, report);
            let value = value.map_or(Constant::Broken, Constant::Known);
            constants.settle(&constant.name, value, &mut settled);
        }
        constants
    }

    /// Gives a name its value; one that is given twice, which is reported with all names, has none.
    fn settle(&mut self, name: &Ident, value: Constant, settled: &mut BTreeSet<String>) {
        let name = name.unraw().to_string();
        let value = match settled.insert(name.clone()) {
            true => value,
            false => Constant::Broken,
        };
        self.values.insert(name, value);
    }

    /// The value of an argument for a const parameter.
    pub fn argument(
        &self,
        parameter: &ast::Parameter,
        expr: &Expr,
        report: &mut Report,
    ) -> Option<ast::Value> {
        let name = &parameter.name;
        if !parameter.is_flag {
            if self.flag(expr).is_some() {
                report.error_over(
                    expr,
                    format!("`{name}` is a size, and this is a switch; write a number"),
                );
                return None;
            }
            return self
                .integer(expr, report)
                .map(|number| ast::Value::Number(number as u64));
        }
        match self.flag(expr) {
            Some(flag) => Some(ast::Value::Flag(flag)),
            None if self.is_broken(expr) => None,
            None => {
                report.error_over(
                    expr,
                    format!("`{name}` is a switch; write `true` or `false`"),
                );
                None
            }
        }
    }

    /// The switch that an expression is: `true`, `false`, or a parameter of that kind.
    pub fn flag(&self, expr: &Expr) -> Option<bool> {
        match expr {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Bool(flag) => Some(flag.value),
                _ => None,
            },
            Expr::Paren(inner) => self.flag(&inner.expr),
            Expr::Group(inner) => self.flag(&inner.expr),
            Expr::Path(path) => {
                match self
                    .values
                    .get(&path.path.get_ident()?.unraw().to_string())?
                {
                    Constant::Flag(flag) => Some(*flag),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether an expression names a constant whose declaration is wrong.
    pub fn is_broken(&self, expr: &Expr) -> bool {
        let Expr::Path(path) = expr else {
            return false;
        };
        let name = path.path.get_ident().map(|name| name.unraw().to_string());
        name.is_some_and(|name| matches!(self.values.get(&name), Some(Constant::Broken)))
    }

    /// Whether `name` is a constant of the model.
    pub fn contains(&self, name: &Ident) -> bool {
        self.values.contains_key(&name.unraw().to_string())
    }

    /// A shape: one size or more.
    pub fn shape(&self, shape: &ast::Shape, report: &mut Report) -> Option<Vec<usize>> {
        if shape.is_scalar {
            return Some(vec![1]);
        }
        if shape.sizes.is_empty() {
            report.error(
                shape.span,
                "a shape has at least one size; a single number is `[1]`",
            );
            return None;
        }
        if let Some(batch) = shape.sizes.iter().find(|size| self.is_batch(size)) {
            report.error_over(
                batch,
                "every size is known while compiling; leave the batch out, for a shape is that of one sample",
            );
            return None;
        }
        // Every size is evaluated before the first failure counts, so that all errors show.
        let sizes: Vec<_> = shape
            .sizes
            .iter()
            .map(|size| self.size(size, report))
            .collect();
        sizes.into_iter().collect()
    }

    /// What stands for a size that varies elsewhere: `None`, `-1`, `_`.
    fn is_batch(&self, size: &Expr) -> bool {
        match size {
            Expr::Group(inner) => self.is_batch(&inner.expr),
            Expr::Infer(_) => true,
            Expr::Path(path) => path
                .path
                .get_ident()
                .is_some_and(|name| name == "None" && !self.contains(name)),
            Expr::Unary(unary) => {
                matches!(unary.op, UnOp::Neg(_))
                    && matches!(&*unary.expr, Expr::Lit(one) if matches!(&one.lit, Lit::Int(one) if one.base10_digits() == "1"))
            }
            _ => false,
        }
    }

    /// A number that is at least 1.
    pub fn size(&self, expr: &Expr, report: &mut Report) -> Option<usize> {
        let size = self.integer(expr, report)?;
        self.check_not_zero(size, expr, report)
    }

    /// A number that is at least 0.
    pub fn integer(&self, expr: &Expr, report: &mut Report) -> Option<usize> {
        let value = self.value(expr, report)?;
        self.check_limit(value, expr, report)
    }

    /// A number of anything, such as bytes, which may be more than a tensor holds.
    pub fn amount(&self, expr: &Expr, report: &mut Report) -> Option<usize> {
        let value = self.value(expr, report)?;
        Some(usize::try_from(value).unwrap_or(usize::MAX))
    }

    /// A tensor without numbers has no use, and a layer without outputs none either.
    fn check_not_zero(&self, size: usize, expr: &Expr, report: &mut Report) -> Option<usize> {
        if size == 0 {
            report.error_over(expr, "this size is 0; sizes are at least 1");
            return None;
        }
        Some(size)
    }

    /// No single number may exceed what a tensor holds.
    fn check_limit(&self, value: u64, expr: &Expr, report: &mut Report) -> Option<usize> {
        let size = usize::try_from(value).ok().filter(|&size| size <= LIMIT);
        if size.is_none() {
            report.error_over(
                expr,
                format!("{value} is too large; sizes, paddings and indices are at most {LIMIT}"),
            );
        }
        size
    }

    fn value(&self, expr: &Expr, report: &mut Report) -> Option<u64> {
        match expr {
            Expr::Lit(literal) => match &literal.lit {
                // In angle brackets a sign belongs to its literal.
                Lit::Int(int) if int.base10_digits().starts_with('-') => negative(expr, report),
                Lit::Int(int) if matches!(int.suffix(), "" | "usize" | "u64" | "u32") => {
                    let value = int.base10_parse();
                    value
                        .map_err(|_| report.error_over(int, "this number does not fit in 64 bits"))
                        .ok()
                }
                _ => self.not_an_integer(expr, report),
            },
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) => self.constant(name, report),
                None => self.not_an_integer(expr, report),
            },
            Expr::Paren(inner) => self.value(&inner.expr, report),
            Expr::Group(inner) => self.value(&inner.expr, report),
            Expr::Binary(binary) => self.binary(binary, report),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => negative(expr, report),
            _ => self.not_an_integer(expr, report),
        }
    }

    /// Names stand for constants of the same model; a macro sees no values from outside.
    fn constant(&self, name: &Ident, report: &mut Report) -> Option<u64> {
        match self.values.get(&name.unraw().to_string()) {
            Some(Constant::Known(value)) => Some(*value),
            Some(Constant::Broken) => None,
            Some(Constant::Flag(_)) => {
                let message = format!(
                    "`{name}` is a switch, and no number; it is given to a switch, as in `bias = {name}`"
                );
                report.error(name.span(), message);
                None
            }
            Some(Constant::Later) => {
                report.error(
                    name.span(),
                    format!("`{name}` is used before it is declared; move its `const` up"),
                );
                None
            }
            None if report.is_full() => {
                report.error(name.span(), "");
                None
            }
            None => {
                let near = did_you_mean(&name.to_string(), self.values.keys().map(String::as_str));
                let repair = format!("declare it inside: `const {name}: usize = ...;`");
                report.error(
                    name.span(),
                    format!("`{name}` is no constant of this model, and a macro sees none from outside; {repair}{near}"),
                );
                None
            }
        }
    }

    fn binary(&self, binary: &syn::ExprBinary, report: &mut Report) -> Option<u64> {
        let left = self.value(&binary.left, report);
        let right = self.value(&binary.right, report);
        let (left, right) = (left?, right?);
        let (result, sign) = match binary.op {
            BinOp::Add(_) => (left.checked_add(right), '+'),
            BinOp::Sub(_) if left < right => {
                report.error_over(
                    binary,
                    format!("{left} - {right} is negative; sizes, paddings and indices are not"),
                );
                return None;
            }
            BinOp::Sub(_) => (left.checked_sub(right), '-'),
            BinOp::Mul(_) => (left.checked_mul(right), '*'),
            BinOp::Div(_) | BinOp::Rem(_) if right == 0 => {
                report.error_over(&binary.right, format!("{left} is divided by zero here"));
                return None;
            }
            BinOp::Div(_) => (left.checked_div(right), '/'),
            BinOp::Rem(_) => (left.checked_rem(right), '%'),
            _ => {
                report.error_over(binary.op, "sizes are computed with `+ - * / %` only");
                return None;
            }
        };
        if result.is_none() {
            report.error_over(binary, format!("{left} {sign} {right} overflows"));
        }
        result
    }

    fn not_an_integer(&self, expr: &Expr, report: &mut Report) -> Option<u64> {
        report.error_over(
            expr,
            "expected a whole number: literals and constants of the model, joined by `+ - * / %`",
        );
        None
    }
}

/// No number of a declaration is negative.
fn negative(expr: &Expr, report: &mut Report) -> Option<u64> {
    report.error_over(
        expr,
        "this number is negative; sizes, paddings and indices are not",
    );
    None
}
