//! What the passes after the graph ask of an operator. Every method has an answer that fits most operators.
//!
//! An operator's kernels are calls, which are data: whatever reads or writes memory stands in them, and nowhere else.

use super::copying::{self, Region};
use crate::call::{Call, Gradient, Slot};
use crate::packing::Packing;
use crate::site::{Activation, Normal, Operand, Pooling, Site};
use crate::storage::{Border, Storage};

/// The back end of an operator.
pub trait Lower {
    /// The activation this operator is, for those that contractions absorb.
    fn as_activation(&self) -> Option<Activation> {
        None
    }

    /// The pooling this operator is, for those that convolutions absorb.
    fn as_pooling(&self) -> Option<Pooling> {
        None
    }

    /// Whether an activation that follows is applied in the registers.
    fn absorbs_activation(&self) -> bool {
        false
    }

    /// The normalisation that this operator is in inference, for a result of this shape.
    fn as_normal(&self, shape: &[usize]) -> Option<Normal> {
        let _ = shape;
        None
    }

    /// Whether inference applies a normalisation that follows in the registers, and then a residual sum.
    fn absorbs_normal(&self) -> bool {
        false
    }

    /// Whether training adds a residual to the result in the same pass, which is the second operand then.
    fn adds_residual(&self) -> bool {
        false
    }

    /// Whether this operator is the sum of two tensors.
    fn is_sum(&self) -> bool {
        false
    }

    /// Whether this pooling, if it follows, is done in the registers.
    fn absorbs_pooling(&self, pooling: &Pooling) -> bool {
        let _ = pooling;
        false
    }

    /// Whether the result is the operand's memory under another shape.
    fn is_view(&self) -> bool {
        false
    }

    /// Whether the result is the operand, stored anew: what crosses between the caller and it needs no copy in between.
    fn is_copy(&self) -> bool {
        false
    }

    /// Whether inference skips it: the result is the operand.
    fn only_trains(&self) -> bool {
        false
    }

    /// Whether the result is stored like the first operand.
    fn keeps_storage(&self) -> bool {
        false
    }

    /// The zeros wanted around an operand of this shape.
    fn border(&self, operand: usize, shape: &[usize]) -> Border {
        let _ = (operand, shape);
        Border::default()
    }

    /// Whether the kernel reads an operand as it is stored.
    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.storage.shape == operand.shape
    }

    /// The storage to copy an operand into that is not accepted, with room for `border`. Whoever reads sequences by steps reads no
    /// border.
    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        match operand.shape.len() {
            2 => Storage::natural(operand.shape, Border::default()),
            _ => Storage::natural(operand.shape, border),
        }
    }

    /// The storage of the result, with room for `border`. Whoever writes sequences by steps writes no border.
    fn gives(&self, inputs: &[&Storage], shape: &[usize], border: Border) -> Storage {
        match (self.keeps_storage(), shape.len()) {
            (true, _) => inputs[0].clone(),
            (false, 2) => Storage::natural(shape, Border::default()),
            (false, _) => Storage::natural(shape, border),
        }
    }

    /// How each parameter is packed, in the order of `parameters`.
    fn packing(&self, inputs: &[&Storage], output: &[usize]) -> Vec<Packing> {
        let _ = (inputs, output);
        Vec::new()
    }

    /// Whether an operand of this shape is read as rows of floats, wherever they are aligned: then inference reads the
    /// caller's own array.
    fn reads_floats(&self, operand: usize, shape: &[usize]) -> bool {
        let _ = (operand, shape);
        false
    }

    /// What is copied from each operand, for operators that move numbers and do nothing else; nothing for views.
    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        let _ = site;
        Vec::new()
    }

    /// How often the rows that pass together read the weights: 0 if each of them does so by itself.
    fn turns(&self, site: &Site<'_>) -> usize {
        let _ = site;
        1
    }

    /// Inference. That of an operator that moves numbers follows from its regions.
    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        copying::forward(site, &self.regions(site))
    }

    /// The frames of a step, in a stream. What is known of those before lies in [`Slot::Kept`].
    fn step(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        self.infer(site)
    }

    /// The forward pass in training.
    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        self.infer(site)
    }

    /// The copies of weights that backward reads, made anew in every step.
    fn transpose(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let _ = site;
        Vec::new()
    }

    /// The backward pass: from the result's delta to the operands'.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        copying::backward(site, &self.regions(site))
    }

    /// The calls by which statistics follow the batch.
    fn follow(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let _ = site;
        Vec::new()
    }

    /// Whether a sample alone teaches nothing: its statistics would be those of one number.
    fn needs_company(&self, site: &Site<'_>) -> bool {
        let _ = site;
        false
    }

    /// What this site adds to the gradient of parameter `index`.
    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        let _ = (site, index);
        None
    }
}
