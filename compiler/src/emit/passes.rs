//! The functions of the `Network` implementation: one statement group for each stage, in the order of the schedule.

use super::{Model, site::Site};
use crate::graph::ValueId;
use crate::plan::Plan;
use crate::program::{BufferId, Program};
use crate::rt;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Index;

/// All sites a program runs, in order.
fn sites<'a>(model: &'a Model<'_>, (program, plan): &'a (Program, Plan)) -> Vec<Site<'a>> {
    (0..model.layout.stages.len())
        .filter(|&index| program.stages[index].is_some())
        .map(|index| Site {
            layout: model.layout,
            program,
            plan,
            index,
        })
        .collect()
}

/// Offset and blocks of a value or a delta.
fn place(buffer: Option<BufferId>, (program, plan): &(Program, Plan)) -> (usize, usize) {
    let BufferId(buffer) =
        buffer.expect("inputs and outputs have buffers where they are asked for");
    (plan.offsets[buffer], program.buffers[buffer].blocks)
}

/// Part `index` of `whole`, a reference to a tuple, or `whole` itself where there is one value.
fn part(values: &[ValueId], index: usize, whole: TokenStream, mutable: bool) -> TokenStream {
    let index = Index::from(index);
    match (values.len() > 1, mutable) {
        (false, _) => whole,
        (true, false) => quote!(&#whole.#index),
        (true, true) => quote!(&mut #whole.#index),
    }
}

/// Makes zeros of tiny numbers in the copies of the inputs.
fn settle(model: &Model<'_>, planned: &(Program, Plan)) -> TokenStream {
    let (settle, carve, span) = (rt::settle(), rt::carve(), rt::span());
    let statements = model.layout.inputs.iter().map(|input| {
        let (offset, blocks) = place(planned.0.values[input.0], planned);
        quote! {
            let [x] = #carve(memory, [#span(#offset, #blocks, capacity, count)]);
            #settle(s, x);
        }
    });
    quote!(#(#statements)*)
}

/// Replaces inputs that are read in place by a copy if they hold tiny numbers. One sample is copied to the stack if there
/// is no room behind the workspace.
fn settled() -> TokenStream {
    let (settled, flushed) = (rt::settled(), rt::flushed());
    quote! {
        let (memory, room) = memory.split_at_mut(Self::WORKSPACE_BLOCKS * count);
        let copy;
        let inputs = match #settled(s, inputs, room) {
            ::core::option::Option::Some(inputs) => inputs,
            ::core::option::Option::None => {
                copy = [#flushed(inputs)];
                &copy[..]
            }
        };
    }
}

/// Forward without training.
pub fn infer(model: &Model<'_>) -> TokenStream {
    let (program, _) = &model.inference;
    let statements = sites(model, &model.inference)
        .into_iter()
        .map(|site| site.stage().op.lower().infer(&site));
    let (load, unload) = (rt::load(), rt::unload());
    let loads = model
        .layout
        .inputs
        .iter()
        .enumerate()
        .filter(|_| !program.direct)
        .map(|(index, input)| {
            let (offset, _) = place(program.values[input.0], &model.inference);
            let (blocks, part) = (
                model.layout.storages[input.0].blocks(),
                part(&model.layout.inputs, index, quote!(input), false),
            );
            quote! {
                for (row, input) in ::core::iter::Iterator::enumerate(inputs.iter()) {
                    #load::<#blocks, _>(#part, memory, #offset, capacity, row);
                }
            }
        });
    let settle = match program.direct {
        true => settled(),
        false => settle(model, &model.inference),
    };
    let unloads = model
        .layout
        .outputs
        .iter()
        .enumerate()
        .map(|(index, output)| {
            let (offset, blocks) =
                place(program.values[program.roots[output.0].0], &model.inference);
            let part = part(&model.layout.outputs, index, quote!(output), true);
            quote! {
                for (row, output) in ::core::iter::Iterator::enumerate(outputs.iter_mut()) {
                    #unload::<#blocks, _>(memory, #offset, capacity, row, #part);
                }
            }
        });
    quote! {
        #[inline(always)]
        fn infer<S: rt::Isa>(
            s: S,
            parameters: &[rt::Block],
            inputs: &[Self::Input],
            outputs: &mut [Self::Output],
            memory: &mut [rt::Block],
        ) {
            let (capacity, count) = (inputs.len(), inputs.len());
            #(#loads)*
            #settle
            #(#statements)*
            #(#unloads)*
        }
    }
}

/// Refreshes the transposed weights.
pub fn transpose(model: &Model<'_>) -> TokenStream {
    let statements = sites(model, &model.training)
        .into_iter()
        .filter(|site| site.bindings().transposes)
        .map(|site| site.stage().op.lower().transpose(&site));
    quote! {
        #[inline(always)]
        fn transpose<S: rt::Isa>(s: S, parameters: &[rt::Block], transposed: &mut [rt::Block]) {
            #(#statements)*
        }
    }
}

/// Copies a sample into a chunk.
pub fn load(model: &Model<'_>) -> TokenStream {
    let (program, _) = &model.training;
    let path = rt::load();
    let statements = model
        .layout
        .inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let (offset, blocks) = place(program.values[input.0], &model.training);
            let part = part(&model.layout.inputs, index, quote!(input), false);
            quote!(#path::<#blocks, _>(#part, memory, #offset, capacity, row);)
        });
    quote! {
        #[inline(always)]
        fn load(input: &Self::Input, memory: &mut [rt::Block], capacity: usize, row: usize) {
            #(#statements)*
        }
    }
}

/// What the passes over a chunk begin with.
fn unpack_rows() -> TokenStream {
    quote! {
        let rt::Rows { parameters, transposed, capacity, rows: count, first, seed, step } = rows;
    }
}

/// Forward in training.
pub fn forward(model: &Model<'_>) -> TokenStream {
    let unpack = unpack_rows();
    let statements = sites(model, &model.training)
        .into_iter()
        .map(|site| site.stage().op.lower().forward(&site));
    let settle = settle(model, &model.training);
    quote! {
        #[inline(always)]
        fn forward_rows<S: rt::Isa>(s: S, rows: rt::Rows<'_>, memory: &mut [rt::Block]) {
            #unpack
            #settle
            #(#statements)*
        }
    }
}

/// The roots of the outputs.
fn roots(model: &Model<'_>) -> Vec<usize> {
    let roots = &model.training.0.roots;
    let outputs = model.layout.outputs.iter();
    outputs.map(|output| roots[output.0].0).collect()
}

/// Whether the loss needs room for an output and its delta: a lone output whose delta is asked for is judged where it lies.
pub fn needs_pair(model: &Model<'_>) -> bool {
    let deltas = &model.training.0.deltas;
    !matches!(roots(model)[..], [root] if deltas[root].is_some())
}

/// Hands outputs to the loss and takes their deltas.
pub fn loss(model: &Model<'_>) -> TokenStream {
    let (program, _) = &model.training;
    let unpack = unpack_rows();
    let (carve, span) = (rt::carve(), rt::span());
    let roots = roots(model);
    let body = if let [root] = roots[..]
        && !needs_pair(model)
    {
        let (value, blocks) = place(program.values[root], &model.training);
        let (delta, _) = place(program.deltas[root], &model.training);
        quote! {
            let [values, deltas] =
                #carve(memory, [#span(#value, #blocks, capacity, count), #span(#delta, #blocks, capacity, count)]);
            rt::judge::<S, Self::Output, T, L, #blocks>(s, loss, values, deltas, targets, scale, scores);
        }
    } else {
        let unload = rt::unload();
        let reads = roots.iter().enumerate().map(|(index, &root)| {
            let (offset, blocks) = place(program.values[root], &model.training);
            let part = part(&model.layout.outputs, index, quote!(output), true);
            quote!(#unload::<#blocks, _>(memory, #offset, capacity, row, #part);)
        });
        let writes = roots
            .iter()
            .enumerate()
            .filter(|(_, root)| program.deltas[**root].is_some());
        let writes = writes.map(|(index, &root)| {
            let (offset, blocks) = place(program.deltas[root], &model.training);
            let (load, part) = (
                rt::load_delta(),
                part(&model.layout.outputs, index, quote!(delta), false),
            );
            quote!(#load::<S, #blocks, _>(s, #part, memory, #offset, capacity, row);)
        });
        let writes = writes.collect::<Vec<_>>();
        quote! {
            for (row, (target, score)) in ::core::iter::Iterator::enumerate(::core::iter::Iterator::take(::core::iter::zip(targets, scores), count)) {
                let [output, delta] = rt::pair(pair);
                #(#reads)*
                *score = rt::score(s, loss, output, target, scale, delta);
                #(#writes)*
            }
        }
    };
    quote! {
        #[inline(always)]
        fn loss_rows<S: rt::Isa, T, L: rt::Loss<Self::Output, T>>(
            s: S,
            rows: rt::Rows<'_>,
            memory: &mut [rt::Block],
            loss: &L,
            targets: &[T],
            scale: f32,
            scores: &mut [rt::Score],
            pair: &mut [Self::Output],
        ) {
            #unpack
            #body
        }
    }
}

/// The chain of deltas.
pub fn backward(model: &Model<'_>) -> TokenStream {
    let unpack = unpack_rows();
    let statements = sites(model, &model.training)
        .into_iter()
        .rev()
        .filter(|site| site.bindings().backward)
        .map(|site| site.stage().op.lower().backward(&site));
    quote! {
        #[inline(always)]
        fn backward_rows<S: rt::Isa>(s: S, rows: rt::Rows<'_>, memory: &mut [rt::Block]) {
            #unpack
            #(#statements)*
        }
    }
}

/// Phase two: every tensor whose stretch of the arena is asked for.
pub fn update(model: &Model<'_>) -> TokenStream {
    // Every site that reads a tensor, and the tensor's number among the first one's parameters.
    let mut readers: Vec<(Vec<Site<'_>>, usize)> =
        vec![(Vec::new(), 0); model.layout.tensors.len()];
    for site in sites(model, &model.training) {
        for (own, tensor) in model
            .layout
            .tensors_of(site.stage())
            .into_iter()
            .enumerate()
        {
            let (sites, first) = &mut readers[tensor];
            if sites.is_empty() {
                *first = own;
            }
            sites.push(site);
        }
    }
    let stretch = rt::stretch();
    let statements = model
        .layout
        .tensors
        .iter()
        .zip(&readers)
        .map(|(tensor, (readers, own))| {
            let (offset, blocks) = (tensor.offset, tensor.packing.blocks);
            let body = readers
                .first()
                .map(|site| site.stage().op.lower().update(readers, *own));
            let (l1, l2) = (tensor.parameter.l1 as f32, tensor.parameter.l2 as f32);
            let penalty = match (l1, l2) {
                (0.0, 0.0) => quote!(rt::Penalty::NONE),
                _ => quote!(rt::Penalty { l1: #l1, l2: #l2 }),
            };
            quote! {
                if let ::core::option::Option::Some(mut stretch) = #stretch(&mut *sink, first, #offset, #blocks, #penalty) {
                    #body
                }
            }
        });
    let statements = statements.collect::<Vec<_>>();
    quote! {
        #[inline(always)]
        fn update<S: rt::Isa>(s: S, batch: rt::Batch<'_>, first: usize, sink: &mut dyn rt::Sink) {
            #(#statements)*
        }
    }
}
