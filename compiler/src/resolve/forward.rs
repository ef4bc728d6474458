//! The dataflow in `forward`: `let` statements and a tail, in Rust's own expression syntax.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use syn::{Expr, Pat, Stmt, ext::IdentExt, spanned::Spanned};

use super::build::{Builder, Frame, Output, Taken};
use crate::{
    arguments::bare,
    ast::{Forward, Model},
    graph::ValueId,
    parse::check_doc,
};

/// Whose dataflow it is.
#[derive(Clone, Copy)]
pub(super) enum Owner<'m> {
    /// A model, which promises outputs.
    Model(&'m Model),
    /// A block, which gives what it gives.
    Block,
}

/// The outputs of `forward`.
pub(super) fn resolve<'a>(
    builder: &mut Builder<'a>,
    frame: &mut Frame<'a>,
    inputs: Vec<(&Ident, ValueId)>,
    forward: &Forward,
    owner: Owner<'_>,
) -> Vec<ValueId> {
    let errors = builder.report.count();
    let mut scope = Scope::new(builder, frame, inputs, forward);
    let outputs = scope.block(forward);
    if let (Some(outputs), Owner::Model(model)) = (&outputs, owner) {
        scope.check_output_count(model, outputs);
    }
    // What follows an error in `forward` may only seem unused, or not computed.
    if scope.builder.report.count() == errors {
        if let Owner::Model(_) = owner {
            scope
                .builder
                .check_outputs_computed(outputs.as_deref().unwrap_or_default());
        }
        scope.check_bindings_used();
        scope.check_layers_called();
    }
    outputs
        .unwrap_or_default()
        .into_iter()
        .map(|(value, _)| value)
        .collect()
}

/// Declarations that stand for values.
pub(super) struct Scope<'b, 'a> {
    pub(super) builder: &'b mut Builder<'a>,
    pub(super) frame: &'b mut Frame<'a>,
    pub(super) bindings: Vec<Binding>,
    /// The last binding of each name.
    pub(super) names: BTreeMap<String, usize>,
    /// The declared layer of each name.
    pub(super) layers: BTreeMap<String, usize>,
    /// Declarations that some `let` of the block gives, for messages.
    pub(super) later: BTreeSet<String>,
}

/// An input or a `let`; the last of a name counts.
pub(super) struct Binding {
    pub(super) name: Ident,
    pub(super) value: ValueId,
    pub(super) used: bool,
}

impl<'b, 'a> Scope<'b, 'a> {
    fn new(
        builder: &'b mut Builder<'a>,
        frame: &'b mut Frame<'a>,
        inputs: Vec<(&Ident, ValueId)>,
        forward: &Forward,
    ) -> Self {
        let mut layers = BTreeMap::new();
        for (index, declared) in frame.declared.iter().enumerate() {
            if let Some(name) = &declared.name {
                layers.entry(name.unraw().to_string()).or_insert(index);
            }
        }
        let bound = |statement: &Stmt| match statement {
            Stmt::Local(local) => names(&local.pat)
                .into_iter()
                .map(|name| name.unraw().to_string())
                .collect(),
            _ => Vec::new(),
        };
        let later = forward.block.stmts.iter().flat_map(bound);
        let mut scope = Self {
            bindings: Vec::new(),
            names: BTreeMap::new(),
            layers,
            later: later.collect(),
            builder,
            frame,
        };
        for (name, value) in inputs {
            scope.bind(name, value);
        }
        scope
    }

    /// Gives a name to a value; what had it before is out of reach.
    fn bind(&mut self, name: &Ident, value: ValueId) {
        let word = name.unraw().to_string();
        self.names.insert(word, self.bindings.len());
        self.bindings.push(Binding {
            name: name.clone(),
            value,
            used: false,
        });
    }

