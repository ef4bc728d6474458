//! Normal noise: against a naive reference on every storage, its gradient, its distribution and its independence.

use super::{multiply, noise};
use crate::{
    block::Block,
    kernels::numbers::{
        Numbers,
        tests::{KEY, LIES, Lie, bits, sample},
    },
    random::Key,
    simd::{self, Isa, Task},
};
use alloc::{vec, vec::Vec};
use fearless_simd::Level;

/// Noise, factors, and factors that are added to sevens.
struct Noisy<'a>(&'a [Block], Numbers, f32, Key);

impl Task for Noisy<'_> {
    type Output = [Vec<Block>; 3];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [Vec<Block>; 3] {
        let Self(x, numbers, deviation, key) = self;
        let sevens = vec![Block([7.0; 16]); x.len()];
        let mut all = [sevens.clone(), sevens.clone(), sevens];
        noise(s, x, &mut all[0], numbers, deviation, key);
        multiply(s, x, &mut all[1], numbers, deviation, key, false);
        multiply(s, x, &mut all[2], numbers, deviation, key, true);
        all
    }
}

/// The normal number of some bits in f64, by halving: the z whose tail holds what the lower 31 bits say.
fn normal(bits: u32) -> f64 {
    let q = (f64::from(bits & 0x7fff_ffff) + 0.5) / 4_294_967_296.0;
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        match 0.5 * libm::erfc(middle / core::f64::consts::SQRT_2) > q {
            true => low = middle,
            false => high = middle,
        }
    }
    if bits >> 31 == 1 { -low } else { low }
}

/// Each number by a loop over all; zeros around it.
fn naive(lie: &Lie, samples: usize, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut y = vec![0.0; samples * lie.numbers.blocks * 16];
    for (row, y) in y.chunks_mut(lie.numbers.blocks * 16).enumerate() {
        for (place, (number, index)) in lie.places() {
            y[place] = f(f64::from(sample(row, number)), normal(bits(row, index)));
        }
    }
    y
}

/// A normal number is within 2e-6; what multiplies it is at most `factor`.
fn assert_close(found: &[Block], expected: &[f64], factor: f64, what: &str) {
    let found = found.iter().flat_map(|block| block.0);
    for (place, (found, &expected)) in found.zip(expected).enumerate() {
        let bound = 2e-6 * factor + f64::from(f32::EPSILON) * expected.abs();
        let close = (f64::from(found) - expected).abs() <= bound;
        assert!(
            close && (expected != 0.0 || found == 0.0),
            "{what} at {place}: {found} for {expected}"
        );
    }
}

#[test]
fn every_storage_has_the_noise_of_its_indices_on_all_instruction_sets() {
    for lie in &LIES {
        let x = lie.samples(3);
        let mut first: Option<[Vec<Block>; 3]> = None;
        for level in simd::levels() {
            let what = std::format!("{} on {level:?}", lie.name);
            let all = simd::dispatch(level, Noisy(&x, lie.numbers, 0.5, KEY));
            assert_close(
                &all[0],
                &naive(lie, 3, |x, z| x + 0.5 * z),
                0.5 * 4.0,
                &what,
            );
            // Magnitudes of x are at most 14.25, and of z below 4.
            assert_close(
                &all[1],
                &naive(lie, 3, |x, z| x * (1.0 + 0.5 * z)),
                14.25 * 0.5 * 4.0,
                &what,
            );
            let more = naive(lie, 3, |x, z| 7.0 + x * (1.0 + 0.5 * z));
            for row in 0..3 {
                for (place, _) in lie.places() {
                    let place = row * lie.numbers.blocks * 16 + place;
                    let found = f64::from(all[2][place / 16].0[place % 16]);
                    assert!(
                        (found - more[place]).abs() < 1e-5 * more[place].abs().max(1.0),
                        "{what}"
                    );
                }
            }
            let bits = |blocks: &Vec<Block>| -> Vec<u32> {
                blocks
                    .iter()
                    .flat_map(|block| block.0.map(f32::to_bits))
                    .collect()
            };
            let same = first.get_or_insert(all.clone());
            for (all, same) in all[..2].iter().zip(&same[..2]) {
                assert_eq!(bits(all), bits(same), "{what}");
            }
        }
    }
}

#[test]
fn no_deviation_is_no_noise() {
    for level in simd::levels() {
        let x = LIES[0].samples(2);
        let [noisy, multiplied, _] = simd::dispatch(level, Noisy(&x, LIES[0].numbers, 0.0, KEY));
        assert_eq!((&noisy, &multiplied), (&x, &x));
    }
}

