//! What norms cost beside a copy of the numbers that they normalise, within the level-2 cache.
//!
//!     cargo bench --bench norms
//!
//! Forward reads x and writes y, as a copy does; backward reads x and dy twice, once for the gradients of weight and
//! bias and once for dx. Every round measures the copy first and each pass right after; what is printed is the median
//! over the rounds of the time of 4096 blocks, and of the bytes that a pass has to read and write once per second. The
//! machine should be idle.
#![forbid(unsafe_code)]

#[path = "../measure/mod.rs"]
mod measure;

use std::hint::black_box;

use kiln::rt::{
    Identity, Isa, Pixels, batch_norm, group_norm,
    layer_norm::{self, Affine, Norm, Rule},
};
use kiln::simd::{self, Task};
use measure::{median, numbers, time};

/// Rounds of all.
const ROUNDS: usize = 15;

/// Blocks that are normalised: 256 KiB.
const BLOCKS: usize = 4096;

/// What is normalised together.
#[derive(Clone, Copy)]
enum Together {
    /// The channels of a pixel.
    Pixel(Norm),
    /// A whole sample.
    Sample(Norm),
    /// So many groups of channels, over all pixels.
    Groups(usize),
}

/// A layer and its input: so many samples of rows and columns of pixels with whole blocks of channels.
struct Work {
    name: &'static str,
    together: Together,
    pixels: Pixels,
    /// Medians of a copy, forward, the sums of gradients, and dx.
    times: [Vec<f64>; 4],
}

impl Work {
    fn new(name: &'static str, together: Together, [channels, rows, columns]: [usize; 3]) -> Self {
        let panels = channels / 16;
        let pixels = Pixels {
            blocks: rows * columns * panels,
            first: 0,
            rows,
            columns,
            row: columns * panels,
            panels,
            channels,
        };
        Self {
            name,
            together,
            pixels,
            times: Default::default(),
        }
    }
}

impl Task for &mut Work {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let pixels = self.pixels;
        let (samples, pixel) = (BLOCKS / pixels.blocks, pixels.panels);
        let (x, dy, mut y) = (numbers(BLOCKS, 1), numbers(BLOCKS, 2), numbers(BLOCKS, 3));
        let mut measured = [0.0; 4];
        measured[0] = time(|| black_box(&mut y).copy_from_slice(black_box(&x)));
        match self.together {
            Together::Pixel(norm) | Together::Sample(norm) => {
                let whole = matches!(self.together, Together::Sample(_));
                let (units, blocks) = match whole {
                    true => (1, pixels.blocks),
                    false => (pixels.count(), pixel),
                };
                let rule = Rule {
                    norm,
                    whole,
                    eps: 1e-5,
                };
                let (weight, bias) = (numbers(blocks, 4), numbers(blocks, 5));
                let affine = Affine {
                    weight: &weight,
                    bias: &bias,
                };
                let kept = if norm == Norm::Layer { 3 } else { 1 };
                let mut kept = numbers(samples * (units * kept).div_ceil(16), 6);
                let mut sums = numbers(samples * 2 * blocks, 7);
                measured[1] = time(|| {
                    let x = black_box(&x);
                    layer_norm::forward::<S, Identity>(
                        s, x, affine, &mut y, &mut kept, pixels, rule,
                    );
                });
                measured[2] = time(|| {
                    let x = black_box(&x);
                    layer_norm::sums(s, x, &dy, &kept, &mut sums, pixels, rule, 2);
                });
                measured[3] = time(|| {
                    let x = black_box(&x);
                    layer_norm::backward::<S, false>(
                        s, x, &dy, &kept, &weight, &mut y, pixels, rule,
                    );
                });
            }
            Together::Groups(groups) => {
                let (weight, bias) = (numbers(pixel, 4), numbers(pixel, 5));
                let affine = batch_norm::Affine::Learnt {
                    weight: &weight,
                    bias: &bias,
                };
                let mut kept = numbers(samples * 3 * pixel, 6);
                let mut sums = numbers(samples * 4 * pixel, 7);
                measured[1] = time(|| {
                    let x = black_box(&x);
                    group_norm::forward::<S, Identity>(
                        s, x, affine, &mut y, &mut kept, pixels, groups, 1e-5,
                    );
                });
                measured[2] = time(|| {
                    let x = black_box(&x);
                    group_norm::sums::<S, Identity>(
                        s, x, &dy, &kept, affine, &mut sums, pixels, groups,
                    );
                });
                measured[3] = time(|| {
                    let x = black_box(&x);
                    group_norm::backward::<S, Identity, false>(
                        s, x, &dy, &kept, &sums, affine, &mut y, pixels,
                    );
                });
            }
        }
        for (times, measured) in self.times.iter_mut().zip(measured) {
            times.push(measured * 1e6);
        }
    }
}

fn main() {
    let mut all = [
        (
            "LayerNorm, [64, 128]",
            Together::Pixel(Norm::Layer),
            [128, 1, 64],
        ),
        (
            "LayerNorm, [64, 1024]",
            Together::Pixel(Norm::Layer),
            [1024, 1, 64],
        ),
        (
            "LayerNorm, [128]",
            Together::Pixel(Norm::Layer),
            [128, 1, 1],
        ),
        (
            "LayerNorm(axes = 3), [64, 16, 16]",
            Together::Sample(Norm::Layer),
            [64, 16, 16],
        ),
        (
            "RmsNorm, [64, 128]",
            Together::Pixel(Norm::Rms),
            [128, 1, 64],
        ),
        (
            "L2Normalize, [64, 16, 16]",
            Together::Pixel(Norm::Length),
            [64, 16, 16],
        ),
        (
            "GroupNorm(8), [64, 16, 16]",
            Together::Groups(8),
            [64, 16, 16],
        ),
        (
            "InstanceNorm, [64, 32, 32]",
            Together::Groups(64),
            [64, 32, 32],
        ),
    ]
    .map(|(name, together, shape)| Work::new(name, together, shape));
    for _ in 0..ROUNDS {
        for work in &mut all {
            simd::dispatch(simd::level(), work);
        }
    }
    println!(
        "{:?}, microseconds and GB/s of 256 KiB",
        simd::set_of(simd::level())
    );
    println!(
        "{:34}{:>12}{:>14}{:>14}{:>14}",
        "", "copy", "forward", "dg, db", "dx"
    );
    let gigabytes = |buffers: f64, micros: f64| buffers * (BLOCKS * 64) as f64 / micros / 1e3;
    for work in &mut all {
        print!("{:34}", work.name);
        for (times, buffers) in work.times.iter_mut().zip([2.0, 2.0, 2.0, 3.0]) {
            let micros = median(times);
            print!("{micros:8.1} {:5.0}", gigabytes(buffers, micros));
        }
        println!();
    }
}
