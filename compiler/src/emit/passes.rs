//! The functions of the `Network` implementation: the events of a program, in order.

use super::call::Printer;
use super::model::Model;
use crate::ids::{BufferId, TensorId};
use crate::memory::program::{Action, Answer, Program};
use crate::rt;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Index;

/// Part `index` of `whole`, a reference to a tuple of `count`, or `whole` itself where there is one value.
fn part(index: usize, count: usize, whole: TokenStream, mutable: bool) -> TokenStream {
    let index = Index::from(index);
    match (count > 1, mutable) {
        (false, _) => whole,
        (true, false) => quote!(&#whole.#index),
        (true, true) => quote!(&mut #whole.#index),
    }
}

/// The buffers that a program's inputs are copied into; none where they are read in place.
fn loaded(program: &Program) -> &[BufferId] {
    let loads = program.events.iter().find_map(|event| match &event.action {
        Action::Load(buffers) => Some(&buffers[..]),
        _ => None,
    });
    loads.unwrap_or_default()
}

/// The buffers that a program's outputs are taken from.
fn unloaded(program: &Program) -> &[BufferId] {
    let unloads = program.events.iter().find_map(|event| match &event.action {
        Action::Unload(buffers) => Some(&buffers[..]),
        _ => None,
    });
    unloads.unwrap_or_default()
}

/// Where the loss finds outputs and leaves deltas.
fn answers(program: &Program) -> &[Answer] {
    let answers = program.events.iter().find_map(|event| match &event.action {
        Action::Loss(answers) => Some(&answers[..]),
        _ => None,
    });
    answers.unwrap_or_default()
}

/// Calls of the forward pass.
fn forward_calls<'a>(printer: Printer<'a>) -> impl Iterator<Item = TokenStream> + 'a {
    let events = printer.program().events.iter();
    events.filter_map(move |event| match &event.action {
        Action::Forward(call) => Some(printer.call(call)),
        _ => None,
    })
}

