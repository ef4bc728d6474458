//! The calls of a transposed convolution in groups: of each, as many channels as it has.

use super::ConvTranspose;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::ops::convolution::{Sizes, channels};
use crate::ops::image::{self, Image};
use crate::packing::{PackedAxis, Packing};
use crate::rt::{self, kernels};
use crate::site::Site;
use crate::storage::LANES;

kernels! {
    FORWARD = conv_transpose2d::forward_groups(s, x, w, b, out y);
    TRANSPOSE = conv_transpose2d::transpose_groups(s, w, first, out transposed);
    INPUT_GRADIENT = conv_transpose2d::input_gradient_groups(s, delta, transposed, add dx);
    WEIGHT_GRADIENT = conv2d::weight_gradient(s, x, delta, mut stretch);
}

/// What a group has.
struct Each {
    /// Input channels.
    inputs: usize,
    /// Output channels.
    outputs: usize,
    /// Weights per output.
    depth: usize,
    /// Panels of outputs.
    panels: usize,
    /// Weights per input.
    transposed: usize,
    /// Panels of inputs.
    transposed_panels: usize,
}

impl<const AXES: usize> ConvTranspose<AXES> {
    fn each(&self, channels: usize) -> Each {
        let (inputs, outputs) = (channels / self.groups, self.channels / self.groups);
        let taps = self.window.kernel.0 * self.window.kernel.1;
        Each {
            inputs,
            outputs,
            depth: taps * inputs,
            panels: outputs.div_ceil(LANES),
            transposed: taps * outputs,
            transposed_panels: inputs.div_ceil(LANES),
        }
    }

    /// Each group begins with a panel of its own.
    pub(super) fn packing_groups(&self, channels: usize) -> Packing {
        let Each {
            inputs,
            outputs,
            depth,
            panels,
            ..
        } = self.each(channels);
        let kernel = self.window.kernel;
        Packing {
            offset: 0,
            axes: vec![
                PackedAxis::apart(self.groups, panels * depth * LANES),
                PackedAxis::plain(inputs, LANES),
                PackedAxis::lanes(outputs, depth),
                PackedAxis::plain(kernel.0, kernel.1 * inputs * LANES),
                PackedAxis::plain(kernel.1, inputs * LANES),
            ],
            blocks: self.groups * panels * depth,
        }
    }

    fn panels_of(&self, Each { depth, panels, .. }: &Each) -> Form {
        Form::Panels {
            rows: *depth,
            panels: self.groups * panels,
        }
    }

    fn transposed_of(&self, each: &Each) -> Form {
        Form::Panels {
            rows: each.transposed,
            panels: self.groups * each.transposed_panels,
        }
    }

    pub(super) fn forward_groups(&self, site: &Site<'_>) -> Call<Slot> {
        let Sizes {
            x, y, taps, xs, ys, ..
        } = self.sizes(site);
        let each = self.each(channels(site.input(0)));
        let blocks = self.channels.div_ceil(LANES);
        let types = [Size::Isa, taps, x, y].into_iter();
        let numbers = [
            each.inputs,
            each.outputs,
            xs,
            each.depth,
            each.panels,
            self.groups * each.panels,
            blocks,
            ys,
        ];
        Call::of(&FORWARD, types.chain(numbers.map(Size::Number)))
            .read("x", Slot::Input(0), Form::row_of_floats(xs))
            .read("w", Slot::Parameter(0), self.panels_of(&each))
            .with("b", self.start(blocks))
            .write("y", Slot::Output, Form::row(ys))
    }

    pub(super) fn transpose_groups(&self, site: &Site<'_>) -> Call<Slot> {
        let each = self.each(channels(site.input(0)));
        let numbers = [
            each.inputs,
            each.outputs,
            each.depth,
            each.panels,
            self.groups * each.panels,
            each.transposed,
        ];
        let sizes = std::iter::once(Size::Isa).chain(numbers.map(Size::Number));
        Call::of(&TRANSPOSE, sizes)
            .read("w", Slot::Parameter(0), self.panels_of(&each))
            .with("first", Argument::FirstPanel)
            .write("transposed", Slot::Transposed(0), self.transposed_of(&each))
    }

    pub(super) fn down_groups(
        &self,
        site: &Site<'_>,
        add: bool,
        (slot, delta): (Slot, Image),
    ) -> Call<Slot> {
        let Sizes { taps, .. } = self.sizes(site);
        let each = self.each(channels(site.input(0)));
        let (ds, xs) = (delta.blocks(), site.input(0).blocks());
        let x = image::layout(site.input(0));
        let types = [Size::Isa, taps, delta.channel_last(), x, Size::Adds].into_iter();
        let numbers = [
            each.inputs,
            each.outputs,
            ds,
            each.transposed,
            each.transposed_panels,
            self.groups * each.transposed_panels,
            xs,
        ];
        Call::of(&INPUT_GRADIENT, types.chain(numbers.map(Size::Number)))
            .read("delta", slot, Form::row(ds))
            .read("transposed", Slot::Transposed(0), self.transposed_of(&each))
            .add("dx", Slot::InputDelta(0), add, Form::row(xs))
    }

    /// The gradient of the weights.
    pub(super) fn update_groups(
        &self,
        site: &Site<'_>,
        (slot, delta): (Slot, Image),
    ) -> Gradient<Slot> {
        let Sizes { x, taps, .. } = self.sizes(site);
        let each = self.each(channels(site.input(0)));
        let (ds, xs) = (delta.blocks(), site.input(0).floats());
        let types = [taps, x, delta.channel_last(), Size::Inferred].into_iter();
        let numbers = [each.inputs, each.outputs, xs, ds].map(Size::Number);
        let [_, height, width] = image::of(site.input(0)).shape;
        let x = ("x", Slot::Input(0), Form::row_of_floats(xs));
        let mut term = Term::of(height * width, [x, ("delta", slot, Form::row(ds))]);
        let application = rt::CONV_TRANSPOSE2D_GROUPS;
        term.through = Some((application, types.chain(numbers).collect()));
        Gradient {
            kernel: &WEIGHT_GRADIENT,
            sizes: Vec::new(),
            terms: vec![term],
            join: Join::Pairs,
        }
    }
}
