//! What the passes after the graph ask of an operator. Every method has an answer that fits most operators.

use super::copying::{self, Region};
use crate::emit::site::Site;
use crate::fuse::{Activation, Pooling};
use crate::layout::Packing;
use crate::storage::{Border, LANES, Storage};
use proc_macro2::TokenStream;

/// Which values the later phases of training read. Saved buffers are read by backward, kept ones by the update anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Backward reads the operands.
    pub backward_inputs: bool,
    /// Backward reads the result.
    pub backward_output: bool,
    /// The weights' update reads the operands.
    pub update_inputs: bool,
    /// The weights' update reads the result.
    pub update_output: bool,
    /// The weights' update reads the result's delta.
    pub update_delta: bool,
    /// The weights' update reads the saved buffers.
    pub update_saved: bool,
}

/// The geometry a stage works on.
#[derive(Clone, Copy)]
pub struct Geometry<'a> {
    /// Operands' storages.
    pub inputs: &'a [&'a Storage],
    /// Operands' shapes.
    pub input_shapes: &'a [&'a [usize]],
    /// The result's storage.
    pub output: &'a Storage,
    /// The result's shape.
    pub output_shape: &'a [usize],
    /// Absorbed activation.
    pub activation: Activation,
    /// Absorbed pooling.
    pub pooling: Option<Pooling>,
}

/// An operand as the layout pass offers it.
#[derive(Clone, Copy)]
pub struct Operand<'a> {
    /// Which operand.
    pub index: usize,
    /// Its shape.
    pub shape: &'a [usize],
    /// Its storage.
    pub storage: &'a Storage,
    /// The first operand's storage.
    pub first: &'a Storage,
    /// Whether it depends on something learnt, so that backward writes a delta stored alike.
    pub learns: bool,
    /// Whether another stage applies the same layer, so that the weights must fit both.
    pub shared: bool,
}

impl Operand<'_> {
    /// Whether a sequence lies in rows at one distance, whole blocks apart where a delta is to be written.
    pub fn lies_in_rows(&self) -> bool {
        let aligned = |(_, stride): (usize, usize)| {
            !(self.learns || self.shared) || stride.is_multiple_of(LANES)
        };
        self.storage.shape == self.shape && self.storage.rows().is_some_and(aligned)
    }
}

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

    /// Whether this pooling, if it follows, is done in the registers.
    fn absorbs_pooling(&self, pooling: &Pooling) -> bool {
        let _ = pooling;
        false
    }

    /// Whether the result is the operand's memory under another shape.
    fn is_view(&self) -> bool {
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

    /// The zeros wanted around an operand.
    fn border(&self, operand: usize) -> Border {
        let _ = operand;
        Border::default()
    }

    /// Whether the kernel reads an operand as it is stored.
    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.storage.shape == operand.shape
    }

    /// The storage to copy an operand into that is not accepted, with room for `border`.
    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        Storage::natural(operand.shape, border)
    }

    /// The storage of the result, with room for `border`.
    fn gives(&self, inputs: &[&Storage], shape: &[usize], border: Border) -> Storage {
        match self.keeps_storage() {
            true => inputs[0].clone(),
            false => Storage::natural(shape, border),
        }
    }

    /// How each parameter is packed, in the order of `parameters`.
    fn packing(&self, inputs: &[&Storage], output: &[usize]) -> Vec<Packing> {
        let _ = (inputs, output);
        Vec::new()
    }

    /// Blocks per sample of each buffer that training forward leaves for later phases.
    fn saved(&self, geometry: &Geometry<'_>) -> Vec<usize> {
        let _ = geometry;
        Vec::new()
    }

    /// Blocks per sample of each buffer that backward leaves for the update; `deltas` says whether operands' deltas are
    /// asked for.
    fn kept(&self, geometry: &Geometry<'_>, deltas: bool) -> Vec<usize> {
        let _ = (geometry, deltas);
        Vec::new()
    }

    /// Blocks per sample of scratch memory in inference.
    fn scratch(&self, geometry: &Geometry<'_>) -> Vec<usize> {
        let _ = geometry;
        Vec::new()
    }

    /// Blocks of transposed weights that backward reads; `deltas` says whether operands' deltas are asked for.
    fn transposed(&self, geometry: &Geometry<'_>, deltas: bool) -> Vec<usize> {
        let _ = (geometry, deltas);
        Vec::new()
    }

    /// Which values the later phases read.
    fn uses(&self) -> Uses {
        Uses::default()
    }

    /// Whether an operand of this shape is read as rows of floats, wherever they are aligned: then inference reads the
    /// caller's own array.
    fn reads_floats(&self, operand: usize, shape: &[usize]) -> bool {
        let _ = (operand, shape);
        false
    }

    /// What is copied from each operand, for operators that move numbers and do nothing else; nothing for views.
    fn regions(&self, geometry: &Geometry<'_>) -> Vec<Region> {
        let _ = geometry;
        Vec::new()
    }

    /// Statements of inference; those of an operator that moves numbers follow from its regions.
    fn infer(&self, site: &Site<'_>) -> TokenStream {
        copying::forward(site, &self.site_regions(site))
    }

    /// The regions of a stage.
    fn site_regions(&self, site: &Site<'_>) -> Vec<Region> {
        site.layout
            .with_geometry(site.stage(), |geometry| self.regions(geometry))
    }

    /// Statements of the forward pass in training.
    fn forward(&self, site: &Site<'_>) -> TokenStream {
        self.infer(site)
    }

    /// Statements that refresh the transposed weights.
    fn transpose(&self, site: &Site<'_>) -> TokenStream {
        let _ = site;
        TokenStream::new()
    }

    /// Statements of the backward pass: from the result's delta to the operands'.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        copying::backward(site, &self.site_regions(site))
    }

    /// The statement that finishes the gradient of parameter `index` and updates it, summed over all sites that apply
    /// the layer.
    fn update(&self, sites: &[Site<'_>], index: usize) -> TokenStream {
        let _ = (sites, index);
        TokenStream::new()
    }
}
