use super::*;
use crate::{
    block::LANES,
    kernels::pool::tests::{CASES, Case, assert_border, at, image},
    simd::{self, Task},
};
use std::{vec, vec::Vec};

const DIRTY: Block = Block([f32::NAN; LANES]);

/// Values with many ties, so that the first of equal maxima matters, and NaN in one channel.
fn value(sample: usize, row: usize, column: usize, channel: usize) -> f32 {
    let number = row * 7 + column * 3 + channel * 5 + row * column + sample;
    match channel == 2 && number % 11 == 3 {
        true => f32::NAN,
        false => (number % 9) as f32 - 6.0,
    }
}

fn slope(sample: usize, row: usize, column: usize, channel: usize) -> f32 {
    (1 + (sample + row * 5 + column + channel) % 8) as f32
}

struct Judge(Case);

impl Task for Judge {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let case = self.0;
        let (of_x, of_y) = case.pixels();
        let rules = (case.rules[0], case.rules[1]);
        let axes = axes(rules, of_x, of_y);
        let window = axes[0].longest() * axes[1].longest();
        let x = image(of_x, DIRTY, value);
        let dy = image(of_y, DIRTY, slope);
        let (mut y, mut again) = (vec![DIRTY; 2 * of_y.blocks], vec![DIRTY; 2 * of_y.blocks]);
        let mut won = vec![DIRTY; 2 * winners::blocks(of_y.count(), of_y.panels, window)];
        forward(s, &x, &mut y, (of_x, of_y), rules);
        forward_winners(s, &x, &mut again, &mut won, (of_x, of_y), rules);
        let bits = |image: &[Block]| -> Vec<u32> {
            let numbers = image.iter().flat_map(|block| block.0);
            numbers.map(f32::to_bits).collect()
        };
        // A NaN may be another NaN.
        let equal = bits(&y)
            .iter()
            .zip(bits(&again))
            .all(|(&a, b)| a == b || f32::from_bits(a).is_nan() && f32::from_bits(b).is_nan());
        assert!(equal, "{}: with winners and without", case.name);
        assert_border(of_y, &y);
        let mut dx = vec![DIRTY; 2 * of_x.blocks];
        backward(s, &dy, &won, &mut dx, (of_y, of_x), rules, false);
        let mut twice = dx.clone();
        backward(s, &dy, &won, &mut twice, (of_y, of_x), rules, true);
        for sample in 0..2 {
            for channel in 0..of_x.panels * LANES {
                let mut expected = vec![0.0; of_x.count()];
                for row in 0..of_y.rows {
                    for column in 0..of_y.columns {
                        let place = [sample, row, column, channel];
                        let (best, pixel) = largest(&case, &x, place);
                        let found = at(of_y, &y, place);
                        assert!(
                            found == best || found.is_nan() && best.is_nan(),
                            "{}: {found} for {best} at {place:?}",
                            case.name
                        );
                        expected[pixel] += at(of_y, &dy, place);
                    }
                }
                for row in 0..of_x.rows {
                    for column in 0..of_x.columns {
                        let place = [sample, row, column, channel];
                        let expected = expected[row * of_x.columns + column];
                        assert_eq!(at(of_x, &dx, place), expected, "{} {place:?}", case.name);
                        assert_eq!(at(of_x, &twice, place), 2.0 * expected, "{}", case.name);
                    }
                }
            }
        }
    }
}

/// The largest of a window, and its pixel: the first of equals, and the last NaN.
fn largest(case: &Case, x: &[Block], [sample, row, column, channel]: [usize; 4]) -> (f32, usize) {
    let of = case.pixels().0;
    let mut best = (f32::NEG_INFINITY, 0);
    for (r, _) in case.window(0, row).0 {
        for (c, _) in case.window(1, column).0 {
            let value = at(of, x, [sample, r, c, channel]);
            if value > best.0 || value.is_nan() {
                best = (value, r * of.columns + c);
            }
        }
    }
    best
}

#[test]
fn windows_give_their_largest_number_and_its_gradient() {
    for level in simd::levels() {
        std::println!("{:?}", simd::set_of(level));
        for &case in CASES {
            simd::dispatch(level, Judge(case));
        }
    }
}

#[test]
fn minus_infinity_wins_where_there_is_nothing_else() {
    struct Low;
    impl Task for Low {
        type Output = ();
        fn run<S: Isa>(self, s: S) {
            let of = |columns| Pixels {
                blocks: columns,
                first: 0,
                rows: 1,
                columns,
                row: columns,
                panels: 1,
                channels: 16,
            };
            let one = Rule::Sliding {
                kernel: 1,
                stride: 1,
                dilation: 1,
                padding: 0,
            };
            for size in [2, 40] {
                let two = Rule::Sliding {
                    kernel: size,
                    stride: size,
                    dilation: 1,
                    padding: 0,
                };
                let (x, dy) = (
                    vec![Block([f32::NEG_INFINITY; LANES]); size],
                    [Block([1.0; LANES])],
                );
                let (mut y, mut won, mut dx) = ([DIRTY], [DIRTY], vec![DIRTY; size]);
                let pixels = (of(size), of(1));
                forward_winners(s, &x, &mut y, &mut won, pixels, (one, two));
                assert_eq!(y, x[..1]);
                backward(s, &dy, &won, &mut dx, (of(1), of(size)), (one, two), false);
                assert_eq!(dx[0], Block([1.0; LANES]));
                assert_eq!(dx[1..], vec![Block::ZERO; size - 1]);
            }
        }
    }
    for level in simd::levels() {
        simd::dispatch(level, Low);
    }
}
