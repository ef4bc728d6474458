use super::*;
use crate::{
    block::{Block, LANES},
    kernels::{
        pixels::Pixels,
        pool::tests::{assert_border, at, image},
    },
    simd::{self, Isa, Task},
};
use std::{vec, vec::Vec};

const DIRTY: Block = Block([f32::NAN; LANES]);

/// A resampling of an image in a border: channels, rows and columns before and after, and how their places are found.
#[derive(Clone, Copy)]
struct Case {
    channels: usize,
    size: [usize; 2],
    outputs: [usize; 2],
    rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Nearest,
    HalfPixels,
    Corners,
}

impl Case {
    fn source(&self, axis: usize) -> Source {
        let (size, outputs) = (self.size[axis] as f32, self.outputs[axis] as f32);
        let (scale, before, after) = match self.rule {
            Rule::Nearest => (size / outputs, 0.0, 0.0),
            Rule::HalfPixels => (size / outputs, 0.5, 0.5),
            Rule::Corners if outputs == 1.0 => (0.0, 0.0, 0.0),
            Rule::Corners => ((size - 1.0) / (outputs - 1.0), 0.0, 0.0),
        };
        Source {
            scale,
            before,
            after,
        }
    }

    /// The pixels that an output is made of, and their weights.
    fn weights(&self, axis: usize, output: usize) -> Vec<(usize, f64)> {
        let (size, outputs) = (self.size[axis], self.outputs[axis]);
        let place = match self.rule {
            Rule::Nearest => return vec![(output * size / outputs, 1.0)],
            Rule::HalfPixels => (output as f64 + 0.5) * size as f64 / outputs as f64 - 0.5,
            Rule::Corners if outputs == 1 => 0.0,
            Rule::Corners => (output * (size - 1)) as f64 / (outputs - 1) as f64,
        };
        let place = place.max(0.0);
        let pixel = (place.floor() as usize).min(size - 1);
        let next = (pixel + 1).min(size - 1);
        let weight = if next > pixel {
            place - pixel as f64
        } else {
            0.0
        };
        vec![(pixel, 1.0 - weight), (next, weight)]
    }

    fn pixels(&self) -> (Pixels, Pixels) {
        let panels = self.channels.div_ceil(LANES);
        let of = |[rows, columns]: [usize; 2], top: usize, left: usize| {
            let row = (left + columns + 1) * panels;
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
        (of(self.size, 1, 0), of(self.outputs, 0, 2))
    }
}

fn value(sample: usize, row: usize, column: usize, channel: usize) -> f32 {
    ((row * 7 + column * 3 + channel * 5 + row * column + sample) % 19) as f32 / 8.0 - 1.0
}

fn slope(sample: usize, row: usize, column: usize, channel: usize) -> f32 {
    1.0 + value(sample, column, row, channel)
}

impl Task for Case {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let pixels @ (of_x, of_y) = self.pixels();
        let sources = (self.source(0), self.source(1));
        let linear = self.rule != Rule::Nearest;
        let x = image(of_x, DIRTY, value);
        let dy = image(of_y, DIRTY, slope);
        let mut y = vec![DIRTY; 2 * of_y.blocks];
        forward(s, &x, &mut y, pixels, sources, linear);
        assert_border(of_y, &y);
        let mut dx = vec![DIRTY; 2 * of_x.blocks];
        backward(s, &dy, &mut dx, (of_y, of_x), sources, linear, false);
        let mut twice = dx.clone();
        backward(s, &dy, &mut twice, (of_y, of_x), sources, linear, true);
        for sample in 0..2 {
            for channel in 0..of_x.panels * LANES {
                let mut slopes = vec![0.0; of_x.count()];
                for row in 0..of_y.rows {
                    for column in 0..of_y.columns {
                        let place = [sample, row, column, channel];
                        let mut expected = 0.0;
                        for (r, high) in self.weights(0, row) {
                            for (c, wide) in self.weights(1, column) {
                                let x = at(of_x, &x, [sample, r, c, channel]);
                                expected += high * wide * f64::from(x);
                                let slope = f64::from(at(of_y, &dy, place));
                                slopes[r * of_x.columns + c] += high * wide * slope;
                            }
                        }
                        self.close(at(of_y, &y, place), expected);
                    }
                }
                for row in 0..of_x.rows {
                    for column in 0..of_x.columns {
                        let place = [sample, row, column, channel];
                        let slope = slopes[row * of_x.columns + column];
                        self.close(at(of_x, &dx, place), slope);
                        self.close(at(of_x, &twice, place), 2.0 * slope);
                    }
                }
            }
        }
    }
}

impl Case {
    #[track_caller]
    fn close(&self, found: f32, expected: f64) {
        let error = (f64::from(found) - expected).abs();
        assert!(
            error <= 1e-5 * (1.0 + expected.abs()),
            "{:?} of {:?} to {:?}: {found} for {expected}",
            self.rule,
            self.size,
            self.outputs
        );
    }
}

#[test]
fn images_are_resampled_and_gradients_gathered() {
    let sizes = [
        ([4, 5], [8, 10]),
        ([3, 4], [7, 9]),
        ([7, 9], [3, 4]),
        ([9, 8], [2, 2]),
        ([1, 1], [3, 70]),
        ([1, 40], [1, 130]),
        ([5, 1], [140, 1]),
        ([6, 3], [1, 1]),
        ([2, 2], [2, 2]),
    ];
    for level in simd::levels() {
        std::println!("{:?}", simd::set_of(level));
        for rule in [Rule::Nearest, Rule::HalfPixels, Rule::Corners] {
            for (size, outputs) in sizes {
                for channels in [3, 32, 100] {
                    let case = Case {
                        channels,
                        size,
                        outputs,
                        rule,
                    };
                    simd::dispatch(level, case);
                }
            }
        }
    }
}
