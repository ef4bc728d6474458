//! Inference: the events of its program, of which the first may pass over groups of the rows.

use super::call::{Around, Printer};
use super::crossing::{load_sample, unload_sample};
use super::functions::{Functions, Statement};
use super::model::Model;
use super::passes::{loaded, unloaded};
use crate::memory::program::{Action, Event};
use crate::rt;
use proc_macro2::TokenStream;
use quote::quote;

/// Replaces inputs that are read in place by a copy if they hold tiny numbers. One sample is copied to the stack if there
/// is no room behind the workspace, of which so many blocks of each sample are left.
fn settled(blocks: &TokenStream) -> TokenStream {
    let (settled, flushed) = (rt::SETTLED, rt::FLUSHED);
    quote! {
        let (memory, room) = memory.split_at_mut(#blocks * count);
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

/// Copies samples to where the calls find them, if they do not read them in place.
fn loads(printer: Printer<'_>) -> Option<TokenStream> {
    let load = load_sample(printer, loaded(printer.program()));
    (!printer.program().direct).then(|| {
        quote! {
            for (row, input) in ::core::iter::Iterator::enumerate(inputs.iter()) {
                let _ = #load;
            }
        }
    })
}

/// Forward without training.
pub fn infer(model: &Model<'_>, functions: &mut Functions, input: &TokenStream) -> TokenStream {
    let printer = Printer::new(model, &model.inference);
    let (program, plan) = &model.inference;
    let (lead, rest) = program
        .events
        .split_at(plan.lead.map_or(0, |lead| lead.events));
    let forward = |events: &'_ [Event], printer, functions: &mut Functions| {
        let forward = |event: &&Event| matches!(event.action, Action::Forward(_));
        let events = events.iter().filter(forward).collect::<Vec<_>>();
        functions.add("infer", &Statement::of(&events, printer), printer, input)
    };
    let blocks = match plan.lead {
        None => quote!(Self::WORKSPACE_BLOCKS),
        Some(_) => quote!((Self::WORKSPACE_BLOCKS - Self::LEAD.blocks)),
    };
    let settled = program.direct.then(|| settled(&blocks));
    let body = match plan.lead {
        None => {
            let (loads, calls) = (loads(printer), forward(rest, printer, functions));
            quote! {
                #loads
                #settled
                let rows = rt::Rows::inference(parameters, count);
                #calls
            }
        }
        Some(_) => {
            let ahead = printer.within(Around::Lead);
            let (loads, leads) = (loads(ahead), forward(lead, ahead, functions));
            let calls = forward(rest, printer, functions);
            quote! {
                let few = ::core::cmp::Ord::min(count, Self::LEAD.rows);
                let (near, memory) = memory.split_at_mut(Self::LEAD.blocks * few);
                #settled
                let all = rt::Rows::inference(parameters, count);
                for first in ::core::iter::Iterator::step_by(0..count, Self::LEAD.rows) {
                    let rows = all.group(first, Self::LEAD.rows);
                    let inputs = &inputs[first..][..rows.rows];
                    #loads
                    #leads
                }
                let rows = all;
                #calls
            }
        }
    };
    let unload = unload_sample(printer, unloaded(program).iter());
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
            #body
            for (row, output) in ::core::iter::Iterator::enumerate(outputs.iter_mut()) {
                #unload
            }
        }
    }
}
