//! Geometries that pools are judged by, and naive windows.

use super::Rule;
use crate::{
    block::{Block, LANES},
    kernels::pixels::Pixels,
};
use std::{vec, vec::Vec};

/// A pool of an image in a border.
#[derive(Clone, Copy)]
pub struct Case {
    /// What messages call it.
    pub name: &'static str,
    /// Channels of the image.
    pub channels: usize,
    /// Its rows and columns.
    pub size: [usize; 2],
    /// Those of the result.
    pub outputs: [usize; 2],
    /// The windows along both.
    pub rules: [Rule; 2],
}

/// One axis: pixels, outputs, and kernel, stride, dilation, padding; an adaptive one without these.
type Axis = (usize, usize, Option<[usize; 4]>);

const fn case(name: &'static str, channels: usize, rows: Axis, columns: Axis) -> Case {
    const fn rule(axis: Axis) -> Rule {
        match axis.2 {
            Some([kernel, stride, dilation, padding]) => Rule::Sliding {
                kernel,
                stride,
                dilation,
                padding,
            },
            None => Rule::Adaptive,
        }
    }
    Case {
        name,
        channels,
        size: [rows.0, columns.0],
        outputs: [rows.1, columns.1],
        rules: [rule(rows), rule(columns)],
    }
}

/// No window along an axis.
const ONE: Axis = (1, 1, Some([1, 1, 1, 0]));

/// Pools of all kinds.
pub const CASES: &[Case] = &[
    case(
        "halves",
        20,
        (6, 3, Some([2, 2, 1, 0])),
        (7, 3, Some([2, 2, 1, 0])),
    ),
    case(
        "halves of one panel",
        16,
        (6, 3, Some([2, 2, 1, 0])),
        (13, 6, Some([2, 2, 1, 0])),
    ),
    case(
        "halves of many",
        101,
        (4, 2, Some([2, 2, 1, 0])),
        (5, 2, Some([2, 2, 1, 0])),
    ),
    case(
        "overlaps",
        16,
        (7, 4, Some([3, 2, 1, 1])),
        (13, 7, Some([3, 2, 1, 1])),
    ),
    case(
        "overlaps of many",
        150,
        (7, 4, Some([3, 2, 1, 1])),
        (8, 4, Some([3, 2, 1, 1])),
    ),
    case(
        "steps of one",
        40,
        (6, 6, Some([3, 1, 1, 1])),
        (5, 5, Some([3, 1, 1, 1])),
    ),
    case(
        "steps of one of many",
        290,
        (4, 4, Some([3, 1, 1, 1])),
        (3, 3, Some([3, 1, 1, 1])),
    ),
    case(
        "rectangle",
        3,
        (9, 3, Some([4, 3, 1, 1])),
        (6, 5, Some([2, 1, 1, 0])),
    ),
    case(
        "gaps",
        17,
        (9, 3, Some([2, 4, 1, 1])),
        (8, 2, Some([1, 5, 1, 0])),
    ),
    case(
        "dilated",
        33,
        (8, 5, Some([3, 1, 2, 1])),
        (8, 5, Some([3, 1, 2, 1])),
    ),
    case(
        "dilated and apart",
        5,
        (9, 2, Some([2, 4, 3, 0])),
        (9, 2, Some([2, 4, 3, 0])),
    ),
    case(
        "rounded up",
        33,
        (9, 4, Some([3, 3, 1, 1])),
        (6, 3, Some([3, 3, 1, 1])),
    ),
    case(
        "larger than the image",
        18,
        (3, 1, Some([5, 4, 1, 0])),
        (4, 2, Some([5, 3, 1, 2])),
    ),
    case(
        "whole image",
        5,
        (17, 1, Some([17, 17, 1, 0])),
        (16, 1, Some([16, 16, 1, 0])),
    ),
    case(
        "whole of two panels",
        30,
        (9, 1, Some([9, 9, 1, 0])),
        (9, 1, Some([9, 9, 1, 0])),
    ),
    case(
        "whole of three panels",
        48,
        (70, 1, Some([70, 70, 1, 0])),
        (70, 1, Some([70, 70, 1, 0])),
    ),
    case("adaptive", 7, (7, 3, None), (10, 4, None)),
    case("adaptive to more", 35, (3, 5, None), (4, 9, None)),
    case("adaptive to one", 16, (5, 1, None), (3, 1, None)),
    case("steps", 6, ONE, (19, 9, Some([3, 2, 1, 0]))),
    case("pairs of steps", 90, ONE, (11, 5, Some([2, 2, 1, 0]))),
    case(
        "many steps",
        3,
        ONE,
        (66_000, 1, Some([66_000, 66_000, 1, 0])),
    ),
    case(
        "a running window",
        1,
        ONE,
        (4500, 300, Some([4201, 1, 1, 0])),
    ),
];

