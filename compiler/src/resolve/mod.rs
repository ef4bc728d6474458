//! Syntax tree to graph: every name gets its meaning, every call its node.
//!
//! The graph is topological by construction: a value is named only after it is computed. What could not be understood
//! becomes a value without a shape, about which later passes keep silent.
//!
//! A layer that is called twice is one [`Layer`](crate::graph::Layer) with two nodes. A layer of several levels
//! (`Lstm(128, layers = 2)`) is one layer whose every call is a chain of nodes, one for each level, that own their shares
//! of its parameters.

mod advice;
mod build;
mod call;
mod custom;
mod declare;
mod expression;
mod forward;
mod naming;
mod scope;
mod syntax;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Span;
use syn::ext::IdentExt;

use crate::{
    ast,
    attributes::{derives, ends_in},
    element::Element,
    graph::{Graph, ValueId},
    report::Report,
    sizes::Constants,
};
use build::{Builder, Frame};
use forward::Owner;

pub use scope::models;

/// What a model may name: blocks, and, as a mistake, models.
pub struct Declarations<'a> {
    blocks: BTreeMap<String, &'a ast::Block>,
    models: BTreeSet<String>,
}

impl<'a> Declarations<'a> {
    /// The names of one `model!`.
    pub fn new(blocks: &'a [ast::Block], models: &[ast::Model]) -> Self {
        let blocks = blocks
            .iter()
            .map(|block| (block.name.unraw().to_string(), block));
        let models = models.iter().map(|model| model.name.unraw().to_string());
        Self {
            blocks: blocks.collect(),
            models: models.collect(),
        }
    }
}

/// The graph of a model, with the shapes of its inputs; `levels` counts those of stacked layers in all.
pub fn resolve<'a>(
    model: &'a ast::Model,
    names: &'a Declarations<'a>,
    constants: &Constants,
    levels: &'a mut usize,
    report: &'a mut Report,
) -> Graph {
    check_attributes(model, report);
    check_inputs(model, report);
    let inputs = model.inputs.iter().map(|input| &input.name);
    let parameters = model.given.iter().map(|given| &given.name);
    scope::check_names(parameters, inputs, &model.body, report);
    scope::check_named(&model.body, report);
    let mut builder = Builder::new(model, (&names.blocks, &names.models), levels, report);
    for input in &model.inputs {
        let element = element(&input.shape, builder.report);
        let shape = constants
            .shape(&input.shape, builder.report)
            .unwrap_or_default();
        let value = builder.value(input.name.unraw().to_string(), input.name.span(), shape);
        builder.graph.values[value.0].element = element;
        builder.graph.inputs.push(value);
    }
    check_slopes(model, &builder.graph, builder.report);
    for output in &model.outputs {
        check_numbers(output, builder.report);
    }
    let mut frame = Frame {
        declared: declare::declare(&mut builder, constants, &model.body.layers, ""),
        constants: constants.clone(),
    };
    builder.graph.outputs = match &model.body.forward {
        Some(block) => {
            let values = builder.graph.inputs.clone();
            let inputs = model.inputs.iter().map(|input| &input.name).zip(values);
            let owner = Owner::Model(model);
            forward::resolve(&mut builder, &mut frame, inputs.collect(), block, owner)
        }
        None => chain(&mut builder, &mut frame, model),
    };
    builder.graph
}

/// Every layer takes what the one before gives; the first takes all inputs.
fn chain<'a>(builder: &mut Builder<'a>, frame: &mut Frame<'a>, model: &ast::Model) -> Vec<ValueId> {
    check_not_empty(model, builder.report);
    let feeds = builder.graph.inputs.clone();
    if feeds.is_empty() {
        return Vec::new();
    }
    let errors = builder.report.count();
    let outputs = builder.call_chain(&mut frame.declared, feeds);
    let (declared, given) = (model.outputs.len(), outputs.len());
    if declared != given && builder.report.count() == errors {
        let gives = match given {
            1 => "one output".to_string(),
            given => format!("{given} outputs"),
        };
        let message =
            format!("a chain gives {gives}, not {declared}; say the dataflow in `forward`");
        let span = model.outputs.get(1).or(model.outputs.first());
        let span = span.map_or(model.name.span(), |output| output.span);
        builder.report.error(span, message);
    }
    if let Some(last) = frame.declared.last()
        && builder.report.count() == errors
    {
        let span = last.span;
        let written: Vec<_> = outputs.iter().map(|&output| (output, span)).collect();
        builder.check_outputs_computed(&written);
    }
    match declared == given && !model.body.layers.is_empty() {
        true => outputs,
        false => Vec::new(),
    }
}

/// Which models stand behind another of their name. Of those that a `cfg` may leave out, rustc decides.
pub fn repeated(models: &[ast::Model]) -> Vec<bool> {
    let mut names = BTreeSet::new();
    let stays = |model: &ast::Model| !model.attributes.iter().any(|it| it.path().is_ident("cfg"));
    models
        .iter()
        .map(|model| stays(model) && !names.insert(model.name.to_string()))
        .collect()
}

