//! `ConvTranspose2d(channels, kernel)`: two-dimensional transposed convolution, as `torch.nn.ConvTranspose2d`.
//!
//! ```text
//! y[o, h, k] = b[o] + sum over c, i, j, u, v with i stride + u dilation - top = h, j stride + v dilation - left = k  of
//!              w[c, o, u, v] x[c, i, j]
//! ```
//!
//! A sequence `[T, F]` is an image of one row, of T pixels with F channels, so
//! [`ConvTranspose1d`](super::conv_transpose1d::ConvTranspose1d) is the same operator with a kernel of one row.

mod few;
mod groups;
mod lower;

use super::conv2d::{check_channels, groups};
use super::operator::{Application, Feed, Operator};
use super::{
    parameter::Weights,
    window::{self, Around, PADDINGS_2D, Padding, Window},
};
use crate::{arguments::Arguments, parameter::Parameter, sizes::LIMIT};

/// A transposed convolution over images (two axes), or over sequences (one).
#[derive(Clone, Debug, PartialEq)]
pub struct ConvTranspose<const AXES: usize> {
    /// Input channels, where the user states them.
    pub inputs: Option<usize>,
    /// Output channels.
    pub channels: usize,
    /// The window of the convolution from its result to its operand.
    pub window: Window,
    /// Rows and columns of the result behind those that the window's places reach.
    pub output_padding: (usize, usize),
    /// Parts of equal size into which the channels of operand and result are divided; each part of the result has one of the
    /// operand.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How weights begin and are penalised.
    pub weights: Weights,
}

/// A transposed convolution over images.
pub type ConvTranspose2d = ConvTranspose<2>;

impl Operator for ConvTranspose2d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let channels = arguments.size("channels");
        let kernel = arguments.pair("kernel");
        // In PyTorch two numbers of channels come first: what follows by place would be taken for something else.
        arguments.names_only();
        let stride = arguments.pair_or("stride", "1", (1, 1));
        let around = |sides| Ok(Around::By(Padding::of_image(sides)));
        let around = arguments.sides_or_word("padding", Around::NONE, around, PADDINGS_2D);
        let output_padding = arguments.pair_or_word("output_padding", |sides| sides, &[]);
        let dilation = arguments.pair_or("dilation", "1", (1, 1));
        let window = Window {
            kernel,
            stride,
            dilation,
            padding: Padding::NONE,
        };
        Self::of(arguments, channels, (window, around), output_padding)
    }

    /// `[C, H, W]` gives `[channels, H', W']`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let [channels, height, width] = window::image(call.layer, call.inputs[0])?;
        let [height, width] = self.spread(call, channels, [height, width])?;
        Ok(vec![self.channels, height, width])
    }

    fn arithmetic(&self, inputs: &[&[usize]], axis: usize) -> Option<String> {
        self.sum(inputs[0], axis)
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        self.tensors(inputs[0].first().copied().unwrap_or(1))
    }

    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        self.operations(inputs[0], output)
    }
}

impl<const AXES: usize> ConvTranspose<AXES> {
    /// Reads the arguments that are left, compares the output padding with stride and dilation, and finds what `Same` means.
    pub(super) fn of(
        arguments: &mut Arguments<'_>,
        channels: usize,
        (window, around): (Window, Around),
        output_padding: (usize, usize),
    ) -> Self {
        let (kernel, stride, dilation) = (window.kernel, window.stride, window.dilation);
        let below = (stride.0.max(dilation.0), stride.1.max(dilation.1));
        let rows = output_padding.0 >= below.0;
        if arguments.is_sound() && (rows || output_padding.1 >= below.1) {
            let (stride, dilation, given) = match rows {
                true => (stride.0, dilation.0, output_padding.0),
                false => (stride.1, dilation.1, output_padding.1),
            };
            let message = format!(
                "`output_padding` is less than the stride or the dilation, here {stride} and {dilation}, and this is {given}"
            );
            arguments.reject("output_padding", message);
        }
        let (padding, output_padding) = match around {
            Around::By(padding) => (padding, output_padding),
            Around::Same | Around::Causal => {
                if output_padding != (0, 0) {
                    let message = "`Same` gives the stride times the size; drop `output_padding`";
                    arguments.reject("output_padding", message);
                }
                let (top, bottom, below) = same(kernel.0, stride.0, dilation.0);
                let (left, right, behind) = same(kernel.1, stride.1, dilation.1);
                let padding = Padding {
                    top,
                    bottom,
                    left,
                    right,
                };
                (padding, (below, behind))
            }
        };
        let window = Window { padding, ..window };
        let groups = groups(arguments, channels);
        let inputs = arguments.optional_size("inputs");
        let bias = arguments.flag("bias", true);
        Self {
            inputs,
            channels,
            window,
            output_padding,
            groups,
            bias,
            weights: Weights::declare(arguments, bias),
        }
    }

    /// Height and width of the result for an operand of these.
    pub(super) fn spread(
        &self,
        call: &Application<'_>,
        channels: usize,
        [height, width]: [usize; 2],
    ) -> Result<[usize; 2], String> {
        let (layer, feed) = (call.layer, call.inputs[0]);
        check_channels(layer, feed, channels, self.inputs, self.groups)?;
        let [rows, columns] = self.axes([height, width]);
        let across = match AXES {
            1 => "length",
            _ => "width",
        };
        let sizes = [
            rows.size(layer, feed, "height")?,
            columns.size(layer, feed, across)?,
        ];
        // Before the padding is taken off, in which deltas lie.
        let whole = (rows.whole() as u128).saturating_mul(columns.whole() as u128);
        let whole = whole.saturating_mul(self.channels as u128);
        if whole > LIMIT as u128 {
            return Err(format!(
                "`{layer}` spreads {:?} over {whole} numbers, from which its padding is taken; a tensor has at most {LIMIT}, \
                 so make the stride or the kernel smaller",
                feed.shape
            ));
        }
        Ok(sizes)
    }

