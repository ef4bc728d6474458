//! The back end of a convolution: which storages it reads, what it saves, and the kernels it calls.

use super::Conv;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::ops::convolution::{DELTA, FAR, Kernels, Sizes, channels, start};
use crate::ops::image::{self, Image, few};
use crate::ops::lower::Lower;
use crate::packing::{PackedAxis, Packing};
use crate::rt::{self, Kernel, kernels};
use crate::site::{Activation, Operand, Pooling, Site};
use crate::storage::{self, Border, LANES, Storage};

kernels! {
    FORWARD = conv2d::forward(s, x, w, b, out y);
    FORWARD_NORMAL = conv2d::forward_normal(s, x, w, b, lines, residual, out y);
    FORWARD_TOLD = conv2d::forward_told(s, x, w, b, finish, residual, out y);
    FORWARD_WINNERS = conv2d::forward_winners(s, x, w, b, out y, out winners);
    ACTIVATION_DELTA = conv2d::delta(s, y, dy, out delta);
    POOLING_DELTA = conv2d::delta_pooled(s, y, dy, winners, out delta);
    TRANSPOSE = conv2d::transpose(s, w, first, out transposed);
    INPUT_GRADIENT = conv2d::input_gradient(s, delta, transposed, add dx);
    WEIGHT_GRADIENT = conv2d::weight_gradient(s, x, delta, mut stretch);
    BIAS_GRADIENT = conv2d::bias_gradient(s, x, delta, mut stretch);
}

/// Which position of each pooled window won.
const WINNERS: Slot = Slot::Own("winners");

/// The kernels of inference and training.
const KERNELS: Kernels = Kernels {
    normal: &FORWARD_NORMAL,
    told: &FORWARD_TOLD,
};

/// How the channels are divided.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Every output reads all channels.
    Whole,
    /// Groups of a block's lanes, which have no more inputs than outputs; one of each in a depthwise convolution.
    Few,
    /// Any other groups.
    Grouped,
}

/// Whether an operand to which nothing flows back is read without a copy where it needs no border.
fn reads_as_given(shape: &[usize]) -> bool {
    shape.len() == 2 || few(shape)
}

impl<const AXES: usize> Conv<AXES> {
    /// Whether an operand need not be stored channels last: nothing flows back to it, and it is read number by number.
    fn reads_any_order(&self, operand: Operand<'_>) -> bool {
        self.groups == 1 && !operand.learns && !operand.shared
    }

    /// Which kernels serve the groups of so many input channels.
    fn kind(&self, channels: usize) -> Kind {
        let (inputs, outputs) = (channels / self.groups, self.channels / self.groups);
        let few = outputs < LANES && LANES.is_multiple_of(outputs);
        match few && outputs.is_multiple_of(inputs) {
            _ if self.groups == 1 => Kind::Whole,
            true => Kind::Few,
            false => Kind::Grouped,
        }
    }

    pub(super) fn depth(&self, channels: usize) -> usize {
        channels * self.window.kernel.0 * self.window.kernel.1
    }

    /// Outputs along both axes before pooling.
    pub(super) fn outputs(&self, input: &Storage) -> (usize, usize) {
        let [_, height, width] = image::of(input).shape;
        self.window_on((height, width)).places((height, width))
    }

    pub(super) fn sizes(&self, site: &Site<'_>) -> Sizes {
        let [_, height, width] = image::of(site.input(0)).shape;
        Sizes {
            x: image::layout(site.input(0)),
            y: image::layout(site.output()),
            taps: image::taps(&self.window_on((height, width))),
            xs: site.sample_floats(0),
            k: self.depth(channels(site.input(0)) / self.groups),
            p: self.channels.div_ceil(LANES),
            ys: site.output().blocks(),
        }
    }

    /// The delta before activation and pooling, and where it is found: that of the result, where a normalisation leaves it in
    /// zeros enough.
    pub(super) fn delta(&self, site: &Site<'_>) -> (Slot, Image) {
        let made = self.made(site);
        let given = image::of(site.output());
        let alone = site.pooling.is_none() && site.activation == Activation::IDENTITY;
        match site.normalised && alone && given.border.contains(made.border) {
            true => (Slot::Delta, given),
            false => (DELTA, made),
        }
    }

