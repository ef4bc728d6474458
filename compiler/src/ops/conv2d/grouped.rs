//! The calls of a convolution in groups, each of which reads a part of the channels.

use super::Conv;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::ops::convolution::{Sizes, channels};
use crate::ops::{batch_norm, image};
use crate::packing::{PackedAxis, Packing};
use crate::rt::{self, kernels};
use crate::site::Site;
use crate::storage::LANES;

kernels! {
    FORWARD = conv2d::forward_grouped(s, x, w, b, out y);
    FORWARD_NORMAL = conv2d::forward_grouped_normal(s, x, w, b, lines, residual, out y);
    FORWARD_TOLD = conv2d::forward_grouped_told(s, x, w, b, finish, residual, out y);
    TRANSPOSE = conv2d::transpose_grouped(s, w, first, out transposed);
    INPUT_GRADIENT = conv2d::input_gradient_grouped(s, delta, transposed, add dx);
    WEIGHT_GRADIENT = conv2d::weight_gradient(s, x, delta, mut stretch);
}

/// What the kernels are specialised to, besides [`Sizes`].
struct Parts {
    /// The operand, of which a group reads a part.
    x: Size,
    /// Input channels of a group.
    inputs: usize,
    /// Outputs of a group.
    outputs: usize,
    /// Panels of a group's outputs.
    panels: usize,
}

impl<const AXES: usize> Conv<AXES> {
    fn parts(&self, site: &Site<'_>) -> Parts {
        let outputs = self.channels / self.groups;
        Parts {
            x: image::of(site.input(0)).parts(self.groups),
            inputs: channels(site.input(0)) / self.groups,
            outputs,
            panels: outputs.div_ceil(LANES),
        }
    }

    /// Weights in panels that begin anew with each group, of so many input channels.
    pub(super) fn grouped_packing(&self, inputs: usize) -> Packing {
        let outputs = self.channels / self.groups;
        let (height, width) = self.window.kernel;
        let k = height * width * inputs;
        let group = k * outputs.div_ceil(LANES);
        Packing {
            offset: 0,
            axes: vec![
                PackedAxis::plain(self.groups, group * LANES),
                PackedAxis::lanes(outputs, k),
                PackedAxis::plain(inputs, LANES),
                PackedAxis::plain(height, width * inputs * LANES),
                PackedAxis::plain(width, inputs * LANES),
            ],
            blocks: self.groups * group,
        }
    }

    /// Inference with what it absorbed.
    pub(super) fn grouped(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let (Sizes { taps, y, ys, .. }, x) = (self.sizes(site), self.parts(site).x);
        let activation = Size::from(site.activation);
        let Some(absorbed) = site.absorbed else {
            let types = vec![Size::Isa, activation, taps, x, y];
            let call = self.grouped_call(site, &FORWARD, types);
            return vec![call.write("y", Slot::Output, Form::row(ys))];
        };
        let (normalise, [lines, residual]) = batch_norm::absorbed(absorbed, Form::row(ys));
        if let Some(bounds) = site.activation.bounds {
            let told = self.grouped_told(site, (lines, bounds), residual);
            return vec![normalise, told];
        }
        let adds = Size::Flag(absorbed.residual.is_some());
        let types = vec![Size::Isa, activation, taps, x, y, adds];
        let call = self.grouped_call(site, &FORWARD_NORMAL, types);
        let call = call.with("lines", lines).with("residual", residual);
        vec![normalise, call.write("y", Slot::Output, Form::row(ys))]
    }

    /// The kernel that training and inference share before a normalisation.
    pub(super) fn grouped_told(
        &self,
        site: &Site<'_>,
        (lines, [min, max]): (Argument<Slot>, [f32; 2]),
        residual: Argument<Slot>,
    ) -> Call<Slot> {
        let (Sizes { taps, y, ys, .. }, x) = (self.sizes(site), self.parts(site).x);
        let finish = Argument::Tuple(vec![lines, Argument::Float(min), Argument::Float(max)]);
        self.grouped_call(site, &FORWARD_TOLD, vec![Size::Isa, taps, x, y])
            .with("finish", finish)
            .with("residual", residual)
            .write("y", Slot::Output, Form::row(ys))
    }

