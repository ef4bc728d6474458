//! Places of an expansion by name: where values, weights and what samples share lie.

use crate::ids::{BufferId, TensorId};
use crate::memory::{
    plan::Plan,
    program::{Mode, Program},
};
use crate::place::layout::Layout;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use std::collections::BTreeSet;

/// A place and what it is called.
#[derive(Clone, Debug)]
pub struct Named {
    /// The constant.
    pub name: Ident,
    /// First block.
    pub first: usize,
    /// Blocks.
    pub blocks: usize,
}

/// All places, in the order of what lies there.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Tensors of the arena.
    pub tensors: Vec<Named>,
    /// Buffers of inference.
    pub inference: Vec<Named>,
    /// Buffers of training.
    pub training: Vec<Named>,
    /// Buffers of a stream.
    pub stream: Vec<Named>,
    /// What it keeps from step to step.
    pub kept: Vec<Named>,
    /// What samples have in common.
    pub joint: Vec<Named>,
    /// Transposed weights.
    pub transposed: Vec<Named>,
    /// What the functions of an expansion call each tensor's layer: the label of the first stage that reads it.
    pub layers: Vec<String>,
    taken: BTreeSet<String>,
}

impl Names {
    /// The places of a network.
    pub fn of(
        layout: &Layout,
        inference: &(Program, Plan),
        training: &(Program, Plan),
        stream: Option<&(Program, Plan)>,
    ) -> Self {
        let mut names = Self::default();
        let mut layers: Vec<Option<&String>> = vec![None; layout.tensors.len()];
        for stage in &layout.stages {
            for TensorId(tensor) in layout.tensors_of(stage) {
                layers[tensor].get_or_insert(&stage.label);
            }
        }
        for (tensor, layer) in layout.tensors.iter().zip(layers) {
            let wanted = match layer {
                Some(layer) => format!("{layer}_{}", tensor.parameter.name),
                None => tensor.name.clone(),
            };
            let named = names.name(&wanted, tensor.offset, tensor.packing.blocks);
            names.tensors.push(named);
            names.layers.push(layer.cloned().unwrap_or_default());
        }
        let programs = [("infer_", inference), ("", training)].into_iter();
        for (prefix, (program, plan)) in programs.chain(stream.map(|stream| ("stream_", stream))) {
            for (index, buffer) in program.buffers.iter().enumerate() {
                let wanted = format!("{prefix}{}", buffer.label);
                let named = names.name(&wanted, plan.first(BufferId(index)), buffer.blocks);
                match program.mode {
                    Mode::Inference => names.inference.push(named),
                    Mode::Training => names.training.push(named),
                    Mode::Stream => names.stream.push(named),
                }
            }
        }
        for region in stream.iter().flat_map(|(program, _)| &program.kept.parts) {
            let wanted = format!("stream_{}", region.label);
            let named = names.name(&wanted, region.offset, region.blocks);
            names.kept.push(named);
        }
        for region in &training.0.joint.parts {
            let named = names.name(&region.label, region.offset, region.blocks);
            names.joint.push(named);
        }
        for region in &training.0.transposed.parts {
            let named = names.name(&region.label, region.offset, region.blocks);
            names.transposed.push(named);
        }
        names
    }

    /// A constant that no other is called as.
    fn name(&mut self, wanted: &str, first: usize, blocks: usize) -> Named {
        let letter = |letter: char| match letter.is_ascii_alphanumeric() {
            true => letter.to_ascii_uppercase(),
            false => '_',
        };
        let mut wanted: String = wanted.chars().map(letter).collect();
        // What begins with a digit, or has no letter, is no name.
        if !wanted.starts_with(|letter: char| letter.is_ascii_uppercase()) {
            wanted = format!("PLACE_{wanted}");
        }
        let (mut name, mut count) = (wanted.clone(), 1);
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        let name = Ident::new(&name, Span::call_site());
        Named {
            name,
            first,
            blocks,
        }
    }

    /// The constants that some tokens mention.
    pub fn constants(&self, tokens: &TokenStream) -> TokenStream {
        let mut mentioned = BTreeSet::new();
        mention(tokens, &mut mentioned);
        let lists = [
            &self.tensors,
            &self.inference,
            &self.training,
            &self.stream,
            &self.kept,
            &self.joint,
            &self.transposed,
        ];
        let all = lists.into_iter().flatten();
        let used = all.filter(|named| mentioned.contains(&named.name.to_string()));
        let constant = |Named {
                            name,
                            first,
                            blocks,
                        }: &Named| {
            quote!(const #name: rt::Place = rt::Place::new(#first, #blocks);)
        };
        used.map(constant).collect()
    }
}

/// Collects all names in some tokens.
fn mention(tokens: &TokenStream, names: &mut BTreeSet<String>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(ident) => {
                names.insert(ident.to_string());
            }
            TokenTree::Group(group) => mention(&group.stream(), names),
            _ => {}
        }
    }
}
