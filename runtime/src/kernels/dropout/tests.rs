//! Masks: against a naive reference on every storage, their statistics, and that they depend on nothing but the key.

use super::{apply, apply_alpha};
use crate::{
    block::Block,
    kernels::numbers::{
        Numbers,
        tests::{CHANNELS, FLAT, KEY, LIES, Lie, bits, sample},
    },
    random::Key,
    simd::{self, Isa, Task},
};
use alloc::{vec, vec::Vec};
use fearless_simd::Level;

/// Dropout with a probability and a scale, and with what is added if it is alpha dropout.
struct Drop<'a>(&'a [Block], Numbers, [f32; 2], Key);

impl Task for Drop<'_> {
    /// What is written over sevens, and what is added to them.
    type Output = [Vec<Block>; 2];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [Vec<Block>; 2] {
        let Self(x, numbers, [p, scale], key) = self;
        let mut set = vec![Block([7.0; 16]); x.len()];
        let mut added = set.clone();
        apply(s, x, &mut set, numbers, p, scale, key, false);
        apply(s, x, &mut added, numbers, p, scale, key, true);
        [set, added]
    }
}

struct Alpha<'a>(&'a [Block], Numbers, [f32; 4], Key);

impl Task for Alpha<'_> {
    type Output = Vec<Block>;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Vec<Block> {
        let Self(x, numbers, [p, scale, kept, dropped], key) = self;
        let mut y = vec![Block([7.0; 16]); x.len()];
        apply_alpha(s, x, &mut y, numbers, p, scale, kept, dropped, key);
        y
    }
}

fn scale(p: f32) -> f32 {
    if p < 1.0 { 1.0 / (1.0 - p) } else { 0.0 }
}

/// What becomes of ones that lie flat.
fn mask(level: Level, samples: usize, blocks: usize, p: f32, key: Key) -> Vec<f32> {
    let ones = vec![Block([1.0; 16]); samples * blocks];
    let numbers = Numbers::flat(16 * blocks);
    let [y, _] = simd::dispatch(level, Drop(&ones, numbers, [p, scale(p)], key));
    y.iter().flat_map(|block| block.0).collect()
}

/// Each number by a loop over all: kept if its hash is not below p, wherever it lies; zeros around it.
fn naive(lie: &Lie, samples: usize, p: f32, f: impl Fn(bool, f32) -> f32) -> Vec<f32> {
    let mut y = vec![0.0; samples * lie.numbers.blocks * 16];
    let threshold = (f64::from(p) * 4_294_967_296.0) as u32;
    let sets = y.chunks_mut(lie.numbers.blocks * 16);
    for (row, y) in sets.enumerate() {
        for (place, (number, index)) in lie.places() {
            y[place] = f(bits(row, index) >= threshold, sample(row, number));
        }
    }
    y
}

fn assert_equal(found: &[Block], expected: &[f32], what: &str) {
    let found = found.iter().flat_map(|block| block.0);
    for (place, (found, expected)) in found.zip(expected).enumerate() {
        assert_eq!(found, *expected, "{what} at {place}");
    }
}

#[test]
fn every_storage_has_the_mask_of_its_indices_on_all_instruction_sets() {
    for lie in &LIES {
        let x = lie.samples(3);
        for level in simd::levels() {
            for p in [0.0, 0.25, 1.0] {
                let what = std::format!("{} with {p} on {level:?}", lie.name);
                let chance = [p, scale(p)];
                let [set, added] = simd::dispatch(level, Drop(&x, lie.numbers, chance, KEY));
                let kept = |kept: bool, x: f32| x * if kept { scale(p) } else { 0.0 };
                assert_equal(&set, &naive(lie, 3, p, kept), &what);
                let more = naive(lie, 3, p, |is_kept, x| 7.0 + kept(is_kept, x));
                for row in 0..3 {
                    for (place, _) in lie.places() {
                        let place = row * lie.numbers.blocks * 16 + place;
                        assert_eq!(added[place / 16].0[place % 16], more[place], "{what}");
                    }
                }
                let line = [p, 0.75, 0.5, -1.5];
                let y = simd::dispatch(level, Alpha(&x, lie.numbers, line, KEY));
                let alpha = |kept, x: f32| if kept { x * 0.75 + 0.5 } else { x * 0.0 - 1.5 };
                if p < 1.0 {
                    assert_equal(&y, &naive(lie, 3, p, alpha), &what);
                }
            }
        }
    }
}

