use super::*;
use crate::{
    block::LANES,
    kernels::pool::tests::{CASES, Case, assert_border, at, image},
    simd::{self, Task},
};
use std::{vec, vec::Vec};

const DIRTY: Block = Block([f32::NAN; LANES]);

fn value(sample: usize, row: usize, column: usize, channel: usize) -> f32 {
    ((row * 7 + column * 3 + channel * 5 + row * column + sample) % 19) as f32 / 8.0 - 1.0
}

fn slope(sample: usize, row: usize, column: usize, channel: usize) -> f32 {
    1.0 + value(sample, column, row, channel)
}

struct Judge(Case, bool);

impl Task for Judge {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let Self(case, pad) = self;
        let pixels @ (of_x, of_y) = case.pixels();
        let rules = (case.rules[0], case.rules[1]);
        let x = image(of_x, DIRTY, value);
        let dy = image(of_y, DIRTY, slope);
        let mut y = vec![DIRTY; 2 * of_y.blocks];
        forward(s, &x, &mut y, pixels, rules, pad);
        assert_border(of_y, &y);
        let mut dx = vec![DIRTY; 2 * of_x.blocks];
        backward(s, &dy, &mut dx, (of_y, of_x), rules, pad, false);
        let mut twice = dx.clone();
        backward(s, &dy, &mut twice, (of_y, of_x), rules, pad, true);
        let windows = |axis: usize| -> Vec<_> {
            (0..case.outputs[axis])
                .map(|at| case.window(axis, at))
                .collect()
        };
        let (rows, columns) = (windows(0), windows(1));
        for sample in 0..2 {
            for channel in 0..of_x.panels * LANES {
                let mut shares = vec![0.0; of_x.count()];
                for (row, (down, high)) in rows.iter().enumerate() {
                    for (column, (across, wide)) in columns.iter().enumerate() {
                        let place = [sample, row, column, channel];
                        let count = match pad {
                            true => high * wide,
                            false => down.len() * across.len(),
                        } as f64;
                        let mut sum = 0.0;
                        let share = f64::from(at(of_y, &dy, place)) / count;
                        for &(r, _) in down {
                            for &(c, _) in across {
                                sum += f64::from(at(of_x, &x, [sample, r, c, channel]));
                                shares[r * of_x.columns + c] += share;
                            }
                        }
                        close(&case, at(of_y, &y, place), sum / count);
                    }
                }
                for row in 0..of_x.rows {
                    for column in 0..of_x.columns {
                        let place = [sample, row, column, channel];
                        let share = shares[row * of_x.columns + column];
                        close(&case, at(of_x, &dx, place), share);
                        close(&case, at(of_x, &twice, place), 2.0 * share);
                    }
                }
            }
        }
    }
}

#[track_caller]
fn close(case: &Case, found: f32, expected: f64) {
    let error = (f64::from(found) - expected).abs();
    assert!(
        error <= 2e-6 * (1.0 + expected.abs()),
        "{}: {found} for {expected}",
        case.name
    );
}

#[test]
fn windows_give_their_mean_and_share_its_gradient_out() {
    for level in simd::levels() {
        std::println!("{:?}", simd::set_of(level));
        for &case in CASES {
            for pad in [false, true] {
                simd::dispatch(level, Judge(case, pad));
            }
        }
    }
}

#[test]
fn a_mean_of_many_numbers_keeps_its_digits() {
    struct Long;
    impl Task for Long {
        type Output = f32;
        fn run<S: Isa>(self, s: S) -> f32 {
            let of = |columns| Pixels {
                blocks: columns,
                first: 0,
                rows: 1,
                columns,
                row: columns,
                panels: 1,
                channels: 16,
            };
            const SIZE: usize = 1 << 20;
            let rule = |kernel| Rule::Sliding {
                kernel,
                stride: kernel,
                dilation: 1,
                padding: 0,
            };
            // A single chain would lose the last digits: 0.1 is added to a hundred thousand.
            let (x, mut y) = (vec![Block([0.1; LANES]); SIZE], [DIRTY]);
            forward(
                s,
                &x,
                &mut y,
                (of(SIZE), of(1)),
                (rule(1), rule(SIZE)),
                true,
            );
            y[0].0[3]
        }
    }
    for level in simd::levels() {
        let mean = simd::dispatch(level, Long);
        assert!((mean - 0.1).abs() < 1e-6, "{mean}");
    }
}
