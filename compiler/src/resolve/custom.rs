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
        parameter::{Course, Scheme, Weights},
    },
    parameter::{Init, Parameter, Role},
    sizes::Constants,
};
use proc_macro2::Span;
use std::collections::BTreeSet;
use syn::ext::IdentExt;

/// What biases are drawn by.
const PLAIN: Weights = Weights {
    scheme: Scheme::Default,
    l1: 0.0,
    l2: 0.0,
    course: Course {
        rate: 1.0,
        frozen: false,
    },
};

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
    let weights = Weights::declare(&mut arguments);
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
        let is_bias = name.starts_with("bias");
        let init = match value {
            None if is_bias => drawn(&PLAIN, &shape),
            None => drawn(weights, &shape),
            Some(Some(value)) => Init::Constant(value),
            Some(None) => {
                sound = false;
                continue;
            }
        };
        parameters.push(Parameter {
            name,
            shape,
            init,
            role: Role::Learnt,
            l1: if is_bias { 0.0 } else { weights.l1 },
            l2: if is_bias { 0.0 } else { weights.l2 },
            rate: 1.0,
        });
    }
    sound.then(|| weights.course.of(parameters))
}

/// How a tensor of this shape is drawn: its first axis are outputs, the others are summed over; a vector is summed over as a
/// whole.
fn drawn(weights: &Weights, shape: &[usize]) -> Init {
    let volume = |sizes: &[usize]| {
        sizes
            .iter()
            .fold(1_usize, |all, &size| all.saturating_mul(size))
    };
    match shape {
        [outputs, inputs @ ..] if !inputs.is_empty() => {
            let taps = volume(&inputs[1..]);
            weights.init(volume(inputs), outputs.saturating_mul(taps))
        }
        _ => weights.init(volume(shape), volume(shape)),
    }
}
