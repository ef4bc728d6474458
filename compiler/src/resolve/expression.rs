//! Expressions of `forward`: names, calls, `+ - *` and ranges.

use proc_macro2::{Ident, Span};
use syn::{BinOp, Expr, ext::IdentExt, spanned::Spanned};

use super::forward::Scope;
use crate::{
    arguments::Arguments,
    ast::Argument,
    graph::ValueId,
    nearest::{list, nearest},
    ops::{KINDS, Op},
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
            Expr::Call(call) => self.call(call),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Index(index) => self.index(index),
            Expr::MethodCall(call) => {
                let method = &call.method;
                self.expression(&call.receiver);
                self.error(method, format!("tensors have no methods; write `{method}(...)`, the tensor first"))
            }
            Expr::Tuple(_) => self.error(expr, "a tuple is only what `forward` ends in, for several outputs"),
            Expr::Lit(_) => self.error(expr, "a number is no tensor; `+`, `-` and `*` take two tensors of one shape"),
            Expr::Reference(_) => self.error(expr, "tensors are not borrowed; drop the `&`"),
            Expr::Return(_) => self.error(expr, "`forward` ends in the output, without `return`"),
            _ => self.error(expr, "expected a tensor: a name, a call such as `relu(x)`, `+`, `-`, `*`, or a range `x[2..5]`"),
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

    /// Values are used after they are computed: a network has no cycles.
    fn undefined(&mut self, name: &Ident) -> ValueId {
        let word = name.unraw().to_string();
        if self.later.contains(&word) {
            let repair = "a network has no cycles, so move its `let` up or rename it";
            return self.error(
                name,
                format!("`{name}` is used before it is computed; {repair}"),
            );
        }
        if self.layer(name).is_some() {
            return self.error(name, format!("`{name}` is a layer; call it: `{name}(x)`"));
        }
        if kind_of(&word).is_some() {
            return self.error(
                name,
                format!("`{name}` is a function; call it: `{name}(x)`"),
            );
        }
        if self.builder.constants.contains(name) {
            return self.error(
                name,
                format!("`{name}` is a constant; a number is no tensor"),
            );
        }
        if self.builder.report.is_full() {
            return self.error(name, "");
        }
        let names: Vec<String> = self
            .bindings
            .iter()
            .map(|binding| binding.name.unraw().to_string())
            .collect();
        let names = || names.iter().map(String::as_str);
        let message = match nearest(&word, names()) {
            Some(near) => format!("there is no tensor `{name}`; did you mean `{near}`?"),
            None => format!(
                "there is no tensor `{name}`; so far there are {}",
                list(names())
            ),
        };
        self.error(name, message)
    }

    /// A layer or a function applied to tensors.
    fn call(&mut self, call: &syn::ExprCall) -> ValueId {
        let (operands, arguments): (Vec<&Expr>, Vec<&Expr>) = call
            .args
            .iter()
            .partition(|argument| self.is_tensor(argument));
        let feeds: Vec<ValueId> = operands
            .into_iter()
            .map(|operand| self.expression(operand))
            .collect();
        let Some(name) = plain_name(&call.func) else {
            return self.error(&call.func, "expected the name of a layer or function");
        };
        if let Some(layer) = self.layer(name) {
            if let Some(argument) = arguments.first() {
                return self.error(
                    argument,
                    format!("`{name}` takes tensors here; its arguments stand at its declaration"),
                );
            }
            return self.builder.call_layer(layer, feeds, name.span());
        }
        let word = name.unraw().to_string();
        if kind_of(&word).is_none() {
            return self.unknown_function(name);
        }
        let arguments: Vec<Argument> = arguments.into_iter().map(as_argument).collect();
        self.function(&word, &word, name.span(), feeds, &arguments)
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
        let (constants, report) = (self.builder.constants, &mut *self.builder.report);
        let mut reader = Arguments::new(shown, span, arguments, constants, report);
        let op = kind_of(function).and_then(|kind| Op::declare(kind, &mut reader));
        if let Some(op) = &op {
            reader.after_tensors(op.arity());
        }
        match (reader.finish(), op) {
            (true, Some(op)) => self.builder.call(op, None, shown, feeds, span),
            _ => self.builder.unknown(span),
        }
    }

    /// What is called is a declared layer or a function.
    fn unknown_function(&mut self, name: &Ident) -> ValueId {
        let word = name.unraw().to_string();
        if self.builder.report.is_full() {
            return self.error(name, "");
        }
        if self.names.contains_key(&word) {
            return self.error(
                name,
                format!("`{name}` is a tensor, no layer, and cannot be called"),
            );
        }
        let kind = nearest(&word, KINDS.iter().map(|(kind, _)| *kind));
        let layers = self
            .builder
            .declared
            .iter()
            .filter_map(|declared| declared.name.as_ref());
        let layers: Vec<String> = layers.map(|name| name.unraw().to_string()).collect();
        let functions = KINDS.iter().filter_map(|(_, function)| *function);
        let near = nearest(&word, layers.iter().map(String::as_str).chain(functions));
        let message = match (near, kind) {
            (Some(near), _) => {
                format!("there is no layer or function `{name}`; did you mean `{near}`?")
            }
            (None, Some(kind)) => format!(
                "`{name}` has weights or sizes of its own; declare it as a layer: `name: {kind}(...)`"
            ),
            (None, None) => format!(
                "there is no layer or function `{name}`; a layer is declared above `forward`: `{name}: Dense(10)`"
            ),
        };
        self.error(name, message)
    }

    fn binary(&mut self, binary: &syn::ExprBinary) -> ValueId {
        let feeds = vec![
            self.expression(&binary.left),
            self.expression(&binary.right),
        ];
        let (function, sign) = match binary.op {
            BinOp::Add(_) => ("add", "+"),
            BinOp::Sub(_) => ("sub", "-"),
            BinOp::Mul(_) => ("mul", "*"),
            _ => return self.error(binary.op, "tensors are joined by `+`, `-` and `*`"),
        };
        self.function(function, sign, binary.op.span(), feeds, &[])
    }

    /// `x[2..5]` cuts the first axis; `x[(.., 2..5)]` has a range for each axis, and `..` leaves one whole.
    fn index(&mut self, index: &syn::ExprIndex) -> ValueId {
        let mut value = self.expression(&index.expr);
        let ranges: Vec<&Expr> = match &*index.index {
            Expr::Tuple(tuple) => tuple.elems.iter().collect(),
            one => vec![one],
        };
        for (axis, range) in ranges.into_iter().enumerate() {
            if matches!(range, Expr::Range(whole) if whole.start.is_none() && whole.end.is_none()) {
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
            Expr::Path(path) => path.path.get_ident().is_none_or(|name| {
                let bound = self.names.contains_key(&name.unraw().to_string());
                bound || !self.builder.constants.contains(name)
            }),
            Expr::Binary(binary) => self.is_tensor(&binary.left) || self.is_tensor(&binary.right),
            Expr::Call(_) | Expr::Index(_) | Expr::MethodCall(_) | Expr::Reference(_) => true,
            _ => false,
        }
    }

    fn layer(&self, name: &Ident) -> Option<usize> {
        self.layers.get(&name.unraw().to_string()).copied()
    }
}

/// The kind that a function applies.
fn kind_of(function: &str) -> Option<&'static str> {
    let is_meant = |(_, name): &&(&str, Option<&str>)| *name == Some(function);
    KINDS.iter().find(is_meant).map(|(kind, _)| *kind)
}

/// The name of what is called.
fn plain_name(function: &Expr) -> Option<&Ident> {
    match function {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Group(inner) => plain_name(&inner.expr),
        _ => None,
    }
}

/// An argument of a call as one of a declaration; Rust reads `axis = 1` as an assignment.
fn as_argument(expr: &Expr) -> Argument {
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
