use super::*;
use crate::{
    kernels::activation::{Identity, Relu, Sigmoid},
    simd::{self, Task},
};
use core::marker::PhantomData;
use std::{vec, vec::Vec};

mod sums;

const DIRTY: Block = Block([f32::NAN; LANES]);

/// So many channels of rows and columns of pixels, in a border of one pixel if there is to be one.
fn image(channels: usize, rows: usize, columns: usize, border: usize) -> Pixels {
    let panels = channels.div_ceil(LANES);
    let row = (columns + 2 * border) * panels;
    Pixels {
        blocks: (rows + 2 * border) * row,
        first: border * (row + panels),
        rows,
        columns,
        row,
        panels,
        channels,
    }
}

fn rule(norm: Norm, whole: bool, eps: f32) -> Rule {
    Rule { norm, whole, eps }
}

/// Numbers of no order, about one apart.
fn noise(index: usize) -> f32 {
    let hash = (index as u32 + 1).wrapping_mul(0x9e37_79b9);
    let hash = (hash ^ hash >> 15).wrapping_mul(0x85eb_ca6b);
    ((hash >> 8) as f32 / 8_388_608.0 - 1.0) * 1.7
}

/// The floats of a sample that hold numbers: pixel by pixel, channel by channel.
fn places(pixels: Pixels) -> Vec<usize> {
    let pixel = |row: usize, column: usize| {
        (pixels.first + row * pixels.row + column * pixels.panels) * LANES
    };
    let rows = (0..pixels.rows).flat_map(|row| (0..pixels.columns).map(move |at| (row, at)));
    rows.flat_map(|(row, column)| (0..pixels.channels).map(move |at| pixel(row, column) + at))
        .collect()
}

/// Samples of given numbers, zero in their padding and dirty in their border.
fn samples(pixels: Pixels, count: usize, at: impl Fn(usize) -> f32) -> Vec<Block> {
    let mut blocks = vec![DIRTY; count * pixels.blocks];
    let places = places(pixels);
    for sample in 0..count {
        let blocks = &mut blocks[sample * pixels.blocks..][..pixels.blocks];
        for row in 0..pixels.rows {
            pixels.row_mut(blocks, row).fill(Block::ZERO);
        }
        let floats = must_cast_slice_mut::<Block, f32>(blocks);
        for (index, place) in places.iter().enumerate() {
            floats[*place] = at(sample * places.len() + index);
        }
    }
    blocks
}

/// The numbers of all units, of so many numbers each; everything else is zero.
fn units(pixels: Pixels, rule: Rule, blocks: &[Block]) -> Vec<Vec<f64>> {
    let places = places(pixels);
    let each = if rule.whole {
        places.len()
    } else {
        pixels.channels
    };
    let mut units = Vec::new();
    for sample in blocks.chunks(pixels.blocks) {
        let mut floats = bytemuck::must_cast_slice::<Block, f32>(sample).to_vec();
        let numbers: Vec<f64> = places
            .iter()
            .map(|&place| f64::from(floats[place]))
            .collect();
        units.extend(numbers.chunks(each).map(<[f64]>::to_vec));
        places.iter().for_each(|&place| floats[place] = 0.0);
        assert!(floats.iter().all(|&rest| rest == 0.0), "padding and border");
    }
    units
}

/// Weights of a unit: for a whole sample as it lies without its border.
fn weights(pixels: Pixels, rule: Rule, seed: usize) -> Vec<Block> {
    let flat = match rule.whole {
        true => image(pixels.channels, pixels.rows, pixels.columns, 0),
        false => image(pixels.channels, 1, 1, 0),
    };
    samples(flat, 1, |index| noise(seed + index) + 0.5)
}

struct Pass {
    y: Vec<Block>,
    sums: Vec<Block>,
    dx: Vec<Block>,
}

/// Everything a batch goes through.
struct Whole<'a, A> {
    pixels: Pixels,
    rule: Rule,
    x: &'a [Block],
    dy: &'a [Block],
    affine: Affine<'a>,
    activation: PhantomData<A>,
}

