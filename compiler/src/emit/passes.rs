//! The functions of the `Network` implementation: the events of a program, in order.

use super::call::{Around, Printer};
use super::crossing::{load_part, load_sample, part, unload_sample, unload_slopes};
use super::functions::{Functions, Statement};
use super::gradient::penalty;
use super::model::Model;
use super::step::Passes;
use crate::call::Gradient;
use crate::ids::{BufferId, TensorId};
use crate::memory::program::{Action, Answer, Crossing, Event, Place, Program};
use crate::rt;
use proc_macro2::TokenStream;
use quote::quote;

/// How a program's inputs are copied into buffers; none where they are read in place.
pub(super) fn loaded(program: &Program) -> &[Crossing] {
    let loads = program.events.iter().find_map(|event| match &event.action {
        Action::Load(inputs) => Some(&inputs[..]),
        _ => None,
    });
    loads.unwrap_or_default()
}

/// How a program's outputs are taken from buffers.
pub(super) fn unloaded(program: &Program) -> &[Crossing] {
    let unloads = program.events.iter().find_map(|event| match &event.action {
        Action::Unload(outputs) => Some(&outputs[..]),
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

/// Refreshes the transposed weights of a stretch.
pub fn transpose(model: &Model<'_>, functions: &mut Functions) -> TokenStream {
    let printer = Printer::new(model, &model.training).within(Around::Weights);
    let statement = |event: &Event| {
        let Action::Transpose(call) = &event.action else {
            return None;
        };
        let tensor = call.views().find_map(|view| match view.memory {
            Place::Tensor(TensorId(tensor)) => Some(tensor),
            _ => None,
        });
        Some(Statement {
            label: &model.names.layers[tensor?],
            tokens: printer.transpose(call),
        })
    };
    let events = printer.program().events.iter();
    let statements = events.filter_map(statement).collect::<Vec<_>>();
    let calls = functions.add("transpose", &statements, printer, &TokenStream::new());
    quote! {
        #[inline(always)]
        fn transpose<S: rt::Isa>(s: S, parameters: &[rt::Block], first: usize, transposed: &mut [rt::Block]) {
            #calls
        }
    }
}

/// Copies a sample into a chunk.
pub fn load(model: &Model<'_>) -> TokenStream {
    let printer = Printer::new(model, &model.training);
    let load = load_sample(printer, loaded(printer.program()));
    quote! {
        #[inline(always)]
        fn load<S: rt::Isa>(s: S, input: &Self::Input, memory: &mut [rt::Block], capacity: usize, row: usize) -> bool {
            #load
        }
    }
}

/// Calls of the layers' functions one after another; those of several passes behind their numbers.
fn numbered(
    name: &str,
    passes: &[(usize, Vec<&Event>)],
    count: usize,
    printer: Printer<'_>,
    functions: &mut Functions,
    input: &TokenStream,
) -> TokenStream {
    let calls = passes.iter().map(|(number, events)| {
        let statements = Statement::of(events, printer);
        (*number, functions.add(name, &statements, printer, input))
    });
    by_pass(calls.collect(), count)
}

/// What is done in each of `count` passes.
fn by_pass(done: Vec<(usize, TokenStream)>, count: usize) -> TokenStream {
    if count == 1 {
        return done.into_iter().map(|(_, done)| done).collect();
    }
    let (numbers, done): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    quote! {
        match pass {
            #(#numbers => { #done })*
            _ => {}
        }
    }
}

/// Forward in training.
pub fn forward(model: &Model<'_>, functions: &mut Functions) -> TokenStream {
    let printer = Printer::new(model, &model.training);
    let passes = Passes::of(printer.program()).forward();
    let (count, none) = (passes.len(), TokenStream::new());
    let body = numbered("forward", &passes, count, printer, functions, &none);
    quote! {
        #[inline(always)]
        fn forward_rows<S: rt::Isa>(s: S, pass: usize, rows: rt::Rows<'_>, memory: &mut [rt::Block]) {
            #body
        }
    }
}

/// Whether the loss needs room for an output and its delta: a lone flat output whose delta is asked for is judged where it lies.
pub fn needs_pair(model: &Model<'_>) -> bool {
    let answers = answers(&model.training.0);
    lone(answers).is_none()
}

/// Hands outputs to the loss and takes their deltas.
pub fn loss(model: &Model<'_>) -> TokenStream {
    let printer = Printer::new(model, &model.training);
    let answers = answers(printer.program());
    let body = match lone(answers) {
        Some((value, delta)) => judge(printer, value, delta),
        None => judge_apart(printer, answers),
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
            #body
        }
    }
}

/// Copies outputs to the caller, and takes their deltas from it, for a loss that judges the whole batch.
pub fn outside(model: &Model<'_>) -> TokenStream {
    let printer = Printer::new(model, &model.training);
    let answers = answers(printer.program());
    let reads = unload_sample(printer, answers.iter().map(|answer| &answer.value));
    let writes = answers.iter().enumerate().filter_map(|(index, answer)| {
        let part = part(index, answers.len(), quote!(delta), false);
        Some(load_part(printer, answer.delta.as_ref()?, &part))
    });
    let writes = writes.collect::<Vec<_>>();
    let writes = match &writes[..] {
        [] => quote!(true),
        writes => quote!(#(#writes)&*),
    };
    quote! {
        #[inline(always)]
        fn unload<S: rt::Isa>(s: S, output: &mut Self::Output, memory: &mut [rt::Block], capacity: usize, row: usize) {
            #reads
        }

        #[inline(always)]
        fn load_delta<S: rt::Isa>(s: S, delta: &Self::Output, memory: &mut [rt::Block], capacity: usize, row: usize) -> bool {
            #writes
        }
    }
}

/// A lone output and its delta, if both are flat.
fn lone(answers: &[Answer]) -> Option<(BufferId, BufferId)> {
    match answers {
        [
            Answer {
                value,
                delta: Some(delta),
            },
        ] if value.stored.is_none() => Some((value.buffer, delta.buffer)),
        _ => None,
    }
}

/// A lone output is judged where it lies.
fn judge(printer: Printer<'_>, value: BufferId, delta: BufferId) -> TokenStream {
    let carve = rt::CARVE;
    let blocks = printer.place(value).blocks;
    let (value, delta) = (&printer.place(value).name, &printer.place(delta).name);
    quote! {
        let [values, deltas] = #carve(memory, [rows.span(#value), rows.span(#delta)]);
        rt::judge::<S, Self::Output, T, L, #blocks>(s, loss, values, deltas, targets, scale, scores);
    }
}

/// Outputs that lie apart are brought together, sample by sample.
fn judge_apart(printer: Printer<'_>, answers: &[Answer]) -> TokenStream {
    let reads = unload_sample(printer, answers.iter().map(|answer| &answer.value));
    let writes = answers.iter().enumerate().filter_map(|(index, answer)| {
        let part = part(index, answers.len(), quote!(delta), false);
        let load = load_part(printer, answer.delta.as_ref()?, &part);
        Some(quote!(let _ = #load;))
    });
    quote! {
        let capacity = rows.capacity;
        for (row, (target, score)) in ::core::iter::Iterator::enumerate(::core::iter::Iterator::take(::core::iter::zip(targets, scores), rows.rows)) {
            let [output, delta] = rt::pair(pair);
            #reads
            *score = rt::score(s, loss, output, target, scale, delta);
            #(#writes)*
        }
    }
}

/// Copies the deltas of inputs to the caller.
pub fn slope(model: &Model<'_>) -> TokenStream {
    let printer = Printer::new(model, &model.training);
    let slopes = printer
        .program()
        .events
        .iter()
        .find_map(|event| match &event.action {
            Action::Slopes(slopes) => Some(&slopes[..]),
            _ => None,
        });
    let count = model.graph.inputs.len();
    let slopes = unload_slopes(printer, slopes.unwrap_or_default(), count);
    quote! {
        #[inline(always)]
        fn slope<S: rt::Isa>(s: S, output: &mut Self::Input, memory: &mut [rt::Block], capacity: usize, row: usize) {
            #slopes
        }
    }
}

/// The chain of deltas.
pub fn backward(model: &Model<'_>, functions: &mut Functions) -> TokenStream {
    let printer = Printer::new(model, &model.training);
    let passes = Passes::of(printer.program()).backward();
    let (count, none) = (passes.len(), TokenStream::new());
    let body = numbered("backward", &passes, count, printer, functions, &none);
    quote! {
        #[inline(always)]
        fn backward_rows<S: rt::Isa>(s: S, pass: usize, rows: rt::Rows<'_>, memory: &mut [rt::Block]) {
            #body
        }
    }
}

/// What happens between two passes; nothing where no samples meet.
pub fn fold(model: &Model<'_>, functions: &mut Functions) -> Option<TokenStream> {
    let printer = Printer::new(model, &model.training).within(Around::Fold);
    let passes = Passes::of(printer.program());
    let (folds, count) = (passes.folds(), passes.passes.len());
    if folds.is_empty() {
        return None;
    }
    let none = TokenStream::new();
    let body = numbered("fold", &folds, count, printer, functions, &none);
    Some(quote! {
        #[inline(always)]
        fn fold<S: rt::Isa>(s: S, pass: usize, batch: rt::Batch<'_>, joint: &mut [rt::Block]) {
            #body
        }
    })
}

/// What follows the batch, if anything does.
pub fn follow(model: &Model<'_>, functions: &mut Functions) -> Option<TokenStream> {
    let printer = Printer::new(model, &model.training).within(Around::Arena);
    let events = printer.program().events.iter();
    let events = events.filter(|event| matches!(event.action, Action::Follow(_)));
    let events = events.collect::<Vec<_>>();
    if events.is_empty() {
        return None;
    }
    let statements = Statement::of(&events, printer);
    let calls = functions.add("follow", &statements, printer, &TokenStream::new());
    Some(quote! {
        #[inline(always)]
        fn follow<S: rt::Isa>(s: S, joint: &[rt::Block], arena: &mut [rt::Block]) {
            #calls
        }
    })
}

/// Phase two: every tensor of a pass whose stretch of the arena is asked for.
pub fn update(model: &Model<'_>, functions: &mut Functions) -> TokenStream {
    let printer = Printer::new(model, &model.training).within(Around::Gradients);
    let stretch = rt::STRETCH;
    let statement = |&(TensorId(id), gradient): &(TensorId, &Gradient<Place>)| {
        let name = &model.names.tensors[id].name;
        let penalty = penalty(&model.layout.tensors[id].parameter);
        let gradient = printer.gradient(gradient);
        let tokens = quote! {
            if let ::core::option::Option::Some(mut stretch) = #stretch(&mut *sink, first, #name, #penalty) {
                #gradient
            }
        };
        let label = &model.names.layers[id];
        Statement { label, tokens }
    };
    let passes = Passes::of(printer.program()).passes;
    let (updates, none) = (passes.iter().enumerate(), TokenStream::new());
    let updates = updates.filter(|(_, pass)| !pass.updates.is_empty());
    let updates = updates.map(|(number, pass)| {
        let statements = pass.updates.iter().map(statement).collect::<Vec<_>>();
        let calls = functions.add("update", &statements, printer, &none);
        (number, calls)
    });
    let body = by_pass(updates.collect(), passes.len());
    quote! {
        #[inline(always)]
        fn update<S: rt::Isa>(s: S, pass: usize, batch: rt::Batch<'_>, first: usize, sink: &mut dyn rt::Sink) {
            #body
        }
    }
}
