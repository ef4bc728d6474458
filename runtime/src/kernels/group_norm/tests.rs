use super::*;
use crate::{
    batch::{Batch, Place},
    kernels::activation::{Identity, Relu},
    simd::{self, Task},
};
use core::marker::PhantomData;
use std::{vec, vec::Vec};

const DIRTY: Block = Block([f32::NAN; LANES]);

/// So many channels of rows and columns of pixels, in a border of one pixel.
fn image(channels: usize, rows: usize, columns: usize) -> Pixels {
    let panels = channels.div_ceil(LANES);
    let row = (columns + 2) * panels;
    Pixels {
        blocks: (rows + 2) * row,
        first: row + panels,
        rows,
        columns,
        row,
        panels,
        channels,
    }
}

/// Numbers of no order, about one apart.
fn noise(index: usize) -> f32 {
    let hash = (index as u32 + 1).wrapping_mul(0x9e37_79b9);
    let hash = (hash ^ hash >> 15).wrapping_mul(0x85eb_ca6b);
    ((hash >> 8) as f32 / 8_388_608.0 - 1.0) * 1.7
}

/// The floats of a channel of a sample.
fn places(pixels: Pixels, channel: usize) -> impl Iterator<Item = usize> {
    let pixel = move |row: usize, column: usize| {
        let block = pixels.first + row * pixels.row + column * pixels.panels + channel / LANES;
        block * LANES + channel % LANES
    };
    (0..pixels.rows).flat_map(move |row| (0..pixels.columns).map(move |at| pixel(row, at)))
}

/// Samples of given numbers, zero in their padding and border.
fn samples(pixels: Pixels, count: usize, at: impl Fn(usize, usize) -> f32) -> Vec<Block> {
    let mut blocks = vec![Block::ZERO; count * pixels.blocks];
    for (sample, blocks) in blocks.chunks_mut(pixels.blocks).enumerate() {
        let floats = bytemuck::must_cast_slice_mut::<Block, f32>(blocks);
        for channel in 0..pixels.channels {
            for (index, place) in places(pixels, channel).enumerate() {
                floats[place] = at(channel, (sample * pixels.count() + index) * 67 + channel);
            }
        }
    }
    blocks
}

/// The numbers of each sample's groups; everything else is zero.
fn groups(pixels: Pixels, groups: usize, blocks: &[Block]) -> Vec<Vec<f64>> {
    let mut all = Vec::new();
    for sample in blocks.chunks(pixels.blocks) {
        let mut floats = bytemuck::must_cast_slice::<Block, f32>(sample).to_vec();
        let each = pixels.channels / groups;
        for first in (0..pixels.channels).step_by(each) {
            let channels = first..first + each;
            let places = channels.flat_map(|channel| places(pixels, channel));
            let take = |place: usize| f64::from(std::mem::take(&mut floats[place]));
            all.push(places.map(take).collect());
        }
        assert!(floats.iter().all(|&rest| rest == 0.0), "padding and border");
    }
    all
}

/// A batch's y, statistics, running statistics and dx.
struct Whole<'a, A> {
    pixels: Pixels,
    groups: usize,
    x: &'a [Block],
    dy: &'a [Block],
    activation: PhantomData<A>,
}

impl<A: Declared> Task for Whole<'_, A> {
    type Output = [Vec<Block>; 3];

    fn run<S: Isa>(self, s: S) -> [Vec<Block>; 3] {
        let (pixels, groups, x, dy) = (self.pixels, self.groups, self.x, self.dy);
        let (panels, count) = (pixels.panels, x.len() / pixels.blocks);
        let (mut y, mut dx) = (vec![DIRTY; x.len()], vec![DIRTY; x.len()]);
        let mut statistics = vec![DIRTY; count * 4 * panels];
        let fixed = Affine::Fixed;
        forward::<S, A>(s, x, fixed, &mut y, &mut statistics, pixels, groups, 1e-5);
        let (mut one, mut alone) = (vec![DIRTY; 3 * panels], vec![DIRTY; pixels.blocks]);
        let first = &x[..pixels.blocks];
        forward::<S, A>(s, first, fixed, &mut alone, &mut one, pixels, groups, 1e-5);
        let bits = |block: &Block| block.0.map(f32::to_bits);
        assert!(
            alone
                .iter()
                .map(bits)
                .eq(y[..pixels.blocks].iter().map(bits))
        );
        let mut terms = vec![DIRTY; count * 4 * panels];
        sums::<S, A>(s, x, dy, &statistics, fixed, &mut terms, pixels, groups);
        backward::<S, A, false>(s, x, dy, &statistics, &terms, fixed, &mut dx, pixels);
        let mut joined = vec![DIRTY; 4 * panels];
        let batch = Batch::new(&statistics, 4 * panels, count, count);
        join(
            s,
            batch.samples(Place::new(0, 4 * panels)),
            &mut joined,
            pixels.count(),
        );
        [y, joined, dx]
    }
}

