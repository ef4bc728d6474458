//! What is said of an expression that is no tensor, a name that stands for nothing, and a call of what cannot be
//! called.

use proc_macro2::Ident;
use syn::{Expr, Lit, ext::IdentExt};

use super::{
    build::{Module, Taken},
    forward::Scope,
    scope,
};
use crate::{
    arguments::plain_name,
    elsewhere,
    graph::ValueId,
    nearest::{list, nearest},
    ops::{KINDS, Op, attend::Attend, kind_of},
};

impl Scope<'_, '_> {
    /// `x.relu()` is `relu(x)`, and `self.fc(x)` is `fc(x)`.
    pub(super) fn method(&mut self, call: &syn::ExprMethodCall) -> ValueId {
        let method = &call.method;
        if let Some(attended) = self.attend(call) {
            return attended;
        }
        if self.builder.report.is_full() {
            return self.error(method, "");
        }
        let word = method.unraw().to_string();
        let receiver = plain_name(&call.receiver);
        let operands = match call.args.is_empty() {
            true => "x",
            false => "x, ..",
        };
        let message = if let Some(layer) = receiver.filter(|name| self.layer(name).is_some()) {
            format!("`{layer}` is a layer; call it: `{layer}(x)`")
        } else if self.layer(method).is_some() {
            format!("layers are called by their names alone; write `{method}(x)`")
        } else if word == "clone" {
            "a tensor is used as often as it is named; drop `.clone()`".into()
        } else {
            match self.known_function(&word) {
                Some(known) if receiver.is_some_and(|name| !self.is_bound(name)) => {
                    format!("functions are called by their names alone; write `{known}(x)`")
                }
                Some(known) => format!("tensors have no methods; write `{known}({operands})`"),
                None => format!(
                    "tensors have no methods, and there is no function `{method}`; there are {}",
                    elsewhere::functions(KINDS)
                ),
            }
        };
        self.error(method, message)
    }

    /// `embed.attend(x)`, the one method: of an embedding, whose vectors are the weights.
    fn attend(&mut self, call: &syn::ExprMethodCall) -> Option<ValueId> {
        let layer = plain_name(&call.receiver).and_then(|name| self.layer(name))?;
        let declared = &mut self.frame.declared[layer];
        let Module::Layer(id) = declared.module else {
            return None;
        };
        let graph = &self.builder.graph;
        let Op::Embedding(table) = &graph.layers[id.0].op else {
            return None;
        };
        if call.method != "attend" {
            return None;
        }
        declared.called = true;
        let (op, label) = (Attend::with(table.clone()).into(), declared.label.clone());
        let feeds = call.args.iter().map(|operand| self.expression(operand));
        let feeds = feeds.collect();
        let span = call.method.span();
        let product = (op, Some(id));
        let results = self.builder.call(product, &label, feeds, Taken::One, span);
        results.first().copied()
    }

