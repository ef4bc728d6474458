//! The calls of a transposed convolution to few channels: several taps share the lanes of a panel, so that few of them are
//! padding. What every pixel adds to the outputs that its taps reach is a convolution with a kernel of one pixel.

use super::ConvTranspose;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::ops::batch_norm;
use crate::ops::convolution::{Sizes, channels};
use crate::ops::image::{self, Image};
use crate::packing::{PackedAxis, Packing};
use crate::rt::{self, kernels};
use crate::site::{Activation, Site};
use crate::storage::{Border, LANES};

kernels! {
    PRODUCTS = conv2d::forward(s, x, w, b, out y);
    GATHER = conv_transpose2d::gather(s, z, b, lines, residual, out y);
    SCATTER = conv_transpose2d::scatter(s, delta, out dz);
    TRANSPOSE = conv2d::transpose(s, w, first, out transposed);
    INPUT_GRADIENT = conv2d::input_gradient(s, delta, transposed, add dx);
    WEIGHT_GRADIENT = conv2d::weight_gradient(s, x, delta, mut stretch);
}

/// Channels that are few.
const FEW: usize = 8;

/// Taps at most, and those that reach an output at most.
const TAPS: [usize; 2] = [256, 64];

/// What every pixel adds to each output that its taps reach.
const ADDED: Slot = Slot::Own("products");

/// The deltas that its taps reach.
const REACHED: Slot = Slot::Own("reached deltas");

/// Rows and columns of the taps that share a panel, where the lanes of several do.
#[derive(Clone, Copy)]
pub(super) struct Together {
    rows: usize,
    columns: usize,
}

impl<const AXES: usize> ConvTranspose<AXES> {
    /// The taps that share a panel, if that is worth its while: the outputs are added up in a pass of their own. A limit needs
    /// the weights of an output in lanes.
    pub(super) fn together(&self, inputs: usize) -> Option<Together> {
        let (height, width) = self.window.kernel;
        let reaching = |kernel: usize, stride: usize, dilation: usize| {
            let (mut a, mut b) = (stride, dilation);
            while b != 0 {
                (a, b) = (b, a % b);
            }
            kernel.div_ceil(stride / a)
        };
        let (stride, dilation) = (self.window.stride, self.window.dilation);
        let reached = reaching(height, stride.0, dilation.0)
            .saturating_mul(reaching(width, stride.1, dilation.1));
        let few = self.groups == 1
            && self.channels <= FEW
            && inputs >= LANES
            && self.weights.max_norm.is_none()
            && height.saturating_mul(width) <= TAPS[0]
            && reached <= TAPS[1];
        if !few {
            return None;
        }
        let divisors = |size: usize| (1..=size.min(LANES)).filter(move |n| size.is_multiple_of(*n));
        let pairs = divisors(height)
            .flat_map(|rows| divisors(width).map(move |columns| Together { rows, columns }));
        let fits = |it: &Together| it.rows * it.columns * self.channels <= LANES;
        pairs
            .filter(fits)
            .max_by_key(|it| it.rows * it.columns)
            .filter(|it| it.rows * it.columns > 1)
    }

    /// Panels of all taps.
    fn panels(&self, together: Together) -> usize {
        let (height, width) = self.window.kernel;
        height / together.rows * (width / together.columns)
    }

    pub(super) fn packing_together(&self, inputs: usize, together: Together) -> Packing {
        let Together { rows, columns } = together;
        let (height, width) = self.window.kernel;
        let panel = inputs * LANES;
        Packing {
            offset: 0,
            axes: vec![
                PackedAxis::plain(inputs, LANES),
                PackedAxis::plain(self.channels, 1),
                PackedAxis::plain(height / rows, width / columns * panel),
                PackedAxis::plain(rows, columns * self.channels),
                PackedAxis::plain(width / columns, panel),
                PackedAxis::plain(columns, self.channels),
            ],
            blocks: inputs * self.panels(together),
        }
    }

    /// The layout of what pixels add, or of the deltas that they reach, in a border.
    fn products(&self, site: &Site<'_>, together: Together, border: Border) -> Image {
        let [_, height, width] = image::of(site.input(0)).shape;
        Image {
            shape: [self.panels(together) * LANES, height, width],
            border,
        }
    }

