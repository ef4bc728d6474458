//! Calls of declared layers: of one layer, of a chain, of a block with a body of its own.

use super::build::{Builder, Declared, Module, Taken, Use, tensors};
use super::forward::{self, Owner};
use crate::graph::{Stated, ValueId};
use proc_macro2::Span;
use syn::ext::IdentExt;

impl<'a> Builder<'a> {
    /// Applies a declared layer; gives its results, one unless it is a block or a recurrence.
    pub(super) fn call_declared(
        &mut self,
        declared: &mut Declared<'a>,
        feeds: Vec<ValueId>,
        taken: Taken<'_>,
        span: Span,
    ) -> Vec<ValueId> {
        declared.called = true;
        match &mut declared.module {
            Module::Broken => {
                self.length = None;
                vec![self.unknown(span)]
            }
            Module::Layer(id) => {
                let op = self.graph.layers[id.0].op.clone();
                self.call((op, Some(*id)), &declared.label, feeds, taken, span)
            }
            Module::Chain(_) | Module::Block(_) if self.length.is_some() => {
                if let Some((_, span)) = self.length.take() {
                    self.refuse_length(&declared.label, span);
                }
                vec![self.unknown(span)]
            }
            Module::Chain(layers) => self.call_chain(layers, feeds),
            Module::Block(block) => self.call_block(block, &declared.label, feeds, span),
        }
    }

    /// Applies layers, each to what the one before gives.
    pub(super) fn call_chain(
        &mut self,
        layers: &mut [Declared<'a>],
        mut feeds: Vec<ValueId>,
    ) -> Vec<ValueId> {
        for layer in layers {
            let span = layer.span;
            feeds = self.call_declared(layer, feeds, Taken::Chain, span);
        }
        feeds
    }

    /// Applies a block: its body is read again, with the layers that this use of it has.
    fn call_block(
        &mut self,
        used: &mut Use<'a>,
        label: &str,
        feeds: Vec<ValueId>,
        span: Span,
    ) -> Vec<ValueId> {
        let block = used.block;
        if !self.check_feeds(label, block.inputs.len(), &feeds, span) || !self.make(span) {
            return vec![self.unknown(span)];
        }
        let outside = self.enter(Some(used.place.clone()));
        self.inside += 1;
        for (input, &value) in block.inputs.iter().zip(&feeds) {
            let Some(shape) = &input.shape else { continue };
            let Some(sizes) = used.frame.constants.shape(shape, self.report) else {
                continue;
            };
            let element = super::element(shape, self.report);
            self.graph.stated.push(Stated {
                value,
                name: input.name.unraw().to_string(),
                block: block.name.unraw().to_string(),
                shape: sizes,
                element,
                span: shape.span,
                place: self.place.clone(),
            });
        }
        let results = match &block.body.forward {
            Some(body) => {
                let names = block.inputs.iter().map(|input| &input.name);
                let inputs = names.zip(feeds).collect();
                forward::resolve(self, &mut used.frame, inputs, body, Owner::Block)
            }
            None => self.call_chain(&mut used.frame.declared, feeds),
        };
        self.inside -= 1;
        self.enter(outside);
        match results.is_empty() {
            true => vec![self.unknown(span)],
            false => results,
        }
    }

    /// A block gets as many tensors as it has inputs.
    fn check_feeds(&mut self, label: &str, takes: usize, feeds: &[ValueId], span: Span) -> bool {
        let given = feeds.len();
        // A block without inputs was reported, and so was what went wrong before.
        if takes == given || takes == 0 || self.is_any_unknown(feeds) {
            return takes == given;
        }
        let repair = match given > takes {
            true => "drop the others, or give the block an input for each",
            false => "in `forward` they are written side by side, as in `(a, b)`",
        };
        let message = format!(
            "`{label}` takes {}, but gets {given}; {repair}",
            tensors(takes)
        );
        self.report.error(span, message);
        false
    }
}
