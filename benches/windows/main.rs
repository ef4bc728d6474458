//! What kernels over small windows cost beside the machine's own speed: depthwise convolutions beside the peak of
//! multiply-adds and the reading of the level-1 cache, pools beside a copy within the level-2 cache.
//!
//!     cargo bench --bench windows
//!
//! A depthwise convolution reads a block of its input for every multiply-add: nine for each output of 3 x 3, and those that
//! neighbouring outputs share once if they stay in registers. What is printed are its operations per second, their share of
//! the peak, and what nine reads for each output would be of a plain sum's speed over 16 KiB. A pool is said to read its input
//! and write its output once. Every round measures the machine first and each kernel right after; all figures are medians of
//! the rounds. The machine should be idle.
#![forbid(unsafe_code)]

#[path = "../networks/machine.rs"]
#[allow(dead_code, reason = "its reading is of the level-2 cache")]
mod machine;
#[path = "../measure/mod.rs"]
mod measure;

use std::hint::black_box;

use fearless_simd::{f32x16, prelude::*};
use kiln::rt::{
    Block, ChannelLast, Isa, Pixels, Relu, Taps, avg_pool, depthwise, max_pool, pool::Rule,
};
use kiln::simd::{self, Task};
use measure::{median, numbers, time};

/// Rounds of all.
const ROUNDS: usize = 15;

/// Blocks that a plain sum reads in the level-1 cache: 16 KiB.
const NEAR: usize = 256;

/// A plain sum over what a level-1 cache keeps.
struct Near<'a>(&'a [Block]);

impl Task for Near<'_> {
    type Output = f64;

    fn run<S: Isa>(self, s: S) -> f64 {
        time(|| {
            s.vectorize(
                #[inline(always)]
                || {
                    let mut sums = [f32x16::splat(s, 0.0); 8];
                    for _ in 0..16 {
                        for blocks in black_box(self.0).as_chunks::<8>().0 {
                            for (sum, block) in sums.iter_mut().zip(blocks) {
                                *sum += f32x16::simd_from(s, block.0);
                            }
                        }
                    }
                    let total = sums.into_iter().fold(sums[0], |total, sum| total + sum);
                    black_box(<[f32; 16]>::from(total));
                },
            );
        }) / 16.0
    }
}

/// Something that is timed, round by round.
struct Work {
    name: String,
    /// Operations, or bytes that are read and written.
    amount: f64,
    measure: fn(&Work) -> f64,
    pool: Option<(bool, [Pixels; 2], [Rule; 2])>,
    seconds: Vec<f64>,
}

/// A depthwise convolution of 3 x 3 with padding: channels, size of the image and stride.
macro_rules! depthwise {
    ($channels:literal, $size:literal, $stride:literal) => {{
        const BLOCKS: usize = usize::div_ceil($channels, 16);
        const OUT: usize = usize::div_ceil($size, $stride);
        const XS: usize = ($size + 2) * ($size + 2) * BLOCKS;
        const YS: usize = OUT * OUT * BLOCKS;
        struct Run;
        impl Task for Run {
            type Output = f64;
            fn run<S: Isa>(self, s: S) -> f64 {
                type X = ChannelLast<$size, $size, $channels, 1, 1, { $size + 2 }, { $size + 2 }>;
                type Y = ChannelLast<OUT, OUT, $channels, 0, 0, OUT, OUT>;
                let (x, w) = (numbers(XS, 1), numbers(9 * BLOCKS, 2));
                let (b, mut y) = (numbers(BLOCKS, 3), numbers(YS, 4));
                let x: &[[Block; XS]] = x.as_chunks().0;
                let w: &[[Block; 9]; BLOCKS] = w.as_chunks().0.first_chunk().expect("panels");
                let b: &[Block; BLOCKS] = b.first_chunk().expect("a block for each panel");
                let y: &mut [[Block; YS]] = y.as_chunks_mut().0;
                time(|| {
                    depthwise::forward::<
                        S,
                        Relu,
                        Taps<3, 3, $stride, $stride, 1, 1, 1, 1>,
                        X,
                        Y,
                        1,
                        1,
                        XS,
                        9,
                        BLOCKS,
                        YS,
                    >(s, black_box(x), w, b, y);
                })
            }
        }
        Work {
            name: format!(
                "depthwise 3x3 stride {}, [{}, {}, {}]",
                $stride, $channels, $size, $size
            ),
            amount: (2 * 9 * 16 * BLOCKS * OUT * OUT) as f64,
            measure: |_| simd::dispatch(simd::level(), Run),
            pool: None,
            seconds: Vec::new(),
        }
    }};
}

