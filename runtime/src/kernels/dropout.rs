//! Dropout (Srivastava et al. 2014), as `torch.nn.Dropout` while training, and what differs from it in what is dropped at once:
//! whole channels (Tompson et al. 2015, `torch.nn.Dropout2d`), or all of a sample (stochastic depth, Huang et al. 2016,
//! `torchvision.ops.StochasticDepth`). Which numbers share a mask is a matter of their indices (see [`Numbers`]).
//!
//! With m = 1 where a number is kept (probability 1 - p) and 0 elsewhere, and c = 1 / (1 - p):
//!
//! ```text
//! forward    y  = c m x
//! backward   dx = c m dy
//! ```
//!
//! Alpha dropout (Klambauer et al. 2017, `torch.nn.AlphaDropout`) puts A = -1.7580993408473766, the least value of SELU, where a
//! number is dropped, and brings what is normal back to mean 0 and variance 1: with a = 1 / sqrt((1 - p) (1 + p A^2)),
//!
//! ```text
//! forward    y  = a (m x + (1 - m) A) - a p A  =  a m x + (-a p A if kept, a (1 - p) A if dropped)
//! backward   dx = a m dy
//! ```
//!
//! The mask is computed again in backward from the same key (see [`crate::random`]), so nothing is stored.

use super::numbers::Numbers;
use crate::{
    block::Block,
    math,
    random::{self, Key},
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, prelude::*, u32x16};

/// Numbers are dropped whose hash is below this: p 2^32, exact to 2^-32.
fn threshold(p: f32) -> u32 {
    (f64::from(p) * 4_294_967_296.0) as u32
}

compiled_here! {
    /// y = c m x, or y += c m x: forward, and backward over deltas. c is 0 where p is 1, as in PyTorch, for a threshold of 32
    /// bits is one short of 2^32. Padding stays zero, since 0 times either factor is 0.
    pub fn apply = apply_on(
        x: &[Block], y: &mut [Block], numbers: Numbers, p: f32, scale: f32, key: Key, add: bool,
    );
    /// y = a m x, and `kept` or `dropped` more.
    pub fn apply_alpha = apply_alpha_on(
        x: &[Block], y: &mut [Block], numbers: Numbers, p: f32, scale: f32, kept: f32, dropped: f32, key: Key,
    );
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn apply_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    numbers: Numbers,
    p: f32,
    scale: f32,
    key: Key,
    add: bool,
) {
    match add {
        true => masked::<S, true, true>(s, (x, y), numbers, [p, scale], key),
        // A factor of at least 1 makes no number smaller, and 0 makes all of them zero.
        false if scale >= 1.0 || scale == 0.0 => {
            masked::<S, false, false>(s, (x, y), numbers, [p, scale], key);
        }
        false => masked::<S, false, true>(s, (x, y), numbers, [p, scale], key),
    }
}

fn masked<S: Isa, const ADD: bool, const FLUSH: bool>(
    s: S,
    values: (&[Block], &mut [Block]),
    numbers: Numbers,
    [p, scale]: [f32; 2],
    key: Key,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let threshold = u32x16::splat(s, threshold(p));
            let (scale, zero) = (f32x16::splat(s, scale), f32x16::splat(s, 0.0));
            numbers.change::<S, f32x16<S>, ADD>(
                s,
                values,
                (key, false),
                #[inline(always)]
                |row, index| {
                    let kept = random::bits(s, row, index).simd_ge(threshold);
                    kept.select(scale, zero)
                },
                #[inline(always)]
                |factor, x, y| {
                    let sum = if ADD { y + x * factor } else { x * factor };
                    if FLUSH { math::flush(s, sum) } else { sum }
                },
            );
        },
    );
}

#[allow(clippy::too_many_arguments, reason = "called by expansions")]
fn apply_alpha_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    numbers: Numbers,
    p: f32,
    scale: f32,
    kept: f32,
    dropped: f32,
    key: Key,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let threshold = u32x16::splat(s, threshold(p));
            let (scale, zero) = (f32x16::splat(s, scale), f32x16::splat(s, 0.0));
            let (kept, dropped) = (f32x16::splat(s, kept), f32x16::splat(s, dropped));
            numbers.change::<S, [f32x16<S>; 2], false>(
                s,
                (x, y),
                (key, true),
                #[inline(always)]
                |row, index| {
                    let keep = random::bits(s, row, index).simd_ge(threshold);
                    [keep.select(scale, zero), keep.select(kept, dropped)]
                },
                #[inline(always)]
                |[factor, more], x, _| math::flush(s, x * factor + more),
            );
        },
    );
}

#[cfg(test)]
mod tests;
