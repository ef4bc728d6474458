//! `ConvTranspose1d(channels, kernel)`: one-dimensional transposed convolution over the steps of a sequence, as
//! `torch.nn.ConvTranspose1d` with time first.
//!
//! ```text
//! y[t, o] = b[o] + sum over c, i, v with i stride + v dilation - padding = t  of  w[c, o, v] x[i, c]
//! ```

use super::conv_transpose2d::ConvTranspose;
use super::operator::{Application, Operator};
use super::window::{self, Around, Padding, Window};
use crate::{arguments::Arguments, parameter::Parameter};

/// A transposed convolution over sequences: that of an image of one row.
pub type ConvTranspose1d = ConvTranspose<1>;

impl Operator for ConvTranspose1d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let channels = arguments.size("channels");
        let kernel = arguments.size("kernel");
        // In PyTorch two numbers of channels come first: what follows by place would be taken for something else.
        arguments.names_only();
        let stride = arguments.size_or("stride", 1);
        let around = |sides| match Padding::of_line(sides) {
            Some(padding) => Ok(Around::By(padding)),
            None => {
                Err("a sequence is padded along one axis: write one number, or `(before, after)`")
            }
        };
        let around = arguments.sides_or_word("padding", Around::NONE, around, window::PADDINGS_2D);
        let output_padding = arguments.index_or("output_padding", 0);
        let dilation = arguments.size_or("dilation", 1);
        let window = Window {
            kernel: (1, kernel),
            stride: (1, stride),
            dilation: (1, dilation),
            padding: Padding::NONE,
        };
        Self::of(arguments, channels, (window, around), (0, output_padding))
    }

    /// `[T, F]` gives `[T', channels]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let [steps, features] = window::sequence(call.layer, call.inputs[0], "ConvTranspose2d")?;
        let [_, steps] = self.spread(call, features, [1, steps])?;
        Ok(vec![steps, self.channels])
    }

    fn arithmetic(&self, inputs: &[&[usize]], axis: usize) -> Option<String> {
        self.sum(inputs[0], axis)
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        self.tensors(inputs[0].last().copied().unwrap_or(1))
    }

    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        self.operations(inputs[0], output)
    }
}
