//! The graph while it grows.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span};

use crate::{
    ast,
    attributes::asked,
    element::Element,
    graph::{Graph, LayerId, Node, Value, ValueId},
    ops::{Asked, Op, Part, Source},
    report::Report,
    sizes::Constants,
};

/// An output and where it is written.
pub type Output = (ValueId, Span);

/// A graph under construction.
pub struct Builder<'a> {
    /// What there is so far.
    pub graph: Graph,
    /// The blocks that layers may be.
    pub blocks: &'a BTreeMap<String, &'a ast::Block>,
    /// The names of all models.
    pub models: &'a BTreeSet<String>,
    /// Blocks that are being declared, the outermost first.
    pub open: Vec<String>,
    /// Levels of stacked layers so far, in all models.
    pub levels: &'a mut usize,
    /// Layers and calls that blocks and repetitions have made so far.
    pub made: usize,
    /// Where errors go.
    pub report: &'a mut Report,
    /// The use of the block that is read now.
    pub place: Option<String>,
    /// How many blocks are being called, one in another.
    pub inside: usize,
    /// What the call that is read gives as `length`, and where.
    pub length: Option<(ValueId, Span)>,
}

/// A body while it is read: what its names stand for.
pub struct Frame<'a> {
    /// Its constants, and what its parameters stand for.
    pub constants: Constants,
    /// Its layers as declared, those with errors too.
    pub declared: Vec<Declared<'a>>,
}

/// Where a call stands, and so what is taken of its results.
#[derive(Clone, Copy)]
pub enum Taken<'t> {
    /// In a chain: one, the first of a recurrence.
    Chain,
    /// Where one value may stand: likewise.
    One,
    /// In a `let` of several names: those that are bound, and not to `_`.
    Each(&'t [bool]),
}

/// A declared layer.
pub struct Declared<'a> {
    /// Its name, where it has one.
    pub name: Option<Ident>,
    /// What messages call it: its name or else its kind.
    pub label: String,
    /// What it is.
    pub module: Module<'a>,
    /// Where it is written.
    pub span: Span,
    /// Whether something calls it.
    pub called: bool,
}

/// What a declared layer is.
pub enum Module<'a> {
    /// Its declaration is wrong, and was reported.
    Broken,
    /// A layer of the graph.
    Layer(LayerId),
    /// Layers that take what the one before gives.
    Chain(Vec<Declared<'a>>),
    /// A block with layers of its own.
    Block(Box<Use<'a>>),
}

/// A use of a block.
pub struct Use<'a> {
    /// The block.
    pub block: &'a ast::Block,
    /// Its names.
    pub frame: Frame<'a>,
    /// What messages call the use: `stage1.0`.
    pub place: String,
}

