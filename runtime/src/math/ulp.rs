//! Measures a vector function against its f64 value over the bit patterns of f32, on every instruction set.

use crate::{
    block::{Block, LANES},
    simd::{self, InstructionSet, Isa, Task},
};
use fearless_simd::{Simd, f32x16};
use std::{eprintln, vec, vec::Vec};

/// Bit patterns between two samples; odd, so that mantissas and exponents mix. Unoptimised code takes a microsecond a
/// lane, so that it sees fewer.
const STRIDE: u64 = if cfg!(debug_assertions) { 32_749 } else { 257 };
/// Blocks that are evaluated per dispatch.
const CHUNK: usize = 256;
/// Floats tested on either side of a seam.
const NEIGHBOURS: u32 = 16;

/// A function under test.
pub trait Function {
    /// Largest error in ULP where multiply-add is fused.
    const FUSED: f64;
    /// Largest error in ULP where it rounds twice.
    const UNFUSED: f64;
    /// The vector function; implement with `#[inline(always)]`.
    fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S>;
    /// The same in f64.
    fn truth(x: f64) -> f64;
    /// Whether a result is right whatever its distance.
    fn is_right(y: f32, truth: f64) -> bool {
        let _ = (y, truth);
        false
    }
    /// Arguments whose neighbourhood is tested densely, on both sides of zero.
    fn seams() -> impl Iterator<Item = f32>;
}

/// Applies the function to blocks.
struct Apply<'a, F> {
    x: &'a [Block],
    y: &'a mut [Block],
    function: core::marker::PhantomData<F>,
}

impl<F: Function> Task for Apply<'_, F> {
    type Output = InstructionSet;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> InstructionSet {
        for (y, x) in self.y.iter_mut().zip(self.x) {
            y.store(F::apply(s, x.load(s)));
        }
        S::SET
    }
}

/// Evaluates the function on one level.
fn apply<F: Function>(level: fearless_simd::Level, x: &[Block], y: &mut [Block]) -> InstructionSet {
    simd::dispatch(
        level,
        Apply {
            x,
            y,
            function: core::marker::PhantomData::<F>,
        },
    )
}

