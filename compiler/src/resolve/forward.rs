//! The dataflow in `forward`: `let` statements and a tail, in Rust's own expression syntax.

use proc_macro2::{Ident, Span};
use syn::{BinOp, Expr, Pat, Stmt, ext::IdentExt, spanned::Spanned};

use super::build::Builder;
use crate::{
    arguments::Arguments,
    ast::{Argument, Forward, Model},
    graph::ValueId,
    nearest::{did_you_mean, nearest},
    ops::{KINDS, Op},
};

/// The outputs of `forward`.
pub fn resolve(builder: &mut Builder<'_>, model: &Model, forward: &Forward) -> Vec<ValueId> {
    let errors = builder.report.count();
    let mut scope = Scope::new(builder, model, forward);
    let outputs = scope.block(forward);
    if let Some(outputs) = &outputs {
        scope.check_output_count(model, outputs);
        scope.check_outputs_computed(outputs);
    }
    // What follows an error in `forward` may only seem unused.
    if scope.builder.report.count() == errors {
        scope.check_bindings_used();
        scope.check_layers_called();
    }
    outputs
        .unwrap_or_default()
        .into_iter()
        .map(|(value, _)| value)
        .collect()
}

/// Names that stand for values.
struct Scope<'b, 'a> {
    builder: &'b mut Builder<'a>,
    bindings: Vec<Binding>,
    /// Names that some `let` of the block gives, for messages.
    later: Vec<String>,
}

/// An input or a `let`; the last of a name counts.
struct Binding {
    name: Ident,
    value: ValueId,
    used: bool,
}

/// An output and where it is written.
type Output = (ValueId, Span);

impl<'b, 'a> Scope<'b, 'a> {
    fn new(builder: &'b mut Builder<'a>, model: &Model, forward: &Forward) -> Self {
        let inputs = model.inputs.iter().zip(&builder.graph.inputs);
        let bindings = inputs.map(|(input, &value)| Binding {
            name: input.name.clone(),
            value,
            used: false,
        });
        let later = forward
            .block
            .stmts
            .iter()
            .filter_map(|statement| match statement {
                Stmt::Local(local) => bound_name(&local.pat).map(|name| name.unraw().to_string()),
                _ => None,
            });
        Self {
            bindings: bindings.collect(),
            later: later.collect(),
            builder,
        }
    }

    fn error(&mut self, tokens: impl quote::ToTokens, message: impl std::fmt::Display) -> ValueId {
        let span = tokens.span();
        self.builder.report.error_over(tokens, message);
        self.builder.unknown(span)
    }

    fn block(&mut self, forward: &Forward) -> Option<Vec<Output>> {
        let Some((tail, statements)) = forward.block.stmts.split_last() else {
            self.builder
                .report
                .error(forward.span, "`forward` is empty; it ends in the output");
            return None;
        };
        for statement in statements {
            self.statement(statement);
        }
        match tail {
            Stmt::Expr(Expr::Tuple(tuple), None) => Some(
                tuple
                    .elems
                    .iter()
                    .map(|output| (self.expression(output), output.span()))
                    .collect(),
            ),
            Stmt::Expr(output, None) => Some(vec![(self.expression(output), output.span())]),
            Stmt::Expr(output, Some(_)) => {
                self.expression(output);
                self.error(
                    output,
                    "`forward` ends in the output; drop the semicolon after it",
                );
                None
            }
            _ => {
                self.statement(tail);
                self.builder.report.error(
                    forward.span,
                    "`forward` ends in the output, an expression without semicolon",
                );
                None
            }
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Local(local) => self.binding(local),
            Stmt::Expr(expr, _) => {
                self.expression(expr);
                self.error(expr, "the result is dropped; bind it with `let`");
            }
            _ => {
                self.error(
                    statement,
                    "`forward` holds `let` statements and, last, the output",
                );
            }
        }
    }

    /// `let h = ...;`, whose name is known only after its right side.
    fn binding(&mut self, local: &syn::Local) {
        let value = match &local.init {
            Some(init) if init.diverge.is_none() => self.expression(&init.expr),
            _ => self.error(local, "a `let` is written `let h = ...;`"),
        };
        if bound_name(&local.pat).is_none() {
            self.error(
                &local.pat,
                "a `let` binds one plain name, as in `let h = ...;`",
            );
        }
        for name in names(&local.pat) {
            self.bindings.push(Binding {
                name: name.clone(),
                value,
                used: false,
            });
        }
    }

