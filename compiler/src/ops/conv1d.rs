//! `Conv1d(channels, kernel)`: one-dimensional convolution (cross-correlation) over the steps of a sequence, as
//! `torch.nn.Conv1d` with time first.
//!
//! ```text
//! y[t, o] = b[o] + sum over c, v of w[o, c, v] x[t stride + v dilation - left, c]
//! ```

use super::conv2d::{Conv, check_channels, groups};
use super::operator::{Application, Operator};
use super::{
    padding_mode::{MODES, Mode},
    parameter::Weights,
    window::{self, Around, Padding, Window},
};
use crate::{arguments::Arguments, parameter::Parameter};

/// A convolution over sequences: that of an image of one row.
pub type Conv1d = Conv<1>;

impl Operator for Conv1d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let channels = arguments.size("channels");
        let kernel = (1, arguments.size("kernel"));
        // In PyTorch two numbers of channels come first: what follows by place would be taken for something else.
        arguments.names_only();
        let stride = (1, arguments.size_or("stride", 1));
        let around = |sides| match Padding::of_line(sides) {
            Some(padding) => Ok(Around::By(padding)),
            None => {
                Err("a sequence is padded along one axis: write one number, or `(before, after)`")
            }
        };
        let around = arguments.sides_or_word("padding", Around::NONE, around, window::PADDINGS_1D);
        let dilation = (1, arguments.size_or("dilation", 1));
        let mode = arguments.word("padding_mode", MODES);
        let groups = groups(arguments, channels);
        let inputs = arguments.optional_size("inputs");
        let bias = arguments.flag("bias", true);
        Self {
            inputs,
            channels,
            window: Window {
                kernel,
                stride,
                dilation,
                padding: Padding::NONE,
            },
            around,
            mode: mode.unwrap_or(Mode::ZEROS),
            groups,
            bias,
            weights: Weights::declare(arguments, bias),
        }
    }

    fn padded_first(&self) -> Option<(Mode, Self, Self)> {
        self.apart()
    }

    /// `[T, F]` gives `[T', channels]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let [steps, features] = window::sequence(call.layer, feed, "Conv2d")?;
        check_channels(call.layer, feed, features, self.inputs, self.groups)?;
        let window = self.window_on((1, steps));
        let (_, steps) = window.slide(call.layer, feed, (1, steps))?;
        Ok(vec![steps, self.channels])
    }

    fn arithmetic(&self, inputs: &[&[usize]], axis: usize) -> Option<String> {
        let window = self.window_on(window::rows_and_columns(inputs[0])?);
        window.arithmetic(inputs[0], axis)
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        self.tensors(inputs[0].last().copied().unwrap_or(1))
    }

    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        self.operations(inputs[0].last().copied().unwrap_or(1), output)
    }
}
