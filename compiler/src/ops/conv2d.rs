//! `Conv2d(channels, kernel)`: two-dimensional convolution (cross-correlation), as `torch.nn.Conv2d`.
//!
//! ```text
//! y[o, i, j] = b[o] + sum over c, u, v of w[o, c, u, v] x[c, i stride + u dilation - top, j stride + v dilation - left]
//! ```
//!
//! A sequence `[T, F]` is an image of one row, of T pixels with F channels, so [`Conv1d`](super::conv1d::Conv1d) is the same
//! operator with a kernel of one row.

mod causal;
mod depthwise;
mod grouped;
mod lower;

use super::operator::{Application, Feed, Operator};
use super::{
    padding_mode::{MODES, Mode},
    parameter::Weights,
    window::{self, Around, Padding, Window},
};
use crate::{arguments::Arguments, parameter::Parameter};

/// A convolution over images (two axes), or over sequences (one).
#[derive(Clone, Debug, PartialEq)]
pub struct Conv<const AXES: usize> {
    /// Input channels, where the user states them.
    pub inputs: Option<usize>,
    /// Output channels.
    pub channels: usize,
    /// Its kernel's size and movement; what it pads over an image, [`window_on`](Self::window_on) says.
    pub window: Window,
    /// What it pads.
    pub around: Around,
    /// With what it pads.
    pub mode: Mode,
    /// Parts of equal size into which the channels of input and output are divided; each output part reads one of the input.
    pub groups: usize,
    /// Whether it answers the frames of a step, which stand without a border.
    pub framed: bool,
    /// Whether a bias is added.
    pub bias: bool,
    /// How weights begin and are penalised.
    pub weights: Weights,
}

/// A convolution over images.
pub type Conv2d = Conv<2>;

impl Operator for Conv2d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let channels = arguments.size("channels");
        let kernel = arguments.pair("kernel");
        // In PyTorch two numbers of channels come first: what follows by place would be taken for something else.
        arguments.names_only();
        let stride = arguments.pair_or("stride", "1", (1, 1));
        let around = |sides| Ok(Around::By(Padding::of_image(sides)));
        let around = arguments.sides_or_word("padding", Around::NONE, around, window::PADDINGS_2D);
        let dilation = arguments.pair_or("dilation", "1", (1, 1));
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

    /// `[C, H, W]` gives `[channels, H', W']`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let [channels, height, width] = window::image(call.layer, feed)?;
        check_channels(call.layer, feed, channels, self.inputs, self.groups)?;
        let window = self.window_on((height, width));
        let places = window.slide(call.layer, feed, (height, width));
        let (height, width) = places.map_err(|message| match self.channels == channels {
            true => {
                format!("{message}; the channels it reads are inferred: `Conv2d(channels, kernel)`")
            }
            false => message,
        })?;
        Ok(vec![self.channels, height, width])
    }

    fn arithmetic(&self, inputs: &[&[usize]], axis: usize) -> Option<String> {
        let window = self.window_on(window::rows_and_columns(inputs[0])?);
        window.arithmetic(inputs[0], axis)
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        self.tensors(inputs[0].first().copied().unwrap_or(1))
    }

    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        self.operations(inputs[0].first().copied().unwrap_or(1), output)
    }
}

impl<const AXES: usize> Conv<AXES> {
    /// Its window over an image of this height and width.
    pub fn window_on(&self, size: (usize, usize)) -> Window {
        self.window.around(self.around, size).within(size)
    }

    /// What is not padded by zeros is padded before it.
    pub(super) fn apart(&self) -> Option<(Mode, Self, Self)> {
        if self.mode == Mode::ZEROS || self.around == Around::NONE {
            return None;
        }
        let padded_by_zeros = Self {
            mode: Mode::ZEROS,
            ..self.clone()
        };
        let bare = Self {
            around: Around::NONE,
            ..padded_by_zeros.clone()
        };
        Some((self.mode, padded_by_zeros, bare))
    }

    /// What it learns, of so many input channels.
    pub(super) fn tensors(&self, channels: usize) -> Vec<Parameter> {
        let channels = channels / self.groups;
        let (height, width) = self.window.kernel;
        let taps = height.saturating_mul(width);
        let fan_in = channels.saturating_mul(taps);
        // As PyTorch counts it from the shape of the tensor, whatever the groups.
        let fan_out = self.channels.saturating_mul(taps);
        let init = self.weights.scheme.init(fan_in, fan_out);
        let shape = match AXES {
            1 => vec![self.channels, channels, width],
            _ => vec![self.channels, channels, height, width],
        };
        let mut parameters = vec![self.weights.weight("weight", shape, init)];
        if self.bias {
            parameters.push(self.weights.bias("bias", self.channels, fan_in));
        }
        self.weights.course.of(parameters)
    }

    /// Operations of one sample's forward pass, of so many input channels.
    pub(super) fn operations(&self, channels: usize, output: &[usize]) -> u64 {
        let channels = channels / self.groups;
        let (height, width) = self.window.kernel;
        let fan_in = [2, height, width]
            .iter()
            .fold(channels as u64, |taps, &size| {
                taps.saturating_mul(size as u64)
            });
        let each = fan_in.saturating_add(u64::from(self.bias));
        output
            .iter()
            .fold(each, |flops, &size| flops.saturating_mul(size as u64))
    }
}

/// The input channels are as many as are stated, if they are, and whole groups.
pub(super) fn check_channels(
    layer: &str,
    feed: Feed<'_>,
    channels: usize,
    stated: Option<usize>,
    groups: usize,
) -> Result<(), String> {
    match stated.filter(|&stated| stated != channels) {
        Some(stated) => Err(format!(
            "`{layer}` is declared for {stated} input channels, but `{}` gives {:?}, which has {channels}; \
             leave `inputs` out and it is inferred",
            feed.from, feed.shape
        )),
        None if !channels.is_multiple_of(groups) => Err(format!(
            "`{layer}` has {groups} groups, but `{}` gives {:?}, whose channels they do not divide: {}",
            feed.from,
            feed.shape,
            rest(channels, groups)
        )),
        None => Ok(()),
    }
}

/// The argument `groups`, which divides the output channels.
pub(super) fn groups(arguments: &mut Arguments<'_>, channels: usize) -> usize {
    let groups = arguments.named_size_or("groups", 1);
    if channels.is_multiple_of(groups) {
        return groups;
    }
    let message = format!(
        "the groups do not divide the output channels: {}",
        rest(channels, groups)
    );
    arguments.reject("groups", message);
    1
}

/// `10 = 2 * 4 + 2, while 8 and 12 would be whole groups`
fn rest(channels: usize, groups: usize) -> String {
    let (each, rest) = (channels / groups, channels % groups);
    let above = (channels - rest).saturating_add(groups);
    let fits = match each {
        0 => format!("{above} would be"),
        _ => format!("{} and {above} would be", channels - rest),
    };
    format!("{channels} = {each} * {groups} + {rest}, while {fits} whole groups")
}
