//! `embed.attend(x)`: the product of every vector with each of an embedding's, `x W^T`, as PyTorch's
//! `fc.weight = embed.weight` has it: one table looks tokens up and says how likely they are (Press and Wolf 2017).
//!
//! The table lies as the weights of a `Dense` do, in panels of sixteen tokens, so that this is one. A gradient has the
//! terms of both uses.

use super::dense::Dense;
use super::embedding::Embedding;
use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::call::{Call, Gradient, Slot};
use crate::packing::Packing;
use crate::parameter::Parameter;
use crate::rt;
use crate::site::{Operand, Site};
use crate::storage::Storage;

/// The product with a table of vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Attend {
    /// The table.
    pub table: Embedding,
    /// The layer that it is, without a bias.
    dense: Dense,
}

impl Attend {
    /// The product with the vectors of an embedding.
    pub fn with(table: Embedding) -> Self {
        let dense = Dense {
            inputs: None,
            outputs: table.vocabulary,
            bias: false,
            weights: table.weights.clone(),
        };
        Self { table, dense }
    }
}

impl Operator for Attend {
    /// It is not declared, but made of an embedding.
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self::with(Embedding::declare(arguments))
    }

    /// `[.., F]` gives `[.., V]`, where `..` is nothing or the steps of a sequence.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let (feed, features) = (call.inputs[0], self.table.features);
        match *feed.shape {
            [n] | [_, n] if n == features => Operator::infer(&self.dense, call),
            _ => Err(format!(
                "`{}` has vectors of {features} numbers, which attend to [{features}] or [T, {features}], but `{}` gives {:?}; \
                 put `Dense({features})` before it",
                call.layer, feed.from, feed.shape
            )),
        }
    }

    fn needs_panels(&self) -> bool {
        true
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        self.table.parameters(inputs)
    }

    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        self.dense.flops(inputs, output)
    }
}

impl Lower for Attend {
    fn absorbs_activation(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        self.dense.accepts(operand)
    }

    fn packing(&self, _: &[&Storage], _: &[usize]) -> Vec<Packing> {
        vec![self.table.panels()]
    }

    fn reads_floats(&self, operand: usize, shape: &[usize]) -> bool {
        self.dense.reads_floats(operand, shape)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        Lower::infer(&self.dense, site)
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        self.dense.forward(site)
    }

    fn transpose(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        self.dense.transpose(site)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        self.dense.backward(site)
    }

    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        let mut gradient = self.dense.update(site, index)?;
        for term in &mut gradient.terms {
            term.through = Some((rt::EMBEDDING_ATTENDED, Vec::new()));
        }
        Some(self.table.of_both(site.row_stride(0), gradient.terms))
    }
}
