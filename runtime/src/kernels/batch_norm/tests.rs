use super::*;
use crate::{
    batch::{Batch, Place},
    kernels::activation::{Identity, Relu, Sigmoid},
    simd::{self, Task},
};
use std::{vec, vec::Vec};

mod follow;
mod fused;
mod long;

const DIRTY: Block = Block([f32::NAN; LANES]);
const EPS: f32 = 1e-5;

/// Seventeen channels of 3 x 5 pixels in a border of one.
const IMAGE: Pixels = Pixels {
    blocks: 5 * 7 * 2,
    first: 7 * 2 + 2,
    rows: 3,
    columns: 5,
    row: 7 * 2,
    panels: 2,
    channels: 17,
};

/// Five features.
const FEATURES: Pixels = Pixels {
    blocks: 1,
    first: 0,
    rows: 1,
    columns: 1,
    row: 1,
    panels: 1,
    channels: 5,
};

/// A channel's places in a sample, in floats.
fn places(pixels: Pixels, channel: usize) -> impl Iterator<Item = usize> {
    let rows = (0..pixels.rows).map(move |row| pixels.first + row * pixels.row);
    let blocks = rows
        .flat_map(move |row| (0..pixels.columns).map(move |column| row + column * pixels.panels));
    blocks.map(move |block| (block + channel / LANES) * LANES + channel % LANES)
}

/// Numbers of no order, about one apart.
fn noise(index: usize) -> f32 {
    let hash = (index as u32 + 1).wrapping_mul(0x9e37_79b9);
    let hash = (hash ^ hash >> 15).wrapping_mul(0x85eb_ca6b);
    ((hash >> 8) as f32 / 8_388_608.0 - 1.0) * 1.7
}

/// Samples whose pixels are given, in dirt; padding lanes are zero.
fn samples(pixels: Pixels, count: usize, at: impl Fn(usize, usize) -> f32) -> Vec<Block> {
    let mut blocks = vec![DIRTY; count * pixels.blocks];
    let floats = bytemuck::must_cast_slice_mut::<Block, f32>(&mut blocks);
    for sample in 0..count {
        for channel in 0..pixels.panels * LANES {
            for (index, place) in places(pixels, channel).enumerate() {
                let index = (sample * pixels.count() + index) * 31 + channel;
                let place = sample * pixels.blocks * LANES + place;
                let real = channel < pixels.channels;
                floats[place] = if real { at(channel, index) } else { 0.0 };
            }
        }
    }
    blocks
}

/// All numbers of a channel, sample by sample.
fn numbers(pixels: Pixels, blocks: &[Block], channel: usize) -> Vec<f64> {
    let each = |sample: &[Block]| {
        let floats = bytemuck::must_cast_slice::<Block, f32>(sample).to_vec();
        places(pixels, channel)
            .map(move |place| f64::from(floats[place]))
            .collect::<Vec<_>>()
    };
    blocks.chunks(pixels.blocks).flat_map(each).collect()
}

/// Everything a batch goes through.
struct Pass {
    statistics: Vec<Block>,
    sums: Vec<Block>,
    y: Vec<Block>,
    dx: Vec<Block>,
}

struct Whole<'a, A> {
    pixels: Pixels,
    x: &'a [Block],
    dy: &'a [Block],
    affine: Affine<'a>,
    activation: core::marker::PhantomData<A>,
}

/// Samples that lie one after another.
fn batch(blocks: &[Block], each: usize) -> Samples<'_> {
    Batch::new(blocks, each, blocks.len() / each, blocks.len() / each).samples(Place::new(0, each))
}

impl<A: Declared> Task for Whole<'_, A> {
    type Output = Pass;

    fn run<S: Isa>(self, s: S) -> Pass {
        let Self {
            pixels,
            x,
            dy,
            affine,
            ..
        } = self;
        let (count, panels) = (x.len() / pixels.blocks, pixels.panels);
        let mut of_samples = vec![DIRTY; count * 3 * panels];
        moments(s, x, &mut of_samples, pixels);
        let mut statistics = vec![DIRTY; 4 * panels];
        join(
            s,
            batch(&of_samples, 3 * panels),
            &mut statistics,
            pixels,
            EPS,
        );
        let mut y = vec![DIRTY; x.len()];
        forward::<S, A>(s, x, &statistics, affine, &[], &mut y, pixels);
        let mut of_deltas = vec![DIRTY; count * 2 * panels];
        sums::<S, Identity>(s, x, dy, &statistics, affine, &mut of_deltas, pixels);
        let mut of_batch = vec![DIRTY; 2 * panels];
        means(s, batch(&of_deltas, 2 * panels), &mut of_batch, pixels);
        let mut dx = vec![Block([1.0; LANES]); x.len()];
        backward::<S, Identity, false>(s, x, dy, &statistics, &of_batch, affine, &mut dx, pixels);
        let mut twice = dx.clone();
        backward::<S, Identity, true>(s, x, dy, &statistics, &of_batch, affine, &mut twice, pixels);
        for channel in 0..pixels.channels {
            let pairs = numbers(pixels, &dx, channel)
                .into_iter()
                .zip(numbers(pixels, &twice, channel));
            for (once, twice) in pairs {
                let apart = (twice - 2.0 * once).abs();
                assert!(once.is_nan() || apart <= 1e-6 * once.abs().max(1e-6));
            }
        }
        Pass {
            statistics,
            sums: of_deltas,
            y,
            dx,
        }
    }
}

