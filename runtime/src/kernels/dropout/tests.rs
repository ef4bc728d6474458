//! Masks: their statistics, and that they depend on nothing but the key.

use super::{backward, forward};
use crate::{
    block::Block,
    random::Key,
    simd::{self, Isa, Task},
};
use alloc::{vec, vec::Vec};
use fearless_simd::Level;

const KEY: Key = Key {
    seed: 1,
    step: 2,
    layer: 3,
    first_sample: 0,
};

struct Forward<'a>(&'a [Block], usize, f32, Key);

impl Task for Forward<'_> {
    type Output = Vec<Block>;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Vec<Block> {
        let mut y = vec![Block([7.0; 16]); self.0.len()];
        forward(s, self.0, &mut y, self.1, self.2, self.3);
        y
    }
}

struct Backward<'a>(&'a [Block], usize, f32, Key);

impl Task for Backward<'_> {
    type Output = [Vec<Block>; 2];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [Vec<Block>; 2] {
        let mut set = vec![Block([7.0; 16]); self.0.len()];
        let mut added = vec![Block([7.0; 16]); self.0.len()];
        backward::<S, false>(s, self.0, &mut set, self.1, self.2, self.3);
        backward::<S, true>(s, self.0, &mut added, self.1, self.2, self.3);
        [set, added]
    }
}

/// What becomes of ones.
fn mask(level: Level, samples: usize, blocks: usize, p: f32, key: Key) -> Vec<f32> {
    let ones = vec![Block([1.0; 16]); samples * blocks];
    let y = simd::dispatch(level, Forward(&ones, blocks, p, key));
    y.iter().flat_map(|block| block.0).collect()
}

#[test]
fn all_instruction_sets_draw_the_same_mask_and_backward_draws_it_again() {
    let x: Vec<Block> = (0..15)
        .map(|i| {
            Block(core::array::from_fn(|lane| {
                if lane < 9 {
                    (i * 16 + lane) as f32
                } else {
                    0.0
                }
            }))
        })
        .collect();
    let mut first: Option<Vec<Block>> = None;
    for level in simd::levels() {
        let y = simd::dispatch(level, Forward(&x, 3, 0.25, KEY));
        let [set, added] = simd::dispatch(level, Backward(&x, 3, 0.25, KEY));
        assert_eq!(y, set, "{level:?}");
        for ((y, added), x) in y.iter().zip(&added).zip(&x) {
            for ((y, added), x) in y.0.into_iter().zip(added.0).zip(x.0) {
                assert!(y == 0.0 || (y - x / 0.75).abs() <= 1e-5 * x, "{level:?}");
                assert_eq!(added, 7.0 + y, "{level:?}");
            }
        }
        assert_eq!(first.get_or_insert(y.clone()), &y, "{level:?}");
    }
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
        let [set, added] = simd::dispatch(level, Backward(&x, 2, 1.0, KEY));
        assert!(set.iter().all(|block| block.0 == [0.0; 16]));
        assert!(added.iter().all(|block| block.0 == [7.0; 16]));
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