    /// How its result's size along an axis comes about.
    pub(super) fn sum(&self, shape: &[usize], axis: usize) -> Option<String> {
        let (name, index) = window::spatial(shape, axis)?;
        let (height, width) = window::rows_and_columns(shape)?;
        let along = self.axes([height, width])[index];
        Some(format!("{name} is {} = {}", along.sum(), along.leaves()))
    }

    /// Its axes for an operand of this height and width.
    fn axes(&self, [height, width]: [usize; 2]) -> [Spread; 2] {
        let Window {
            kernel,
            stride,
            dilation,
            padding,
        } = self.window;
        let rows = Spread {
            from: height,
            kernel: kernel.0,
            stride: stride.0,
            dilation: dilation.0,
            padding: (padding.top, padding.bottom),
            output_padding: self.output_padding.0,
        };
        let columns = Spread {
            from: width,
            kernel: kernel.1,
            stride: stride.1,
            dilation: dilation.1,
            padding: (padding.left, padding.right),
            output_padding: self.output_padding.1,
        };
        [rows, columns]
    }

    /// What it learns, of so many input channels. The fans are PyTorch's, which takes the second axis for inputs.
    pub(super) fn tensors(&self, channels: usize) -> Vec<Parameter> {
        let (height, width) = self.window.kernel;
        let taps = height.saturating_mul(width);
        let outputs = self.channels / self.groups;
        let fan_in = outputs.saturating_mul(taps);
        let fan_out = channels.saturating_mul(taps);
        let init = self.weights.scheme.init(fan_in, fan_out);
        let mut shape = vec![channels, outputs];
        if AXES > 1 {
            shape.push(height);
        }
        shape.push(width);
        let mut parameters = vec![self.weights.weight("weight", shape, init)];
        if self.bias {
            parameters.push(self.weights.bias("bias", self.channels, fan_in));
        }
        self.weights.course.of(parameters)
    }

    /// Operations of one sample's forward pass: of every number of the operand, one for each tap and output channel.
    pub(super) fn operations(&self, input: &[usize], output: &[usize]) -> u64 {
        let product = |start: u64, sizes: &[usize]| {
            sizes
                .iter()
                .fold(start, |flops, &size| flops.saturating_mul(size as u64))
        };
        let (height, width) = self.window.kernel;
        let products = product(2, input);
        let products = product(products, &[self.channels / self.groups, height, width]);
        products.saturating_add(product(u64::from(self.bias), output))
    }
}

/// One axis of a transposed convolution.
#[derive(Clone, Copy)]
struct Spread {
    /// The operand's size.
    from: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: (usize, usize),
    output_padding: usize,
}

impl Spread {
    /// What the taps reach, and the output padding, before the padding is taken off. In 128 bits nothing overflows.
    fn whole(self) -> i128 {
        let [from, kernel, stride, dilation, output_padding] = [
            self.from,
            self.kernel,
            self.stride,
            self.dilation,
            self.output_padding,
        ]
        .map(|number| number as i128);
        (from - 1) * stride + dilation * (kernel - 1) + output_padding + 1
    }

    /// The result's size, if it is one.
    fn leaves(self) -> i128 {
        self.whole() - self.padding.0 as i128 - self.padding.1 as i128
    }

    /// The result's size.
    fn size(self, layer: &str, feed: Feed<'_>, name: &str) -> Result<usize, String> {
        let size = self.leaves();
        if size >= 1 {
            return Ok(usize::try_from(size).unwrap_or(usize::MAX));
        }
        let repair = match self.padding {
            (before, after) if before == after => {
                format!("of at most {} fits", (self.whole() - 1) / 2)
            }
            _ => "that is smaller fits".to_owned(),
        };
        Err(format!(
            "`{layer}` takes its padding from an image that is no larger: `{}` gives {:?}, and the {name} would be {} = {size}; \
             a padding {repair}",
            feed.from,
            feed.shape,
            self.sum()
        ))
    }

    /// `(2 - 1) * 1 - 2 * 2 + 1 * (3 - 1) + 0 + 1`
    fn sum(self) -> String {
        let Self {
            from,
            kernel,
            stride,
            dilation,
            padding: (before, after),
            output_padding,
        } = self;
        let padding = match before == after {
            true => format!("2 * {before}"),
            false => format!("{before} - {after}"),
        };
        format!(
            "({from} - 1) * {stride} - {padding} + {dilation} * ({kernel} - 1) + {output_padding} + 1"
        )
    }
}

/// What `Same` takes off before and after along an axis, the odd one after, and what it adds where the kernel does not reach
/// the next one: the stride times the size is left.
fn same(kernel: usize, stride: usize, dilation: usize) -> (usize, usize, usize) {
    let reach = (kernel - 1).saturating_mul(dilation).saturating_add(1);
    let beyond = reach.saturating_sub(stride);
    (
        beyond / 2,
        beyond - beyond / 2,
        stride.saturating_sub(reach),
    )
}