/// Alpha dropout of zeros and ones: what was of mean 0 and variance 1 still is, and its slope by each number is what backward
/// takes, which is dropout with the scale.
#[test]
fn alpha_dropout_keeps_mean_and_variance_and_has_its_gradient() {
    for p in [0.1_f64, 0.3, 0.6] {
        let least = -1.758_099_340_847_376_6_f64;
        let scale = 1.0 / ((1.0 - p) * (1.0 + p * least * least)).sqrt();
        let (kept, dropped) = (-scale * p * least, scale * (1.0 - p) * least);
        let count = 1 << 16;
        let x: Vec<Block> = (0..count / 16)
            .map(|i| {
                Block(core::array::from_fn(|lane| {
                    ((i + lane) % 2) as f32 * 2.0 - 1.0
                }))
            })
            .collect();
        let line = [p as f32, scale as f32, kept as f32, dropped as f32];
        let y = simd::dispatch(simd::level(), Alpha(&x, Numbers::flat(count), line, KEY));
        let all = || y.iter().flat_map(|block| block.0).map(f64::from);
        let mean = all().sum::<f64>() / count as f64;
        let variance = all().map(|y| (y - mean) * (y - mean)).sum::<f64>() / count as f64;
        assert!(mean.abs() < 0.02, "{p}: mean {mean}");
        assert!((variance - 1.0).abs() < 0.03, "{p}: variance {variance}");

        let moved: Vec<Block> = x
            .iter()
            .map(|block| Block(block.0.map(|x| x + 0.5)))
            .collect();
        let up = simd::dispatch(
            simd::level(),
            Alpha(&moved, Numbers::flat(count), line, KEY),
        );
        let ones = vec![Block([1.0; 16]); count / 16];
        let chance = [p as f32, scale as f32];
        let [slope, _] = simd::dispatch(
            simd::level(),
            Drop(&ones, Numbers::flat(count), chance, KEY),
        );
        for ((y, up), slope) in y.iter().zip(&up).zip(&slope) {
            for lane in 0..16 {
                let difference = (up.0[lane] - y.0[lane]) / 0.5;
                assert!((difference - slope.0[lane]).abs() < 1e-5);
            }
        }
    }
}

/// A channel goes as a whole, and channels by themselves: two of one sample agree as often as chance has them.
#[test]
fn channels_are_dropped_at_once_and_independently() {
    let lie = &CHANNELS;
    let samples = 4000;
    let ones = vec![Block([1.0; 16]); samples * lie.numbers.blocks];
    let [y, _] = simd::dispatch(simd::level(), Drop(&ones, lie.numbers, [0.3, 1.0], KEY));
    let channels = lie
        .places()
        .into_iter()
        .map(|(_, (_, index))| index)
        .max()
        .expect("channels")
        + 1;
    let mut dropped = vec![0_usize; channels];
    let mut both = 0;
    for y in y.chunks(lie.numbers.blocks) {
        let mut states = vec![None; channels];
        for (place, (_, channel)) in lie.places() {
            let zero = y[place / 16].0[place % 16] == 0.0;
            assert_eq!(
                *states[channel].get_or_insert(zero),
                zero,
                "a part of a channel"
            );
        }
        for (count, state) in dropped.iter_mut().zip(&states) {
            *count += usize::from(*state == Some(true));
        }
        both += usize::from(states[0] == Some(true) && states[1] == Some(true));
    }
    let within = |count: usize, p: f64| {
        let (mean, n) = (p * samples as f64, samples as f64);
        let off = (count as f64 - mean).abs() / (n * p * (1.0 - p)).sqrt();
        assert!(off < 5.0, "{count} of {samples} at {p}");
    };
    dropped.iter().for_each(|&count| within(count, 0.3));
    within(both, 0.09);
}

#[test]
fn nothing_is_dropped_at_zero() {
    for level in simd::levels() {
        assert!(mask(level, 4, 2, 0.0, KEY).iter().all(|&y| y == 1.0));
    }
}

