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
use crate::{
    arguments::Arguments,
    pace::{Pace, Timing},
    parameter::Parameter,
};

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
            framed: false,
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

    /// A step of the result is known with its own of the operand, or with the last before the next window begins.
    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        let (kernel, stride, dilation) = self.along();
        let feed = timing.inputs[0];
        let [steps, _] = *feed.shape else {
            return timing.features();
        };
        let padding = self.window_on((1, steps)).padding;
        let (reach, left) = ((kernel - 1) * dilation, padding.left);
        if padding.right == 0 && (reach == left || left < reach && reach - left < stride) {
            let Pace::Steps(pace) = timing.features()? else {
                return timing.features();
            };
            return match pace.checked_mul(stride) {
                Some(pace) => Ok(Pace::Steps(pace)),
                None => timing.refused(
                    "moves by more steps than can be counted",
                    "choose a smaller stride",
                ),
            };
        }
        let steps = |count: usize| if count == 1 { "step" } else { "steps" };
        let what = match reach.checked_sub(left) {
            Some(0) => {
                let right = padding.right;
                format!("pads {right} {} after the last", steps(right))
            }
            Some(ahead) => format!("reads {ahead} {} after its own", steps(ahead)),
            None => {
                let more = left - reach;
                format!(
                    "pads {left} {} before the first, {more} more than it reads back",
                    steps(left)
                )
            }
        };
        timing.refused(&what, "write `padding = Causal`")
    }

    fn framed(&self) -> Self {
        Self {
            framed: true,
            ..self.clone()
        }
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
