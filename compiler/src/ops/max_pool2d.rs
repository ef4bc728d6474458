//! `MaxPool2d(kernel)`: the largest number of each window, channel by channel, as `torch.nn.MaxPool2d`.
//!
//! Padding never wins: it counts as minus infinity.

use super::{
    Application, Operator, image,
    lower::Lower,
    window::{self, Window},
};
use crate::arguments::Arguments;
use crate::call::{Call, Form, Size, Slot};
use crate::rt::kernels;
use crate::site::{Operand, Pooling, Site};
use crate::storage;

kernels! {
    FORWARD = max_pool2d::forward(s, x, out y);
    FORWARD_WINNERS = max_pool2d::forward_winners(s, x, out y, out winners);
    BACKWARD = max_pool2d::backward(s, dy, winners, add dx);
}

/// Pooling by maximum; its dilation is 1.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPool2d {
    /// Its window's size and movement.
    pub window: Window,
}

/// The most positions of a window.
const POSITIONS: usize = 1 << 16;

impl Operator for MaxPool2d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let window = Window::of_pool(arguments);
        // Which position of a window has won is kept in two bytes.
        let positions = window.kernel.0.saturating_mul(window.kernel.1);
        if positions > POSITIONS {
            arguments.reject(
                "kernel",
                format!(
                    "a window has at most {POSITIONS} positions; pool twice, first by a smaller one"
                ),
            );
        }
        Self { window }
    }

    /// `[C, H, W]` gives `[C, H', W']`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let [channels, height, width] = window::image(call.layer, feed)?;
        let (height, width) = self.window.slide(call.layer, feed, (height, width))?;
        Ok(vec![channels, height, width])
    }

    /// One comparison for each number of a window.
    fn flops(&self, _inputs: &[&[usize]], output: &[usize]) -> u64 {
        self.window.pool_flops(output)
    }
}

impl Lower for MaxPool2d {
    fn as_pooling(&self) -> Option<Pooling> {
        let Window {
            kernel,
            stride,
            padding,
            ..
        } = self.window;
        Some(Pooling {
            kernel,
            stride,
            padding: (padding.top, padding.left),
        })
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.storage.shape == operand.shape
            && matches!(operand.storage.form, storage::Form::Image(_))
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let (xs, ys) = (site.input(0).blocks(), site.output().blocks());
        let sizes = self.layouts(site).into_iter();
        vec![
            Call::of(&FORWARD, sizes.chain([xs, ys].map(Size::Number)))
                .read("x", Slot::Input(0), Form::row(xs))
                .write("y", Slot::Output, Form::row(ys)),
        ]
    }

    /// Which position of each window won is kept for backward.
    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let (xs, ys, ws) = self.blocks(site);
        let sizes = self.layouts(site).into_iter();
        vec![
            Call::of(
                &FORWARD_WINNERS,
                sizes.chain([xs, ys, ws].map(Size::Number)),
            )
            .read("x", Slot::Input(0), Form::row(xs))
            .write("y", Slot::Output, Form::row(ys))
            .write("winners", WINNERS, Form::row(ws)),
        ]
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add: bool| {
            let (xs, ys, ws) = self.blocks(site);
            let [isa, taps, x, y] = self.layouts(site);
            let sizes = [isa, taps, y, x, Size::Adds, ys.into(), ws.into(), xs.into()];
            Call::of(&BACKWARD, sizes)
                .read("dy", Slot::Delta, Form::row(ys))
                .read("winners", WINNERS, Form::row(ws))
                .add("dx", Slot::InputDelta(0), add, Form::row(xs))
        };
        site.adds(0).map(down).into_iter().collect()
    }
}

/// Which position of each window won.
const WINNERS: Slot = Slot::Own("winners");

impl MaxPool2d {
    /// The instruction set, the window and the layouts of both images.
    fn layouts(&self, site: &Site<'_>) -> [Size; 4] {
        let (x, y) = (image::layout(site.input(0)), image::layout(site.output()));
        [Size::Isa, image::taps(&self.window), x, y]
    }

    /// Blocks of the operand, the result and the winners.
    fn blocks(&self, site: &Site<'_>) -> (usize, usize, usize) {
        let winners = image::winner_blocks(site.output(), self.window.kernel);
        (site.input(0).blocks(), site.output().blocks(), winners)
    }
}
