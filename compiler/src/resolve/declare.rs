//! Declarations: every layer that is written becomes one of the graph, those of blocks and repetitions once for each use.

use super::build::{Builder, Declared, Frame, Module, Use};
use super::{custom, naming, scope};
use crate::{
    arguments::Arguments,
    ast, elsewhere,
    graph::{Layer, LayerId},
    nearest::nearest,
    ops::{KINDS, Op},
    sizes::Constants,
};
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;

/// How deep blocks may stand in one another.
const DEEPEST: usize = 24;

/// Declares layers whose names in files begin with `prefix`.
pub(super) fn declare<'a>(
    builder: &mut Builder<'a>,
    constants: &Constants,
    layers: &'a [ast::Layer],
    prefix: &str,
) -> Vec<Declared<'a>> {
    let files = naming::names(layers, builder.report);
    let declared = layers.iter().zip(files).map(|(layer, file)| {
        let label = match &layer.name {
            Some(name) => name.unraw().to_string(),
            None => layer.module.word(),
        };
        let span = match &layer.name {
            Some(name) => name.span(),
            None => layer.module.span(),
        };
        let path = format!("{prefix}{file}");
        Declared {
            name: layer.name.clone(),
            module: module(
                builder,
                constants,
                &layer.module,
                (&label, path, prefix.trim_end_matches('.')),
                span,
            ),
            label,
            span,
            called: false,
        }
    });
    declared.collect()
}

/// Declares what a layer is; `label` is what messages call it, `path` its name in files, which `within` may begin.
fn module<'a>(
    builder: &mut Builder<'a>,
    constants: &Constants,
    module: &'a ast::Module,
    (label, path, within): (&str, String, &str),
    span: Span,
) -> Module<'a> {
    match module {
        ast::Module::Kind { kind, arguments } => {
            match builder.blocks.get(&kind.unraw().to_string()) {
                Some(block) if arguments.is_empty() => {
                    used(builder, constants, (block, kind), &[], path)
                }
                Some(block) => {
                    parentheses(builder, block, (kind, arguments));
                    Module::Broken
                }
                None => layer(builder, constants, (kind, arguments), (path, within), span),
            }
        }
        ast::Module::Block { name, arguments } => {
            match builder.blocks.get(&name.unraw().to_string()) {
                Some(block) => used(builder, constants, (block, name), arguments, path),
                None => {
                    no_block(builder, name);
                    Module::Broken
                }
            }
        }
        ast::Module::Custom(written) => {
            custom::declare(builder, constants, written, (path, within), span)
        }
        ast::Module::Chain { layers, .. } => {
            Module::Chain(declare(builder, constants, layers, &format!("{path}.")))
        }
        ast::Module::Repeated { module, count, .. } => {
            repeated(builder, constants, (module, count), (label, path), span)
        }
    }
}

/// `[Residual<16>; 3]`: as many layers, called by their indices.
fn repeated<'a>(
    builder: &mut Builder<'a>,
    constants: &Constants,
    (inner, count): (&'a ast::Module, &syn::Expr),
    (label, path): (&str, String),
    span: Span,
) -> Module<'a> {
    let Some(count) = constants.size(count, builder.report) else {
        return Module::Broken;
    };
    let mut layers = Vec::new();
    for index in 0..count {
        if !builder.make(span) {
            return Module::Broken;
        }
        let label = format!("{label}.{index}");
        let own = (&label[..], format!("{path}.{index}"), &path[..]);
        layers.push(Declared {
            name: None,
            module: module(builder, constants, inner, own, span),
            label,
            span,
            called: false,
        });
    }
    Module::Chain(layers)
}

/// A layer of one of the kinds that there are.
fn layer<'a>(
    builder: &mut Builder<'a>,
    constants: &Constants,
    (word, arguments): (&Ident, &[ast::Argument]),
    (path, within): (String, &str),
    span: Span,
) -> Module<'a> {
    let kind = word.unraw().to_string();
    if !KINDS.iter().any(|(known, _)| *known == kind) {
        check_kind(builder, word);
        return Module::Broken;
    }
    if !builder.open.is_empty() && !builder.make(span) {
        return Module::Broken;
    }
    let others: Vec<ast::Argument> = arguments
        .iter()
        .filter(|argument| !argument.is_name())
        .cloned()
        .collect();
    let context = (KINDS, constants);
    let mut arguments = Arguments::new(&kind, word.span(), &others, context, builder.report);
    let op = Op::declare(&kind, &mut arguments);
    let Some(op) = op.filter(|_| arguments.finish()) else {
        return Module::Broken;
    };
    builder.graph.layers.push(Layer {
        name: path,
        within: within.to_owned(),
        kind,
        op,
        parameters: Vec::new(),
        span,
    });
    Module::Layer(LayerId(builder.graph.layers.len() - 1))
}

