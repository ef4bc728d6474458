//! The graph while it grows.

use proc_macro2::{Ident, Span};

use crate::{
    ast,
    graph::{Graph, LayerId, Node, Value, ValueId},
    ops::Op,
    report::Report,
    sizes::Constants,
};

/// A graph under construction.
pub struct Builder<'a> {
    /// What there is so far.
    pub graph: Graph,
    /// Layers as declared, those with errors too.
    pub declared: Vec<Declared>,
    /// Whether the layers are a chain.
    pub is_chain: bool,
    /// The model's constants.
    pub constants: &'a Constants,
    /// Levels of stacked layers so far, in all models.
    pub levels: &'a mut usize,
    /// Where errors go.
    pub report: &'a mut Report,
}

/// A declared layer.
pub struct Declared {
    /// Its name, where it has one.
    pub name: Option<Ident>,
    /// What messages call it: its name or else its kind.
    pub label: String,
    /// Its layer, unless its declaration is wrong.
    pub id: Option<LayerId>,
    /// Whether something calls it.
    pub called: bool,
}

impl<'a> Builder<'a> {
    /// A graph without values.
    pub fn new(
        model: &ast::Model,
        constants: &'a Constants,
        levels: &'a mut usize,
        report: &'a mut Report,
    ) -> Self {
        let graph = Graph {
            attributes: model.attributes.clone(),
            visibility: model.visibility.clone(),
            name: model.name.clone(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            values: Vec::new(),
            nodes: Vec::new(),
            layers: Vec::new(),
        };
        Self {
            graph,
            declared: Vec::new(),
            is_chain: model.forward.is_none(),
            constants,
            levels,
            report,
        }
    }

    /// A new value; without a shape it is one that nothing is known of yet.
    pub fn value(&mut self, name: String, span: Span, shape: Vec<usize>) -> ValueId {
        self.graph.values.push(Value { name, shape, span });
        ValueId(self.graph.values.len() - 1)
    }

    /// A value that stands for something with errors.
    pub fn unknown(&mut self, span: Span) -> ValueId {
        self.value(String::new(), span, Vec::new())
    }

    /// Applies the layer declared as number `index`.
    pub fn call_layer(&mut self, index: usize, feeds: Vec<ValueId>, span: Span) -> ValueId {
        let declared = &mut self.declared[index];
        declared.called = true;
        let Some(id) = declared.id else {
            return self.unknown(span);
        };
        let (label, op) = (declared.label.clone(), self.graph.layers[id.0].op.clone());
        self.call(op, Some(id), &label, feeds, span)
    }

    /// Applies an operator: one node for each of its levels.
    pub fn call(
        &mut self,
        op: Op,
        layer: Option<LayerId>,
        label: &str,
        mut feeds: Vec<ValueId>,
        span: Span,
    ) -> ValueId {
        if !self.check_arity(&op, label, feeds.len(), span) {
            return self.unknown(span);
        }
        // After one layer of too many levels, nothing more is stacked.
        if *self.levels > LEVELS {
            return self.unknown(span);
        }
        let levels = op.levels();
        if levels.len() > 1 {
            *self.levels += levels.len();
        }
        if !check_levels(label, *self.levels, span, self.report) {
            return self.unknown(span);
        }
        for op in levels {
            let output = self.value(label.to_string(), span, Vec::new());
            let inputs = std::mem::replace(&mut feeds, vec![output]);
            self.graph.nodes.push(Node {
                op,
                layer,
                inputs,
                output,
                parameters: Vec::new(),
                span,
            });
        }
        feeds[0]
    }

    /// Every operator gets as many tensors as it takes.
    fn check_arity(&mut self, op: &Op, label: &str, given: usize, span: Span) -> bool {
        let (least, most) = op.arity();
        if (least..=most).contains(&given) {
            return true;
        }
        let tensors = |count: usize| {
            if count == 1 {
                "1 tensor".into()
            } else {
                format!("{count} tensors")
            }
        };
        let takes = if least == most {
            tensors(least)
        } else {
            format!("at least {}", tensors(least))
        };
        let repair = match (given > most, most) {
            (true, 1) if self.is_chain => "begin with `Concat`, which joins several into one",
            (true, 1) => "`concat` joins several into one",
            (true, _) => "drop the others",
            (false, 1) => "write it in the parentheses, as in `(x)`",
            (false, _) if self.is_chain => {
                "a layer of a chain takes what the one before gives, so say the dataflow in `forward`"
            }
            (false, _) => "in `forward` they are written side by side, as in `(a, b)`",
        };
        self.report.error(
            span,
            format!("`{label}` takes {takes}, but gets {given}; {repair}"),
        );
        false
    }
}

/// The most levels of stacked layers in one `model!`: a word asks for many of them.
const LEVELS: usize = 1000;

/// Stacked layers do not grow beyond what is written.
fn check_levels(label: &str, levels: usize, span: Span, report: &mut Report) -> bool {
    if levels <= LEVELS {
        return true;
    }
    report.error(
        span,
        format!("up to `{label}` {levels} levels are stacked, and a `model!` has at most {LEVELS}; stack fewer"),
    );
    false
}