    fn expression(&mut self, expr: &Expr) -> ValueId {
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
            Expr::Lit(_) => self.error(expr, "a number is no tensor"),
            _ => self.error(expr, "expected a tensor: a name, a call such as `relu(x)`, `+`, `-`, `*`, or a range `x[2..5]`"),
        }
    }

    /// A name that stands for a value.
    fn name(&mut self, name: &Ident) -> ValueId {
        if let Some(binding) = self
            .bindings
            .iter_mut()
            .rev()
            .find(|binding| binding.name.unraw() == name.unraw())
        {
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
        if self.builder.constants.contains(name) {
            return self.error(
                name,
                format!("`{name}` is a constant; a number is no tensor"),
            );
        }
        let names: Vec<String> = self
            .bindings
            .iter()
            .map(|binding| binding.name.unraw().to_string())
            .collect();
        let near = did_you_mean(&word, names.iter().map(String::as_str));
        self.error(name, format!("there is no tensor `{name}`{near}"))
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
        match KINDS
            .iter()
            .find(|(_, function)| *function == Some(word.as_str()))
        {
            Some((kind, _)) => self.function(kind, name, feeds, &arguments),
            None => self.unknown_function(name),
        }
    }

    /// A function such as `reshape(x, [4, 7])`: tensors first, then the arguments of a declaration.
    fn function(
        &mut self,
        kind: &str,
        name: &Ident,
        feeds: Vec<ValueId>,
        arguments: &[&Expr],
    ) -> ValueId {
        let word = name.unraw().to_string();
        let arguments: Vec<Argument> = arguments
            .iter()
            .map(|argument| as_argument(argument))
            .collect();
        let (constants, report) = (self.builder.constants, &mut *self.builder.report);
        let mut reader = Arguments::new(&word, name.span(), &arguments, constants, report);
        let op = Op::declare(kind, &mut reader);
        match (reader.finish(), op) {
            (true, Some(op)) => self.builder.call(op, None, &word, feeds, name.span()),
            _ => self.builder.unknown(name.span()),
        }
    }

    /// What is called is a declared layer or a function.
    fn unknown_function(&mut self, name: &Ident) -> ValueId {
        let word = name.unraw().to_string();
        if self
            .bindings
            .iter()
            .any(|binding| binding.name.unraw() == name.unraw())
        {
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
        let kind = KINDS
            .iter()
            .find(|(_, name)| *name == Some(function))
            .map_or("", |(kind, _)| *kind);
        let span = binary.op.span();
        let mut none = Arguments::new(sign, span, &[], self.builder.constants, self.builder.report);
        match Op::declare(kind, &mut none) {
            Some(op) => self.builder.call(op, None, sign, feeds, span),
            None => self.builder.unknown(span),
        }
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
            let (constants, report) = (self.builder.constants, &mut *self.builder.report);
            let mut reader = Arguments::new("slice", range.span(), &arguments, constants, report);
            let op = Op::declare("Slice", &mut reader);
            value = match (reader.finish(), op) {
                (true, Some(op)) => self
                    .builder
                    .call(op, None, "slice", vec![value], range.span()),
                _ => self.builder.unknown(range.span()),
            };
        }
        value
    }

    /// Whether an argument of a call is meant as a tensor rather than as a number, word or range.
    fn is_tensor(&self, argument: &Expr) -> bool {
        match argument {
            Expr::Paren(inner) => self.is_tensor(&inner.expr),
            Expr::Group(inner) => self.is_tensor(&inner.expr),
            Expr::Path(path) => path.path.get_ident().is_none_or(|name| {
                let bound = self
                    .bindings
                    .iter()
                    .any(|binding| binding.name.unraw() == name.unraw());
                bound || !self.builder.constants.contains(name)
            }),
            Expr::Binary(binary) => self.is_tensor(&binary.left) || self.is_tensor(&binary.right),
            Expr::Call(_) | Expr::Index(_) | Expr::MethodCall(_) => true,
            _ => false,
        }
    }

    fn layer(&self, name: &Ident) -> Option<usize> {
        let is_named = |declared: &Ident| declared.unraw() == name.unraw();
        self.builder
            .declared
            .iter()
            .position(|declared| declared.name.as_ref().is_some_and(is_named))
    }

    /// As many outputs as the arrow promises.
    fn check_output_count(&mut self, model: &Model, outputs: &[Output]) {
        let (declared, given) = (model.outputs.len(), outputs.len());
        if declared != given
            && let Some(&(_, span)) = outputs.last()
        {
            let outputs = if declared == 1 {
                "1 output".to_string()
            } else {
                format!("{declared} outputs")
            };
            let message = format!(
                "`{}` declares {outputs}, but `forward` ends in {given}",
                model.name
            );
            self.builder.report.error(span, message);
        }
    }

    /// Every output is computed, and given once.
    fn check_outputs_computed(&mut self, outputs: &[Output]) {
        for (index, &(value, span)) in outputs.iter().enumerate() {
            let name = &self.builder.graph.values[value.0].name;
            if self.builder.graph.inputs.contains(&value) {
                self.builder.report.error(
                    span,
                    format!("the input `{name}` is no output: nothing is computed from it"),
                );
            } else if outputs[..index]
                .iter()
                .any(|&(earlier, _)| earlier == value)
            {
                self.builder
                    .report
                    .error(span, "this output is given twice");
            }
        }
    }

    /// An input or `let` that nothing uses is a mistake, for it has no effect.
    fn check_bindings_used(&mut self) {
        for binding in self.bindings.iter().filter(|binding| !binding.used) {
            let name = &binding.name;
            self.builder
                .report
                .error(name.span(), format!("`{name}` is never used"));
        }
    }

    /// A layer that nothing calls would be saved and loaded, but never trained.
    fn check_layers_called(&mut self) {
        let declared = &self.builder.declared;
        for name in declared
            .iter()
            .filter(|layer| !layer.called)
            .filter_map(|layer| layer.name.as_ref())
        {
            self.builder.report.error(
                name.span(),
                format!("`{name}` is never called in `forward`"),
            );
        }
    }
}

/// The plain name that a `let` binds.
fn bound_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(bound)
            if bound.by_ref.is_none() && bound.mutability.is_none() && bound.subpat.is_none() =>
        {
            Some(&bound.ident)
        }
        _ => None,
    }
}

/// All names in a pattern, so that what a wrong one binds is not undefined as well.
fn names(pattern: &Pat) -> Vec<&Ident> {
    match pattern {
        Pat::Ident(bound) => vec![&bound.ident],
        Pat::Tuple(tuple) => tuple.elems.iter().flat_map(names).collect(),
        Pat::Type(typed) => names(&typed.pat),
        _ => Vec::new(),
    }
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
