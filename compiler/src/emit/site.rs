//! What an operator sees while it emits: its geometry, and tokens for its operands.

use crate::fuse::{Activation, Stage};
use crate::layout::{Layout, Tensor};
use crate::plan::Plan;
use crate::program::{Bindings, BufferId, Mode, Program, Slot};
use crate::rt;
use crate::storage::Storage;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// One stage of one program, ready to be written out.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// Storages, stages and packings.
    pub layout: &'a Layout,
    /// The schedule.
    pub program: &'a Program,
    /// The memory plan.
    pub plan: &'a Plan,
    /// Index of the stage.
    pub index: usize,
}

impl<'a> Site<'a> {
    /// The stage itself.
    pub fn stage(&self) -> &'a Stage {
        &self.layout.stages[self.index]
    }

    /// The stage's buffers. Sites are only made for stages that their program runs.
    pub fn bindings(&self) -> &'a Bindings {
        self.program.stages[self.index]
            .as_ref()
            .expect("a site stands for a stage that runs")
    }

    /// Whether this is inference.
    pub fn infers(&self) -> bool {
        self.program.mode == Mode::Inference
    }

    /// Storage of an operand.
    pub fn input(&self, operand: usize) -> &'a Storage {
        &self.layout.storages[self.stage().inputs[operand].0]
    }

    /// Shape of an operand.
    pub fn input_shape(&self, operand: usize) -> &'a [usize] {
        &self.layout.values[self.stage().inputs[operand].0].shape
    }

    /// Storage of the result.
    pub fn output(&self) -> &'a Storage {
        &self.layout.storages[self.stage().output.0]
    }

    /// Shape of the result.
    pub fn output_shape(&self) -> &'a [usize] {
        &self.layout.values[self.stage().output.0].shape
    }

    /// The absorbed activation, as a type of the runtime.
    pub fn activation(&self) -> TokenStream {
        rt::activation(self.stage().activation.name)
    }

    /// Whether an operand's delta is asked for, and whether it adds to what is there.
    pub fn adds(&self, operand: usize) -> Option<bool> {
        self.bindings().adds.get(operand).copied().flatten()
    }

    /// One of the stage's parameters.
    pub fn tensor(&self, index: usize) -> &'a Tensor {
        &self.layout.tensors[self.layout.tensors_of(self.stage())[index]]
    }

    /// Whether inference reads this operand from the caller's own arrays.
    pub fn is_direct(&self, operand: usize) -> bool {
        self.program
            .buffer(self.layout, self.index, Slot::Input(operand))
            .is_none()
    }

    /// Offset and size of a buffer, in blocks per sample.
    pub fn place(&self, slot: Slot) -> (usize, usize) {
        let BufferId(buffer) = self
            .program
            .buffer(self.layout, self.index, slot)
            .expect("the schedule binds every slot an operator uses");
        (
            self.plan.offsets[buffer],
            self.program.buffers[buffer].blocks,
        )
    }

    /// Binds names to buffers and runs `body` on them. An operand in the caller's memory gets no name.
    pub fn step(&self, names: &[(&str, Slot)], body: &TokenStream) -> TokenStream {
        let mut bound: Vec<(Ident, (usize, usize))> = Vec::new();
        let mut aliases = TokenStream::new();
        for &(name, slot) in names {
            if matches!(slot, Slot::Input(operand) if self.is_direct(operand)) {
                continue;
            }
            let name = Ident::new(name, Span::call_site());
            let place = self.place(slot);
            match bound.iter().find(|(_, other)| *other == place) {
                Some((other, _)) => aliases.extend(quote!(let #name = &*#other;)),
                None => bound.push((name, place)),
            }
        }
        let (carve, span) = (rt::carve(), rt::span());
        let spans = bound
            .iter()
            .map(|(_, (offset, blocks))| quote!(#span(#offset, #blocks, capacity, count)));
        let idents = bound.iter().map(|(name, _)| name);
        let bind = (!bound.is_empty())
            .then(|| quote!(let [#(#idents),*] = #carve(memory, [#(#spans),*]);));
        quote!({ #bind #aliases #body })
    }

    /// An operand as rows of its last axis: the expression, and the floats from row to row. `name` is what `step` bound.
    pub fn float_rows(&self, operand: usize, name: &str) -> (TokenStream, usize) {
        let (_, stride) = self.row_stride(operand);
        if self.is_direct(operand) {
            let path = rt::input_rows();
            (quote!(#path::<#stride, _>(inputs)), stride)
        } else {
            let (path, name) = (rt::rows(), Ident::new(name, Span::call_site()));
            (quote!(#path::<#stride>(#name)), stride)
        }
    }

    /// An operand as rows of whole samples: the expression, and the floats of a sample. `name` is what `step` bound.
    pub fn samples(&self, operand: usize, name: &str) -> (TokenStream, usize) {
        if self.is_direct(operand) {
            let floats = self.input_shape(operand).iter().product::<usize>();
            let path = rt::input_rows();
            (quote!(#path::<#floats, _>(inputs)), floats)
        } else {
            let floats = self.input(operand).floats();
            let (path, name) = (rt::rows(), Ident::new(name, Span::call_site()));
            (quote!(#path::<#floats>(#name)), floats)
        }
    }

    /// Rows per sample of an operand, and the floats from row to row.
    pub fn row_stride(&self, operand: usize) -> (usize, usize) {
        let storage = self.input(operand);
        let features = *self.input_shape(operand).last().unwrap_or(&1);
        match self.input_shape(operand).len() {
            // The caller's arrays have no padding, not even behind a lone step.
            _ if self.is_direct(operand) => (
                self.input_shape(operand).iter().product::<usize>() / features,
                features,
            ),
            1 => (1, storage.floats()),
            _ => storage.rows().unwrap_or((1, storage.floats())),
        }
    }
}

impl Site<'_> {
    /// Turns the result's delta into the delta before the absorbed activation, in place.
    pub fn through_activation(&self) -> Option<TokenStream> {
        let (path, activation) = (rt::activation_backward(), self.activation());
        let body = quote!(#path::<S, #activation>(s, y, dy););
        (self.stage().activation != Activation::IDENTITY)
            .then(|| self.step(&[("y", Slot::Output), ("dy", Slot::Delta)], &body))
    }

    /// The batch's rows of two buffers side by side: rows of `stride` floats, rows of `blocks` blocks.
    pub fn row_pairs(&self, x: Slot, stride: usize, dy: Slot, blocks: usize) -> TokenStream {
        let ((x, x_blocks), (dy, dy_blocks)) = (self.place(x), self.place(dy));
        let path = rt::row_pairs();
        quote!(#path::<#stride, #blocks>(batch, (#x, #x_blocks), (#dy, #dy_blocks)))
    }

    /// The batch's rows of a buffer, `blocks` blocks each.
    pub fn row_blocks(&self, slot: Slot, blocks: usize) -> TokenStream {
        let (offset, per_sample) = self.place(slot);
        let path = rt::row_blocks();
        quote!(#path::<#blocks>(batch, (#offset, #per_sample)))
    }

    /// Rows of several sites one after another.
    pub fn chain(sites: &[Site<'_>], rows: impl Fn(&Site<'_>) -> TokenStream) -> TokenStream {
        let rows = sites.iter().map(rows).collect();
        pairwise(
            rows,
            |first, second| quote!(::core::iter::Iterator::chain(#first, #second)),
        )
    }
}

/// Joins neighbours, then the joined ones, until one is left: in their order, but of the least depth, for rustc follows by
/// recursion how deep types and expressions are.
pub fn pairwise(
    mut parts: Vec<TokenStream>,
    join: impl Fn(TokenStream, TokenStream) -> TokenStream,
) -> TokenStream {
    while parts.len() > 1 {
        let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(first) = rest.next() {
            joined.push(match rest.next() {
                Some(second) => join(first, second),
                None => first,
            });
        }
        parts = joined;
    }
    parts.pop().unwrap_or_default()
}
