//! The calls of a convolution of which each output reads few channels: one, or those of a small group.

use super::Conv;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::ops::batch_norm;
use crate::ops::convolution::{Sizes, channels};
use crate::rt::{self, kernels};
use crate::site::Site;

kernels! {
    FORWARD = depthwise::forward(s, x, w, b, out y);
    FORWARD_NORMAL = depthwise::forward_normal(s, x, w, b, lines, residual, out y);
    FORWARD_TOLD = depthwise::forward_told(s, x, w, b, finish, residual, out y);
    TRANSPOSE = depthwise::transpose(s, w, first, out transposed);
    TRANSPOSE_FEW = depthwise::transpose_few(s, w, first, out transposed);
    INPUT_GRADIENT = depthwise::input_gradient(s, delta, w, add dx);
    WEIGHT_GRADIENT = depthwise::weight_gradient(s, x, delta, mut stretch);
}

impl<const AXES: usize> Conv<AXES> {
    /// Inputs and outputs of a group.
    fn each(&self, site: &Site<'_>) -> [usize; 2] {
        [channels(site.input(0)), self.channels].map(|channels| channels / self.groups)
    }

    /// Inference with what it absorbed.
    pub(super) fn depthwise(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes {
            x,
            y,
            taps,
            k,
            p,
            ys,
            ..
        } = self.sizes(site);
        let xs = site.input(0).blocks();
        let activation = Size::from(site.activation);
        let [inputs, outputs] = self.each(site);
        let numbers = [inputs, outputs, xs, k, p, ys].map(Size::Number);
        let Some(absorbed) = site.absorbed else {
            let types = [Size::Isa, activation, taps, x, y].into_iter();
            let call = Call::of(&FORWARD, types.chain(numbers));
            let call = self.reads(call, [xs, k, p]);
            return vec![call.write("y", Slot::Output, Form::row(ys))];
        };
        let (normalise, [lines, residual]) = batch_norm::absorbed(absorbed, Form::row(ys));
        if let Some(bounds) = site.activation.bounds {
            let told = self.depthwise_told(site, (lines, bounds), residual);
            return vec![normalise, told];
        }
        let adds = Size::Flag(absorbed.residual.is_some());
        let types = [Size::Isa, activation, taps, x, y, adds].into_iter();
        let call = Call::of(&FORWARD_NORMAL, types.chain(numbers));
        let call = self.reads(call, [xs, k, p]);
        let call = call.with("lines", lines).with("residual", residual);
        vec![normalise, call.write("y", Slot::Output, Form::row(ys))]
    }

    /// The kernel that training and inference share before a normalisation.
    pub(super) fn depthwise_told(
        &self,
        site: &Site<'_>,
        (lines, [min, max]): (Argument<Slot>, [f32; 2]),
        residual: Argument<Slot>,
    ) -> Call<Slot> {
        let Sizes {
            x,
            y,
            taps,
            k,
            p,
            ys,
            ..
        } = self.sizes(site);
        let xs = site.input(0).blocks();
        let types = [Size::Isa, taps, x, y].into_iter();
        let [inputs, outputs] = self.each(site);
        let numbers = [inputs, outputs, xs, k, p, ys].map(Size::Number);
        let call = Call::of(&FORWARD_TOLD, types.chain(numbers));
        let finish = Argument::Tuple(vec![lines, Argument::Float(min), Argument::Float(max)]);
        self.reads(call, [xs, k, p])
            .with("finish", finish)
            .with("residual", residual)
            .write("y", Slot::Output, Form::row(ys))
    }

    /// What a forward kernel reads: an operand of `xs` blocks, and panels of `k`.
    fn reads(&self, call: Call<Slot>, [xs, k, p]: [usize; 3]) -> Call<Slot> {
        let weights = Form::Panels { rows: k, panels: p };
        call.read("x", Slot::Input(0), Form::row(xs))
            .read("w", Slot::Parameter(0), weights)
            .with("b", self.start(p))
    }

    /// The copy of the weights that dx reads, if it does not read the weights themselves.
    pub(super) fn depthwise_transpose(&self, site: &Site<'_>) -> Option<Call<Slot>> {
        let Sizes { k, p, .. } = self.sizes(site);
        let [inputs, outputs] = self.each(site);
        let weights = Form::Panels { rows: k, panels: p };
        let few = inputs < outputs;
        let (kernel, sizes, transposed) = match few {
            false if outputs == 1 => return None,
            false => (&TRANSPOSE, vec![outputs, k, p], weights),
            true => {
                let kt = self.depth(1) * outputs;
                let sizes = vec![inputs, outputs, k, p, kt];
                (&TRANSPOSE_FEW, sizes, self.grouped_transposed(site))
            }
        };
        let sizes = sizes.into_iter().map(Size::Number);
        let call = Call::of(kernel, std::iter::once(Size::Isa).chain(sizes))
            .read("w", Slot::Parameter(0), weights)
            .with("first", Argument::FirstPanel)
            .write("transposed", Slot::Transposed(0), transposed);
        Some(call)
    }

    /// dx from the delta before the activation.
    pub(super) fn depthwise_down(&self, site: &Site<'_>, add: bool) -> Call<Slot> {
        let [inputs, outputs] = self.each(site);
        if inputs < outputs {
            return self.grouped_down(site, add);
        }
        let Sizes { x, taps, k, p, .. } = self.sizes(site);
        let (slot, delta) = self.delta(site);
        let (ds, xs) = (delta.blocks(), site.input(0).blocks());
        let types = [Size::Isa, taps, delta.channel_last(), x].into_iter();
        let types = types.chain([Size::Number(outputs), Size::Adds]);
        let numbers = [ds, k, p, xs].map(Size::Number);
        let weights = match outputs {
            1 => Slot::Parameter(0),
            _ => Slot::Transposed(0),
        };
        Call::of(&INPUT_GRADIENT, types.chain(numbers))
            .read("delta", slot, Form::row(ds))
            .read("w", weights, Form::Panels { rows: k, panels: p })
            .add("dx", Slot::InputDelta(0), add, Form::row(xs))
    }

    /// The gradient of the weights.
    pub(super) fn depthwise_update(&self, site: &Site<'_>) -> Gradient<Slot> {
        let (Sizes { x, taps, .. }, (slot, delta)) = (self.sizes(site), self.delta(site));
        let (xs, ds) = (site.input(0).blocks(), delta.blocks());
        let sizes = [taps, x, delta.channel_last(), Size::Inferred].into_iter();
        let (rows, columns) = self.outputs(site.input(0));
        let one = |blocks| Form::Steps { steps: 1, blocks };
        let terms = [("x", Slot::Input(0), one(xs)), ("delta", slot, one(ds))];
        let mut term = Term::of(rows * columns, terms);
        let [inputs, outputs] = self.each(site);
        let sizes = sizes.chain([inputs, outputs, xs, ds].map(Size::Number));
        term.through = Some((rt::DEPTHWISE_APPLICATION, sizes.collect()));
        Gradient {
            kernel: &WEIGHT_GRADIENT,
            sizes: Vec::new(),
            terms: vec![term],
            join: Join::Pairs,
        }
    }
}