/// All of 2^20 numbers, though a threshold of 32 bits is one short of 2^32.
#[test]
fn all_are_dropped_at_one() {
    for level in simd::levels() {
        assert!(mask(level, 64, 1024, 1.0, KEY).iter().all(|&y| y == 0.0));
        let x = vec![Block([-3.0; 16]); 4];
        let [set, added] = simd::dispatch(level, Drop(&x, Numbers::flat(32), [1.0, 0.0], KEY));
        assert!(set.iter().all(|block| block.0 == [0.0; 16]));
        assert!(added.iter().all(|block| block.0 == [7.0; 16]));
    }
}

/// What is NaN stays NaN where it is dropped, as in PyTorch.
#[test]
fn nan_is_never_dropped() {
    for level in simd::levels() {
        let x = vec![Block([f32::NAN; 16]); 4];
        let [set, _] = simd::dispatch(level, Drop(&x, Numbers::flat(32), [0.5, 2.0], KEY));
        assert!(set.iter().all(|block| block.0.iter().all(|y| y.is_nan())));
        let y = simd::dispatch(level, Alpha(&x, FLAT.numbers, [0.5, 2.0, 1.0, -1.0], KEY));
        let numbers = FLAT
            .places()
            .into_iter()
            .map(|(place, _)| y[place / 16].0[place % 16]);
        assert!(numbers.into_iter().all(f32::is_nan));
    }
}

#[test]
fn a_sample_keeps_its_mask_wherever_the_batch_is_cut() {
    let level = simd::level();
    let whole = mask(level, 10, 3, 0.5, KEY);
    let key = Key {
        first_sample: 6,
        ..KEY
    };
    assert_eq!(whole[6 * 48..], mask(level, 4, 3, 0.5, key));
}
/// The share of zeros lies within five standard deviations, over all samples and for each lane and each sample.
#[test]
fn as_many_are_dropped_as_asked() {
    let (samples, blocks) = (500, 8);
    for p in [0.01_f32, 0.2, 0.5, 0.9] {
        let mask = mask(simd::level(), samples, blocks, p, KEY);
        let check = |zeros: usize, of: usize, what: &str| {
            let (mean, of) = (f64::from(p) * of as f64, of as f64);
            let deviation = (of * f64::from(p) * (1.0 - f64::from(p))).sqrt();
            let off = (zeros as f64 - mean).abs() / deviation.max(1.0);
            assert!(off < 5.0, "{what}: {zeros} of {of} at {p}");
        };
        let zeros = |values: &mut dyn Iterator<Item = &f32>| values.filter(|y| **y == 0.0).count();
        let width = blocks * 16;
        check(zeros(&mut mask.iter()), mask.len(), "all");
        for lane in 0..width {
            check(
                zeros(&mut mask.iter().skip(lane).step_by(width)),
                samples,
                "lane",
            );
        }
        for row in mask.chunks(width) {
            check(zeros(&mut row.iter()), width, "row");
        }
    }
}

/// Masks of neighbouring samples, steps, layers, seeds and elements are independent: half of their elements agree.
#[test]
fn neighbours_are_independent() {
    let level = simd::level();
    let draw = |key| mask(level, 64, 16, 0.5, key);
    let base = draw(KEY);
    let mut others = vec![
        ("step", draw(Key { step: 3, ..KEY })),
        ("layer", draw(Key { layer: 4, ..KEY })),
        ("seed", draw(Key { seed: 2, ..KEY })),
        (
            "sample",
            draw(Key {
                first_sample: 1,
                ..KEY
            }),
        ),
        (
            "seed and step",
            draw(Key {
                seed: 2,
                step: 1,
                ..KEY
            }),
        ),
    ];
    for shift in [1, 2, 4, 8, 16, 32, 64, 128, 256] {
        let mut shifted = base.clone();
        shifted.rotate_left(shift);
        others.push(("element", shifted));
    }
    for (what, other) in others {
        let agree = base.iter().zip(&other).filter(|(a, b)| a == b).count() as f64;
        let half = base.len() as f64 / 2.0;
        assert!(
            (agree - half).abs() < 5.0 * (half / 2.0).sqrt(),
            "{what}: {agree} of {}",
            2.0 * half
        );
    }
}
