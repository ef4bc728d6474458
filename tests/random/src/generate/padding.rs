//! Padding at random: of a layer of its own, and of convolutions.

use super::layers::Layer;
use crate::dice::Dice;

/// What is padded with.
#[derive(Clone, Copy, PartialEq)]
pub struct Mode(&'static str);

impl Mode {
    /// Zeros.
    pub const ZEROS: Self = Self("Zeros");

    /// One of those of a convolution; zeros as often as not.
    pub fn of_convolution(dice: &mut Dice) -> Self {
        match dice.once_in(2) {
            true => Self::ZEROS,
            false => Self(dice.pick(&["Reflect", "Replicate", "Circular"])),
        }
    }

    /// The most that a side of an axis may have.
    fn most(self, size: usize) -> usize {
        match self.0 {
            "Reflect" => size - 1,
            "Circular" => size,
            _ => 4,
        }
    }

    /// As an argument of this name, where it is not zeros.
    pub fn argument(self, name: &str) -> Option<String> {
        (self != Self::ZEROS).then(|| format!("{name} = {}", self.0))
    }
}

/// Before and after an axis: nothing, the same, or any two numbers.
pub fn sides(dice: &mut Dice, mode: Mode, size: usize) -> [usize; 2] {
    let most = mode.most(size).min(3);
    let before = dice.between(0, most);
    match dice.below(3) {
        0 => [0, 0],
        1 => [before, before],
        _ => [before, dice.between(0, most)],
    }
}

/// The sides of both axes of an image, or of one axis, as they are written.
pub fn written(sides: &[[usize; 2]]) -> String {
    match *sides {
        [[top, bottom], [left, right]] if top == bottom && left == right && top == left => {
            top.to_string()
        }
        [[top, bottom], [left, right]] if top == bottom && left == right => {
            format!("({top}, {left})")
        }
        [[top, bottom], [left, right]] => format!("(({top}, {bottom}), ({left}, {right}))"),
        [[before, after]] if before == after => before.to_string(),
        [[before, after]] => format!("({before}, {after})"),
        _ => unreachable!("one axis or two are padded"),
    }
}

/// A layer that pads.
pub fn pad(dice: &mut Dice, shape: &[usize]) -> Layer {
    let mode = match dice.once_in(5) {
        true => Mode("Constant"),
        false => Mode::of_convolution(dice),
    };
    let axes = if shape.len() == 3 { 1..3 } else { 0..1 };
    let mut output = shape.to_vec();
    let mut padded = Vec::new();
    for axis in axes {
        let sides = sides(dice, mode, shape[axis]);
        output[axis] += sides[0] + sides[1];
        padded.push(sides);
    }
    let mut arguments = vec![written(&padded)];
    arguments.extend(mode.argument("mode"));
    if mode == Mode("Constant") {
        let value = dice.pick(&["0.5", "-1.25", "0"]);
        arguments.push(format!("value = {value}"));
    }
    Layer::new("Pad", arguments, output).function("pad")
}
