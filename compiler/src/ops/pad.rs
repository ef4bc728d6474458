//! `Pad(2)`: numbers around an image or a sequence, as PyTorch's `ZeroPad2d`, `ConstantPad2d`, `ReflectionPad2d`,
//! `ReplicationPad2d` and `CircularPad2d`, those of one dimension, and Keras' `ZeroPadding2D`.
//!
//! | | of an image `[C, H, W]` | of `[T, F]` along T, or of `[F]` |
//! | --- | --- | --- |
//! | `Pad(2)` | all four sides | both ends |
//! | `Pad((1, 2))` | 1 above and below, 2 to both sides | 1 before, 2 after |
//! | `Pad(((1, 2), (0, 3)))` | 1 above, 2 below, 0 to the left, 3 to the right | refused |
//!
//! A convolution that pads otherwise than by zeros is this operator and then itself without padding.

mod lower;

use super::operator::{Application, Operator};
use super::{Op, padding_mode::Mode, window::Padding};
use crate::arguments::{Arguments, Sides};

/// The words of `mode`, and whether they take a `value`.
const WORDS: &[(&str, (Mode, bool))] = &[
    ("Zeros", (Mode::ZEROS, false)),
    ("Reflect", (Mode::Reflect, false)),
    ("Replicate", (Mode::Replicate, false)),
    ("Circular", (Mode::Circular, false)),
    ("Constant", (Mode::ZEROS, true)),
];

/// How much is padded.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// So much.
    By(Sides),
    /// As much as an operator wants zeros around its operand.
    Before(Box<Op>),
}

/// Puts numbers around a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// How much.
    pub amount: Amount,
    /// With what.
    pub mode: Mode,
}

impl Op {
    /// What an operator pads by zeros, padded otherwise before it.
    pub(super) fn pad_before(op: Self, mode: Mode) -> Self {
        let amount = Amount::Before(Box::new(op));
        Pad { amount, mode }.into()
    }
}

impl Pad {
    /// What is padded around a tensor of this shape: a row, of rows or of numbers, where it has one axis to pad; `None` for
    /// the sides of two axes.
    pub fn padding_on(&self, shape: &[usize]) -> Option<Padding> {
        match (&self.amount, shape.len()) {
            (&Amount::By(sides), 3) => Some(Padding::of_image(sides)),
            (&Amount::By(sides), _) => Padding::of_line(sides),
            (Amount::Before(op), _) => Some(op.lower().border(0, shape).into()),
        }
    }

    /// No more is mirrored or taken from the other end than there is. `sides` are how much is padded of what, and where.
    fn check(
        &self,
        call: &Application<'_>,
        (axis, size): (&str, usize),
        sides: [(usize, &str); 2],
    ) -> Result<(), String> {
        let (most, verb, limit) = match self.mode {
            Mode::Constant(_) | Mode::Replicate => return Ok(()),
            Mode::Reflect => (
                size - 1,
                "reflects",
                format!("has {size} - 1 = {} beside the edge", size - 1),
            ),
            Mode::Circular => (size, "wraps", format!("is {size}")),
        };
        match sides.into_iter().find(|&(padded, _)| padded > most) {
            Some((padded, place)) => {
                let feed = call.inputs[0];
                Err(format!(
                    "`{}` {verb} {padded} {place}, but `{}` gives {:?}, whose {axis} {limit}; \
                     pad {most} at most, or write `Replicate`",
                    call.layer, feed.from, feed.shape
                ))
            }
            None => Ok(()),
        }
    }
}

impl Operator for Pad {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let sides = arguments.sides("padding");
        let (mode, takes) = arguments.word("mode", WORDS).unwrap_or(WORDS[0].1);
        let value = arguments.named_number("value", "0");
        let mode = match value {
            Some(value) if takes => Mode::Constant(settled(value)),
            Some(_) => {
                let message = "`value` is what `mode = Constant` pads with; write that as well, or leave `value` out";
                arguments.reject("value", message);
                mode
            }
            None => mode,
        };
        let amount = Amount::By(sides);
        Self { amount, mode }
    }

    /// `[C, H, W]` gives `[C, top + H + bottom, left + W + right]`, and the first axis of others grows.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        if let Amount::Before(op) = &self.amount {
            // Whatever else is wrong is told of what it is declared on.
            op.infer(call)?;
        }
        if feed.shape.len() > 3 {
            return Err(format!(
                "`{}` pads an image [channels, height, width], a sequence or a vector, but `{}` gives {:?}; \
                 put `Reshape` before it",
                call.layer, feed.from, feed.shape
            ));
        }
        let Some(padding) = self.padding_on(feed.shape) else {
            return Err(format!(
                "`{}` pads height and width, but `{}` gives {:?}, which has one axis to pad; write `(before, after)`",
                call.layer, feed.from, feed.shape
            ));
        };
        let Padding {
            top,
            bottom,
            left,
            right,
        } = padding;
        let padded = |before: usize, size: usize, after: usize| {
            before.saturating_add(size).saturating_add(after)
        };
        let mut shape = feed.shape.to_vec();
        match &mut shape[..] {
            [_, height, width] => {
                let rows = [(top, "rows above"), (bottom, "rows below")];
                self.check(call, ("height", *height), rows)?;
                let columns = [
                    (left, "columns to the left"),
                    (right, "columns to the right"),
                ];
                self.check(call, ("width", *width), columns)?;
                (*height, *width) = (padded(top, *height, bottom), padded(left, *width, right));
            }
            [steps, _] => {
                let ends = [
                    (left, "steps before the first"),
                    (right, "steps behind the last"),
                ];
                self.check(call, ("length", *steps), ends)?;
                *steps = padded(left, *steps, right);
            }
            [size] => {
                let ends = [
                    (left, "numbers before the first"),
                    (right, "numbers behind the last"),
                ];
                self.check(call, ("length", *size), ends)?;
                *size = padded(left, *size, right);
            }
            _ => {}
        }
        Ok(shape)
    }

    fn flops(&self, _: &[&[usize]], _: &[usize]) -> u64 {
        0
    }
}

/// A number as networks store it.
fn settled(value: f64) -> f32 {
    let value = value as f32;
    // 2^-63
    match value.abs() < f32::from_bits((127 - 63) << 23) {
        true => 0.0,
        false => value,
    }
}