    /// Reports an error and gives a value of which nothing is known.
    pub(super) fn error(
        &mut self,
        tokens: impl quote::ToTokens,
        message: impl std::fmt::Display,
    ) -> ValueId {
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
            Stmt::Expr(output, None) => {
                let outputs = match bare(output) {
                    Expr::Tuple(tuple) => tuple
                        .elems
                        .iter()
                        .map(|output| (self.expression(output), output.span()))
                        .collect(),
                    one => {
                        let results = self.results(one, Taken::One).into_iter();
                        results.map(|value| (value, one.span())).collect()
                    }
                };
                Some(outputs)
            }
            Stmt::Expr(output, Some(_)) => {
                let message = "`forward` ends in the output; drop the semicolon after it";
                self.discarded(output, message);
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
                self.discarded(expr, "the result is dropped; bind it with `let`");
            }
            _ => {
                self.error(
                    statement,
                    "`forward` holds `let` statements and, last, the output",
                );
            }
        }
    }

    /// An expression where none may stand; one that is wrong in itself is not wrong twice.
    fn discarded(&mut self, expr: &Expr, message: &str) {
        let errors = self.builder.report.count();
        self.expression(expr);
        if self.builder.report.count() == errors {
            self.error(expr, message);
        }
    }

    /// `let h = ...;`, whose name is known only after its right side.
    fn binding(&mut self, local: &syn::Local) {
        for attribute in &local.attrs {
            check_doc(attribute, self.builder.report);
        }
        if let (Some(init), Pat::Tuple(pattern)) = (&local.init, &local.pat)
            && matches!(bare(&init.expr), Expr::Call(_))
            && pattern
                .elems
                .iter()
                .all(|part| bound_name(part).is_some() || matches!(part, Pat::Wild(_)))
        {
            return self.bind_results(pattern, &init.expr);
        }
        let value = match (&local.init, bound_name(&local.pat)) {
            (_, None) if matches!(local.pat, Pat::Wild(_)) => self.error(
                &local.pat,
                "what is not used has no effect; drop the statement",
            ),
            (_, None) => self.error(
                &local.pat,
                "a `let` binds one plain name, as in `let h = relu(x);`",
            ),
            (Some(init), _) => self.expression(&init.expr),
            (None, _) => self.error(local, "a `let` is written `let h = relu(x);`"),
        };
        for name in names(&local.pat) {
            self.bind(name, value);
        }
    }

    /// `let (h, c) = block(x);`: a name for each result, and `_` for those of no use.
    fn bind_results(&mut self, pattern: &syn::PatTuple, expr: &Expr) {
        let errors = self.builder.report.count();
        let parts = pattern.elems.iter();
        let wanted: Vec<bool> = parts.map(|part| !matches!(part, Pat::Wild(_))).collect();
        let mut values = self.results(expr, Taken::Each(&wanted));
        if !wanted.contains(&true) && self.builder.report.count() == errors {
            self.error(
                pattern,
                "what is not used has no effect; drop the statement",
            );
        }
        if values.len() != pattern.elems.len()
            && self.builder.report.count() == errors
            && !self.builder.is_any_unknown(&values)
        {
            let (given, bound) = (values.len(), pattern.elems.len());
            let message = match given {
                1 => "this gives one tensor; bind it to one plain name, as in `let h = relu(x);`"
                    .into(),
                _ => format!(
                    "this gives {given} tensors, but {bound} names are bound to them; bind each, those of no use to `_`"
                ),
            };
            self.error(pattern, message);
        }
        if values.len() < pattern.elems.len() {
            let unknown = self.builder.unknown(expr.span());
            values.resize(pattern.elems.len(), unknown);
        }
        for (part, value) in pattern.elems.iter().zip(values) {
            if let Some(name) = bound_name(part) {
                self.bind(name, value);
                // `_state` says that it is of no use.
                if name.to_string().starts_with('_')
                    && let Some(binding) = self.bindings.last_mut()
                {
                    binding.used = true;
                }
            }
        }
    }

    /// As many outputs as the arrow promises.
    fn check_output_count(&mut self, model: &Model, outputs: &[Output]) {
        let (declared, given) = (model.outputs.len(), outputs.len());
        let values: Vec<_> = outputs.iter().map(|&(value, _)| value).collect();
        if declared != given
            && !self.builder.is_any_unknown(&values)
            && let Some(&(_, span)) = outputs.last()
        {
            let outputs = if declared == 1 {
                "1 output".to_string()
            } else {
                format!("{declared} outputs")
            };
            let message = format!(
                "`{}` declares {outputs}, but `forward` ends in {given}; each has one shape after the arrow",
                model.name
            );
            self.builder.report.error(span, message);
        }
    }

    /// An input or `let` that nothing uses is a mistake, for it has no effect.
    fn check_bindings_used(&mut self) {
        for binding in self.bindings.iter().filter(|binding| !binding.used) {
            let name = &binding.name;
            self.builder.report.error(
                name.span(),
                format!("`{name}` is never used; use it in `forward`, or drop it"),
            );
        }
    }

    /// Whether the layer that a name stands for is called.
    fn is_called(&self, name: &Ident) -> bool {
        let index = self.layers.get(&name.unraw().to_string());
        index.is_some_and(|&index| self.frame.declared[index].called)
    }

    /// A layer that nothing calls would be saved and loaded, but never trained.
    fn check_layers_called(&mut self) {
        let declared = &self.frame.declared;
        for name in declared
            .iter()
            .filter(|layer| !layer.called)
            .filter_map(|layer| layer.name.as_ref())
        {
            // The second layer of a name cannot be called, and was reported.
            if self.is_called(name) {
                continue;
            }
            self.builder.report.error(
                name.span(),
                format!("`{name}` is never called in `forward`; call it, or drop it"),
            );
        }
    }
}

/// The plain name that a `let` binds.
fn bound_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Paren(inner) => bound_name(&inner.pat),
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
        Pat::Paren(inner) => names(&inner.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().flat_map(names).collect(),
        Pat::Type(typed) => names(&typed.pat),
        _ => Vec::new(),
    }
}
