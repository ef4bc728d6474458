//! What const parameters stand for, and what stands beside one another in a `model!`: models, templates, blocks.

use crate::{
    ast::{Block, Body, Given, Instance, Model, Module, Parameter, Unit},
    ops::KINDS,
    report::Report,
    sizes::Constants,
};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use syn::{Expr, ext::IdentExt};

/// What the parameters of `what` stand for; `constants` are those of whoever gives the arguments, at `span`.
pub(super) fn given(
    what: &str,
    parameters: &[Parameter],
    arguments: &[Expr],
    (constants, span): (&Constants, Span),
    report: &mut Report,
) -> Vec<Given> {
    let least = parameters.iter().filter(|it| it.default.is_none()).count();
    let most = parameters.len();
    let counts = (least..=most).contains(&arguments.len());
    if !counts {
        let takes = match (least, most) {
            (_, 0) => "no parameters".into(),
            (1, 1) => "1 parameter".into(),
            (least, most) if least == most => format!("{most} parameters"),
            (least, most) => format!("{least} to {most} parameters"),
        };
        let names = parameters.iter().map(|it| it.name.to_string());
        let names = names.collect::<Vec<_>>().join(", ");
        let repair = match most {
            0 => "drop the angle brackets".to_string(),
            _ => format!("they are <{names}>"),
        };
        let message = format!(
            "{what} takes {takes}, but gets {}; {repair}",
            arguments.len()
        );
        report.error(span, message);
    }
    let mut given: Vec<Given> = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let value = match (arguments.get(index), &parameter.default) {
            _ if !counts => None,
            (Some(argument), _) => constants.argument(parameter, argument, report),
            (None, Some(default)) => {
                let own = Constants::evaluate(&given, &[], report);
                own.argument(parameter, default, report)
            }
            (None, None) => None,
        };
        let name = parameter.name.clone();
        given.push(Given { name, value });
    }
    given
}

/// The models of a `model!`: those that are written, and those that are made of templates.
pub fn models(unit: &mut Unit, report: &mut Report) -> Vec<Model> {
    // What could not be read may be what uses the rest.
    let whole = report.is_clean();
    let instances = &unit.instances;
    let is_template = |model: &Model| match &model.parameters {
        None => false,
        // They could not be read: nobody knows whether the struct is to stand for itself.
        Some(parameters) if parameters.is_empty() => {
            instances.iter().any(|it| it.template == model.name)
        }
        Some(_) => true,
    };
    let (templates, mut models): (Vec<_>, Vec<_>) = std::mem::take(&mut unit.models)
        .into_iter()
        .partition(is_template);
    let mut used = BTreeSet::new();
    for instance in &unit.instances {
        let word = instance.template.unraw().to_string();
        let template = templates.iter().find(|it| it.name == instance.template);
        match template {
            Some(template) => {
                used.insert(word);
                models.push(made(template, instance, report));
            }
            None => no_template(unit, instance, (&models, &templates), report),
        }
    }
    for template in templates.iter().filter(|_| whole) {
        check_template_used(template, &used, report);
    }
    check_blocks(unit, &models, &templates, (whole, report));
    models
}

/// A template made a model: attributes of both, everything else from the `type`.
fn made(template: &Model, instance: &Instance, report: &mut Report) -> Model {
    let parameters = template.parameters.as_deref().unwrap_or_default();
    let what = format!("the template `{}`", template.name);
    let context = (&Constants::default(), instance.template.span());
    let given = match parameters.is_empty() {
        // They could not be read, which was reported.
        true => Vec::new(),
        false => given(&what, parameters, &instance.arguments, context, report),
    };
    let attributes = template.attributes.iter().chain(&instance.attributes);
    Model {
        attributes: attributes.cloned().collect(),
        visibility: instance.visibility.clone(),
        name: instance.name.clone(),
        parameters: None,
        given,
        ..template.clone()
    }
}