    /// The forward pass, and what inference absorbed.
    pub(super) fn forward_together(&self, site: &Site<'_>, together: Together) -> Vec<Call<Slot>> {
        let Sizes {
            x, y, taps, xs, ys, ..
        } = self.sizes(site);
        let panels = self.panels(together);
        let z = self.products(site, together, self.reached(&site.input(0).shape));
        // What is read of a pixel's last output goes on behind it.
        let zs = z.blocks() + 1;
        let k = channels(site.input(0));
        let types = [
            Size::Isa,
            Activation::IDENTITY.into(),
            one_tap(),
            x,
            z.channel_last(),
        ];
        let sizes = types
            .into_iter()
            .chain([1, 1, xs, k, panels, zs].map(Size::Number));
        let add = Call::of(&PRODUCTS, sizes)
            .read("x", Slot::Input(0), Form::row_of_floats(xs))
            .read("w", Slot::Parameter(0), Form::Panels { rows: k, panels })
            .with("b", Argument::Zeros(panels))
            .write("y", ADDED, Form::row(zs));
        let nothing = || Argument::List(Vec::new());
        let (normalise, [lines, residual]) = match site.absorbed {
            Some(absorbed) => {
                let (call, given) = batch_norm::absorbed(absorbed, Form::row(ys));
                (Some(call), given)
            }
            None => (None, [nothing(), nothing()]),
        };
        let types = [Size::Isa, site.activation.into(), taps, z.channel_last(), y];
        let numbers = [together.rows, together.columns, zs, ys].map(Size::Number);
        let gather = Call::of(&GATHER, types.into_iter().chain(numbers))
            .read("z", ADDED, Form::row(zs))
            .with("b", self.start(1))
            .with("lines", lines)
            .with("residual", residual)
            .write("y", Slot::Output, Form::row(ys));
        normalise.into_iter().chain([add, gather]).collect()
    }

    pub(super) fn transpose_together(&self, site: &Site<'_>, together: Together) -> Call<Slot> {
        let (inputs, panels) = (channels(site.input(0)), self.panels(together));
        let outputs = panels * LANES;
        let sizes = [inputs, outputs, inputs, panels, outputs].map(Size::Number);
        Call::of(&TRANSPOSE, std::iter::once(Size::Isa).chain(sizes))
            .read(
                "w",
                Slot::Parameter(0),
                Form::Panels {
                    rows: inputs,
                    panels,
                },
            )
            .with("first", Argument::FirstPanel)
            .write(
                "transposed",
                Slot::Transposed(0),
                self.transposed_together(site, together),
            )
    }

    fn transposed_together(&self, site: &Site<'_>, together: Together) -> Form {
        Form::Panels {
            rows: self.panels(together) * LANES,
            panels: channels(site.input(0)).div_ceil(LANES),
        }
    }

    /// From the delta to those that each pixel reaches, and then to dx.
    pub(super) fn backward_together(
        &self,
        site: &Site<'_>,
        together: Together,
        (slot, delta): (Slot, Image),
    ) -> Vec<Call<Slot>> {
        let Sizes { taps, .. } = self.sizes(site);
        let z = self.products(site, together, Border::default());
        let (ds, zs) = (delta.blocks(), z.blocks() + 1);
        let types = [Size::Isa, taps, z.channel_last(), delta.channel_last()];
        let numbers = [together.rows, together.columns, ds, zs].map(Size::Number);
        let scatter = Call::of(&SCATTER, types.into_iter().chain(numbers))
            .read("delta", slot, Form::row(ds))
            .write("dz", REACHED, Form::row(zs));
        let down = |add: bool| {
            let x = image::layout(site.input(0));
            let (q, xs) = (
                channels(site.input(0)).div_ceil(LANES),
                site.input(0).blocks(),
            );
            let types = [Size::Isa, one_tap(), z.channel_last(), x, Size::Adds];
            let kt = self.panels(together) * LANES;
            let sizes = types.into_iter().chain([zs, kt, q, xs].map(Size::Number));
            Call::of(&INPUT_GRADIENT, sizes)
                .read("delta", REACHED, Form::row(zs))
                .read(
                    "transposed",
                    Slot::Transposed(0),
                    self.transposed_together(site, together),
                )
                .add("dx", Slot::InputDelta(0), add, Form::row(xs))
        };
        std::iter::once(scatter)
            .chain(site.adds(0).map(down))
            .collect()
    }

    /// The gradient of the weights.
    pub(super) fn update_together(&self, site: &Site<'_>, together: Together) -> Gradient<Slot> {
        let z = self.products(site, together, Border::default());
        let (zs, xs) = (z.blocks() + 1, site.input(0).floats());
        let [_, height, width] = z.shape;
        let sizes = [
            one_tap(),
            image::layout(site.input(0)),
            z.channel_last(),
            Size::Inferred,
        ];
        let sizes = sizes.into_iter().chain([xs, zs].map(Size::Number));
        let x = ("x", Slot::Input(0), Form::row_of_floats(xs));
        let mut term = Term::of(height * width, [x, ("delta", REACHED, Form::row(zs))]);
        term.through = Some((rt::CONV2D_APPLICATION, sizes.collect()));
        Gradient {
            kernel: &WEIGHT_GRADIENT,
            sizes: Vec::new(),
            terms: vec![term],
            join: Join::Pairs,
        }
    }
}

/// A kernel of one pixel.
fn one_tap() -> Size {
    Size::Type(rt::TAPS, vec![1, 1, 1, 1, 1, 1, 0, 0])
}
