//! The constants of an expansion: layers, tensors, sizes, and how many passes there are.

use super::{
    gradient::penalty,
    model::Model,
    passes,
    step::{self, Passes, Updated},
};
use crate::call::Form;
use crate::element::Element;
use crate::graph::{Init, LayerId, Parameter, Role, ValueId};
use crate::memory::plan::Lead;
use crate::memory::program::Action;
use crate::place::layout::Tensor;
use crate::shapes::{self, Reading};
use crate::storage::LANES;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;
use syn::ext::IdentExt;

/// The associated constants of the `Network` implementation.
pub fn tables(model: &Model<'_>) -> TokenStream {
    let name = model.graph.name.unraw().to_string();
    let inputs = model.graph.inputs.iter().map(|input| {
        let value = &model.graph.values[input.0];
        let shape = match value.element {
            Element::Scalar => &[],
            _ => &value.shape[..],
        };
        quote!(&[#(#shape),*])
    });
    let tokens = tokens(model);
    let layers = layers(model);
    let tensors = model.layout.tensors.iter().zip(step::updated(model));
    let tensors = tensors.map(|(held, updated)| tensor(held, updated));
    let (parameters, learnt) = (model.layout.arena_blocks, model.layout.learnt_blocks);
    let workspace = model.inference.1.blocks;
    let input = match (model.inference.0.direct, &model.layout.inputs[..]) {
        (true, [input]) => {
            let shape = &model.layout.values[input.0].shape;
            shape.iter().product::<usize>().div_ceil(LANES)
        }
        _ => 0,
    };
    let train = model.training.1.blocks;
    let (infer_rows, train_rows) = (model.inference.1.rows, model.training.1.rows);
    let lead = model.inference.1.lead.map(|Lead { rows, blocks, .. }| {
        quote!(const LEAD: rt::Lead = rt::Lead { rows: #rows, blocks: #blocks };)
    });
    let transposed = transposed(model);
    let needs_pair = passes::needs_pair(model);
    let passes = counts(model);
    let limits = limits(model);
    quote! {
        const NAME: &'static str = #name;
        const INPUTS: &'static [&'static [usize]] = &[#(#inputs),*];
        #tokens
        const LAYERS: &'static [rt::Layer] = &[#(#layers),*];
        const TENSORS: &'static [rt::Tensor] = &[#(#tensors),*];
        #limits
        const PARAMETER_BLOCKS: usize = #parameters;
        const LEARNT_BLOCKS: usize = #learnt;
        const WORKSPACE_BLOCKS: usize = #workspace;
        const INPUT_BLOCKS: usize = #input;
        const TRAIN_BLOCKS: usize = #train;
        const INFER_ROWS: usize = #infer_rows;
        #lead
        const TRAIN_ROWS: usize = #train_rows;
        const TRANSPOSED: &'static [rt::Panels] = &[#(#transposed),*];
        const NEEDS_PAIR: bool = #needs_pair;
        #passes
    }
}

/// Which indices are taken of the inputs that are `u32`, and by which layers; nothing where there are none.
fn tokens(model: &Model<'_>) -> Option<TokenStream> {
    let graph = model.graph;
    let name = |value: ValueId| &graph.values[value.0].name;
    let line = |Reading {
                    node,
                    value,
                    taken: [least, most],
                }| {
        let part = graph.inputs.iter().position(|&input| input == value)?;
        let (input, layer) = (name(value), name(node.output));
        Some(quote! {
            rt::Tokens { part: #part, input: #input, layer: #layer, least: #least, most: #most }
        })
    };
    let mut lines = Vec::new();
    let mut known = BTreeSet::new();
    for reading in shapes::readings(graph) {
        // Levels and directions of a layer take the same.
        let line = line(reading).filter(|line| known.insert(line.to_string()));
        lines.extend(line);
    }
    (!lines.is_empty()).then(|| quote!(const TOKENS: &'static [rt::Tokens] = &[#(#lines),*];))
}

/// The limits of tensors, where there are any.
fn limits(model: &Model<'_>) -> Option<TokenStream> {
    let limit = |(index, tensor): (usize, &Tensor)| {
        let Parameter { shape, .. } = &tensor.parameter;
        let norm = tensor.parameter.max_norm? as f32;
        let units = match tensor.packing.panel() {
            Some(blocks) => quote!(rt::Units::Lanes { blocks: #blocks }),
            None => {
                let outputs = if shape.len() < 2 { 1 } else { shape[0] };
                let numbers = tensor.parameter.count() / outputs;
                quote!(rt::Units::Rows { numbers: #numbers })
            }
        };
        let is_learnt = tensor.parameter.is_learnt();
        is_learnt.then(|| quote!(rt::Limit { tensor: #index, units: #units, norm: #norm }))
    };
    let tensors = model.layout.tensors.iter().enumerate();
    let limits = tensors.filter_map(limit).collect::<Vec<_>>();
    (!limits.is_empty()).then(|| quote!(const LIMITS: &'static [rt::Limit] = &[#(#limits),*];))
}

/// How many passes there are, where there are more than one forward and one backward, and what they leave for each other.
fn counts(model: &Model<'_>) -> TokenStream {
    let program = &model.training.0;
    let passes = Passes::of(program);
    let (forward, backward) = (passes.forward().len(), passes.backward().len());
    let joint = program.joint.blocks();
    let joint = (joint > 0).then(|| quote!(const JOINT_BLOCKS: usize = #joint;));
    let sums = (program.summed > 0).then(|| {
        quote!(
            const SUMS: bool = true;
        )
    });
    let forward = (forward > 1).then(|| quote!(const FORWARD_PASSES: usize = #forward;));
    let backward = (backward > 1).then(|| quote!(const BACKWARD_PASSES: usize = #backward;));
    let lonely = model.lonely.as_ref().map(|layer| {
        quote!(const NEEDS_COMPANY: ::core::option::Option<&'static str> = ::core::option::Option::Some(#layer);)
    });
    quote!(#joint #sums #forward #backward #lonely)
}

/// The transposed weights, in the order in which they lie.
fn transposed(model: &Model<'_>) -> Vec<TokenStream> {
    let events = model.training.0.events.iter();
    let views = events.filter_map(|event| match &event.action {
        Action::Transpose(call) => call.views().find(|view| view.access.writes()),
        _ => None,
    });
    views
        .map(|view| match view.form {
            Form::Panels { rows, panels } => quote!(rt::Panels { rows: #rows, panels: #panels }),
            form => unreachable!("{form:?} is no form of transposed weights"),
        })
        .collect()
}

/// One line for each layer, in order of first application; a layer applied again adds operations, not parameters.
fn layers(model: &Model<'_>) -> Vec<TokenStream> {
    summary(model)
        .into_iter()
        .map(|Line { name, kind, within, output, parameters, flops }| {
            quote! {
                rt::Layer { name: #name, kind: #kind, within: #within, output: &[#(#output),*], parameters: #parameters, flops: #flops }
            }
        })
        .collect()
}

/// A line of the summary.
pub struct Line {
    /// Name as in a `state_dict`, or the operator.
    pub name: String,
    /// Kind as declared.
    pub kind: String,
    /// The block, chain or repetition it is part of.
    pub within: String,
    /// Output shape.
    pub output: Vec<usize>,
    /// Learnt numbers.
    pub parameters: usize,
    /// Operations of one sample's forward pass.
    pub flops: u64,
}

/// The summary: layers where they are first applied, and operators of `forward` where they stand.
pub fn summary(model: &Model<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // The line of each layer that was applied before.
    let mut known: Vec<Option<usize>> = vec![None; model.graph.layers.len()];
    for node in &model.graph.nodes {
        let shapes = node
            .inputs
            .iter()
            .map(|value| &model.graph.values[value.0].shape[..])
            .collect::<Vec<_>>();
        let output = model.graph.values[node.output.0].shape.clone();
        let flops = node.op.flops(&shapes, &output);
        let known = node.layer.map(|LayerId(layer)| &mut known[layer]);
        if let Some(Some(line)) = known {
            let line = &mut lines[*line];
            line.flops = line.flops.saturating_add(flops);
            line.output = output;
            continue;
        }
        let layer = node.layer.map(|LayerId(layer)| &model.graph.layers[layer]);
        let count = |layer: &crate::graph::Layer| {
            layer
                .parameters
                .iter()
                .filter(|parameter| parameter.is_learnt())
                .map(Parameter::count)
                .sum()
        };
        let line = Line {
            name: layer.map_or(String::new(), |layer| layer.name.clone()),
            kind: layer.map_or_else(|| node.op.kind().to_string(), |layer| layer.kind.clone()),
            within: match layer {
                Some(layer) => layer.within.clone(),
                None => node.within.clone(),
            },
            output,
            parameters: layer.map_or(0, count),
            flops,
        };
        if let Some(known) = known {
            *known = Some(lines.len());
        }
        lines.push(line);
    }
    lines
}

fn tensor(tensor: &Tensor, Updated { pass, cost }: Updated) -> TokenStream {
    let Tensor {
        name,
        parameter,
        offset,
        packing,
        calls,
    } = tensor;
    let shape = &parameter.shape;
    let blocks = packing.blocks;
    let init = init(&parameter.init);
    let role = match parameter.role {
        Role::Learnt => {
            let penalty = penalty(parameter);
            let rate = parameter.rate;
            quote!(rt::Role::Learnt { penalty: #penalty, rate: #rate, cost: #cost, pass: #pass })
        }
        Role::Frozen => quote!(rt::Role::Frozen),
        Role::Statistic {
            momentum,
            is_variance,
        } => {
            // What each application keeps, as the kernel computes it.
            let keep = (0..*calls).fold(1.0_f32, |keep, _| keep * (1.0 - momentum as f32));
            quote!(rt::Role::Statistic { keep: #keep, is_variance: #is_variance })
        }
        Role::Count => quote!(rt::Role::Count),
    };
    let offset = offset * LANES + packing.offset;
    let axes = packing.axes.iter().map(|axis| {
        let (size, stride, block_stride) = (axis.size, axis.stride, axis.block_stride);
        quote!(rt::Axis { size: #size, stride: #stride, block_stride: #block_stride })
    });
    quote! {
        rt::Tensor {
            name: #name,
            shape: &[#(#shape),*],
            layout: rt::Layout { offset: #offset, axes: &[#(#axes),*] },
            blocks: #blocks,
            init: #init,
            role: #role,
        }
    }
}

fn init(init: &Init) -> TokenStream {
    let of = |kind: TokenStream, value: &f64| {
        let value = *value as f32;
        quote!(rt::Init::#kind(#value))
    };
    match init {
        Init::Uniform(bound) => of(quote!(Uniform), bound),
        Init::Between(low, high) => {
            let (low, high) = (*low as f32, *high as f32);
            quote!(rt::Init::Between { low: #low, high: #high })
        }
        Init::Normal(deviation) => of(quote!(Normal), deviation),
        Init::TruncatedNormal(std, limits) => {
            let (std, [low, high]) = (*std as f32, limits.map(|limit| limit as f32));
            quote!(rt::Init::TruncatedNormal { std: #std, low: #low, high: #high })
        }
        Init::Orthogonal(gain) => of(quote!(Orthogonal), gain),
        Init::Constant(value) => of(quote!(Constant), value),
        Init::Padded { of, row, rows } => {
            let of = self::init(of);
            quote!(rt::Init::Padded { of: &#of, row: #row, rows: #rows })
        }
        Init::Parts(parts) => {
            let parts = parts.iter().map(self::init);
            quote!(rt::Init::Parts(&[#(#parts),*]))
        }
    }
}