/// A `type` is made of a template.
fn no_template(
    unit: &Unit,
    instance: &Instance,
    (models, templates): (&[Model], &[Model]),
    report: &mut Report,
) {
    let name = &instance.template;
    let message = if models.iter().any(|model| model.name == *name) {
        format!(
            "`{name}` is a model as it stands; give it parameters, as in `struct {name}<const N: usize>(..)`, and it is a template"
        )
    } else if unit.blocks.iter().any(|block| block.name == *name) {
        format!(
            "`{name}` is a block, which is a layer and no model; write `struct {name}<..>(x: [784]) -> [10]`"
        )
    } else {
        let near = crate::nearest::did_you_mean(
            &name.to_string(),
            templates
                .iter()
                .map(|it| it.name.to_string())
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str),
        );
        format!(
            "there is no template `{name}`; write it beside this: `struct {name}<const N: usize>(x: [784]) -> [10] {{ .. }}`{near}"
        )
    };
    report.error(name.span(), message);
}

/// A template that nothing is made of has no effect.
fn check_template_used(template: &Model, used: &BTreeSet<String>, report: &mut Report) {
    let name = &template.name;
    if !used.contains(&name.unraw().to_string()) {
        let message = format!(
            "`{name}` is a template, and no model is made of it; write `type Small = {name}<32>;`, or drop it"
        );
        report.error(name.span(), message);
    }
}

/// Blocks have names of their own, take something, and are used.
fn check_blocks(
    unit: &Unit,
    models: &[Model],
    templates: &[Model],
    (whole, report): (bool, &mut Report),
) {
    let mut known = BTreeMap::new();
    for model in models.iter().chain(templates) {
        known.insert(model.name.unraw().to_string(), "a model");
    }
    let mut named = BTreeSet::new();
    let bodies = models
        .iter()
        .chain(templates)
        .map(|model| (None, &model.body));
    let blocks = unit
        .blocks
        .iter()
        .map(|block| (Some(&block.name), &block.body));
    for (own, body) in bodies.chain(blocks) {
        for layer in &body.layers {
            collect(&layer.module, own, &mut named);
        }
        // A block that `forward` calls by its own name is told so there.
        if let Some(forward) = &body.forward {
            let mut called = BTreeSet::new();
            collect_called(forward.block.to_token_stream(), &mut called);
            let is_own = |word: &str| own.is_some_and(|own| own.unraw() == word);
            called.retain(|word| !is_own(word) && !is_callable(word, body));
            named.extend(called);
        }
    }
    for block in &unit.blocks {
        let (name, word) = (&block.name, block.name.unraw().to_string());
        if KINDS.iter().any(|(kind, _)| *kind == word) {
            let message =
                format!("`{name}` is already the name of a layer; give the block another");
            report.error(name.span(), message);
        } else if let Some(what) = known.insert(word.clone(), "a block") {
            let message =
                format!("`{name}` is already the name of {what}; give this block another");
            report.error(name.span(), message);
        } else if whole && !named.contains(&word) {
            let message = format!(
                "the block `{name}` is used nowhere; declare a layer of it, as in `layer: {}`, or drop it",
                written(block)
            );
            report.error(name.span(), message);
        }
        if block.whole {
            check_block(block, report);
        }
    }
}

/// How a layer of the block is written, with an example for every parameter: `R<16, true>`.
pub(super) fn written(block: &Block) -> String {
    let examples = block.parameters.iter().map(|it| match it.is_flag {
        true => "true",
        false => "16",
    });
    match examples.collect::<Vec<_>>().join(", ").as_str() {
        "" => block.name.to_string(),
        examples => format!("{}<{examples}>", block.name),
    }
}

/// A block takes something and is made of layers, unless its dataflow says otherwise; no name is given twice.
fn check_block(block: &Block, report: &mut Report) {
    let name = &block.name;
    if block.inputs.is_empty() {
        report.error(
            name.span(),
            format!("the block `{name}` has no inputs; give one, as in `{name}(x)`"),
        );
    }
    if block.body.layers.is_empty() && block.body.forward.is_none() {
        report.error(
            name.span(),
            format!("the block `{name}` has no layers; write one in the braces, as in `Dense(10)`"),
        );
    }
    let inputs = block.inputs.iter().map(|input| &input.name);
    let parameters = block.parameters.iter().map(|it| &it.name);
    check_names(parameters, inputs, &block.body, report);
    check_named(&block.body, report);
}

