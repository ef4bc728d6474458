//! `AvgPool2d(kernel)`: the mean of each window, channel by channel, as `torch.nn.AvgPool2d`.

use super::operator::{Application, Operator};
use super::{
    image,
    lower::Lower,
    window::{self, Window},
};
use crate::arguments::Arguments;
use crate::call::{Call, Form, Size, Slot};
use crate::rt::kernels;
use crate::site::{Operand, Site};
use crate::storage;

kernels! {
    FORWARD = avg_pool2d::forward(s, x, out y);
    BACKWARD = avg_pool2d::backward(s, dy, add dx);
}

/// Pooling by mean.
#[derive(Clone, Debug, PartialEq)]
pub struct AvgPool2d {
    /// Its window's size and movement.
    pub window: Window,
    /// Whether a last window may begin inside the image and end beyond it.
    pub ceil_mode: bool,
    /// Whether zeros of the padding count as numbers of the window.
    pub count_include_pad: bool,
}

impl Operator for AvgPool2d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            window: Window::of_pool(arguments),
            ceil_mode: arguments.flag("ceil_mode", false),
            count_include_pad: arguments.flag("count_include_pad", true),
        }
    }

    /// `[C, H, W]` gives `[C, H', W']`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let [channels, height, width] = window::image(call.layer, feed)?;
        let (rows, columns) = self.window.slide(call.layer, feed, (height, width))?;
        if !self.ceil_mode {
            return Ok(vec![channels, rows, columns]);
        }
        let Window {
            kernel,
            stride,
            padding,
            ..
        } = self.window;
        Ok(vec![
            channels,
            rounded_up(rows, (height, padding.top), kernel.0, stride.0),
            rounded_up(columns, (width, padding.left), kernel.1, stride.1),
        ])
    }

    /// An addition for each number of a window.
    fn flops(&self, _inputs: &[&[usize]], output: &[usize]) -> u64 {
        self.window.pool_flops(output)
    }
}

/// Windows along an axis, one more than the `whole` ones if another begins inside the image or the padding before it.
fn rounded_up(
    whole: usize,
    (size, padding): (usize, usize),
    kernel: usize,
    stride: usize,
) -> usize {
    let covered = (whole - 1) * stride + kernel;
    let more = covered < size + 2 * padding && whole * stride < size + padding;
    whole + usize::from(more)
}

impl Lower for AvgPool2d {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        accepts(operand)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        forward(site, &self.window, self.count_include_pad)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        backward(site, &self.window, self.count_include_pad)
    }
}

/// Images are read channels last.
pub fn accepts(operand: Operand<'_>) -> bool {
    operand.storage.shape == operand.shape
        && matches!(operand.storage.form, storage::Form::Image(_))
}

/// y = the means of windows; a vector is an image of one pixel.
pub fn forward(site: &Site<'_>, window: &Window, pad: bool) -> Vec<Call<Slot>> {
    let (xs, ys) = (site.input(0).blocks(), site.output().blocks());
    let types = [Size::Isa, image::taps(window)];
    let images = [image::layout(site.input(0)), result(site)];
    let sizes = types.into_iter().chain(images);
    let sizes = sizes.chain([pad.into(), xs.into(), ys.into()]);
    vec![
        Call::of(&FORWARD, sizes)
            .read("x", Slot::Input(0), Form::row(xs))
            .write("y", Slot::Output, Form::row(ys)),
    ]
}

/// dx from dy, shared out over the windows.
pub fn backward(site: &Site<'_>, window: &Window, pad: bool) -> Vec<Call<Slot>> {
    let down = |add: bool| {
        let (xs, ys) = (site.input(0).blocks(), site.output().blocks());
        let types = [Size::Isa, image::taps(window)];
        let images = [result(site), image::layout(site.input(0))];
        let sizes = types.into_iter().chain(images);
        let sizes = sizes.chain([pad.into(), Size::Adds, ys.into(), xs.into()]);
        let dx = Slot::InputDelta(0);
        Call::of(&BACKWARD, sizes)
            .read("dy", Slot::Delta, Form::row(ys))
            .add("dx", dx, add, Form::row(xs))
    };
    site.adds(0).map(down).into_iter().collect()
}

/// The result's layout: that of an image, or of one pixel where it is a vector of channels.
fn result(site: &Site<'_>) -> Size {
    match *site.output_shape() {
        [channels] => image::Image {
            shape: [channels, 1, 1],
            border: storage::Border::default(),
        }
        .channel_last(),
        _ => image::layout(site.output()),
    }
}
