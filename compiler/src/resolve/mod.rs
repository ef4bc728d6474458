//! Syntax tree to graph: every name gets its meaning, every call its node.
//!
//! The graph is topological by construction: a value is named only after it is computed. What could not be understood
//! becomes a value without a shape, about which later passes keep silent.
//!
//! A layer that is called twice is one [`Layer`](graph::Layer) with two nodes. A layer of several levels
//! (`Lstm(128, layers = 2)`) is one layer whose every call is a chain of nodes, one for each level, that own their shares
//! of its parameters.

mod build;
mod expression;
mod forward;
mod naming;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;

use crate::{
    arguments::Arguments,
    ast,
    attributes::{derives, ends_in},
    elsewhere,
    graph::{self, Graph, LayerId, ValueId},
    nearest::nearest,
    ops::{KINDS, Op},
    report::Report,
    sizes::Constants,
};
use build::{Builder, Declared};

/// The names of all models.
pub fn names(models: &[ast::Model]) -> BTreeSet<String> {
    models
        .iter()
        .map(|model| model.name.unraw().to_string())
        .collect()
}

/// The graph of a model, with the shapes of its inputs; `models` are the names of all models, and `levels` counts those of
/// stacked layers in all.
pub fn resolve(
    model: &ast::Model,
    models: &BTreeSet<String>,
    constants: &Constants,
    levels: &mut usize,
    report: &mut Report,
) -> Graph {
    check_attributes(model, report);
    check_inputs(model, report);
    check_names(model, report);
    let mut builder = Builder::new(model, constants, levels, report);
    for input in &model.inputs {
        check_element(&input.shape, builder.report);
        let shape = constants
            .shape(&input.shape, builder.report)
            .unwrap_or_default();
        let value = builder.value(input.name.unraw().to_string(), input.name.span(), shape);
        builder.graph.inputs.push(value);
    }
    for output in &model.outputs {
        check_element(output, builder.report);
    }
    let files = naming::names(model, builder.report);
    for (layer, file) in model.layers.iter().zip(files) {
        check_named(layer, model, builder.report);
        let declared = declare(&mut builder, layer, file, models);
        builder.declared.push(declared);
    }
    builder.graph.outputs = match &model.forward {
        Some(block) => forward::resolve(&mut builder, model, block),
        None => chain(&mut builder, model),
    };
    builder.graph
}

/// Every layer takes what the one before gives; the first takes all inputs.
fn chain(builder: &mut Builder<'_>, model: &ast::Model) -> Vec<ValueId> {
    check_not_empty(model, builder.report);
    let mut feeds = builder.graph.inputs.clone();
    if feeds.is_empty() {
        return Vec::new();
    }
    for (index, layer) in model.layers.iter().enumerate() {
        let value = builder.call_layer(index, feeds, head(layer).span());
        feeds = vec![value];
    }
    let one = model.outputs.len() == 1;
    if !one {
        let message = format!(
            "a chain gives one output, not {}; say the dataflow in `forward`",
            model.outputs.len()
        );
        builder.report.error(model.outputs[1].span, message);
    }
    if one && !model.layers.is_empty() {
        feeds
    } else {
        Vec::new()
    }
}

/// Reads a layer's kind and arguments; `file` is its name in a file.
fn declare(
    builder: &mut Builder<'_>,
    layer: &ast::Layer,
    file: String,
    models: &BTreeSet<String>,
) -> Declared {
    let kind = layer.kind.unraw().to_string();
    let others: Vec<ast::Argument> = layer
        .arguments
        .iter()
        .filter(|argument| !naming::is_name(argument))
        .cloned()
        .collect();
    let op = match KINDS.iter().any(|(known, _)| *known == kind) {
        true => {
            let (constants, report) = (builder.constants, &mut *builder.report);
            let mut arguments = Arguments::new(
                &kind,
                layer.kind.span(),
                &others,
                (KINDS, constants),
                report,
            );
            let op = Op::declare(&kind, &mut arguments);
            op.filter(|_| arguments.finish())
        }
        false => {
            check_kind(&layer.kind, models, builder.report);
            None
        }
    };
    let label = match &layer.name {
        Some(name) => name.unraw().to_string(),
        None => kind.clone(),
    };
    let id = op.map(|op| {
        builder.graph.layers.push(graph::Layer {
            name: file,
            kind,
            op,
            parameters: Vec::new(),
            span: head(layer).span(),
        });
        LayerId(builder.graph.layers.len() - 1)
    });
    Declared {
        name: layer.name.clone(),
        label,
        id,
        called: false,
    }
}

/// The token that stands for a layer in messages.
fn head(layer: &ast::Layer) -> &Ident {
    layer.name.as_ref().unwrap_or(&layer.kind)
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

/// Constants, inputs and layers share one namespace, and no name is given twice.
fn check_names(model: &ast::Model, report: &mut Report) {
    let constants = model
        .constants
        .iter()
        .map(|constant| ("a constant", &constant.name));
    let inputs = model.inputs.iter().map(|input| ("an input", &input.name));
    let layers = model
        .layers
        .iter()
        .filter_map(|layer| Some(("a layer", layer.name.as_ref()?)));
    let mut seen = BTreeMap::new();
    for (what, name) in constants.chain(inputs).chain(layers) {
        if let Some(first) = seen.insert(name.unraw().to_string(), what) {
            report.error(
                name.span(),
                format!("`{name}` is already the name of {first}; give this one another"),
            );
        }
    }
}

/// Tensors are f32; tokens will come.
fn check_element(shape: &ast::Shape, report: &mut Report) {
    match &shape.element {
        Some(element) if element == "u32" => report.error(
            element.span(),
            "token inputs are not supported yet; give the numbers themselves, as f32",
        ),
        Some(element) if element != "f32" => {
            report.error(
                element.span(),
                format!("tensors are f32, not {element}; write the sizes alone, as in `[784]`"),
            );
        }
        _ => {}
    }
}

/// `forward` calls layers by name, so each has one.
fn check_named(layer: &ast::Layer, model: &ast::Model, report: &mut Report) {
    if model.forward.is_some() && layer.name.is_none() {
        let kind = &layer.kind;
        report.error(
            kind.span(),
            format!("`forward` calls layers by name; name this one, as in `name: {kind}`"),
        );
    }
}

/// A chain has a layer at least: an input is no output.
fn check_not_empty(model: &ast::Model, report: &mut Report) {
    if model.layers.is_empty() {
        let name = &model.name;
        report.error(
            name.span(),
            format!("`{name}` has no layers; write one in the braces, as in `Dense(10)`"),
        );
    }
}

/// Every kind is one we have.
fn check_kind(kind: &Ident, models: &BTreeSet<String>, report: &mut Report) {
    let kinds = KINDS.iter().map(|(kind, _)| *kind);
    let word = kind.unraw().to_string();
    let message = if models.contains(&word) {
        format!("`{kind}` is a model, and a model is no layer of another; write its layers here")
    } else if let Some(otherwise) = elsewhere::no_layer(&word) {
        format!("there is no layer `{kind}`: {otherwise}")
    } else if let Some(here) = elsewhere::layer(&word) {
        format!("there is no layer `{kind}`; it is called `{here}` here")
    } else if let Some(near) = nearest(&word, kinds) {
        format!("there is no layer `{kind}`; did you mean `{near}`?")
    } else {
        format!(
            "there is no layer `{kind}`; there are {}",
            elsewhere::layers(KINDS)
        )
    };
    report.error(kind.span(), message);
}
