//! Causal convolutions over the frames of a stream: y\[t\] takes x\[t\] and frames before it.
//!
//! ```text
//! y[t, o] = f(b[o] + sum over taps v and channels c of w[o, c, v] x[t stride + v dilation - left, c])
//! ```
//!
//! The `left` frames before a step lie in a ring, zeros before the first: frame t stands in place t mod `left`, until frame
//! t + `left` takes it, which is the first that does not read it. So a step reads its taps where they are, and writes what
//! is new: nothing is moved.
//!
//! ```text
//! kernel 3, dilation 2: left = 4, taps t-4, t-2 and t
//!
//! t = 9    ring    8 5 6 7     reads 5 (which 9 replaces), 7 and the new frame
//! t = 10   ring    8 9 6 7     reads 6 (which 10 replaces), 8 and the new frame
//! ```
//!
//! Sums begin at the bias and run over taps, then channels, in ascending order, and are cut as those of
//! [`conv2d`](super::conv2d) are; zeros before the first frame are multiplied as its padding is. So steps have the bits that
//! they have in a whole sequence.
//!
//! The sizes: `C` channels in rows of `KS` floats, `FRAMES` of them in a step; windows of `TAPS`, `DILATION` apart, that move
//! by `STRIDE`, the first of which begins `LEFT` frames before the first; `N` outputs in `P` panels of `K = TAPS C` blocks.

#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

mod ring;
#[cfg(test)]
mod tests;

use crate::{
    block::{Block, LANES, without_padding},
    kernels::activation::Activation,
    simd::{InstructionSet, Isa, chains::POSITIONS, inlined},
    tile::Accumulators,
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, prelude::*};
use ring::Ring;

/// Answers the frames of one step or of several that follow one another, the first of which is step `clock`. `ring` has
/// room for `LEFT` frames.
///
/// This is a part of what calls it, so that a small network is one function.
#[inline(always)]
pub fn steps<
    S: Isa,
    A: Activation,
    const C: usize,
    const KS: usize,
    const FRAMES: usize,
    const TAPS: usize,
    const DILATION: usize,
    const STRIDE: usize,
    const LEFT: usize,
    const K: usize,
    const N: usize,
    const P: usize,
>(
    s: S,
    x: &[[f32; KS]],
    w: &[[Block; K]; P],
    b: &[Block; P],
    clock: u64,
    ring: &mut [Block],
    y: &mut [[Block; P]],
) {
    const { assert!(C <= KS && K == TAPS * C && P == N.div_ceil(LANES)) };
    const { assert!(FRAMES.is_multiple_of(STRIDE) && (TAPS - 1) * DILATION < LEFT + STRIDE) };
    assert_eq!(x.len(), y.len() * STRIDE, "a frame for each window");
    let steps = Steps::<S, A, C, KS, TAPS, DILATION, STRIDE, LEFT, K, N, P> {
        s,
        x,
        w,
        b,
        ring: Ring::of(ring, clock, FRAMES),
        y,
        activation: PhantomData,
    };
    if const { FRAMES == STRIDE } && steps.y.len() == 1 {
        inlined(
            s,
            #[inline(always)]
            || steps.each::<1>(),
        );
    } else {
        steps.all();
    }
}

/// The frames that the windows of some steps see, window by window without their gaps: what other kernels take for images
/// of one row, whose windows lie side by side. A window is `TAPS` rows of `B` blocks.
pub fn windows<
    S: Isa,
    const C: usize,
    const KS: usize,
    const FRAMES: usize,
    const TAPS: usize,
    const DILATION: usize,
    const STRIDE: usize,
    const LEFT: usize,
    const B: usize,
>(
    s: S,
    x: &[[f32; KS]],
    clock: u64,
    ring: &mut [Block],
    seen: &mut [[Block; B]],
) {
    const { assert!(C <= KS && B == C.div_ceil(LANES)) };
    let _ = s;
    let mut ring = Ring::<C, LEFT>::of(ring, clock, FRAMES);
    let windows = seen.as_chunks_mut::<TAPS>().0;
    for (window, frames) in windows.iter_mut().zip(x.chunks_exact(STRIDE)) {
        for (tap, row) in window.iter_mut().enumerate() {
            let row = bytemuck::must_cast_slice_mut::<Block, f32>(row);
            let (channels, gap) = row.split_at_mut(C);
            channels.copy_from_slice(ring.frame(frames, tap * DILATION));
            gap.fill(0.0);
        }
        ring.take(frames);
    }
}

/// Some steps.
struct Steps<
    'a,
    S,
    A,
    const C: usize,
    const KS: usize,
    const TAPS: usize,
    const DILATION: usize,
    const STRIDE: usize,
    const LEFT: usize,
    const K: usize,
    const N: usize,
    const P: usize,
> {
    s: S,
    x: &'a [[f32; KS]],
    w: &'a [[Block; K]; P],
    b: &'a [Block; P],
    ring: Ring<'a, C, LEFT>,
    y: &'a mut [[Block; P]],
    activation: PhantomData<A>,
}

