//! What convolutions and transposed ones have in common: their sizes, and the calls of inference and training.

use super::batch_norm;
use super::image;
use crate::call::{Argument, Call, Form, Size, Slot};
use crate::rt::Kernel;
use crate::site::{Absorbed, Site};
use crate::storage::Storage;

/// Weights that no level-2 cache keeps beside anything else.
pub const FAR: usize = 1 << 17;

/// The delta before activation and pooling, which the gradients of the weights read too.
pub const DELTA: Slot = Slot::Own("inner delta");

/// What the kernels are specialised to.
pub struct Sizes {
    /// The operand's layout.
    pub x: Size,
    /// The result's layout.
    pub y: Size,
    /// The window.
    pub taps: Size,
    /// Floats of the operand.
    pub xs: usize,
    /// Weights per output.
    pub k: usize,
    /// Panels of sixteen outputs.
    pub p: usize,
    /// Blocks of a result.
    pub ys: usize,
}

/// Channels of an operand.
pub fn channels(input: &Storage) -> usize {
    image::of(input).shape[0]
}

/// Where the sums of so many panels begin.
pub fn start(bias: bool, panels: usize) -> Argument<Slot> {
    match bias {
        true => Argument::read(Slot::Parameter(1), Form::Cells(panels)),
        false => Argument::Zeros(panels),
    }
}

/// The kernels of an inference that absorbs.
pub struct Kernels {
    /// Normalises its sums, and applies any activation.
    pub normal: &'static Kernel,
    /// The same with bounds for an activation, told by values: training and inference share it.
    pub told: &'static Kernel,
}

impl Kernels {
    /// Inference with what it absorbed.
    pub fn absorbing(
        &self,
        site: &Site<'_>,
        sizes: Sizes,
        bias: bool,
        absorbed: Absorbed,
    ) -> Vec<Call<Slot>> {
        let adds = Size::Flag(absorbed.residual.is_some());
        let (normalise, [lines, residual]) = batch_norm::absorbed(absorbed, Form::row(sizes.ys));
        if let Some(bounds) = site.activation.bounds {
            let told = self.telling(sizes, bias, (lines, bounds), residual);
            return vec![normalise, told];
        }
        let activation = site.activation.into();
        let normal = sizes.call(self.normal, bias, |[taps, x, y]| {
            vec![activation, taps, x, y, adds]
        });
        let normal = normal.with("lines", lines).with("residual", residual);
        vec![
            normalise,
            normal.write("y", Slot::Output, Form::row(sizes.ys)),
        ]
    }

    /// The kernel that is told what becomes of its sums: the lines, if any, and bounds.
    pub fn telling(
        &self,
        sizes: Sizes,
        bias: bool,
        (lines, [min, max]): (Argument<Slot>, [f32; 2]),
        residual: Argument<Slot>,
    ) -> Call<Slot> {
        let finish = Argument::Tuple(vec![lines, Argument::Float(min), Argument::Float(max)]);
        let told = sizes.call(self.told, bias, Vec::from);
        let told = told.with("finish", finish).with("residual", residual);
        told.write("y", Slot::Output, Form::row(sizes.ys))
    }
}

impl Sizes {
    /// The call of a kernel of these `types` besides the instruction set, up to what becomes of its sums.
    fn call(
        &self,
        kernel: &'static Kernel,
        bias: bool,
        types: impl FnOnce([Size; 3]) -> Vec<Size>,
    ) -> Call<Slot> {
        let Self { xs, k, p, ys, .. } = *self;
        let types = types([self.taps.clone(), self.x.clone(), self.y.clone()]);
        let numbers = [xs, k, p, ys].map(Size::Number);
        let sizes = std::iter::once(Size::Isa).chain(types).chain(numbers);
        Call::of(kernel, sizes)
            .read("x", Slot::Input(0), Form::row_of_floats(xs))
            .read("w", Slot::Parameter(0), Form::Panels { rows: k, panels: p })
            .with("b", start(bias, p))
    }
}