/// |y - truth| in units in the last place of truth's binade; infinity counts as 2^128, the value it rounds from.
fn error(y: f32, truth: f64) -> f64 {
    const TWO_128: f64 = 2.0 * (1u128 << 127) as f64;
    if truth.is_nan() || y.is_nan() {
        return if truth.is_nan() && y.is_nan() {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let truth = truth.clamp(-TWO_128, TWO_128);
    let y = f64::from(y).clamp(-TWO_128, TWO_128);
    // The exponent of the binade, held between the subnormals' and the largest.
    let exponent = ((truth.to_bits() >> 52 & 0x7ff) as i64 - 1023).clamp(-126, 127);
    let ulp = f64::from_bits(((exponent - 23 + 1023) as u64) << 52);
    (y - truth).abs() / ulp
}

/// The worst argument so far on one level.
#[derive(Clone, Copy)]
struct Worst {
    set: Option<InstructionSet>,
    error: f64,
    x: f32,
    y: f32,
}

/// Compares one chunk of arguments on every level.
fn compare<F: Function>(x: &[Block], truth: &mut Vec<f64>, y: &mut [Block], worst: &mut [Worst]) {
    truth.clear();
    truth.extend(
        x.iter()
            .flat_map(|block| block.0)
            .map(|x| F::truth(f64::from(x))),
    );
    for (level, worst) in simd::levels().zip(worst) {
        let y = &mut y[..x.len()];
        worst.set = Some(apply::<F>(level, x, y));
        let pairs = x
            .iter()
            .flat_map(|block| &block.0)
            .zip(y.iter().flat_map(|block| &block.0));
        for ((x, y), truth) in pairs.zip(&*truth) {
            let error = error(*y, *truth);
            if error > worst.error && !F::is_right(*y, *truth) {
                *worst = Worst {
                    error,
                    x: *x,
                    y: *y,
                    ..*worst
                };
            }
        }
    }
}

/// Every `STRIDE`th bit pattern, or every one if the environment asks for it.
fn sweep() -> impl Iterator<Item = u32> {
    let exhaustive = std::env::var_os("KILN_EXHAUSTIVE").is_some();
    let stride = if exhaustive { 1 } else { STRIDE };
    (0..(1u64 << 32).div_ceil(stride)).map(move |i| (i * stride) as u32)
}

/// Sweeps the bit patterns of f32 and the seams' neighbourhoods, and holds every level to its bound.
pub fn check<F: Function>() {
    let seams = F::seams().flat_map(|seam| [seam, -seam]).flat_map(|seam| {
        (0..=2 * NEIGHBOURS).map(move |i| seam.to_bits().wrapping_add(i).wrapping_sub(NEIGHBOURS))
    });
    let ends = (0..=NEIGHBOURS).flat_map(|i| {
        [
            0,
            f32::INFINITY.to_bits(),
            f32::NAN.to_bits(),
            1 << 31,
            f32::NEG_INFINITY.to_bits(),
        ]
        .map(|end: u32| end.wrapping_add(i))
    });
    let mut patterns = sweep().chain(seams).chain(ends).map(f32::from_bits);

    let mut worst = [Worst {
        set: None,
        error: 0.0,
        x: 0.0,
        y: 0.0,
    }; 4];
    let mut x = vec![Block::ZERO; CHUNK];
    let mut y = vec![Block::ZERO; CHUNK];
    let mut truth = Vec::with_capacity(CHUNK * LANES);
    let mut more = true;
    while more {
        for lane in x.iter_mut().flat_map(|block| &mut block.0) {
            let next = patterns.next();
            more &= next.is_some();
            *lane = next.unwrap_or(0.0);
        }
        compare::<F>(&x, &mut truth, &mut y, &mut worst);
    }

    for Worst { set, error, x, y } in worst {
        let Some(set) = set else { continue };
        eprintln!(
            "{set:?}: {error:.3} ULP at {x:e} (0x{:08x}), which gave {y:e}",
            x.to_bits()
        );
        let bound = match set {
            InstructionSet::Avx512 | InstructionSet::Avx2 | InstructionSet::Neon => F::FUSED,
            _ => F::UNFUSED,
        };
        assert!(
            error <= bound,
            "{set:?}: {error} ULP at {x:e}, more than {bound}"
        );
    }
}

/// Holds every level to exact results; NaN stands for any NaN, and the sign of zero counts.
pub fn check_exact<F: Function>(pairs: &[(f32, f32)]) {
    for level in simd::levels() {
        for &(x, expected) in pairs {
            let mut y = [Block::ZERO];
            let set = apply::<F>(level, &[Block([x; LANES])], &mut y);
            for y in y[0].0 {
                let same = y.to_bits() == expected.to_bits() || y.is_nan() && expected.is_nan();
                assert!(same, "{set:?}: f({x:e}) = {y:e}, not {expected:e}");
            }
        }
    }
}

/// Holds every level to f(-x) = -f(x), bit for bit, and to |f(x)| <= 1.
pub fn check_odd_within_one<F: Function>() {
    let mut patterns = sweep()
        .take_while(|bits| *bits <= f32::INFINITY.to_bits())
        .peekable();
    let mut x = vec![Block::ZERO; CHUNK];
    let (mut y, mut mirrored) = (x.clone(), x.clone());
    while patterns.peek().is_some() {
        for block in &mut x {
            block.0 = core::array::from_fn(|_| f32::from_bits(patterns.next().unwrap_or(0)));
        }
        let negative: Vec<_> = x.iter().map(|block| Block(block.0.map(|x| -x))).collect();
        for level in simd::levels() {
            let set = apply::<F>(level, &x, &mut y);
            apply::<F>(level, &negative, &mut mirrored);
            for ((x, y), mirrored) in x.iter().zip(&y).zip(&mirrored) {
                for lane in 0..LANES {
                    let (x, y, mirrored) = (x.0[lane], y.0[lane], mirrored.0[lane]);
                    assert!((0.0..=1.0).contains(&y), "{set:?}: f({x:e}) = {y:e}");
                    assert_eq!(
                        y.to_bits() ^ (1 << 31),
                        mirrored.to_bits(),
                        "{set:?}: f(+-{x:e})"
                    );
                }
            }
        }
    }
}