fn run<A: Declared>(
    pixels: Pixels,
    x: &[Block],
    dy: &[Block],
    affine: Affine<'_>,
    check: impl Fn(&Pass),
) {
    for level in simd::levels() {
        std::println!("on {:?}", simd::set_of(level));
        let activation = core::marker::PhantomData::<A>;
        check(&simd::dispatch(
            level,
            Whole {
                pixels,
                x,
                dy,
                affine,
                activation,
            },
        ));
    }
}

/// Mean and biased variance by the definition.
fn definition(x: &[f64]) -> (f64, f64) {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (
        mean,
        x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64,
    )
}

#[test]
fn a_batch_is_normalised_and_its_gradient_is_the_definitions() {
    for (pixels, count) in [(IMAGE, 4), (FEATURES, 9), (IMAGE, 1)] {
        let x = samples(pixels, count, |channel, index| {
            noise(index) * (1.0 + channel as f32) + channel as f32
        });
        let dy = samples(pixels, count, |_, index| noise(index + 7));
        let part = |seed: usize| {
            let number = |index: usize| {
                if index < pixels.channels {
                    noise(seed + index)
                } else {
                    0.0
                }
            };
            let block = |panel| Block(core::array::from_fn(|lane| number(panel * LANES + lane)));
            (0..pixels.panels).map(block).collect::<Vec<_>>()
        };
        let (weight, bias) = (part(3), part(50));
        let affine = Affine::Learnt {
            weight: &weight,
            bias: &bias,
        };
        run::<Identity>(pixels, &x, &dy, affine, |pass| {
            for channel in 0..pixels.panels * LANES {
                let (x, y) = (
                    numbers(pixels, &x, channel),
                    numbers(pixels, &pass.y, channel),
                );
                if channel >= pixels.channels {
                    assert!(y.iter().all(|y| *y == 0.0));
                    continue;
                }
                let of = |part: &[Block]| f64::from(part[channel / LANES].0[channel % LANES]);
                let (g, b, n) = (of(&weight), of(&bias), x.len() as f64);
                let (mean, variance) = definition(&x);
                let r = 1.0 / (variance + f64::from(EPS)).sqrt();
                let normal = |x: f64| (x - mean) * r;
                let (d, dx) = (
                    numbers(pixels, &dy, channel),
                    numbers(pixels, &pass.dx, channel),
                );
                let sum: f64 = d.iter().sum();
                let along: f64 = d.iter().zip(&x).map(|(d, x)| d * normal(*x)).sum();
                for (index, x) in x.iter().enumerate() {
                    let expected = normal(*x) * g + b;
                    assert!((y[index] - expected).abs() <= 2e-6 * expected.abs().max(1.0));
                    let expected = g * r * (d[index] - sum / n - normal(*x) * along / n);
                    assert!(
                        (dx[index] - expected).abs() <= 4e-6 * r,
                        "{} {expected}",
                        dx[index]
                    );
                }
            }
            for sample in pass.y.chunks(pixels.blocks) {
                let around = (0..pixels.blocks).filter(|&block| {
                    (0..pixels.panels).all(|panel| {
                        places(pixels, panel * LANES).all(|place| place / LANES != block)
                    })
                });
                assert!(
                    around
                        .map(|block| sample[block])
                        .all(|block| block == Block::ZERO)
                );
            }
        });
    }
}