impl<
    S: Isa,
    A: Activation,
    const C: usize,
    const KS: usize,
    const TAPS: usize,
    const DILATION: usize,
    const STRIDE: usize,
    const LEFT: usize,
    const K: usize,
    const N: usize,
    const P: usize,
> Steps<'_, S, A, C, KS, TAPS, DILATION, STRIDE, LEFT, K, N, P>
{
    /// Whether sums are cut into runs, and the taps of a run.
    const CUT: bool = K > POSITIONS;
    const RUN: usize = if C < POSITIONS { POSITIONS / C } else { 1 };

    /// Windows of a tile, and its panels: their sums fill the registers.
    const TILE: [usize; 2] = match (S::SET, P) {
        (InstructionSet::Avx512, 1) => [8, 1],
        (InstructionSet::Avx512, 2 | 3) => [6, P],
        (InstructionSet::Avx512, _) => [4, 4],
        (InstructionSet::Neon, 1) | (InstructionSet::Avx2, 1) => [6, 1],
        (InstructionSet::Neon | InstructionSet::Avx2, _) => [2, 2],
        _ => [2, 1],
    };

    /// All windows, as many at once as make a tile.
    #[inline(never)]
    fn all(self) {
        let s = self.s;
        s.vectorize(
            #[inline(always)]
            || match const { Self::TILE[0] } {
                8 => self.each::<8>(),
                6 => self.each::<6>(),
                4 => self.each::<4>(),
                _ => self.each::<2>(),
            },
        );
    }

    /// All windows, `R` at once, and those that are left one by one.
    #[inline(always)]
    fn each<const R: usize>(mut self) {
        let mut row = 0;
        while row < self.y.len() {
            if R > 1 && row + R <= self.y.len() {
                self.windows::<R>(row);
                row += R;
            } else {
                self.windows::<1>(row);
                row += 1;
            }
        }
    }

    /// The windows from `row` on, all panels; then the frames up to the next window are kept.
    #[inline(always)]
    fn windows<const R: usize>(&mut self, row: usize) {
        let mut panel = 0;
        while panel < P {
            if const { Self::TILE[1] >= 4 } && panel + 4 <= P {
                self.tile::<R, 4>(row, panel);
                panel += 4;
            } else if const { Self::TILE[1] >= 3 && P % 4 == 3 } && panel + 3 <= P {
                self.tile::<R, 3>(row, panel);
                panel += 3;
            } else if const { Self::TILE[1] >= 2 } && panel + 2 <= P {
                self.tile::<R, 2>(row, panel);
                panel += 2;
            } else {
                self.tile::<R, 1>(row, panel);
                panel += 1;
            }
        }
        self.ring.take(&self.x[row * STRIDE..][..R * STRIDE]);
    }

    /// R windows by G panels.
    #[inline(always)]
    fn tile<const R: usize, const G: usize>(&mut self, row: usize, panel: usize) {
        let s = self.s;
        let x = &self.x[row * STRIDE..][..R * STRIDE];
        let mut sums: Accumulators<S, R, G> = [[f32x16::splat(s, 0.0); G]; R];
        let mut total = sums;
        let mut w = [&self.w[0]; G];
        for j in 0..G {
            w[j] = &self.w[panel + j];
            for i in 0..R {
                sums[i][j] = self.b[panel + j].load(s);
            }
        }
        for tap in 0..TAPS {
            let mut frames = [&[0.0; C]; R];
            for i in 0..R {
                frames[i] = self.ring.frame(x, i * STRIDE + tap * DILATION);
            }
            let mut weights = [&[Block::ZERO; C]; G];
            for j in 0..G {
                weights[j] = w[j][tap * C..].first_chunk().unwrap_or(&[Block::ZERO; C]);
            }
            for piece in 0..const { C.div_ceil(POSITIONS) } {
                let first = piece * POSITIONS;
                for c in first..C.min(first + POSITIONS) {
                    for i in 0..R {
                        let x = f32x16::splat(s, frames[i][c]);
                        for j in 0..G {
                            sums[i][j] = x.mul_add(weights[j][c].load(s), sums[i][j]);
                        }
                    }
                }
                if Self::CUT && (tap + 1).is_multiple_of(Self::RUN) {
                    join(s, &mut total, &mut sums);
                }
            }
        }
        if Self::CUT {
            join(s, &mut total, &mut sums);
            sums = total;
        }
        for i in 0..R {
            for j in 0..G {
                let value = A::apply(s, sums[i][j]);
                let value = match const { N % LANES } > 0 && panel + j == N / LANES {
                    true => without_padding(s, value, N / LANES, N),
                    false => value,
                };
                self.y[row + i][panel + j].store(value);
            }
        }
    }
}

/// Adds a run's sums to those before it, and begins the next.
#[inline(always)]
fn join<S: Isa, const R: usize, const G: usize>(
    s: S,
    total: &mut Accumulators<S, R, G>,
    sums: &mut Accumulators<S, R, G>,
) {
    for i in 0..R {
        for j in 0..G {
            total[i][j] += sums[i][j];
            sums[i][j] = f32x16::splat(s, 0.0);
        }
    }
}
