//! Expressions of `forward`: names, calls, `+ - * /` and ranges.

use proc_macro2::{Ident, Span};
use syn::{BinOp, Expr, UnOp, ext::IdentExt, spanned::Spanned};

use super::{
    advice::{NUMBER, instead_of},
    build::Taken,
    forward::Scope,
    syntax::is_number,
};
use crate::{
    arguments::{Arguments, as_argument, bare, number, plain_name},
    ast::Argument,
    graph::ValueId,
    ops::{KINDS, Op, kind_of},
};

impl Scope<'_, '_> {
    /// The value of an expression; one that is wrong has a value too, of which nothing is known.
    pub(super) fn expression(&mut self, expr: &Expr) -> ValueId {
        match expr {
            Expr::Paren(inner) => self.expression(&inner.expr),
            Expr::Group(inner) => self.expression(&inner.expr),
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) => self.name(name),
                None => self.error(path, "tensors and layers have plain names, without `::`"),
            },
            Expr::Call(call) => {
                let results = self.call(call, Taken::One);
                self.single(results, call)
            }
            Expr::Binary(binary) => self.binary(binary),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) && !is_number(expr) => {
                let value = self.expression(&unary.expr);
                let minus = Argument {
                    name: None,
                    value: syn::parse_quote!(-1.0),
                };
                self.function("factor", "*", unary.op.span(), vec![value], &[minus])
            }
            Expr::Index(index) => self.index(index),
            Expr::MethodCall(call) => self.method(call),
            // What could not be read was reported.
            Expr::Verbatim(_) => self.builder.unknown(expr.span()),
            _ => self.error(expr, instead_of(expr)),
        }
    }

    /// The values of an expression: those of a call of a block or of a recurrence may be several.
    pub(super) fn results(&mut self, expr: &Expr, taken: Taken<'_>) -> Vec<ValueId> {
        match expr {
            Expr::Paren(inner) => self.results(&inner.expr, taken),
            Expr::Group(inner) => self.results(&inner.expr, taken),
            Expr::Call(call) => self.call(call, taken),
            one => vec![self.expression(one)],
        }
    }

    /// The one value of a call.
    fn single(&mut self, results: Vec<ValueId>, call: &syn::ExprCall) -> ValueId {
        match results[..] {
            [one] => one,
            _ => {
                let message = format!(
                    "this gives {} tensors, and one is taken here; bind them before: `let (a, ..) = ..;` with a name for each",
                    results.len()
                );
                self.error(call, message)
            }
        }
    }

    /// A name that stands for a value.
    fn name(&mut self, name: &Ident) -> ValueId {
        if let Some(&binding) = self.names.get(&name.unraw().to_string()) {
            let binding = &mut self.bindings[binding];
            binding.used = true;
            return binding.value;
        }
        self.undefined(name)
    }

    /// A layer or a function applied to tensors.
    fn call(&mut self, call: &syn::ExprCall, taken: Taken<'_>) -> Vec<ValueId> {
        let (operands, arguments): (Vec<&Expr>, Vec<&Expr>) = call
            .args
            .iter()
            .partition(|argument| self.is_tensor(argument));
        let (lengths, arguments): (Vec<&Expr>, Vec<&Expr>) = arguments
            .into_iter()
            .partition(|argument| self.length_of(argument).is_some());
        if let Some(list) = arguments.iter().find(|argument| self.is_list(argument)) {
            return vec![self.error(
                list,
                "tensors stand side by side, without brackets, as in `concat(a, b)`",
            )];
        }
        let feeds: Vec<ValueId> = operands
            .into_iter()
            .map(|operand| self.expression(operand))
            .collect();
        let length = self.length(&lengths);
        let Some(name) = plain_name(&call.func) else {
            let message = match &*call.func {
                Expr::Call(_) => {
                    "a layer is declared above `forward`, as in `fc: Dense(10)`, and called by its name, `fc(x)`"
                }
                Expr::Path(_) => {
                    "layers and functions have plain names; leave out what stands before `::`"
                }
                _ => "expected the name of a layer or function",
            };
            return vec![self.error(&call.func, message)];
        };
        if let Some(layer) = self.layer(name) {
            if let Some(argument) = arguments.first() {
                if assigned(argument).is_some_and(|name| name == "length") {
                    return vec![self.error(
                        argument,
                        "a length is a `u32` input of the model, as `n: u32`; give it by its name, `length = n`",
                    )];
                }
                return vec![self.error(
                    argument,
                    format!("`{name}` takes tensors here; its arguments stand at its declaration"),
                )];
            }
            self.builder.length = length;
            let declared = &mut self.frame.declared[layer];
            return self
                .builder
                .call_declared(declared, feeds, taken, name.span());
        }
        let word = name.unraw().to_string();
        if kind_of(&word).is_none() {
            return vec![self.unknown_function(name)];
        }
        let arguments: Vec<Argument> = arguments.into_iter().map(as_argument).collect();
        self.builder.length = length;
        vec![self.function(&word, &word, name.span(), feeds, &arguments)]
    }

    /// The tensor of `length = n`.
    fn length_of<'e>(&self, argument: &'e Expr) -> Option<&'e Expr> {
        let Expr::Assign(given) = argument else {
            return None;
        };
        let is_length = assigned(argument).is_some_and(|name| name == "length");
        (is_length && self.is_tensor(&given.right)).then_some(&*given.right)
    }

    /// How many steps of its operand a call reads, where that is given.
    fn length(&mut self, given: &[&Expr]) -> Option<(ValueId, Span)> {
        if let Some(again) = given.get(1) {
            self.error(again, "`length` is given twice; drop one");
        }
        let given = *given.first()?;
        let length = self.length_of(given)?;
        Some((self.expression(length), given.span()))
    }

    /// A function such as `reshape(x, [4, 7])`, tensors first, then the arguments of a declaration; messages call it
    /// `shown`.
    fn function(
        &mut self,
        function: &str,
        shown: &str,
        span: Span,
        feeds: Vec<ValueId>,
        arguments: &[Argument],
    ) -> ValueId {
        let (constants, report) = (&self.frame.constants, &mut *self.builder.report);
        let mut reader = Arguments::new(shown, span, arguments, (KINDS, constants), report);
        let op = kind_of(function).and_then(|kind| Op::declare(kind, &mut reader));
        if let Some(op) = &op {
            reader.after_tensors(op.arity());
        }
        match (reader.finish(), op) {
            (true, Some(op)) => {
                let results = self
                    .builder
                    .call((op, None), shown, feeds, Taken::One, span);
                let first = results.first().copied();
                first.unwrap_or_else(|| self.builder.unknown(span))
            }
            _ => {
                self.builder.length = None;
                self.builder.unknown(span)
            }
        }
    }

    pub(super) fn is_bound(&self, name: &Ident) -> bool {
        self.names.contains_key(&name.unraw().to_string())
    }

    /// What is made of numbers beside a tensor is a single literal; anything else is reported.
    fn is_literal(&mut self, number: &Expr, sign: &BinOp) -> bool {
        if is_number(number) {
            return true;
        }
        let message = match (plain_name(bare(number)), sign) {
            (Some(constant), BinOp::Mul(_)) => format!(
                "`{constant}` is a constant, and a factor is a single literal; write `factor(x, {constant})`"
            ),
            (Some(constant), BinOp::Div(_)) => format!(
                "`{constant}` is a constant, and a divisor is a single literal; write the number"
            ),
            (Some(constant), _) => format!(
                "`{constant}` is a constant, and a term is a single literal; write `rescaling(x, 1, offset = {constant})`"
            ),
            _ => "a number beside a tensor is a single literal, as in `x * 0.5`; write the number that this comes to"
                .to_string(),
        };
        self.error(number, message);
        false
    }

    /// A tensor and a number joined by a sign.
    fn with_number(
        &mut self,
        (tensor, number): (&Expr, &Expr),
        number_first: bool,
        sign: BinOp,
    ) -> ValueId {
        let (span, value) = (sign.span(), self.expression(tensor));
        if !self.is_literal(number, &sign) {
            return self.builder.unknown(span);
        }
        let argument = |name: Option<&str>, value: Expr| Argument {
            name: name.map(|name| Ident::new(name, span)),
            value,
        };
        let negative: Expr = syn::parse_quote!(-#number);
        let one = |sign: f64| -> Expr {
            match sign < 0.0 {
                true => syn::parse_quote!(-1.0),
                false => syn::parse_quote!(1.0),
            }
        };
        let (function, arguments) =
            match (sign, number_first) {
                (BinOp::Add(_), _) => (
                    "rescaling",
                    vec![(None, one(1.0)), (Some("offset"), number.clone())],
                ),
                (BinOp::Sub(_), false) => (
                    "rescaling",
                    vec![(None, one(1.0)), (Some("offset"), negative)],
                ),
                (BinOp::Sub(_), true) => (
                    "rescaling",
                    vec![(None, one(-1.0)), (Some("offset"), number.clone())],
                ),
                (BinOp::Div(_), true) => ("reciprocal", vec![(None, number.clone())]),
                (BinOp::Div(_), false) => match self.inverse(number) {
                    Some(inverse) => ("factor", vec![(None, inverse)]),
                    None => return self.error(
                        number,
                        "a tensor is divided by a number whose inverse f32 can hold; 0 has none",
                    ),
                },
                _ => ("factor", vec![(None, number.clone())]),
            };
        let arguments = arguments
            .into_iter()
            .map(|(name, value)| argument(name, value));
        let shown = shown(sign);
        self.function(
            function,
            shown,
            span,
            vec![value],
            &arguments.collect::<Vec<_>>(),
        )
    }

    /// The number by which a product is the quotient by another.
    fn inverse(&self, of: &Expr) -> Option<Expr> {
        let inverse = 1.0 / number(of)?;
        (inverse as f32)
            .is_finite()
            .then(|| syn::parse_str(&format!("{inverse:?}")).ok())?
    }

    /// Whether an expression is made of literals and constants alone.
    fn is_numeric(&self, expr: &Expr) -> bool {
        match bare(expr) {
            Expr::Path(path) => path.path.get_ident().is_some_and(|name| {
                let constants = &self.frame.constants;
                !self.is_bound(name) && constants.contains(name) && constants.flag(expr).is_none()
            }),
            // A chain of operators grows to the left, so that the right side is the shorter.
            Expr::Binary(binary) => self.is_numeric(&binary.right) && self.is_numeric(&binary.left),
            Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && self.is_numeric(&unary.expr),
            literal => is_number(literal),
        }
    }

    /// Tensors and numbers joined by a sign.
    fn binary(&mut self, binary: &syn::ExprBinary) -> ValueId {
        let (left, right) = (&*binary.left, &*binary.right);
        let function = match binary.op {
            BinOp::Add(_) => "add",
            BinOp::Sub(_) => "sub",
            BinOp::Mul(_) => "mul",
            BinOp::Div(_) => "div",
            _ => return self.error(binary.op, "tensors are joined by `+`, `-`, `*` and `/`"),
        };
        // A chain of operators grows to the left, so that the right side is the shorter.
        match (self.is_numeric(right), self.is_numeric(left)) {
            (true, true) => return self.error(binary, NUMBER),
            (true, false) => return self.with_number((left, right), false, binary.op),
            (false, true) => return self.with_number((right, left), true, binary.op),
            (false, false) => {}
        }
        let feeds = vec![self.expression(left), self.expression(right)];
        self.function(function, shown(binary.op), binary.op.span(), feeds, &[])
    }

    /// `x[2..5]` cuts the first axis; `x[(.., 2..5)]` has a range for each axis, and `..` leaves one whole.
    fn index(&mut self, index: &syn::ExprIndex) -> ValueId {
        let mut value = self.expression(&index.expr);
        let ranges: Vec<&Expr> = match &*index.index {
            Expr::Tuple(tuple) => tuple.elems.iter().collect(),
            one => vec![one],
        };
        for (axis, range) in ranges.into_iter().enumerate() {
            let range = bare(range);
            let Expr::Range(parts) = range else {
                return self.not_a_range(range);
            };
            if parts.start.is_none() && parts.end.is_none() {
                continue;
            }
            let axis = syn::LitInt::new(&axis.to_string(), range.span());
            let arguments = [
                Argument {
                    name: None,
                    value: range.clone(),
                },
                Argument {
                    name: Some(Ident::new("axis", range.span())),
                    value: syn::parse_quote!(#axis),
                },
            ];
            value = self.function("slice", "slice", range.span(), vec![value], &arguments);
        }
        value
    }

    /// Whether an argument of a call is meant as a tensor rather than as a number, word or range.
    fn is_tensor(&self, argument: &Expr) -> bool {
        match argument {
            Expr::Paren(inner) => self.is_tensor(&inner.expr),
            Expr::Group(inner) => self.is_tensor(&inner.expr),
            Expr::Path(path) => path
                .path
                .get_ident()
                .is_none_or(|name| self.is_bound(name) || !self.frame.constants.contains(name)),
            Expr::Binary(binary) => self.is_tensor(&binary.left) || self.is_tensor(&binary.right),
            Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && self.is_tensor(&unary.expr),
            Expr::Call(_) | Expr::Index(_) | Expr::MethodCall(_) | Expr::Reference(_) => true,
            _ => false,
        }
    }

    /// Whether an argument holds tensors in brackets.
    fn is_list(&self, argument: &Expr) -> bool {
        let elements = match bare(argument) {
            Expr::Array(array) => &array.elems,
            Expr::Tuple(tuple) => &tuple.elems,
            _ => return false,
        };
        elements.iter().any(|element| match bare(element) {
            Expr::Path(path) => path
                .path
                .get_ident()
                .is_some_and(|name| self.is_bound(name)),
            Expr::Call(_) | Expr::Index(_) => true,
            _ => false,
        })
    }

    pub(super) fn layer(&self, name: &Ident) -> Option<usize> {
        self.layers.get(&name.unraw().to_string()).copied()
    }
}

/// How messages show what joins two tensors.
fn shown(sign: BinOp) -> &'static str {
    match sign {
        BinOp::Add(_) => "+",
        BinOp::Sub(_) => "-",
        BinOp::Div(_) => "/",
        _ => "*",
    }
}

/// The name of an argument that has one.
fn assigned(argument: &Expr) -> Option<&Ident> {
    match argument {
        Expr::Assign(given) => plain_name(&given.left),
        _ => None,
    }
}