    /// Values are used after they are computed: a network has no cycles.
    pub(super) fn undefined(&mut self, name: &Ident) -> ValueId {
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
        if self.frame.constants.contains(name) {
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

    /// What is called is a declared layer or a function.
    pub(super) fn unknown_function(&mut self, name: &Ident) -> ValueId {
        let word = name.unraw().to_string();
        if self.builder.report.is_full() {
            return self.error(name, "");
        }
        if self.is_bound(name) {
            return self.error(
                name,
                format!("`{name}` is a tensor, no layer, and cannot be called"),
            );
        }
        if let Some(block) = self.builder.blocks.get(&word) {
            let written = scope::written(block);
            let message = format!(
                "`{name}` is a block; declare a layer of it above `forward`, as in `layer: {written}`, and call that: `layer(..)`"
            );
            return self.error(name, message);
        }
        let message = match self.known_function(&word) {
            Some(near) => {
                format!("there is no layer or function `{name}`; did you mean `{near}`?")
            }
            None => match elsewhere::layer(&word).or_else(|| elsewhere::kind(KINDS, &word)) {
                Some(kind) => format!(
                    "`{kind}` has weights of its own; declare it as a layer above `forward`, as in `fc: {kind}(..)`, and call that"
                ),
                None => {
                    let layers: Vec<&str> = self.layer_names().collect();
                    let layers = match layers.is_empty() {
                        true => String::new(),
                        false => format!("the layers {}, and ", list(layers)),
                    };
                    let functions = elsewhere::functions(KINDS);
                    format!(
                        "there is no layer or function `{name}`; there are {layers}the functions {functions}"
                    )
                }
            },
        };
        self.error(name, message)
    }

    /// The layer or function that a word most likely means.
    fn known_function(&self, word: &str) -> Option<&str> {
        if self.builder.report.is_full() {
            return None;
        }
        let functions = KINDS.iter().filter_map(|(_, function)| *function);
        elsewhere::function(KINDS, word)
            .or_else(|| nearest(word, self.layer_names().chain(functions)))
    }

    fn layer_names(&self) -> impl Iterator<Item = &str> {
        let named = self
            .frame
            .declared
            .iter()
            .filter(|declared| declared.name.is_some());
        named.map(|declared| declared.label.as_str())
    }

    /// A single index would take an axis away; a range keeps it.
    pub(super) fn not_a_range(&mut self, index: &Expr) -> ValueId {
        let message = match index {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(one) => one.base10_parse::<u64>().ok().map(|one| {
                    format!("a tensor is cut by ranges, which keep the axis; write `[{one}..{}]`", one.saturating_add(1))
                }),
                _ => None,
            },
            Expr::Unary(_) => Some("indices count from the front; `last(x)` is the last step, and `x[2..]` all from the third".into()),
            Expr::Path(path) => path.path.get_ident().filter(|name| self.frame.constants.contains(name)).map(|name| {
                format!("a tensor is cut by ranges, which keep the axis; write `[{name}..{name} + 1]`")
            }),
            _ => None,
        };
        let message = message.unwrap_or_else(|| {
            "a tensor is cut by ranges, as in `x[2..5]` or `x[(.., 2..5)]`".into()
        });
        self.error(index, message)
    }
}

/// What is said of a number where a tensor is expected.
pub(super) const NUMBER: &str = "a number is no tensor; it stands beside one, as in `x * 0.5`";

/// What is said instead of an expression that is no tensor.
pub(super) fn instead_of(expr: &Expr) -> &'static str {
    match expr {
        Expr::Tuple(_) => "a tuple is only what `forward` ends in, for several outputs",
        Expr::Lit(_) => NUMBER,
        Expr::Reference(_) => "tensors are not borrowed; drop the `&`",
        Expr::Return(_) => "`forward` ends in the output, without `return`",
        Expr::Block(_) => {
            "a block is no tensor; write the expression without braces, and `let` before it"
        }
        Expr::If(_) | Expr::Match(_) => {
            "a network computes the same whatever its input is, without branches; use a product with a gate, as in `sigmoid(g) * x`"
        }
        Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
            "a network has no loops; write each step as a `let`, and what goes over a sequence as `Rnn`, `Lstm` or `Gru`"
        }
        Expr::Macro(_) => "a macro cannot be called here; only layers and functions can",
        Expr::Closure(_) => "a closure is no tensor; write its body where it is used",
        Expr::Array(_) | Expr::Repeat(_) => "an array is no tensor; `concat(a, b)` joins several",
        Expr::Assign(_) => {
            "a tensor is never changed; give the name anew, as in `let x = relu(x);`"
        }
        Expr::Unary(_) => "of signs before a tensor there is `-` alone, as in `-x`",
        Expr::Cast(_) => "numbers are always f32; drop the cast",
        Expr::Field(_) => "tensors have no fields; parameters are read from the network in Rust",
        Expr::Try(_) => "nothing here fails when it runs; drop the `?`",
        Expr::Range(_) => "a range cuts a tensor, as in `x[2..5]`",
        _ => {
            "expected a tensor: a name, a call such as `relu(x)`, `+`, `-`, `*`, `/`, or a range `x[2..5]`"
        }
    }
}
