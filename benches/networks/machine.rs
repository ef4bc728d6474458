//! What the machine can do at best, and how calls are timed.

use fearless_simd::{f32x16, prelude::*};
use kiln::simd::{self, InstructionSet, Isa, Task};
use std::{hint::black_box, time::Instant};

/// Chains of multiply-adds in registers and nothing else.
struct Peak;

/// Steps of every chain in a measurement of the peak.
const PEAK_STEPS: usize = 200_000;

impl Task for Peak {
    /// Operations per second.
    type Output = f64;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> f64 {
        // As many chains as two multipliers of four cycles keep busy, and no more than there are registers.
        if S::SET == InstructionSet::Avx512 {
            chains::<S, 12>(s)
        } else {
            chains::<S, 6>(s)
        }
    }
}

#[inline(always)]
fn chains<S: Isa, const N: usize>(s: S) -> f64 {
    let start = Instant::now();
    let (factor, term) = (
        f32x16::splat(s, black_box(0.999)),
        f32x16::splat(s, black_box(0.1)),
    );
    let mut sums = [term; N];
    for _ in 0..PEAK_STEPS {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    let total = sums.into_iter().fold(term, |total, sum| total + sum);
    black_box(<[f32; 16]>::from(total));
    (2 * 16 * N * PEAK_STEPS) as f64 / start.elapsed().as_secs_f64()
}

/// A plain sum over memory that fits a level-2 cache and no level-1 cache.
struct Reading<'a>(&'a [Line]);

/// A cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([f32; 16]);

/// Blocks that are read: 256 KiB.
const READ_BLOCKS: usize = 4096;

impl Task for Reading<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let mut sums = [f32x16::splat(s, 0.0); 8];
        for blocks in self.0.as_chunks::<8>().0 {
            for (sum, block) in sums.iter_mut().zip(blocks) {
                *sum += f32x16::simd_from(s, block.0);
            }
        }
        let total = sums.into_iter().fold(sums[0], |total, sum| total + sum);
        black_box(<[f32; 16]>::from(total));
    }
}

/// Bytes per second of [`Reading`].
pub fn reading() -> f64 {
    let memory = vec![Line([1.0; 16]); READ_BLOCKS];
    let seconds = seconds(|| simd::dispatch(simd::level(), Reading(black_box(&memory))));
    size_of_val(&memory[..]) as f64 / seconds
}

/// Operations per second of [`Peak`], the best of five.
pub fn peak() -> f64 {
    (0..5)
        .map(|_| simd::dispatch(simd::level(), Peak))
        .fold(0.0, f64::max)
}

/// Seconds of one call, the best of a few repetitions that each take about ten milliseconds.
pub fn seconds(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    call();
    let repeats = (0.01 / start.elapsed().as_secs_f64().max(1e-9)).clamp(1.0, 1e6) as usize;
    let run = |_| {
        let start = Instant::now();
        for _ in 0..repeats {
            call();
        }
        start.elapsed().as_secs_f64() / repeats as f64
    };
    (0..3).map(run).fold(f64::INFINITY, f64::min)
}
