//! `Upsample(scale)`, `Upsample(size = (height, width))`: an image or a sequence at another size, as
//! `torch.nn.Upsample`.
//!
//! Where an output stands in the input is computed in single precision as PyTorch computes it, so that the nearest
//! pixel is the same.

use super::operator::{Application, Operator};
use super::{image, lower::Lower, window};
use crate::arguments::{Arguments, Each};
use crate::call::{Argument, Call, Form, Size, Slot};
use crate::rt::{self, kernels};
use crate::site::{Operand, Site};
use crate::storage;

kernels! {
    FORWARD = upsample::forward(s, x, out y, pixels, sources, linear);
    BACKWARD = upsample::backward(s, dy, add dx, pixels, sources, linear, add);
}

/// What a size follows from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// floor(input * factor).
    Scale(Each<f64>),
    /// It is given.
    Size(Each<usize>),
}

/// What an output is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The pixel at or before its place, which is counted from the first pixel's edge.
    Nearest,
    /// The pixel that its middle lies in.
    NearestExact,
    /// Two steps of a sequence.
    Linear,
    /// Four pixels of an image.
    Bilinear,
}

const MODES: &[(&str, Mode)] = &[
    ("Nearest", Mode::Nearest),
    ("NearestExact", Mode::NearestExact),
    ("Linear", Mode::Linear),
    ("Bilinear", Mode::Bilinear),
];

/// Resampling.
#[derive(Clone, Debug, PartialEq)]
pub struct Upsample {
    /// The result's size.
    pub target: Target,
    /// What an output is made of.
    pub mode: Mode,
    /// Whether the first and last outputs of an axis are its first and last pixels.
    pub align_corners: bool,
}

/// Where the outputs of an axis stand: output i at max((i + before) scale - after, 0) of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// Pixels of the input from an output to the next.
    pub scale: f32,
    /// What is added to an output's number.
    pub before: f32,
    /// What is taken off its place.
    pub after: f32,
}

impl Operator for Upsample {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let scale = match arguments.positional() {
            0 => arguments.optional_factors("scale"),
            _ => Some(arguments.factors("scale")),
        };
        let size = arguments.optional_lengths("size");
        let mode = arguments.word("mode", MODES).unwrap_or(Mode::Nearest);
        let align_corners = arguments.flag("align_corners", false);
        let target = match (scale, size) {
            (Some(_), Some(size)) => {
                arguments.reject(
                    "size",
                    "`scale` and `size` both say how large the result is; drop one",
                );
                Target::Size(size)
            }
            (Some(scale), None) => Target::Scale(scale),
            (None, Some(size)) => Target::Size(size),
            (None, None) => {
                arguments.reject(
                    "scale",
                    "`Upsample` needs `scale` or `size`, as in `Upsample(2)` or `Upsample(size = (32, 32))`",
                );
                Target::Scale(Each::All(1.0))
            }
        };
        if align_corners && matches!(mode, Mode::Nearest | Mode::NearestExact) {
            arguments.reject(
                "align_corners",
                "corners are aligned between pixels, by `mode = Bilinear` or `mode = Linear`; drop this",
            );
        }
        Self {
            target,
            mode,
            align_corners,
        }
    }

    /// `[C, H, W]` gives `[C, H', W']`, and `[T, F]` gives `[T', F]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let (layer, feed) = (call.layer, call.inputs[0]);
        let found = format!("`{}` gives {:?}", feed.from, feed.shape);
        let resized = |axis: usize, name: &str, before: usize| match self.outputs(axis, before) {
            (0, factor) => Err(format!(
                "`{layer}` leaves nothing of its input: {found}, and floor({before} * {factor}) = 0 for its {name}; \
                 a scale of at least {} leaves one",
                least(before)
            )),
            (outputs, _) => Ok(outputs),
        };
        match *feed.shape {
            [channels, height, width] if self.mode != Mode::Linear => Ok(vec![
                channels,
                resized(0, "height", height)?,
                resized(1, "width", width)?,
            ]),
            [_, _, _] => Err(format!(
                "`{layer}` interpolates between steps of a sequence [time, features], but {found}; \
                 `mode = Bilinear` is for images"
            )),
            [_, _] if self.is_pair() => Err(format!(
                "`{layer}` has a number for rows and one for columns, but {found}, a sequence [time, features], \
                 which takes one; `Reshape` makes an image of it"
            )),
            [steps, features] if self.mode != Mode::Bilinear => {
                Ok(vec![resized(1, "number of steps", steps)?, features])
            }
            [_, _] => Err(format!(
                "`{layer}` interpolates between pixels of an image [channels, height, width], but {found}; \
                 `mode = Linear` is for sequences"
            )),
            _ => Err(format!(
                "`{layer}` takes an image [channels, height, width] or a sequence [time, features], but {found}; \
                 put `Reshape` before it"
            )),
        }
    }

    fn arithmetic(&self, inputs: &[&[usize]], axis: usize) -> Option<String> {
        let (name, index) = window::spatial(inputs[0], axis)?;
        let (rows, columns) = window::rows_and_columns(inputs[0])?;
        let size = [rows, columns][index];
        let (outputs, factor) = self.outputs(index, size);
        matches!(self.target, Target::Scale(_))
            .then(|| format!("{name} is floor({size} * {factor}) = {outputs}"))
    }

    /// A product for each number that an output is made of, and the sums.
    fn flops(&self, _: &[&[usize]], output: &[usize]) -> u64 {
        let each = match self.mode {
            Mode::Nearest | Mode::NearestExact => 0,
            Mode::Linear => 3,
            Mode::Bilinear => 9,
        };
        output
            .iter()
            .fold(each, |flops: u64, &size| flops.saturating_mul(size as u64))
    }
}

