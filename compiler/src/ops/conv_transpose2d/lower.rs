//! The back end of a transposed convolution: which storages it reads, and the kernels it calls.

use super::ConvTranspose;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::ops::convolution::{DELTA, FAR, Kernels, Sizes, channels, start};
use crate::ops::image::{self, Image};
use crate::ops::lower::Lower;
use crate::ops::window::{Padding, Window};
use crate::packing::{PackedAxis, Packing};
use crate::rt::{self, kernels};
use crate::site::{Activation, Operand, Site};
use crate::storage::{self, Border, LANES, Storage};

kernels! {
    FORWARD = conv_transpose2d::forward(s, x, w, b, out y);
    FORWARD_NORMAL = conv_transpose2d::forward_normal(s, x, w, b, lines, residual, out y);
    FORWARD_TOLD = conv_transpose2d::forward_told(s, x, w, b, finish, residual, out y);
    ACTIVATION_DELTA = conv2d::delta(s, y, dy, out delta);
    TRANSPOSE = conv2d::transpose(s, w, first, out transposed);
    INPUT_GRADIENT = conv_transpose2d::input_gradient(s, delta, transposed, add dx);
    WEIGHT_GRADIENT = conv2d::weight_gradient(s, x, delta, mut stretch);
    BIAS_GRADIENT = conv2d::bias_gradient(s, x, delta, mut stretch);
}

/// The kernels of inference and training.
const KERNELS: Kernels = Kernels {
    normal: &FORWARD_NORMAL,
    told: &FORWARD_TOLD,
};

impl<const AXES: usize> ConvTranspose<AXES> {
    /// Weights per output, of so many input channels.
    fn depth(&self, channels: usize) -> usize {
        channels * self.window.kernel.0 * self.window.kernel.1
    }

    /// The window from the result to an operand of this height and width. A lone row is spread by the kernel alone: with a
    /// stride as long as the kernel every row of the result has one tap, and the others are not multiplied by zeros.
    fn window(&self, (height, width): (usize, usize)) -> Window {
        let Window {
            kernel,
            stride,
            dilation,
            ..
        } = self.window;
        let stride = (
            match height {
                1 => (kernel.0 - 1) * dilation.0 + 1,
                _ => stride.0,
            },
            match width {
                1 => (kernel.1 - 1) * dilation.1 + 1,
                _ => stride.1,
            },
        );
        Window {
            stride,
            ..self.window
        }
    }

    /// The places beside an operand of this shape from which taps would reach the result.
    pub(super) fn reached(&self, shape: &[usize]) -> Border {
        let Some([_, height, width]) = Storage::flat(shape).image() else {
            return Border::default();
        };
        let result = self.axes([height, width]).map(super::Spread::leaves);
        let [Ok(rows), Ok(columns)] = result.map(usize::try_from) else {
            return Border::default();
        };
        if rows.min(columns) == 0 {
            return Border::default();
        }
        let window = self.window((height, width));
        let [(top, bottom), (left, right)] = window.overhang((rows, columns), (height, width));
        Border {
            top,
            bottom,
            left,
            right,
        }
    }

    pub(super) fn sizes(&self, site: &Site<'_>) -> Sizes {
        let [channels, height, width] = image::of(site.input(0)).shape;
        Sizes {
            x: image::layout(site.input(0)),
            y: image::layout(site.output()),
            taps: image::taps(&self.window((height, width))),
            xs: site.sample_floats(0),
            k: self.depth(channels),
            p: self.channels.div_ceil(LANES),
            ys: site.output().blocks(),
        }
    }

    /// The delta before the activation in what its readers reach beside it: the padding.
    fn made(&self, site: &Site<'_>) -> Image {
        let [_, height, width] = image::of(site.input(0)).shape;
        let [_, rows, columns] = image::of(site.output()).shape;
        let Padding { top, left, .. } = self.window.padding;
        let [down, across] = self.axes([height, width]);
        let behind = |axis: super::Spread, before: usize, size: usize| {
            (axis.whole() as usize - axis.output_padding).saturating_sub(before + size)
        };
        Image {
            shape: [self.channels, rows, columns],
            border: Border {
                top,
                bottom: behind(down, top, rows),
                left,
                right: behind(across, left, columns),
            },
        }
    }