/// The words that may name blocks in a declaration; a block's own name is no use of it.
fn collect(module: &Module, own: Option<&Ident>, named: &mut BTreeSet<String>) {
    match module {
        Module::Kind { kind: name, .. } | Module::Block { name, .. } => {
            if own.is_none_or(|own| own != name) {
                named.insert(name.unraw().to_string());
            }
        }
        Module::Custom(_) => {}
        Module::Chain { layers, .. } => {
            for layer in layers {
                collect(&layer.module, own, named);
            }
        }
        Module::Repeated { module, .. } => collect(module, own, named),
    }
}

/// Whether a word names a function, or a layer of this body.
fn is_callable(word: &str, body: &Body) -> bool {
    let mut names = body.layers.iter().filter_map(|layer| layer.name.as_ref());
    let is_function = |(_, function): &(&str, Option<&str>)| *function == Some(word);
    KINDS.iter().any(is_function) || names.any(|name| name.unraw() == word)
}

/// The words before parentheses.
fn collect_called(tokens: TokenStream, called: &mut BTreeSet<String>) {
    let mut before: Option<Ident> = None;
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            if let (Some(word), Delimiter::Parenthesis) = (&before, group.delimiter()) {
                called.insert(word.unraw().to_string());
            }
            collect_called(group.stream(), called);
        }
        before = match token {
            TokenTree::Ident(word) => Some(word),
            _ => None,
        };
    }
}

/// Parameters, constants, inputs and layers share one namespace, and no name is given twice.
pub(super) fn check_names<'a>(
    parameters: impl Iterator<Item = &'a Ident>,
    inputs: impl Iterator<Item = &'a Ident>,
    body: &'a Body,
    report: &mut Report,
) {
    let parameters = parameters.map(|name| ("a parameter", name));
    let constants = body
        .constants
        .iter()
        .map(|constant| ("a constant", &constant.name));
    let inputs = inputs.map(|name| ("an input", name));
    let layers = body
        .layers
        .iter()
        .filter_map(|layer| Some(("a layer", layer.name.as_ref()?)));
    let mut seen = BTreeMap::new();
    for (what, name) in parameters.chain(constants).chain(inputs).chain(layers) {
        if let Some(first) = seen.insert(name.unraw().to_string(), what) {
            report.error(
                name.span(),
                format!("`{name}` is already the name of {first}; give this one another"),
            );
        }
    }
    for layer in &body.layers {
        check_chain_names(&layer.module, report);
    }
}

/// Layers in braces have names of their own, beside one another.
fn check_chain_names(module: &Module, report: &mut Report) {
    match module {
        Module::Chain { layers, .. } => {
            let mut seen = BTreeSet::new();
            for name in layers.iter().filter_map(|layer| layer.name.as_ref()) {
                if !seen.insert(name.unraw().to_string()) {
                    let message =
                        format!("`{name}` is already the name of a layer; give this one another");
                    report.error(name.span(), message);
                }
            }
            for layer in layers {
                check_chain_names(&layer.module, report);
            }
        }
        Module::Repeated { module, .. } => check_chain_names(module, report),
        Module::Kind { .. } | Module::Block { .. } | Module::Custom(_) => {}
    }
}

/// `forward` calls layers by name, so each has one.
pub(super) fn check_named(body: &Body, report: &mut Report) {
    let unnamed = body.layers.iter().filter(|layer| layer.name.is_none());
    for layer in unnamed.filter(|_| body.forward.is_some()) {
        let kind = layer.module.word();
        report.error(
            layer.module.span(),
            format!("`forward` calls layers by name; name this one, as in `name: {kind}`"),
        );
    }
}