impl<A: Declared> Task for Whole<'_, A> {
    type Output = Pass;

    fn run<S: Isa>(self, s: S) -> Pass {
        let Self {
            pixels,
            rule,
            x,
            dy,
            affine,
            ..
        } = self;
        let count = x.len() / pixels.blocks;
        let (units, blocks) = match rule.whole {
            true => (1, pixels.count() * pixels.panels),
            false => (pixels.count(), pixels.panels),
        };
        let kept = (units * rule.kept()).div_ceil(LANES);
        let mut y = vec![DIRTY; x.len()];
        let mut statistics = vec![DIRTY; count * kept];
        forward::<S, A>(s, x, affine, &mut y, &mut statistics, pixels, rule);
        let mut alone = vec![DIRTY; x.len()];
        for (x, alone) in x.chunks(pixels.blocks).zip(alone.chunks_mut(pixels.blocks)) {
            infer::<S, A>(s, x, affine, alone, pixels, rule);
        }
        let bits = |blocks: &[Block]| -> Vec<u32> {
            blocks
                .iter()
                .flat_map(|block| block.0.map(f32::to_bits))
                .collect()
        };
        assert!(bits(&y) == bits(&alone), "one sample and many");
        let mut terms = vec![DIRTY; count * units.div_ceil(4096) * 2 * blocks];
        sums(s, x, dy, &statistics, &mut terms, pixels, rule, 2);
        let mut dx = vec![Block([1.0; LANES]); x.len()];
        backward::<S, false>(s, x, dy, &statistics, affine.weight, &mut dx, pixels, rule);
        let mut twice = dx.clone();
        backward::<S, true>(
            s,
            x,
            dy,
            &statistics,
            affine.weight,
            &mut twice,
            pixels,
            rule,
        );
        for (once, twice) in dx.iter().zip(&twice) {
            for (once, twice) in once.0.iter().zip(twice.0) {
                let apart = (twice - 2.0 * once).abs();
                assert!(once.is_nan() || apart <= 1e-6 * once.abs().max(1e-6));
            }
        }
        let sums = terms;
        Pass { y, sums, dx }
    }
}

fn run<A: Declared>(
    (pixels, rule): (Pixels, Rule),
    [x, dy]: [&[Block]; 2],
    affine: Affine<'_>,
    check: impl Fn(&Pass),
) {
    for level in simd::levels() {
        std::println!("on {:?}", simd::set_of(level));
        check(&simd::dispatch(
            level,
            Whole::<A> {
                pixels,
                rule,
                x,
                dy,
                affine,
                activation: PhantomData,
            },
        ));
    }
}

/// Mean and r by the definition.
fn definition(x: &[f64], rule: Rule) -> (f64, f64) {
    let (count, eps) = (x.len() as f64, f64::from(rule.eps));
    let mean = match rule.norm {
        Norm::Layer => x.iter().sum::<f64>() / count,
        Norm::Rms | Norm::Length => 0.0,
    };
    let squares = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let inverse = match rule.norm {
        Norm::Length => 1.0 / squares.sqrt().max(eps),
        Norm::Layer | Norm::Rms => 1.0 / (squares / count + eps).sqrt(),
    };
    (mean, inverse)
}

/// f(g x^ + b) of the numbers of a unit.
fn scaled(x: &[f64], rule: Rule, weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let (mean, inverse) = definition(x, rule);
    let parts = x.iter().zip(weight).zip(bias);
    parts
        .map(|((x, g), b)| (x - mean) * inverse * g + b)
        .collect()
}