/// Replaces inputs that are read in place by a copy if they hold tiny numbers. One sample is copied to the stack if there
/// is no room behind the workspace.
fn settled() -> TokenStream {
    let (settled, flushed) = (rt::SETTLED, rt::FLUSHED);
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

/// Copies one sample into the inputs' buffers: `true` if all numbers are finite.
fn load_sample(printer: Printer<'_>) -> TokenStream {
    let (path, inputs) = (rt::LOAD, loaded(printer.program()));
    let loads = inputs.iter().enumerate().map(|(index, &input)| {
        let (offset, blocks) = printer.place(input);
        let part = part(index, inputs.len(), quote!(input), false);
        quote!(#path::<S, #blocks, _>(s, #part, memory, #offset, capacity, row))
    });
    quote!(#(#loads)&*)
}

/// Copies one sample of the outputs' buffers to the caller.
fn unload_sample(printer: Printer<'_>, outputs: &[BufferId]) -> TokenStream {
    let path = rt::UNLOAD;
    let unloads = outputs.iter().enumerate().map(|(index, &output)| {
        let (offset, blocks) = printer.place(output);
        let part = part(index, outputs.len(), quote!(output), true);
        quote!(#path::<#blocks, _>(memory, #offset, capacity, row, #part);)
    });
    quote!(#(#unloads)*)
}

/// Forward without training.
pub fn infer(model: &Model<'_>) -> TokenStream {
    let printer = Printer::new(model, &model.inference);
    let program = printer.program();
    let calls = forward_calls(printer);
    let (load, unload) = (
        load_sample(printer),
        unload_sample(printer, unloaded(program)),
    );
    let (load, settled) = match program.direct {
        true => (None, Some(settled())),
        false => {
            let load = quote! {
                for (row, input) in ::core::iter::Iterator::enumerate(inputs.iter()) {
                    let _ = #load;
                }
            };
            (Some(load), None)
        }
    };
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
            #load
            #settled
            #(#calls)*
            for (row, output) in ::core::iter::Iterator::enumerate(outputs.iter_mut()) {
                #unload
            }
        }
    }
}

/// Refreshes the transposed weights.
pub fn transpose(model: &Model<'_>) -> TokenStream {
    let printer = Printer::new(model, &model.training);
    let transposed = printer.program().transposed.iter();
    let calls = transposed.map(|transposed| printer.kernel(&transposed.call));
    quote! {
        #[inline(always)]
        fn transpose<S: rt::Isa>(s: S, parameters: &[rt::Block], transposed: &mut [rt::Block]) {
            #(#calls)*
        }
    }
}

/// Copies a sample into a chunk.
pub fn load(model: &Model<'_>) -> TokenStream {
    let load = load_sample(Printer::new(model, &model.training));
    quote! {
        #[inline(always)]
        fn load<S: rt::Isa>(s: S, input: &Self::Input, memory: &mut [rt::Block], capacity: usize, row: usize) -> bool {
            #load
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
    let printer = Printer::new(model, &model.training);
    let calls = forward_calls(printer);
    quote! {
        #[inline(always)]
        fn forward_rows<S: rt::Isa>(s: S, rows: rt::Rows<'_>, memory: &mut [rt::Block]) {
            #unpack
            #(#calls)*
        }
    }
}

/// Whether the loss needs room for an output and its delta: a lone output whose delta is asked for is judged where it lies.
pub fn needs_pair(model: &Model<'_>) -> bool {
    let answers = answers(&model.training.0);
    !matches!(answers, [answer] if answer.delta.is_some())
}

/// Hands outputs to the loss and takes their deltas.
pub fn loss(model: &Model<'_>) -> TokenStream {
    let unpack = unpack_rows();
    let printer = Printer::new(model, &model.training);
    let answers = answers(printer.program());
    let body = match *answers {
        [
            Answer {
                value,
                delta: Some(delta),
            },
        ] => judge(printer, value, delta),
        _ => judge_apart(printer, answers),
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

/// A lone output is judged where it lies.
fn judge(printer: Printer<'_>, value: BufferId, delta: BufferId) -> TokenStream {
    let (carve, span) = (rt::CARVE, rt::SPAN);
    let ((value, blocks), (delta, _)) = (printer.place(value), printer.place(delta));
    quote! {
        let [values, deltas] =
            #carve(memory, [#span(#value, #blocks, capacity, count), #span(#delta, #blocks, capacity, count)]);
        rt::judge::<S, Self::Output, T, L, #blocks>(s, loss, values, deltas, targets, scale, scores);
    }
}

/// Outputs that lie apart are brought together, sample by sample.
fn judge_apart(printer: Printer<'_>, answers: &[Answer]) -> TokenStream {
    let outputs = answers.iter().map(|answer| answer.value);
    let reads = unload_sample(printer, &outputs.collect::<Vec<_>>());
    let writes = answers.iter().enumerate().filter_map(|(index, answer)| {
        let (offset, blocks) = printer.place(answer.delta?);
        let (load, part) = (rt::LOAD, part(index, answers.len(), quote!(delta), false));
        Some(quote!(let _ = #load::<S, #blocks, _>(s, #part, memory, #offset, capacity, row);))
    });
    quote! {
        for (row, (target, score)) in ::core::iter::Iterator::enumerate(::core::iter::Iterator::take(::core::iter::zip(targets, scores), count)) {
            let [output, delta] = rt::pair(pair);
            #reads
            *score = rt::score(s, loss, output, target, scale, delta);
            #(#writes)*
        }
    }
}

/// The chain of deltas.
pub fn backward(model: &Model<'_>) -> TokenStream {
    let unpack = unpack_rows();
    let printer = Printer::new(model, &model.training);
    let events = printer.program().events.iter();
    let calls = events.filter_map(|event| match &event.action {
        Action::Backward(call) => Some(printer.call(call)),
        _ => None,
    });
    quote! {
        #[inline(always)]
        fn backward_rows<S: rt::Isa>(s: S, rows: rt::Rows<'_>, memory: &mut [rt::Block]) {
            #unpack
            #(#calls)*
        }
    }
}

/// Phase two: every tensor whose stretch of the arena is asked for.
pub fn update(model: &Model<'_>) -> TokenStream {
    let printer = Printer::new(model, &model.training);
    let stretch = rt::STRETCH;
    let events = printer.program().events.iter();
    let statements = events.filter_map(|event| {
        let Action::Update(TensorId(tensor), gradient) = &event.action else {
            return None;
        };
        let tensor = &model.layout.tensors[*tensor];
        let (offset, blocks) = (tensor.offset, tensor.packing.blocks);
        let (l1, l2) = (tensor.parameter.l1 as f32, tensor.parameter.l2 as f32);
        let penalty = match (l1, l2) {
            (0.0, 0.0) => quote!(rt::Penalty::NONE),
            _ => quote!(rt::Penalty { l1: #l1, l2: #l2 }),
        };
        let gradient = printer.gradient(gradient);
        Some(quote! {
            if let ::core::option::Option::Some(mut stretch) = #stretch(&mut *sink, first, #offset, #blocks, #penalty) {
                #gradient
            }
        })
    });
    quote! {
        #[inline(always)]
        fn update<S: rt::Isa>(s: S, batch: rt::Batch<'_>, first: usize, sink: &mut dyn rt::Sink) {
            #(#statements)*
        }
    }
}