/// Against double precision: means from zero to a thousand deviations, and batches of 2 to 1000.
#[test]
fn statistics_are_exact() {
    for (pixels, count) in [
        (IMAGE, 2),
        (IMAGE, 70),
        (FEATURES, 2),
        (FEATURES, 3),
        (FEATURES, 1000),
    ] {
        for far in [0.0, 30.0, 1000.0] {
            let x = samples(pixels, count, |channel, index| {
                noise(index) + far * (1.0 + channel as f32 / 64.0)
            });
            let dy = vec![Block::ZERO; x.len()];
            run::<Identity>(pixels, &x, &dy, Affine::Fixed, |pass| {
                for channel in 0..pixels.channels {
                    let part = |place: usize| {
                        let block = pass.statistics[place * pixels.panels + channel / LANES];
                        f64::from(block.0[channel % LANES])
                    };
                    let x = numbers(pixels, &x, channel);
                    let (mean, variance) = definition(&x);
                    let deviation = variance.sqrt();
                    assert!((part(0) + part(1) - mean).abs() <= 1e-6 * deviation, "mean");
                    let r = 1.0 / (variance + f64::from(EPS)).sqrt();
                    assert!((part(2) - r).abs() <= 1e-6 * r, "r: {} {r}", part(2));
                    let n = x.len() as f64;
                    let unbiased = variance * n / (n - 1.0);
                    assert!((part(3) - unbiased).abs() <= 1e-6 * unbiased, "variance");
                    for (x, y) in x.iter().zip(numbers(pixels, &pass.y, channel)) {
                        assert!((y - (x - mean) * r).abs() <= 2e-6, "{y}");
                    }
                }
            });
        }
    }
}

#[test]
fn the_batch_may_be_cut_anyhow() {
    let (pixels, count, panels) = (IMAGE, 10, IMAGE.panels);
    let x = samples(pixels, count, |_, index| noise(index));
    struct Cut<'a>(&'a [Block], usize);
    impl Task for Cut<'_> {
        type Output = Vec<Block>;

        fn run<S: Isa>(self, s: S) -> Vec<Block> {
            let Self(x, capacity) = self;
            let each = 3 * IMAGE.panels;
            let rows = x.len() / IMAGE.blocks;
            let mut of_samples = vec![Block::ZERO; rows.next_multiple_of(capacity) * each];
            let chunks = x.chunks(IMAGE.blocks * capacity);
            for (x, of_samples) in chunks.zip(of_samples.chunks_mut(each * capacity)) {
                moments(s, x, of_samples, IMAGE);
            }
            let samples =
                Batch::new(&of_samples, each, capacity, rows).samples(Place::new(0, each));
            assert_eq!(samples.count(), rows);
            let mut statistics = vec![DIRTY; 4 * IMAGE.panels];
            join(s, samples, &mut statistics, IMAGE, EPS);
            statistics
        }
    }
    for level in simd::levels() {
        let whole = simd::dispatch(level, Cut(&x, count));
        assert_eq!(whole.len(), 4 * panels);
        for capacity in [1, 3, 4, 9] {
            assert_eq!(simd::dispatch(level, Cut(&x, capacity)), whole);
        }
    }
}

#[test]
fn activations_come_last_and_padding_stays_zero() {
    let x = samples(IMAGE, 3, |_, index| noise(index));
    let dy = vec![Block::ZERO; x.len()];
    let plain = std::cell::RefCell::new(Vec::new());
    run::<Identity>(IMAGE, &x, &dy, Affine::Fixed, |pass| {
        plain.borrow_mut().push(pass.y.clone())
    });
    let plain = plain.into_inner();
    let compare = |y: &[Block], f: &dyn Fn(f64) -> f64| {
        let near = |plain: &Vec<Block>| {
            (0..IMAGE.panels * LANES).all(|channel| {
                let expected = |y: f64| if channel < IMAGE.channels { f(y) } else { 0.0 };
                let pairs = numbers(IMAGE, plain, channel)
                    .into_iter()
                    .zip(numbers(IMAGE, y, channel));
                pairs
                    .into_iter()
                    .all(|(plain, y)| (expected(plain) - y).abs() < 1e-6)
            })
        };
        assert!(plain.iter().any(near));
    };
    run::<Relu>(IMAGE, &x, &dy, Affine::Fixed, |pass| {
        compare(&pass.y, &|y| y.max(0.0))
    });
    run::<Sigmoid>(IMAGE, &x, &dy, Affine::Fixed, |pass| {
        compare(&pass.y, &|y| 1.0 / (1.0 + (-y).exp()))
    });
}

#[test]
fn nan_stays() {
    let x = samples(IMAGE, 3, |channel, index| {
        if (channel, index) == (4, 4) {
            f32::NAN
        } else {
            noise(index)
        }
    });
    run::<Identity>(IMAGE, &x, &x, Affine::Fixed, |pass| {
        for channel in 0..IMAGE.channels {
            let lost =
                |blocks: &[Block]| numbers(IMAGE, blocks, channel).iter().all(|y| y.is_nan());
            assert_eq!([lost(&pass.y), lost(&pass.dx)], [channel == 4; 2]);
            assert!(pass.sums[0].0[4].is_nan());
        }
    });
}