/// Layouts and rules: vectors, steps, images in borders, whole ones of full and of padded blocks, and long ones.
fn cases() -> Vec<(Pixels, Rule, usize)> {
    let mut cases = Vec::new();
    for norm in [Norm::Layer, Norm::Rms, Norm::Length] {
        for (pixels, count) in [
            (image(5, 1, 1, 0), 37),
            (image(64, 1, 1, 0), 18),
            (image(131, 3, 1, 0), 3),
            (image(17, 3, 5, 1), 3),
            (image(32, 2, 9, 1), 2),
            (image(700, 1, 2, 0), 2),
        ] {
            cases.push((pixels, rule(norm, false, 1e-5), count));
            cases.push((pixels, rule(norm, true, 0.125), count));
        }
        cases.push((image(18, 1, 1, 0), rule(norm, false, 100.0), 3));
    }
    cases
}

#[test]
fn units_are_normalised_and_their_gradients_are_those_of_differences() {
    for (pixels, rule, count) in cases() {
        let x = samples(pixels, count, |index| noise(index) * 2.0 + 0.5);
        let dy = samples(pixels, count, |index| noise(index + 7));
        let (weight, bias) = (weights(pixels, rule, 3), weights(pixels, rule, 50));
        let affine = Affine {
            weight: &weight,
            bias: &bias,
        };
        let flat = match rule.whole {
            true => image(pixels.channels, pixels.rows, pixels.columns, 0),
            false => image(pixels.channels, 1, 1, 0),
        };
        let of = |part: &[Block]| units(flat, rule, part).concat();
        let (g, b) = (of(&weight), of(&bias));
        let clean = |blocks: &[Block]| {
            let mut blocks = blocks.to_vec();
            for sample in blocks.chunks_mut(pixels.blocks) {
                pixels.clear_border(sample);
            }
            units(pixels, rule, &blocks)
        };
        let (wide_x, wide_dy) = (clean(&x), clean(&dy));
        run::<Identity>((pixels, rule), [&x, &dy], affine, |pass| {
            let (y, dx) = (units(pixels, rule, &pass.y), units(pixels, rule, &pass.dx));
            let mut gradients = vec![[0.0; 2]; g.len()];
            for (unit, (x, d)) in wide_x.iter().zip(&wide_dy).enumerate() {
                let expected = scaled(x, rule, &g, &b);
                let largest = expected.iter().fold(1.0_f64, |most, y| most.max(y.abs()));
                for (y, expected) in y[unit].iter().zip(&expected) {
                    assert!((y - expected).abs() <= 2e-6 * largest, "{y} {expected}");
                }
                let (mean, inverse) = definition(x, rule);
                for (index, gradient) in gradients.iter_mut().enumerate() {
                    gradient[0] += d[index] * (x[index] - mean) * inverse;
                    gradient[1] += d[index];
                }
                // Some coordinates, by differences.
                for index in [0, x.len() / 2, x.len() - 1] {
                    let loss = |way: f64| {
                        let mut moved = x.clone();
                        moved[index] += way;
                        let y = scaled(&moved, rule, &g, &b);
                        y.iter().zip(d).map(|(y, d)| y * d).sum::<f64>()
                    };
                    let expected = (loss(1e-5) - loss(-1e-5)) / 2e-5;
                    let found = dx[unit][index];
                    assert!(
                        (found - expected).abs() <= 1e-5 * inverse.max(expected.abs()),
                        "{found} {expected} {rule:?} {pixels:?}"
                    );
                }
            }
            let total = |kind: usize, index: usize| {
                let blocks = weight.len();
                let pixel = index / pixels.channels * pixels.panels * LANES;
                let place = kind * blocks * LANES + pixel + index % pixels.channels;
                let each = pass.sums.chunks(2 * blocks);
                each.map(|sums| f64::from(bytemuck::must_cast_slice::<Block, f32>(sums)[place]))
                    .sum::<f64>()
            };
            for (index, gradient) in gradients.iter().enumerate() {
                for (kind, expected) in gradient.iter().enumerate() {
                    let found = total(kind, index);
                    let apart = (found - expected).abs();
                    assert!(
                        apart <= 1e-5 * expected.abs().max(1.0),
                        "{found} {expected}"
                    );
                }
            }
        });
    }
}