    /// The delta before activation and pooling, as it is made: the outputs that exist in memory, and as many zeros around them
    /// as the operand's gradient reads.
    pub(super) fn made(&self, site: &Site<'_>) -> Image {
        let [_, height, width] = image::of(site.output()).shape;
        let (rows, columns) = match site.pooling {
            Some(pooling) => (height * pooling.kernel.0, width * pooling.kernel.1),
            None => (height, width),
        };
        let mut border = Border::default();
        if site.wants_deltas() {
            let [_, height, width] = image::of(site.input(0)).shape;
            let window = self.window_on((height, width));
            let [vertical, horizontal] = window.overhang((height, width), (rows, columns));
            border.top = usize::from(vertical != (0, 0));
            (border.left, border.right) = horizontal;
        }
        Image {
            shape: [self.channels, rows, columns],
            border,
        }
    }

    /// The form of transposed weights, for the operand's delta.
    fn transposed(&self, site: &Site<'_>) -> Form {
        Form::Panels {
            rows: self.depth(1) * self.channels,
            panels: channels(site.input(0)).div_ceil(LANES),
        }
    }

    /// Where sums begin.
    pub(super) fn start(&self, panels: usize) -> Argument<Slot> {
        start(self.bias, panels)
    }

    /// A forward kernel up to its result; `winners` are the blocks of the winners, for the kernel that keeps them.
    fn convolve(
        &self,
        site: &Site<'_>,
        kernel: &'static Kernel,
        winners: Option<usize>,
    ) -> Call<Slot> {
        let Sizes {
            x,
            y,
            taps,
            xs,
            k,
            p,
            ys,
        } = self.sizes(site);
        // Windows of one output are no pool.
        let (ph, pw) = site.pooling.map_or((1, 1), |pooling| pooling.kernel);
        let activation = Size::from(site.activation);
        let types = [Size::Isa, activation, taps, x, y];
        let numbers = [ph, pw, xs, k, p, ys].into_iter().chain(winners);
        let weights = Form::Panels { rows: k, panels: p };
        Call::of(kernel, types.into_iter().chain(numbers.map(Size::Number)))
            .read("x", Slot::Input(0), Form::row_of_floats(xs))
            .read("w", Slot::Parameter(0), weights)
            .with("b", self.start(p))
            .write("y", Slot::Output, Form::row(ys))
    }
}

impl<const AXES: usize> Lower for Conv<AXES> {
    /// An image fills the tiles by itself, but for a small one of many weights: then a tile is of several samples.
    fn turns(&self, site: &Site<'_>) -> usize {
        let (height, width) = self.outputs(&site.inputs[0].storage);
        let channels = channels(&site.inputs[0].storage);
        if self.groups > 1 {
            return 0;
        }
        let weights = self.depth(channels) * self.channels.next_multiple_of(LANES);
        let small = height * width <= 4 || height * width <= 16 && weights > FAR;
        usize::from(site.pooling.is_none() && channels >= LANES && small)
    }

    fn absorbs_activation(&self) -> bool {
        true
    }

    fn absorbs_normal(&self) -> bool {
        true
    }

    /// Windows side by side: every output feeds one of them at most.
    fn absorbs_pooling(&self, pooling: &Pooling) -> bool {
        self.groups == 1
            && !self.framed
            && pooling.kernel == pooling.stride
            && pooling.padding == (0, 0)
    }