/// A pool, whose sizes are values.
struct Pool<'a>(&'a (bool, [Pixels; 2], [Rule; 2]));

impl Task for Pool<'_> {
    type Output = f64;

    fn run<S: Isa>(self, s: S) -> f64 {
        let &(largest, [of_x, of_y], [rows, columns]) = self.0;
        let (x, mut y) = (numbers(of_x.blocks, 1), numbers(of_y.blocks, 2));
        time(|| {
            let x = black_box(&x[..]);
            match largest {
                true => max_pool::forward(s, x, &mut y, (of_x, of_y), (rows, columns)),
                false => avg_pool::forward(s, x, &mut y, (of_x, of_y), (rows, columns), true),
            }
        })
    }
}

/// A pool of an image in no border; the whole of it where `window` is none.
fn pool(largest: bool, [channels, size]: [usize; 2], window: Option<[usize; 2]>) -> Work {
    let [kernel, stride] = window.unwrap_or([size, size]);
    let of = |size: usize| {
        let panels = channels.div_ceil(16);
        Pixels {
            blocks: size * size * panels,
            first: 0,
            rows: size,
            columns: size,
            row: size * panels,
            panels,
            channels,
        }
    };
    let outputs = (size - kernel) / stride + 1;
    let rule = Rule::Sliding {
        kernel,
        stride,
        dilation: 1,
        padding: 0,
    };
    let kind = if largest { "max" } else { "average" };
    let pixels = [of(size), of(outputs)];
    Work {
        name: format!("{kind} {kernel}x{kernel} stride {stride}, [{channels}, {size}, {size}]"),
        amount: 64.0 * (pixels[0].blocks + pixels[1].blocks) as f64,
        measure: |work| match &work.pool {
            Some(pool) => simd::dispatch(simd::level(), Pool(pool)),
            None => unreachable!("a pool has its sizes"),
        },
        pool: Some((largest, pixels, [rule; 2])),
        seconds: Vec::new(),
    }
}

fn main() {
    let mut all = vec![
        depthwise!(32, 56, 1),
        depthwise!(96, 28, 1),
        depthwise!(144, 14, 1),
        depthwise!(512, 14, 1),
        depthwise!(576, 7, 1),
        depthwise!(40, 20, 1),
        depthwise!(96, 48, 2),
        depthwise!(576, 6, 2),
    ];
    for largest in [true, false] {
        all.extend([
            pool(largest, [16, 64], Some([2, 2])),
            pool(largest, [64, 32], Some([2, 2])),
            pool(largest, [64, 32], Some([3, 2])),
            pool(largest, [64, 32], Some([3, 1])),
            pool(largest, [20, 40], Some([5, 3])),
            pool(largest, [64, 32], None),
        ]);
    }
    let near = numbers(NEAR, 5);
    let (from, mut to) = (numbers(4096, 6), numbers(4096, 7));
    let (mut peaks, mut readings, mut copies) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        peaks.push(machine::peak());
        let seconds = simd::dispatch(simd::level(), Near(&near));
        readings.push(64.0 * NEAR as f64 / seconds);
        let seconds = time(|| black_box(&mut to).copy_from_slice(black_box(&from)));
        copies.push(2.0 * 64.0 * 4096.0 / seconds);
        for work in &mut all {
            let seconds = (work.measure)(work);
            work.seconds.push(seconds);
        }
    }
    let (peak, reading, copy) = (median(&peaks), median(&readings), median(&copies));
    println!(
        "{:?}; peak {:.1} GFLOP/s, a sum reads {:.0} GB/s in level 1, a copy moves {:.0} GB/s in level 2",
        simd::set_of(simd::level()),
        peak / 1e9,
        reading / 1e9,
        copy / 1e9,
    );
    for Work {
        name,
        amount,
        pool,
        seconds,
        ..
    } in &all
    {
        let (seconds, micros) = (median(seconds), median(seconds) * 1e6);
        let rate = amount / seconds;
        match pool {
            // Two operations for every number that is read.
            None => println!(
                "{name:44}{micros:8.2} us {:6.1} GFLOP/s {:5.1} % of peak, {:4.0} % of reading",
                rate / 1e9,
                100.0 * rate / peak,
                100.0 * 2.0 * rate / reading,
            ),
            Some(_) => println!(
                "{name:44}{micros:8.2} us {:6.1} GB/s    {:5.1} % of a copy",
                rate / 1e9,
                100.0 * rate / copy,
            ),
        }
    }
}