/// A use of a block: its constants get their values, and its layers are declared.
fn used<'a>(
    builder: &mut Builder<'a>,
    constants: &Constants,
    (block, token): (&'a ast::Block, &Ident),
    arguments: &[syn::Expr],
    path: String,
) -> Module<'a> {
    let name = block.name.unraw().to_string();
    // What could not be read, and what holds nothing, was reported.
    let is_empty = block.body.layers.is_empty() && block.body.forward.is_none();
    if !block.whole || is_empty || !check_open(builder, &name, token) {
        return Module::Broken;
    }
    let what = format!("the block `{name}`");
    let given = scope::given(
        &what,
        &block.parameters,
        arguments,
        (constants, token.span()),
        builder.report,
    );
    builder.open.push(name);
    let outside = builder.enter(Some(path.clone()));
    let constants = Constants::evaluate(&given, &block.body.constants, builder.report);
    let declared = declare(builder, &constants, &block.body.layers, &format!("{path}."));
    builder.enter(outside);
    builder.open.pop();
    let frame = Frame {
        constants,
        declared,
    };
    Module::Block(Box::new(Use {
        block,
        frame,
        place: path,
    }))
}

/// No block holds itself, or it would have no end.
fn check_open(builder: &mut Builder<'_>, name: &str, token: &Ident) -> bool {
    let message = match builder.open.iter().position(|open| open == name) {
        Some(first) => {
            let mut circle = builder.open[first..].to_vec();
            circle.push(name.to_owned());
            let circle = circle.join("` -> `");
            format!(
                "`{name}` holds itself: `{circle}`; a block is made of layers and of other blocks"
            )
        }
        None if builder.open.len() >= DEEPEST => {
            format!("blocks stand in one another {DEEPEST} deep at most; make some of them one")
        }
        None => return true,
    };
    builder.report.error(token.span(), message);
    false
}

/// A block takes nothing in parentheses.
fn parentheses(
    builder: &mut Builder<'_>,
    block: &ast::Block,
    (word, arguments): (&Ident, &[ast::Argument]),
) {
    // What could not be read may have parameters.
    if !block.whole {
        return;
    }
    let written = scope::written(block);
    let message = if arguments.iter().all(ast::Argument::is_name) {
        format!("`{word}` is a block, whose name stands before a colon, as in `name: {written}`")
    } else if block.parameters.is_empty() {
        format!("`{word}` is a block without parameters; write `{word}` alone")
    } else {
        format!("`{word}` is a block, whose sizes stand in angle brackets, as in `{written}`")
    };
    builder.report.error(word.span(), message);
}

/// What stands before angle brackets is a block.
fn no_block(builder: &mut Builder<'_>, name: &Ident) {
    let word = name.unraw().to_string();
    let blocks = builder.blocks.keys().map(String::as_str);
    let message = if KINDS.iter().any(|(kind, _)| *kind == word) {
        format!("`{name}` takes its arguments in parentheses, as in `{name}(16)`")
    } else if builder.models.contains(&word) {
        format!("`{name}` is a model, and a model is no layer of another; make it a `block`")
    } else if let Some(near) = nearest(&word, blocks) {
        format!("there is no block `{name}`; did you mean `{near}`?")
    } else {
        format!(
            "there is no block `{name}`; write it beside the model: `block {name}<const N: usize>(x) {{ .. }}`"
        )
    };
    builder.report.error(name.span(), message);
}

/// Every kind is one we have.
fn check_kind(builder: &mut Builder<'_>, kind: &Ident) {
    let blocks = builder.blocks.keys().map(String::as_str);
    let kinds = KINDS.iter().map(|(kind, _)| *kind).chain(blocks);
    let word = kind.unraw().to_string();
    let message = if builder.models.contains(&word) {
        format!("`{kind}` is a model, and a model is no layer of another; make it a `block`")
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
    builder.report.error(kind.span(), message);
}