    fn border(&self, _: usize, shape: &[usize]) -> Border {
        if self.framed {
            return Border::default();
        }
        let size = match *shape {
            [_, height, width] => (height, width),
            [steps, _] => (1, steps),
            _ => return Border::default(),
        };
        self.window_on(size).padding.border()
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        let own = operand.storage.shape == operand.shape;
        if self.framed {
            return own && operand.storage.rows().is_some();
        }
        let padding = self.border(0, operand.shape);
        own && match operand.storage.form {
            storage::Form::Image(border) => {
                border.contains(padding) && (!operand.shared || border == padding)
            }
            storage::Form::Steps => padding == Border::default(),
            storage::Form::Planar(border) => {
                border.contains(padding) && self.reads_any_order(operand)
            }
            storage::Form::Flat => {
                padding == Border::default()
                    && self.reads_any_order(operand)
                    && reads_as_given(operand.shape)
            }
        }
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        if self.framed {
            return Storage::natural(operand.shape, Border::default());
        }
        let padding = self.border(0, operand.shape);
        let form = match few(operand.shape) && self.reads_any_order(operand) {
            true => storage::Form::Planar(padding),
            false if operand.shared => storage::Form::Image(padding),
            false => storage::Form::Image(border.union(padding)),
        };
        Storage {
            shape: operand.shape.to_vec(),
            form,
        }
    }

    fn gives(&self, _: &[&Storage], shape: &[usize], border: Border) -> Storage {
        Storage::natural(shape, border)
    }

    fn packing(&self, inputs: &[&Storage], _: &[usize]) -> Vec<Packing> {
        let channels = channels(inputs[0]);
        let bias = self.bias.then(|| Packing::bias(self.channels));
        if self.kind(channels) == Kind::Grouped {
            let weight = self.grouped_packing(channels / self.groups);
            return std::iter::once(weight).chain(bias).collect();
        }
        let (channels, kernel) = (channels / self.groups, self.window.kernel);
        let (k, p) = (self.depth(channels), self.channels.div_ceil(LANES));
        let weight = Packing {
            offset: 0,
            axes: vec![
                PackedAxis::lanes(self.channels, k),
                PackedAxis::plain(channels, LANES),
                PackedAxis::plain(kernel.0, kernel.1 * channels * LANES),
                PackedAxis::plain(kernel.1, channels * LANES),
            ],
            blocks: k * p,
        };
        std::iter::once(weight).chain(bias).collect()
    }

    fn reads_floats(&self, operand: usize, _: &[usize]) -> bool {
        operand == 0 && self.groups == 1
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        match (self.kind(channels(site.input(0))), site.absorbed) {
            (Kind::Few, _) => self.depthwise(site),
            (Kind::Grouped, _) => self.grouped(site),
            (Kind::Whole, Some(absorbed)) => {
                KERNELS.absorbing(site, self.sizes(site), self.bias, absorbed)
            }
            (Kind::Whole, None) => vec![self.convolve(site, &FORWARD, None)],
        }
    }

    fn step(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        match self.framed {
            true => self.causal(site),
            false => self.infer(site),
        }
    }