/// dx = (1 + d z) dy, and dx = dy: differences of the outputs are what backward makes of ones.
#[test]
fn slopes_are_what_backward_takes() {
    for lie in &LIES {
        let x = lie.samples(2);
        let mut moved = x.clone();
        let mut ones = vec![Block::ZERO; x.len()];
        for row in 0..2 {
            for (place, _) in lie.places() {
                let place = row * lie.numbers.blocks * 16 + place;
                moved[place / 16].0[place % 16] += 0.5;
                ones[place / 16].0[place % 16] = 1.0;
            }
        }
        for level in simd::levels() {
            let run = |x: &[Block]| simd::dispatch(level, Noisy(x, lie.numbers, 0.5, KEY));
            let ([noisy, multiplied, _], [noisy2, multiplied2, _]) = (run(&x), run(&moved));
            let [_, factors, _] = run(&ones);
            for block in 0..x.len() {
                for lane in 0..16 {
                    let slope = |from: &[Block], to: &[Block]| {
                        (to[block].0[lane] - from[block].0[lane]) / 0.5
                    };
                    let by_noise = slope(&noisy, &noisy2) - ones[block].0[lane];
                    let by_factor = slope(&multiplied, &multiplied2) - factors[block].0[lane];
                    assert!(
                        by_noise.abs() < 1e-5 && by_factor.abs() < 5e-5,
                        "{}",
                        lie.name
                    );
                }
            }
        }
    }
}

/// The noise alone.
fn drawn(level: Level, samples: usize, count: usize, key: Key) -> Vec<f64> {
    let zeros = vec![Block::ZERO; samples * count / 16];
    let [noise, ..] = simd::dispatch(level, Noisy(&zeros, Numbers::flat(count), 1.0, key));
    noise
        .iter()
        .flat_map(|block| block.0)
        .map(f64::from)
        .collect()
}

/// The four moments, and the shares of numbers in the tails and in each of forty cells, lie within five deviations.
#[test]
fn noise_is_normal() {
    let z = drawn(simd::level(), 256, 1024, KEY);
    let n = z.len() as f64;
    let mean = |power: i32| z.iter().map(|z| z.powi(power)).sum::<f64>() / n;
    // E z^2k is 1 x 3 x .. x (2k - 1), and the variance of z^k is E z^2k - (E z^k)^2.
    for (power, expected, variance) in
        [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
    {
        let off = (mean(power) - expected).abs() / (variance / n).sqrt();
        assert!(
            off < 5.0,
            "moment {power} is {}, {off} deviations off",
            mean(power)
        );
    }
    let tail = |z: f64| 0.5 * libm::erfc(z / core::f64::consts::SQRT_2);
    let edges: Vec<f64> = (-20..20).map(|edge| 0.2 * f64::from(edge)).collect();
    let mut chi = 0.0;
    for edge in edges {
        let p = tail(edge) - tail(edge + 0.2);
        let found = z.iter().filter(|&&z| z >= edge && z < edge + 0.2).count() as f64;
        chi += (found - n * p) * (found - n * p) / (n * p);
    }
    // Chi-square of some forty cells: mean 40, deviation 9.
    assert!(chi < 40.0 + 5.0 * 9.0, "{chi}");
    for beyond in [3.0, 4.0] {
        let p = 2.0 * tail(beyond);
        let found = z.iter().filter(|z| z.abs() > beyond).count() as f64;
        let off = (found - n * p).abs() / (n * p).sqrt();
        assert!(off < 5.0, "{found} beyond {beyond}");
    }
}

/// Neighbouring numbers, samples, steps, layers and seeds are not correlated, neither are their squares.
#[test]
fn neighbours_are_not_correlated() {
    let level = simd::level();
    let draw = |key| drawn(level, 64, 1024, key);
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
    ];
    for shift in [1, 2, 3, 16, 64, 256] {
        let mut shifted = base.clone();
        shifted.rotate_left(shift);
        others.push(("number", shifted));
    }
    let n = base.len() as f64;
    for (what, other) in others {
        let pairs = || base.iter().zip(&other);
        let linear = pairs().map(|(a, b)| a * b).sum::<f64>() / n.sqrt();
        let squares = pairs()
            .map(|(a, b)| (a * a - 1.0) * (b * b - 1.0))
            .sum::<f64>();
        let squares = squares / (2.0 * n.sqrt());
        assert!(
            linear.abs() < 5.0 && squares.abs() < 5.0,
            "{what}: {linear}, {squares}"
        );
    }
}