/// Models of one `model!` stand side by side, so that each has a name of its own.
pub fn check_models(models: &[ast::Model], report: &mut Report) {
    for (model, repeated) in models.iter().zip(repeated(models)) {
        let name = &model.name;
        if repeated {
            let message = format!("`{name}` is already the name of a model; give this one another");
            report.error(name.span(), message);
        }
    }
}

/// Why a network cannot derive some traits.
const UNDERIVABLE: &[(&str, &str)] = &[
    (
        "Default",
        "has no default parameters; make it with `new(Seed(1))`",
    ),
    (
        "Copy",
        "owns its parameters, which `Copy` would share; `Clone` is derived for it already",
    ),
    (
        "Eq",
        "holds floats, which have no total equality; derive `PartialEq` alone",
    ),
    (
        "Hash",
        "holds floats, which have no hash; hash its `parameters()` yourself, by their bits",
    ),
    (
        "Ord",
        "holds floats, which have no total order; compare what it answers",
    ),
    ("PartialOrd", "has no order; compare what it answers"),
    (
        "Serialize",
        "is saved by its own `save(path)`, as safetensors",
    ),
    (
        "Deserialize",
        "is read by its own `load(path)`, from safetensors",
    ),
];

/// A struct whose every field is a network's parameters derives what those have.
fn check_attributes(model: &ast::Model, report: &mut Report) {
    for derived in derives(&model.attributes) {
        let why = UNDERIVABLE
            .iter()
            .find(|(name, _)| ends_in(&derived.path, name));
        if let Some((name, why)) = why {
            let message = format!("a network cannot derive `{name}`: it {why}");
            report.error_over(&derived.path, message);
        }
    }
}

/// The most inputs, and the most outputs: what a caller holds is a tuple.
pub const PARTS: usize = 6;

/// A caller's tuples have no more parts than the runtime reads.
fn check_parts(what: &str, count: usize, span: Span, report: &mut Report) {
    if count > PARTS {
        let message = format!(
            "there are {count} {what}, and at most {PARTS} are supported; give those of one shape as one with an axis more"
        );
        report.error(span, message);
    }
}

/// A model computes something from something.
fn check_inputs(model: &ast::Model, report: &mut Report) {
    if let Some(input) = model.inputs.get(PARTS) {
        check_parts("inputs", model.inputs.len(), input.name.span(), report);
    }
    if let Some(output) = model.outputs.get(PARTS) {
        check_parts("outputs", model.outputs.len(), output.span, report);
    }
    if model.inputs.is_empty() {
        let name = &model.name;
        report.error(
            name.span(),
            format!("`{name}` has no inputs; give one, as in `{name}(x: [784])`"),
        );
    }
}

/// Integers that are no indices here.
const INTEGERS: &[&str] = &[
    "u8", "u16", "u64", "usize", "i8", "i16", "i32", "i64", "isize",
];

/// What the numbers of an input are: `u32` where that is written, and otherwise f32.
pub fn element(shape: &ast::Shape, report: &mut Report) -> Element {
    match &shape.element {
        Some(element) if element == "u32" && shape.is_scalar => Element::Scalar,
        Some(element) if element == "u32" => Element::U32,
        Some(element) if INTEGERS.iter().any(|integer| element == integer) => {
            let message = format!("indices are u32, not {element}; write `u32[..]`");
            report.error(element.span(), message);
            Element::U32
        }
        Some(element) if element != "f32" => {
            let message = format!(
                "tensors are f32, not {element}; write the sizes alone, as in `[784]`, or `u32[784]` for tokens"
            );
            report.error(element.span(), message);
            Element::F32
        }
        _ => Element::F32,
    }
}

/// Gradients of inputs are those of numbers, of which there is one input at least.
fn check_slopes(model: &ast::Model, graph: &Graph, report: &mut Report) {
    let is_token = |input: &ValueId| graph.values[input.0].element.is_token();
    if let Some(first) = model.inputs.first()
        && graph.asked.input_gradients
        && graph.inputs.iter().all(is_token)
    {
        let name = &first.name;
        let message = format!(
            "`{name}` is u32, and tokens have no gradients; leave `input_gradients` out, for no input has any"
        );
        report.error(name.span(), message);
    }
}

/// What comes out of a network is numbers.
fn check_numbers(shape: &ast::Shape, report: &mut Report) {
    match &shape.element {
        Some(element) if element != "f32" => {
            let message = format!(
                "an output is f32, not {element}; write the sizes alone, as in `[784]`, and take the index of the largest by `argmax`"
            );
            report.error(element.span(), message);
        }
        _ => {}
    }
}

/// A chain has a layer at least: an input is no output.
fn check_not_empty(model: &ast::Model, report: &mut Report) {
    if model.body.layers.is_empty() {
        let name = &model.name;
        report.error(
            name.span(),
            format!("`{name}` has no layers; write one in the braces, as in `Dense(10)`"),
        );
    }
}