/// The least scale that leaves one of so many: 49 times the quotient 1 / 49 is below 1.
fn least(size: usize) -> f64 {
    let scale = 1.0 / size as f64;
    match scale * size as f64 >= 1.0 {
        true => scale,
        false => scale.next_up(),
    }
}

/// That of rows or columns.
fn of<T>(each: Each<T>, axis: usize) -> T {
    match each {
        Each::All(one) => one,
        Each::Pair(height, width) => match axis {
            0 => height,
            _ => width,
        },
    }
}

impl Upsample {
    fn is_pair(&self) -> bool {
        matches!(
            self.target,
            Target::Scale(Each::Pair(..)) | Target::Size(Each::Pair(..))
        )
    }

    /// Outputs along an axis of `size`, rows or columns, and the factor.
    fn outputs(&self, axis: usize, size: usize) -> (usize, f64) {
        match self.target {
            Target::Size(sizes) => (of(sizes, axis), 1.0),
            Target::Scale(scales) => {
                let scale = of(scales, axis);
                ((size as f64 * scale).floor() as usize, scale)
            }
        }
    }

    /// Whether numbers between pixels are interpolated.
    fn is_linear(&self) -> bool {
        matches!(self.mode, Mode::Linear | Mode::Bilinear)
    }

    /// Where the outputs of an axis stand, rows or columns of an image or the steps of a sequence.
    pub fn source(&self, axis: usize, [size, outputs]: [usize; 2], is_image: bool) -> Source {
        let ratio = match self.target {
            Target::Scale(scales) => (1.0 / of(scales, axis)) as f32,
            Target::Size(_) => size as f32 / outputs as f32,
        };
        let source = |scale, before, after| Source {
            scale,
            before,
            after,
        };
        match self.mode {
            Mode::NearestExact => source(ratio, 0.5, 0.0),
            // PyTorch's kernels for images know these two by the sizes alone.
            Mode::Nearest if is_image && outputs == size => source(1.0, 0.0, 0.0),
            Mode::Nearest if is_image && outputs == 2 * size => source(0.5, 0.0, 0.0),
            Mode::Nearest => source(ratio, 0.0, 0.0),
            _ if self.align_corners && outputs == 1 => source(0.0, 0.0, 0.0),
            _ if self.align_corners => source((size - 1) as f32 / (outputs - 1) as f32, 0.0, 0.0),
            _ if outputs == size => source(1.0, 0.5, 0.5),
            _ => source(ratio, 0.5, 0.5),
        }
    }

    /// A call that is told where the pixels of what it reads and of what it writes lie, and where outputs stand.
    fn placed(
        &self,
        call: Call<Slot>,
        storages: [&storage::Storage; 2],
        site: &Site<'_>,
    ) -> Call<Slot> {
        let [_, height, width] = image::of(site.input(0)).shape;
        let [_, rows, columns] = image::of(site.output()).shape;
        let is_image = site.input_shape(0).len() == 3;
        let down = match is_image {
            true => self.source(0, [height, rows], true),
            false => Source {
                scale: 1.0,
                before: 0.0,
                after: 0.0,
            },
        };
        let argument = |source: Source| {
            let numbers = [
                ("scale", source.scale),
                ("before", source.before),
                ("after", source.after),
            ];
            let number = |(name, number)| (name, Argument::Float(number));
            Argument::Record(
                rt::UPSAMPLE_SOURCE,
                numbers.into_iter().map(number).collect(),
            )
        };
        let sources = [down, self.source(1, [width, columns], is_image)].map(argument);
        let pixels = storages.map(image::neighbours);
        call.with("pixels", Argument::Tuple(pixels.into()))
            .with("sources", Argument::Tuple(sources.into()))
            .with("linear", Argument::Flag(self.is_linear()))
    }
}

impl Lower for Upsample {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        let form = operand.storage.form;
        operand.storage.shape == operand.shape
            && matches!(form, storage::Form::Image(_) | storage::Form::Steps)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let call = Call::of(&FORWARD, [Size::Isa])
            .read("x", Slot::Input(0), Form::Blocks)
            .write("y", Slot::Output, Form::Blocks);
        vec![self.placed(call, [site.input(0), site.output()], site)]
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add: bool| {
            let call = Call::of(&BACKWARD, [Size::Isa])
                .read("dy", Slot::Delta, Form::Blocks)
                .add("dx", Slot::InputDelta(0), add, Form::Blocks);
            self.placed(call, [site.output(), site.input(0)], site)
                .with("add", Argument::Adds)
        };
        site.adds(0).map(down).into_iter().collect()
    }
}