impl<'a> Builder<'a> {
    /// A graph without values.
    pub fn new(
        model: &ast::Model,
        (blocks, models): (&'a BTreeMap<String, &'a ast::Block>, &'a BTreeSet<String>),
        levels: &'a mut usize,
        report: &'a mut Report,
    ) -> Self {
        let graph = Graph {
            attributes: model.attributes.clone(),
            asked: asked(&model.attributes, report),
            limits: Vec::new(),
            visibility: model.visibility.clone(),
            name: model.name.clone(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            values: Vec::new(),
            nodes: Vec::new(),
            layers: Vec::new(),
            stated: Vec::new(),
        };
        let place = (!model.given.is_empty()).then(|| model.name.to_string());
        Self {
            graph,
            blocks,
            models,
            open: Vec::new(),
            levels,
            made: 0,
            report,
            place,
            inside: 0,
            length: None,
        }
    }

    /// A new value; without a shape it is one that nothing is known of yet.
    pub fn value(&mut self, name: String, span: Span, shape: Vec<usize>) -> ValueId {
        self.graph.values.push(Value {
            name,
            shape,
            element: Element::F32,
            span,
        });
        ValueId(self.graph.values.len() - 1)
    }

    /// A value that stands for something with errors.
    pub fn unknown(&mut self, span: Span) -> ValueId {
        self.value(String::new(), span, Vec::new())
    }

    /// Whether one of these stands for something with errors.
    pub fn is_any_unknown(&self, values: &[ValueId]) -> bool {
        let name = |value: &ValueId| &self.graph.values[value.0].name;
        values.iter().any(|value| name(value).is_empty())
    }

    /// From here on a use of a block is read, or none; gives the one before.
    pub fn enter(&mut self, place: Option<String>) -> Option<String> {
        self.report.within(place.clone());
        std::mem::replace(&mut self.place, place)
    }

    /// Counts what blocks and repetitions make; `false` if that is too much.
    pub fn make(&mut self, span: Span) -> bool {
        self.made += 1;
        if self.made == MOST + 1 {
            let message = format!(
                "blocks and repetitions make more than {MOST} layers and calls of this; repeat less"
            );
            let place = self.report.within(None);
            self.report.error(span, message);
            self.report.within(place);
        }
        self.made <= MOST
    }

    /// Applies an operator: one node for each of its parts. A result that is not taken stands for another.
    pub fn call(
        &mut self,
        (op, layer): (Op, Option<LayerId>),
        label: &str,
        feeds: Vec<ValueId>,
        taken: Taken<'_>,
        span: Span,
    ) -> Vec<ValueId> {
        let length = self.length.take();
        if self.inside > 0 && !self.make(span) {
            return vec![self.unknown(span)];
        }
        if let Some((_, span)) = length.filter(|_| !op.takes_length()) {
            self.refuse_length(label, span);
            return vec![self.unknown(span)];
        }
        if length.is_some_and(|(length, _)| self.is_any_unknown(&[length])) {
            return vec![self.unknown(span)];
        }
        // What went wrong may have been several tensors.
        if self.is_any_unknown(&feeds)
            || !self.check_arity(
                &op,
                label,
                (feeds.len(), matches!(taken, Taken::Chain)),
                span,
            )
            || !self.check_states(&op, label, feeds.len(), span)
        {
            return vec![self.unknown(span)];
        }
        // After one layer of too many levels, nothing more is stacked.
        if *self.levels > LEVELS {
            return vec![self.unknown(span)];
        }
        let all = vec![true; 1 + op.states()];
        let asked = Asked {
            given: feeds.len() > 1,
            length: length.is_some(),
            results: match taken {
                Taken::Each(names) if names.len() == all.len() && names.contains(&true) => names,
                Taken::Each(_) => &all,
                _ => &all[..1],
            },
        };
        let made = op.parts(asked);
        let stacked = made.parts.iter().filter(|part| part.op.kind() == op.kind());
        match stacked.count() {
            1 => {}
            stacked => *self.levels += stacked,
        }
        if !check_levels(label, *self.levels, span, self.report) {
            return vec![self.unknown(span)];
        }
        // The number of the call's first part.
        let call = self.graph.nodes.len();
        let mut results = Vec::with_capacity(made.parts.len());
        for Part { op, reads } in made.parts {
            let output = self.value(label.to_string(), span, Vec::new());
            let read = |source: Source| match source {
                Source::Operands => &feeds[..],
                Source::Operand(operand) => &feeds[operand..=operand],
                Source::Part(part) => &results[part..=part],
            };
            let mut inputs: Vec<ValueId> = reads.into_iter().flat_map(read).copied().collect();
            let length = length.filter(|_| op.takes_length());
            inputs.extend(length.map(|(length, _)| length));
            results.push(output);
            self.graph.nodes.push(Node {
                op,
                layer,
                inputs,
                output,
                parameters: Vec::new(),
                call,
                span,
                within: match self.inside {
                    0 => String::new(),
                    _ => self.place.clone().unwrap_or_default(),
                },
                place: self.place.clone(),
            });
        }
        let result = |source: Option<Source>| match source {
            Some(Source::Part(part)) => results.get(part).copied(),
            _ => results.last().copied(),
        };
        let given = made.results.into_iter().take(asked.results.len());
        given.filter_map(result).collect()
    }

    /// Says that something takes no length.
    pub fn refuse_length(&mut self, label: &str, span: Span) {
        let message = format!(
            "`{label}` takes no `length`; it is given to what reads steps one after another or together, such as a recurrence, `last` and `mean`"
        );
        self.report.error(span, message);
    }

    /// Every output is computed, and given once.
    pub fn check_outputs_computed(&mut self, outputs: &[Output]) {
        let inputs: BTreeSet<ValueId> = self.graph.inputs.iter().copied().collect();
        let mut given = BTreeSet::new();
        for &(value, span) in outputs {
            let name = &self.graph.values[value.0].name;
            if inputs.contains(&value) {
                let message = format!(
                    "the input `{name}` is no output: it would be given back as it came; apply a layer to it, or leave it out"
                );
                self.report.error(span, message);
            } else if !given.insert(value) {
                let message = "this output is given twice; one of them is enough";
                self.report.error(span, message);
            }
        }
    }

    /// A recurrence is given all of its states or none, and does not learn those that it is given.
    fn check_states(&mut self, op: &Op, label: &str, given: usize, span: Span) -> bool {
        if op.states() == 0 || given == 1 {
            return true;
        }
        let message = match given == 1 + op.states() {
            true if !op.learns_states() => return true,
            true => format!(
                "`{label}` learns its initial state, and is given one; drop `initial_state = Learnt`, or what is given"
            ),
            false => format!(
                "`{label}` takes x alone or both states beside it, as in `{label}(x, h0, c0)`, but gets {given} tensors"
            ),
        };
        self.report.error(span, message);
        false
    }

    /// Every operator gets as many tensors as it takes.
    fn check_arity(
        &mut self,
        op: &Op,
        label: &str,
        (given, is_chain): (usize, bool),
        span: Span,
    ) -> bool {
        let (least, most) = op.arity();
        if (least..=most).contains(&given) {
            return true;
        }
        let takes = if least == most {
            tensors(least)
        } else if most < usize::MAX {
            format!("{least} to {}", tensors(most))
        } else {
            format!("at least {}", tensors(least))
        };
        let repair = match (given > most, most) {
            (true, 1) if is_chain => "begin with `Concat`, which joins several into one",
            (true, 1) => "`concat` joins several into one",
            (true, _) => "drop the others",
            (false, 1) => "write it in the parentheses, as in `(x)`",
            (false, _) if is_chain => {
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

/// A number of tensors, in messages.
pub fn tensors(count: usize) -> String {
    match count {
        1 => "1 tensor".into(),
        count => format!("{count} tensors"),
    }
}

/// The most layers and calls that blocks and repetitions make in one model.
const MOST: usize = 1 << 14;

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
