//! Noise in training, counted again: what each layer that acts in training alone makes of a number is a line in it,
//! `y = a x + b`.
//!
//! The bits of a number are a hash of the seed, the step, the layer, the sample, and an index (the text of
//! `kiln_runtime::random`), in plain integers here. The layer is counted among those that draw, in the order of calls.
//! The index of a number is its own in row-major order, or its channel's, or 0 for all of a sample.

use kiln_compiler::ops::Op;

/// A step of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The seed of the training.
    pub seed: u64,
    /// Which step, from 0.
    pub step: u64,
}

/// The lines of a node's numbers for one sample: `a` and `b` of each.
pub type Lines = Vec<(f64, f64)>;

/// The finalizer of SplitMix64.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The 32 bits of an index.
fn bits(Step { seed, step }: Step, layer: usize, sample: usize, index: usize) -> u32 {
    let run = mix(mix(seed) ^ step);
    let key = mix(run ^ mix(((layer as u64) << 40) ^ sample as u64));
    let mut x = index as u32 ^ key as u32;
    x = (x ^ (x >> 17)).wrapping_mul(0xed5a_d4bb);
    x = x.wrapping_add((key >> 32) as u32);
    x = (x ^ (x >> 11)).wrapping_mul(0xac4c_1b51);
    x = (x ^ (x >> 15)).wrapping_mul(0x3184_8bab);
    x ^ (x >> 14)
}

/// The share of the normal distribution above z, for z from 0 to 7: Simpson's rule over its density, which is far below
/// 1e-10 beyond 7.
fn tail(z: f64) -> f64 {
    const PARTS: usize = 400;
    let density = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    let step = (8.0 - z) / PARTS as f64;
    let weight = |part: usize| match part {
        0 | PARTS => 1.0,
        part if part % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let sum: f64 = (0..=PARTS)
        .map(|part| weight(part) * density(z + part as f64 * step))
        .sum();
    sum * step / 3.0
}

/// The normal number of 32 bits: the lower 31 say which share of a half is farther out, the upper one its side.
fn normal(bits: u32) -> f64 {
    let q = (f64::from(bits & 0x7fff_ffff) + 0.5) / 4_294_967_296.0;
    let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let mut z = 0.0;
    // Newton's steps from 0 never pass the root, for a tail is convex.
    for _ in 0..60 {
        let step = (tail(z) - q) / density(z);
        z += step;
        if step.abs() < 1e-9 {
            break;
        }
    }
    if bits >> 31 == 1 { -z } else { z }
}

/// Whether an operator draws bits.
pub fn is_random(op: &Op) -> bool {
    matches!(
        op,
        Op::Dropout(_)
            | Op::SpatialDropout(_)
            | Op::AlphaDropout(_)
            | Op::GaussianDropout(_)
            | Op::GaussianNoise(_)
            | Op::StochasticDepth(_)
    )
}

/// The index of number `number` of a shape.
fn index(op: &Op, shape: &[usize], number: usize) -> usize {
    match (op, shape) {
        (Op::StochasticDepth(_), _) => 0,
        (Op::SpatialDropout(_), &[_, features]) => number % features,
        (Op::SpatialDropout(_), [_, channel @ ..]) => number / channel.iter().product::<usize>(),
        _ => number,
    }
}

/// The line of one number whose bits these are.
fn line(op: &Op, bits: u32) -> (f64, f64) {
    let kept = |p: f64| f64::from(bits) >= (f64::from(p as f32) * 4_294_967_296.0).floor();
    let dropped = |p: f64| match p < 1.0 && kept(p) {
        true => (1.0 / (1.0 - p), 0.0),
        false => (0.0, 0.0),
    };
    match op {
        Op::Dropout(drop) => dropped(drop.p),
        Op::SpatialDropout(drop) => dropped(drop.p),
        Op::StochasticDepth(drop) => dropped(drop.p),
        Op::AlphaDropout(drop) if drop.p >= 1.0 => (0.0, 0.0),
        Op::AlphaDropout(drop) => {
            // As torch.nn.functional.alpha_dropout.
            let least = -1.758_099_340_847_376_6;
            let a = 1.0 / ((least * least * drop.p + 1.0) * (1.0 - drop.p)).sqrt();
            let b = -a * least * drop.p;
            match kept(drop.p) {
                true => (a, b),
                false => (0.0, a * least + b),
            }
        }
        Op::GaussianDropout(drop) => {
            let variance = drop.p / (1.0 - drop.p);
            (1.0 + variance.sqrt() * normal(bits), 0.0)
        }
        Op::GaussianNoise(noise) => (1.0, noise.deviation * normal(bits)),
        _ => (1.0, 0.0),
    }
}

/// The lines of each number of a shape that an operator reads, as layer `layer` of those that draw, for each of so many
/// samples.
pub fn lines(op: &Op, shape: &[usize], step: Step, layer: usize, samples: usize) -> Vec<Lines> {
    let sample = |sample: usize| {
        let numbers = 0..shape.iter().product();
        let each = |number| line(op, bits(step, layer, sample, index(op, shape, number)));
        numbers.map(each).collect()
    };
    (0..samples).map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles as tables have them.
    #[test]
    fn normal_numbers_are_quantiles() {
        for (q, z) in [
            (0.25, 0.674_489_750_2),
            (0.025, 1.959_963_984_5),
            (0.000_1, 3.719_016_485_5),
        ] {
            let bits = (q * 4_294_967_296.0) as u32;
            assert!((normal(bits) - z).abs() < 1e-5, "{}", normal(bits));
            assert!((normal(bits | 1 << 31) + z).abs() < 1e-5);
        }
    }
}