    /// A pool's winners are kept for backward.
    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        if let (true, None, Some(bounds)) = (site.normalised, site.pooling, site.activation.bounds)
        {
            let nothing = || Argument::List(Vec::new());
            let finish = (nothing(), bounds);
            return vec![match self.kind(channels(site.input(0))) {
                Kind::Few => self.depthwise_told(site, finish, nothing()),
                Kind::Grouped => self.grouped_told(site, finish, nothing()),
                Kind::Whole => KERNELS.telling(self.sizes(site), self.bias, finish, nothing()),
            }];
        }
        let Some(pooling) = site.pooling else {
            return self.infer(site);
        };
        let ws = image::winner_blocks(site.output(), pooling.kernel);
        let call = self.convolve(site, &FORWARD_WINNERS, Some(ws));
        vec![call.write("winners", WINNERS, Form::row(ws))]
    }

    fn transpose(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let flip = |_| {
            if self.kind(channels(site.input(0))) == Kind::Grouped {
                return self.grouped_transpose(site);
            }
            let Sizes { k, p, .. } = self.sizes(site);
            let (inputs, outputs) = (channels(site.input(0)), self.channels);
            let kt = self.depth(1) * outputs;
            let sizes = [inputs, outputs, k, p, kt].map(Size::Number);
            let weights = Form::Panels { rows: k, panels: p };
            Call::of(&TRANSPOSE, std::iter::once(Size::Isa).chain(sizes))
                .read("w", Slot::Parameter(0), weights)
                .with("first", Argument::FirstPanel)
                .write("transposed", Slot::Transposed(0), self.transposed(site))
        };
        match site.adds(0) {
            Some(_) if self.kind(channels(site.input(0))) == Kind::Few => {
                self.depthwise_transpose(site).into_iter().collect()
            }
            adds => adds.map(flip).into_iter().collect(),
        }
    }

    /// First the delta before activation and pooling, which the update finds again; then dx.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes { x, y, taps, ys, .. } = self.sizes(site);
        let (slot, delta) = self.delta(site);
        let (d, ds) = (delta.channel_last(), delta.blocks());
        let activation = Size::from(site.activation);
        let types = [Size::Isa, activation, y.clone(), y, d.clone()].into_iter();
        let (out, made) = (Form::row(ys), Form::row(ds));
        let made = match site.pooling {
            Some(Pooling { kernel, .. }) => {
                let ws = image::winner_blocks(site.output(), kernel);
                let numbers = [kernel.0, kernel.1, ys, ys, ws, ds].map(Size::Number);
                Call::of(&POOLING_DELTA, types.chain(numbers))
                    .read("y", Slot::Output, out)
                    .read("dy", Slot::Delta, out)
                    .read("winners", WINNERS, Form::row(ws))
                    .write("delta", DELTA, made)
            }
            None => Call::of(
                &ACTIVATION_DELTA,
                types.chain([ys, ys, ds].map(Size::Number)),
            )
            .read("y", Slot::Output, out)
            .read("dy", Slot::Delta, out)
            .write("delta", DELTA, made),
        };
        let down = |add: bool| {
            match self.kind(channels(site.input(0))) {
                Kind::Few => return self.depthwise_down(site, add),
                Kind::Grouped => return self.grouped_down(site, add),
                Kind::Whole => {}
            }
            let (kt, q) = (
                self.depth(1) * self.channels,
                channels(site.input(0)).div_ceil(LANES),
            );
            let xs = site.input(0).blocks();
            let numbers = [ds, kt, q, xs].map(Size::Number);
            let sizes = [Size::Isa, taps, d, x, Size::Adds];
            Call::of(&INPUT_GRADIENT, sizes.into_iter().chain(numbers))
                .read("delta", slot, Form::row(ds))
                .read("transposed", Slot::Transposed(0), self.transposed(site))
                .add("dx", Slot::InputDelta(0), add, Form::row(xs))
        };
        let made = (slot == DELTA).then_some(made);
        made.into_iter().chain(site.adds(0).map(down)).collect()
    }

    /// Sites of equal layouts come one after another, others in pairs with the rest.
    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        match (index, self.kind(channels(site.input(0)))) {
            (0, Kind::Few) => return Some(self.depthwise_update(site)),
            (0, Kind::Grouped) => return Some(self.grouped_update(site)),
            _ => {}
        }
        let (Sizes { x, taps, .. }, (slot, delta)) = (self.sizes(site), self.delta(site));
        let (ds, xs) = (delta.blocks(), site.input(0).floats());
        let sizes = [taps, x, delta.channel_last(), Size::Inferred];
        let sizes = sizes.into_iter().chain([xs, ds].map(Size::Number));
        let (rows, columns) = self.outputs(site.input(0));
        let x = ("x", Slot::Input(0), Form::row_of_floats(xs));
        let delta = ("delta", slot, Form::row(ds));
        let mut term = Term::of(rows * columns, [x, delta]);
        term.through = Some((rt::CONV2D_APPLICATION, sizes.collect()));
        Some(Gradient {
            kernel: match index {
                0 => &WEIGHT_GRADIENT,
                _ => &BIAS_GRADIENT,
            },
            sizes: Vec::new(),
            terms: vec![term],
            join: Join::Pairs,
        })
    }
}