fn run<A: Declared>(
    (pixels, groups): (Pixels, usize),
    [x, dy]: [&[Block]; 2],
    check: impl Fn([Vec<Block>; 3]),
) {
    for level in simd::levels() {
        std::println!("on {:?}", simd::set_of(level));
        let activation = PhantomData::<A>;
        check(simd::dispatch(
            level,
            Whole {
                pixels,
                groups,
                x,
                dy,
                activation,
            },
        ));
    }
}

/// Mean and biased variance by the definition.
fn definition(x: &[f64]) -> (f64, f64) {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let squares = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, squares / x.len() as f64)
}

/// Groups that end within blocks, single channels and all of them, means from zero to a thousand deviations, and
/// channels that are far from one another.
#[test]
fn groups_are_normalised_and_their_gradients_are_the_definitions() {
    for (pixels, count) in [
        (image(42, 3, 4), 3),
        (image(6, 20, 7), 2),
        (image(48, 1, 1), 2),
    ] {
        for number in [1, 3, pixels.channels] {
            if number == pixels.count() * pixels.channels {
                continue;
            }
            for far in [0.0, 1000.0] {
                let x = samples(pixels, count, |channel, index| {
                    noise(index) + far * (1.0 + channel as f32 / 64.0)
                });
                let dy = samples(pixels, count, |_, index| noise(index + 7));
                let wide = groups(pixels, number, &x);
                let deltas = groups(pixels, number, &dy);
                run::<Identity>((pixels, number), [&x, &dy], |[y, _, dx]| {
                    let (y, dx) = (groups(pixels, number, &y), groups(pixels, number, &dx));
                    for (group, x) in wide.iter().enumerate() {
                        let (mean, variance) = definition(x);
                        let inverse = 1.0 / (variance + 1e-5).sqrt();
                        let normal: Vec<f64> = x.iter().map(|x| (x - mean) * inverse).collect();
                        let d = &deltas[group];
                        let (all, _) = definition(d);
                        let along = normal.iter().zip(d).map(|(x, d)| x * d).sum::<f64>();
                        let along = along / x.len() as f64;
                        for (index, normal) in normal.iter().enumerate() {
                            assert!((y[group][index] - normal).abs() <= 2e-6);
                            let expected = inverse * (d[index] - all - normal * along);
                            let found = dx[group][index];
                            assert!(
                                (found - expected).abs() <= 8e-6 * inverse,
                                "{found} {expected}"
                            );
                        }
                    }
                });
            }
        }
    }
}

#[test]
fn running_statistics_are_the_means_of_those_of_samples() {
    let (pixels, count) = (image(18, 3, 4), 5);
    let x = samples(pixels, count, |channel, index| {
        noise(index) * 2.0 + channel as f32
    });
    let instances = groups(pixels, pixels.channels, &x);
    run::<Identity>((pixels, pixels.channels), [&x, &x], |[_, joined, _]| {
        for channel in 0..pixels.channels {
            let of_channel = instances.iter().skip(channel).step_by(pixels.channels);
            let all: Vec<_> = of_channel.map(|x| definition(x)).collect();
            let mean = all.iter().map(|(mean, _)| mean).sum::<f64>() / count as f64;
            let variance = all.iter().map(|(_, variance)| variance).sum::<f64>() / count as f64;
            let found = |place: usize| {
                f64::from(joined[place * pixels.panels + channel / LANES].0[channel % LANES])
            };
            assert!((found(0) - mean).abs() <= 1e-6 * mean.abs().max(1.0));
            let unbiased = variance * 12.0 / 11.0;
            assert!((found(3) - unbiased).abs() <= 1e-6 * unbiased);
        }
        assert!(joined[1].0[2..].iter().all(|&lane| lane == 0.0));
    });
}

/// NaN spoils its own group alone, and no padding.
#[test]
fn nan_stays() {
    for number in [1, 3, 42] {
        let pixels = image(42, 3, 4);
        let x = samples(pixels, 2, |channel, index| {
            if (channel, index) == (17, 5 * 67 + 17) {
                f32::NAN
            } else {
                noise(index)
            }
        });
        let dy = samples(pixels, 2, |_, index| noise(index));
        run::<Relu>((pixels, number), [&x, &dy], |[y, _, dx]| {
            for blocks in [y, dx] {
                let groups = groups(pixels, number, &blocks);
                let lost: Vec<_> = groups
                    .iter()
                    .map(|x| x.iter().all(|x| x.is_nan()))
                    .collect();
                let whole = |group: usize| group == 17 * number / 42;
                let expected: Vec<_> = (0..2 * number).map(whole).collect();
                assert_eq!(lost, expected);
            }
        });
    }
}