impl Case {
    /// Where the pixels of x and y lie: x in a border of one row above and one pixel after each row, y with one before.
    pub fn pixels(&self) -> (Pixels, Pixels) {
        let panels = self.channels.div_ceil(LANES);
        let of = |[rows, columns]: [usize; 2], top: usize, left: usize, right: usize| {
            let row = (left + columns + right) * panels;
            Pixels {
                blocks: (top + rows + 1) * row,
                first: top * row + left * panels,
                rows,
                columns,
                row,
                panels,
                channels: self.channels,
            }
        };
        (of(self.size, 1, 0, 1), of(self.outputs, 0, 1, 2))
    }

    /// The pixels in window `at` of an axis with their positions, and how many positions count with the padding.
    pub fn window(&self, axis: usize, at: usize) -> (Vec<(usize, usize)>, usize) {
        let (size, outputs) = (self.size[axis], self.outputs[axis]);
        match self.rules[axis] {
            Rule::Sliding {
                kernel,
                stride,
                dilation,
                padding,
            } => {
                let place = |tap: usize| (at * stride + tap * dilation).wrapping_sub(padding);
                let inside = |&tap: &usize| place(tap) < size;
                let counts = |&tap: &usize| at * stride + tap * dilation < size + 2 * padding;
                let taps = (0..kernel).filter(inside).map(|tap| (place(tap), tap));
                (taps.collect(), (0..kernel).filter(counts).count())
            }
            Rule::Adaptive => {
                let from = at * size / outputs;
                let to = ((at + 1) * size).div_ceil(outputs);
                let taps = (from..to).map(|pixel| (pixel, pixel - from));
                (taps.collect(), to - from)
            }
        }
    }
}

/// Two samples of an image of which `value` gives sample, row, column and channel; `dirt` lies around it.
pub fn image(
    of: Pixels,
    dirt: Block,
    value: impl Fn(usize, usize, usize, usize) -> f32,
) -> Vec<Block> {
    let mut image = vec![dirt; 2 * of.blocks];
    for (sample, image) in image.chunks_exact_mut(of.blocks).enumerate() {
        for row in 0..of.rows {
            for column in 0..of.columns {
                for channel in 0..of.panels * LANES {
                    let block = &mut image[of.pixel([row, column]) + channel / LANES];
                    block.0[channel % LANES] = match channel < of.channels {
                        true => value(sample, row, column, channel),
                        false => 0.0,
                    };
                }
            }
        }
    }
    image
}

/// A number of an image.
pub fn at(of: Pixels, image: &[Block], [sample, row, column, channel]: [usize; 4]) -> f32 {
    let block = sample * of.blocks + of.pixel([row, column]) + channel / LANES;
    image[block].0[channel % LANES]
}

/// Checks that an image has zeros around its pixels.
pub fn assert_border(of: Pixels, image: &[Block]) {
    let mut clean = image.to_vec();
    for sample in clean.chunks_exact_mut(of.blocks) {
        of.clear_border(sample);
    }
    let bits = |image: &[Block]| -> Vec<u32> {
        let numbers = image.iter().flat_map(|block| block.0);
        numbers.map(f32::to_bits).collect()
    };
    assert!(bits(&clean) == bits(image), "zeros in the border");
}