/// Against double precision: means from zero to a thousand deviations, and units of up to 300,000 numbers.
#[test]
fn statistics_are_exact() {
    for (pixels, whole, count) in [
        (image(48, 1, 1, 0), false, 20),
        (image(17, 9, 9, 1), true, 2),
        (image(16, 300, 2, 0), true, 1),
        (image(300_000, 1, 1, 0), false, 1),
    ] {
        for far in [0.0, 30.0, 1000.0] {
            // The long one takes a while without optimisation.
            if far < 1000.0 && pixels.channels > 1000 {
                continue;
            }
            let rule = rule(Norm::Layer, whole, 1e-5);
            let x = samples(pixels, count, |index| noise(index) + far);
            let mut clean = x.clone();
            for sample in clean.chunks_mut(pixels.blocks) {
                pixels.clear_border(sample);
            }
            let wide = units(pixels, rule, &clean);
            let affine = Affine {
                weight: &[],
                bias: &[],
            };
            let dy = vec![Block::ZERO; x.len()];
            run::<Identity>((pixels, rule), [&x, &dy], affine, |pass| {
                for (x, y) in wide.iter().zip(units(pixels, rule, &pass.y)) {
                    let (mean, inverse) = definition(x, rule);
                    for (x, y) in x.iter().zip(y) {
                        assert!((y - (x - mean) * inverse).abs() <= 2e-6, "{y} at {far}");
                    }
                }
            });
        }
    }
}

#[test]
fn activations_come_last_and_padding_stays_zero() {
    let (pixels, rule) = (image(17, 3, 5, 1), rule(Norm::Layer, false, 1e-5));
    let x = samples(pixels, 3, noise);
    let affine = Affine {
        weight: &[],
        bias: &[],
    };
    let plain = std::cell::RefCell::new(Vec::new());
    run::<Identity>((pixels, rule), [&x, &x], affine, |pass| {
        plain
            .borrow_mut()
            .push(units(pixels, rule, &pass.y).concat());
    });
    let near = |y: &[Block], f: &dyn Fn(f64) -> f64| {
        let y = units(pixels, rule, y).concat();
        let alike = |plain: &Vec<f64>| {
            plain
                .iter()
                .zip(&y)
                .all(|(plain, y)| (f(*plain) - y).abs() < 1e-6)
        };
        assert!(plain.borrow().iter().any(alike));
    };
    run::<Relu>((pixels, rule), [&x, &x], affine, |pass| {
        near(&pass.y, &|y| y.max(0.0));
    });
    run::<Sigmoid>((pixels, rule), [&x, &x], affine, |pass| {
        near(&pass.y, &|y| 1.0 / (1.0 + (-y).exp()));
    });
}

/// NaN and infinities spoil their own unit alone, and no padding.
#[test]
fn nan_stays() {
    for norm in [Norm::Layer, Norm::Rms, Norm::Length] {
        for bad in [f32::NAN, f32::INFINITY] {
            let (pixels, rule) = (image(17, 3, 5, 1), rule(norm, false, 1e-5));
            let x = samples(
                pixels,
                2,
                |index| if index == 40 { bad } else { noise(index) },
            );
            let dy = samples(pixels, 2, noise);
            let affine = Affine {
                weight: &[],
                bias: &[],
            };
            run::<Identity>((pixels, rule), [&x, &dy], affine, |pass| {
                let y = units(pixels, rule, &pass.y);
                let lost: Vec<bool> = y
                    .iter()
                    .map(|unit| unit.iter().any(|y| y.is_nan()))
                    .collect();
                let expected: Vec<bool> = (0..y.len()).map(|unit| unit == 40 / 17).collect();
                assert_eq!(lost, expected);
                units(pixels, rule, &pass.dx);
                let last = pass.sums.iter().skip(1).step_by(2);
                assert!(
                    last.flat_map(|block| &block.0[1..])
                        .all(|&lane| lane == 0.0)
                );
            });
        }
    }
}