    /// A forward kernel, generic over `types` and what it reads, up to what becomes of its sums.
    fn grouped_call(
        &self,
        site: &Site<'_>,
        kernel: &'static rt::Kernel,
        types: Vec<Size>,
    ) -> Call<Slot> {
        let Sizes { k, p, ys, .. } = self.sizes(site);
        let Parts { panels, .. } = self.parts(site);
        let (xs, all) = (site.sample_floats(0), panels * self.groups);
        let numbers = [xs, k, panels, all, p, ys].map(Size::Number);
        let weights = Form::Panels {
            rows: k,
            panels: all,
        };
        Call::of(kernel, types.into_iter().chain(numbers))
            .read("x", Slot::Input(0), Form::row_of_floats(xs))
            .read("w", Slot::Parameter(0), weights)
            .with("b", self.start(p))
    }

    /// The form of weights transposed and transposed, group by group.
    pub(super) fn grouped_transposed(&self, site: &Site<'_>) -> Form {
        let Parts {
            inputs, outputs, ..
        } = self.parts(site);
        Form::Panels {
            rows: self.depth(1) * outputs,
            panels: self.groups * inputs.div_ceil(LANES),
        }
    }

    /// The copy of the weights that dx reads.
    pub(super) fn grouped_transpose(&self, site: &Site<'_>) -> Call<Slot> {
        let Sizes { k, .. } = self.sizes(site);
        let Parts {
            inputs,
            outputs,
            panels,
            ..
        } = self.parts(site);
        let (all, kt) = (panels * self.groups, self.depth(1) * outputs);
        let sizes = [inputs, outputs, k, panels, all, kt].map(Size::Number);
        let weights = Form::Panels {
            rows: k,
            panels: all,
        };
        Call::of(&TRANSPOSE, std::iter::once(Size::Isa).chain(sizes))
            .read("w", Slot::Parameter(0), weights)
            .with("first", Argument::FirstPanel)
            .write(
                "transposed",
                Slot::Transposed(0),
                self.grouped_transposed(site),
            )
    }

    /// dx from the delta before the activation.
    pub(super) fn grouped_down(&self, site: &Site<'_>, add: bool) -> Call<Slot> {
        let Sizes { x, taps, .. } = self.sizes(site);
        let (slot, delta) = self.delta(site);
        let Parts {
            inputs, outputs, ..
        } = self.parts(site);
        let (ds, xs) = (delta.blocks(), site.input(0).blocks());
        let each = inputs.div_ceil(LANES);
        let types = [Size::Isa, taps, delta.parts(self.groups), x, Size::Adds];
        let numbers = [ds, self.depth(1) * outputs, each, each * self.groups, xs];
        let sizes = types.into_iter().chain(numbers.map(Size::Number));
        Call::of(&INPUT_GRADIENT, sizes)
            .read("delta", slot, Form::row(ds))
            .read(
                "transposed",
                Slot::Transposed(0),
                self.grouped_transposed(site),
            )
            .add("dx", Slot::InputDelta(0), add, Form::row(xs))
    }

    /// The gradient of the weights.
    pub(super) fn grouped_update(&self, site: &Site<'_>) -> Gradient<Slot> {
        let (Sizes { taps, .. }, (slot, delta)) = (self.sizes(site), self.delta(site));
        let (xs, ds) = (site.input(0).floats(), delta.blocks());
        let sizes = [
            taps,
            self.parts(site).x,
            delta.parts(self.groups),
            Size::Inferred,
        ];
        let sizes = sizes.into_iter().chain([xs, ds].map(Size::Number));
        let (rows, columns) = self.outputs(site.input(0));
        let x = ("x", Slot::Input(0), Form::row_of_floats(xs));
        let mut term = Term::of(rows * columns, [x, ("delta", slot, Form::row(ds))]);
        term.through = Some((rt::CONV2D_APPLICATION, sizes.collect()));
        Gradient {
            kernel: &WEIGHT_GRADIENT,
            sizes: Vec::new(),
            terms: vec![term],
            join: Join::Pairs,
        }
    }
}
