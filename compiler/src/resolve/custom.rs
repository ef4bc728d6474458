//! Declarations of layers of the user's own: what is stated of a type that only rustc knows.

use super::build::{Builder, Module};
use crate::{
    arguments::{Arguments, bare, number},
    ast,
    call::UserType,
    graph::{Layer, LayerId},
    ops::{
        KINDS,
        custom::{Custom, PARTS},
        init::Scheme,
        parameter::Weights,
    },
    parameter::{Init, Parameter},
    sizes::Constants,
};
use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;
use syn::ext::IdentExt;

/// The most numbers that are kept of a sample.
const LIMIT: u128 = 1 << 31;

/// Declares one.
pub(super) fn declare<'a>(
    builder: &mut Builder<'a>,
    constants: &Constants,
    custom: &ast::Custom,
    (path, within): (String, &str),
    span: Span,
) -> Module<'a> {
    if !builder.open.is_empty() && !builder.make(span) {
        return Module::Broken;
    }
    if KINDS
        .iter()
        .any(|(known, _)| *known == custom.path.to_string())
    {
        let name = &custom.name;
        let message =
            format!("`{name}` is a layer of kiln, whose output is inferred; drop `-> ..`");
        builder.report.error(name.span(), message);
        return Module::Broken;
    }
    let kind = UserType::of(custom.path.clone());
    let shown = kind.text.replace(' ', "");
    let others: Vec<ast::Argument> = custom
        .arguments
        .iter()
        .filter(|argument| !argument.is_name())
        .cloned()
        .collect();
    let context = (KINDS, constants);
    let mut arguments =
        Arguments::new(&shown, custom.name.span(), &others, context, builder.report);
    arguments.names_only();
    let has_bias = custom.parameters.iter().any(|it| is_bias(&it.name));
    let weights = Weights::declare(&mut arguments, has_bias);
    let sound = arguments.finish();
    let output = constants.shape(&custom.output, builder.report);
    let saved = custom.saved.as_ref();
    let saved = saved.map(|shape| constants.shape(shape, builder.report));
    let parameters = parameters(builder, constants, custom, &weights);
    let (Some(output), Some(parameters), true) = (output, parameters, sound) else {
        return Module::Broken;
    };
    let saved = match saved {
        Some(None) => return Module::Broken,
        saved => saved.flatten(),
    };
    let kept = saved.iter().flatten();
    let kept = kept.fold(1_u128, |kept, &size| kept.saturating_mul(size as u128));
    if let (true, Some(shape)) = (kept > LIMIT, &custom.saved) {
        let message =
            format!("{kept} numbers would be kept of each sample; at most {LIMIT} can be");
        builder.report.error(shape.span, message);
        return Module::Broken;
    }
    builder.graph.layers.push(Layer {
        name: path,
        within: within.to_owned(),
        kind: shown,
        op: Custom {
            layer: kind,
            parameters,
            saved,
            output,
        }
        .into(),
        parameters: Vec::new(),
        span,
    });
    Module::Layer(LayerId(builder.graph.layers.len() - 1))
}

/// What it learns, if all of it could be read.
fn parameters(
    builder: &mut Builder<'_>,
    constants: &Constants,
    custom: &ast::Custom,
    weights: &Weights,
) -> Option<Vec<Parameter>> {
    let (mut parameters, mut names, mut sound) = (Vec::new(), BTreeSet::new(), true);
    let mut arguments = custom.arguments.iter();
    let init_argument = arguments.find(|it| it.name.as_ref().is_some_and(|name| name == "init"));
    if let Some(surplus) = custom.parameters.get(PARTS) {
        let message = format!(
            "a layer of your own has at most {PARTS} parameters; give some of them as one with an axis more"
        );
        builder.report.error(surplus.name.span(), message);
        sound = false;
    }
    for parameter in &custom.parameters {
        let name = parameter.name.unraw().to_string();
        if !names.insert(name.clone()) {
            let message = format!(
                "`{name}` is already a parameter of this layer; give this one another name"
            );
            builder.report.error(parameter.name.span(), message);
            sound = false;
        }
        let value = parameter.value.as_ref().map(|value| {
            let begins = number(bare(value));
            if begins.is_none() {
                let message = format!(
                    "`{name}` begins as a number that f32 can hold, as in `{name}: [64] = 1.0`"
                );
                builder.report.error_over(value, message);
            }
            begins
        });
        let Some(shape) = constants.shape(&parameter.shape, builder.report) else {
            sound = false;
            continue;
        };
        // Biases begin and are left as those of any layer.
        let is_bias = is_bias(&parameter.name);
        let scheme = if is_bias {
            &weights.bias
        } else {
            &weights.scheme
        };
        let init = match value {
            None => drawn(scheme, &shape),
            Some(Some(value)) => Init::Constant(value),
            Some(None) => {
                sound = false;
                continue;
            }
        };
        if let (Init::Orthogonal(_), true, Some(argument)) = (&init, shape.len() < 2, init_argument)
        {
            let message = format!(
                "`Orthogonal` makes matrices, but `{name}` is a vector {shape:?}; say how it begins, as in \
                 `{name}: {shape:?} = 1.0`"
            );
            builder.report.error_over(&argument.value, message);
            sound = false;
        }
        parameters.push(match is_bias {
            true => Parameter {
                shape,
                init,
                ..weights.bias(name, 1, 1)
            },
            false => weights.weight(name, shape, init),
        });
    }
    sound.then(|| weights.course.of(parameters))
}

/// Whether a parameter is a bias, by its name.
fn is_bias(name: &Ident) -> bool {
    name.unraw().to_string().starts_with("bias")
}

/// How a tensor of this shape is drawn: its first axis are outputs, the others are summed over; a vector is summed over as a
/// whole.
fn drawn(scheme: &Scheme, shape: &[usize]) -> Init {
    let volume = |sizes: &[usize]| {
        sizes
            .iter()
            .fold(1_usize, |all, &size| all.saturating_mul(size))
    };
    match shape {
        [outputs, inputs @ ..] if !inputs.is_empty() => {
            let taps = volume(&inputs[1..]);
            scheme.init(volume(inputs), outputs.saturating_mul(taps))
        }
        _ => scheme.init(volume(shape), volume(shape)),
    }
}