    /// The delta before the activation, and where it is found: that of the result, where nothing is read beside it, or where a
    /// normalisation leaves it in zeros enough.
    fn delta(&self, site: &Site<'_>) -> (Slot, Image) {
        let made = self.made(site);
        let given = image::of(site.output());
        let bare = made.border == Border::default();
        let alone = site.activation == Activation::IDENTITY;
        match alone && (bare || site.normalised && given.border.contains(made.border)) {
            true => (Slot::Delta, given),
            false => (DELTA, made),
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
}

impl<const AXES: usize> Lower for ConvTranspose<AXES> {
    /// An image fills the tiles by itself, but for one of which a class of outputs is small and has many weights: then a tile is
    /// of several samples.
    fn turns(&self, site: &Site<'_>) -> usize {
        let [channels, height, width] = image::of(site.input(0)).shape;
        let [_, rows, columns] = image::of(site.output()).shape;
        let Window { kernel, stride, .. } = self.window((height, width));
        let outputs = rows.div_ceil(stride.0) * columns.div_ceil(stride.1);
        let taps = kernel.0.div_ceil(stride.0) * kernel.1.div_ceil(stride.1);
        let weights = taps * channels * self.channels.next_multiple_of(LANES);
        if self.groups > 1 || self.together(channels).is_some() {
            return 0;
        }
        let small = outputs <= 4 || outputs <= 16 && weights > FAR;
        usize::from(channels >= LANES && small)
    }

    /// Groups share blocks of the result.
    fn absorbs_activation(&self) -> bool {
        self.groups == 1
    }

    fn absorbs_normal(&self) -> bool {
        self.groups == 1
    }

    /// What it reads beside an operand.
    fn border(&self, _: usize, shape: &[usize]) -> Border {
        match Storage::flat(shape).image() {
            Some([channels, ..]) if self.together(channels).is_none() => self.reached(shape),
            _ => Border::default(),
        }
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        if operand.storage.shape != operand.shape {
            return false;
        }
        let needed = self.border(0, operand.shape);
        let border = operand.storage.border();
        match operand.storage.form {
            storage::Form::Image(_) | storage::Form::Steps => {
                border.contains(needed) && (!operand.shared || border == needed)
            }
            // One pixel whose channels follow one another, as in any other form.
            storage::Form::Flat => {
                let [_, height, width] = image::of(operand.storage).shape;
                height * width == 1 && !operand.learns && !operand.shared && needed == border
            }
            storage::Form::Planar(_) => false,
        }
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        let needed = self.border(0, operand.shape);
        let border = match operand.shared {
            true => needed,
            false => border.union(needed),
        };
        Storage::natural(operand.shape, border)
    }

    fn gives(&self, _: &[&Storage], shape: &[usize], border: Border) -> Storage {
        Storage::natural(shape, border)
    }

    fn packing(&self, inputs: &[&Storage], _: &[usize]) -> Vec<Packing> {
        let channels = channels(inputs[0]);
        let kernel = self.window.kernel;
        let (k, p) = (self.depth(channels), self.channels.div_ceil(LANES));
        let weight = Packing {
            offset: 0,
            axes: vec![
                PackedAxis::plain(channels, LANES),
                PackedAxis::lanes(self.channels, k),
                PackedAxis::plain(kernel.0, kernel.1 * channels * LANES),
                PackedAxis::plain(kernel.1, channels * LANES),
            ],
            blocks: k * p,
        };
        let weight = match self.together(channels) {
            Some(together) => self.packing_together(channels, together),
            None if self.groups > 1 => self.packing_groups(channels),
            None => weight,
        };
        let bias = self.bias.then(|| Packing::bias(self.channels));
        std::iter::once(weight).chain(bias).collect()
    }

    fn reads_floats(&self, operand: usize, _: &[usize]) -> bool {
        operand == 0
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        if let Some(together) = self.together(channels(site.input(0))) {
            return self.forward_together(site, together);
        }
        if self.groups > 1 {
            return vec![self.forward_groups(site)];
        }
        if let Some(absorbed) = site.absorbed {
            return KERNELS.absorbing(site, self.sizes(site), self.bias, absorbed);
        }
        let Sizes {
            x,
            y,
            taps,
            xs,
            k,
            p,
            ys,
        } = self.sizes(site);
        let types = [Size::Isa, site.activation.into(), taps, x, y].into_iter();
        let sizes = types.chain([xs, k, p, ys].map(Size::Number));
        let spread = Call::of(&FORWARD, sizes)
            .read("x", Slot::Input(0), Form::row_of_floats(xs))
            .read("w", Slot::Parameter(0), Form::Panels { rows: k, panels: p })
            .with("b", self.start(p))
            .write("y", Slot::Output, Form::row(ys));
        vec![spread]
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let alone = self.together(channels(site.input(0))).is_none();
        match site.activation.bounds {
            Some(bounds) if site.normalised && alone => {
                let nothing = || Argument::List(Vec::new());
                let finish = (nothing(), bounds);
                vec![KERNELS.telling(self.sizes(site), self.bias, finish, nothing())]
            }
            _ => self.infer(site),
        }
    }

    /// The panels of the convolution from the result to the operand.
    fn transpose(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let transpose = |_| {
            if let Some(together) = self.together(channels(site.input(0))) {
                return self.transpose_together(site, together);
            }
            if self.groups > 1 {
                return self.transpose_groups(site);
            }
            let Sizes { k, p, .. } = self.sizes(site);
            let inputs = channels(site.input(0));
            let kt = self.depth(1) * self.channels;
            let sizes = [inputs, self.channels, k, p, kt].map(Size::Number);
            Call::of(&TRANSPOSE, std::iter::once(Size::Isa).chain(sizes))
                .read("w", Slot::Parameter(0), Form::Panels { rows: k, panels: p })
                .with("first", Argument::FirstPanel)
                .write("transposed", Slot::Transposed(0), self.transposed(site))
        };
        site.adds(0).map(transpose).into_iter().collect()
    }

    /// First the delta before the activation, which the update finds again; then dx.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes { y, taps, ys, .. } = self.sizes(site);
        let (slot, delta) = self.delta(site);
        let (d, ds) = (delta.channel_last(), delta.blocks());
        let types = [Size::Isa, site.activation.into(), y.clone(), y, d.clone()];
        let sizes = types.into_iter().chain([ys, ys, ds].map(Size::Number));
        let made = Call::of(&ACTIVATION_DELTA, sizes)
            .read("y", Slot::Output, Form::row(ys))
            .read("dy", Slot::Delta, Form::row(ys))
            .write("delta", DELTA, Form::row(ds));
        let down = |add: bool| {
            if self.groups > 1 {
                return self.down_groups(site, add, (slot, delta));
            }
            let kt = self.depth(1) * self.channels;
            let (q, xs) = (
                channels(site.input(0)).div_ceil(LANES),
                site.input(0).blocks(),
            );
            let types = [Size::Isa, taps, d, image::layout(site.input(0)), Size::Adds];
            let sizes = types.into_iter().chain([ds, kt, q, xs].map(Size::Number));
            Call::of(&INPUT_GRADIENT, sizes)
                .read("delta", slot, Form::row(ds))
                .read("transposed", Slot::Transposed(0), self.transposed(site))
                .add("dx", Slot::InputDelta(0), add, Form::row(xs))
        };
        let made = (slot == DELTA).then_some(made);
        if let Some(together) = self.together(channels(site.input(0))) {
            let rest = self.backward_together(site, together, (slot, delta));
            return made.into_iter().chain(rest).collect();
        }
        made.into_iter().chain(site.adds(0).map(down)).collect()
    }

    /// Sites of equal layouts come one after another, others in pairs with the rest.
    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        if let (0, Some(together)) = (index, self.together(channels(site.input(0)))) {
            return Some(self.update_together(site, together));
        }
        if index == 0 && self.groups > 1 {
            return Some(self.update_groups(site, self.delta(site)));
        }
        let (Sizes { x, taps, .. }, (slot, delta)) = (self.sizes(site), self.delta(site));
        let (ds, xs) = (delta.blocks(), site.input(0).floats());
        let sizes = [taps, x, delta.channel_last(), Size::Inferred];
        let sizes = sizes.into_iter().chain([xs, ds].map(Size::Number));
        let [_, height, width] = image::of(site.input(0)).shape;
        let [_, rows, columns] = image::of(site.output()).shape;
        let (kernel, positions) = match index {
            0 => (&WEIGHT_GRADIENT, height * width),
            _ => (&BIAS_GRADIENT, rows * columns),
        };
        let x = ("x", Slot::Input(0), Form::row_of_floats(xs));
        let delta = ("delta", slot, Form::row(ds));
        let mut term = Term::of(positions, [x, delta]);
        term.through = Some((rt::CONV_TRANSPOSE2D_APPLICATION, sizes.collect()));
        Some(Gradient {
            kernel,
            sizes: Vec::new(),
            terms: vec![term],
            join: Join::Pairs,
        })
    }
}
