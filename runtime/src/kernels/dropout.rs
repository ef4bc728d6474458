//! Dropout (Srivastava et al. 2014), as `torch.nn.Dropout` while training.
//!
//! With m = 1 where a number is kept (probability 1 - p) and 0 elsewhere:
//!
//! ```text
//! forward    y  = m x / (1 - p)
//! backward   dx = m dy / (1 - p)
//! ```
//!
//! The mask is computed again in backward from the same key (see [`crate::random`]), so nothing is stored.

use crate::{
    block::{Block, LANES},
    math,
    random::{self, Key},
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*, u32x16};

/// The factor of sixteen numbers: 1 / (1 - p), or 0; always 0 where p is 1, as in PyTorch. No factor makes a number smaller
/// that it does not make zero.
#[inline(always)]
fn factors<S: Isa>(s: S, row: random::Row, first: u32x16<S>, p: f32) -> f32x16<S> {
    // Dropped when the hash is below p 2^32: exact to 2^-32.
    let threshold = (f64::from(p) * 4_294_967_296.0) as u32;
    let keep = random::bits(s, row, first).simd_ge(u32x16::splat(s, threshold));
    let scale = f32x16::splat(s, if p < 1.0 { 1.0 / (1.0 - p) } else { 0.0 });
    keep.select(scale, f32x16::splat(s, 0.0))
}

/// Walks the rows of `x` and `y` block by block with their factors.
#[inline(always)]
fn walk<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    blocks_per_sample: usize,
    p: f32,
    key: Key,
    f: impl Fn(f32x16<S>, f32x16<S>, &mut Block),
) {
    let lanes = u32x16::simd_from(s, core::array::from_fn(|lane| lane as u32));
    let rows = x
        .chunks_exact(blocks_per_sample.max(1))
        .zip(y.chunks_exact_mut(blocks_per_sample.max(1)));
    for (row, (x, y)) in rows.enumerate() {
        let row = key.row(row);
        let mut index = lanes;
        for (x, y) in x.iter().zip(y) {
            f(x.load(s), factors(s, row, index, p), y);
            index += u32x16::splat(s, LANES as u32);
        }
    }
}

/// y = m x / (1 - p) over rows of `blocks_per_sample`; padding stays zero since 0 times either factor is 0.
pub fn forward<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    blocks_per_sample: usize,
    p: f32,
    key: Key,
) {
    s.vectorize(
        #[inline(always)]
        || {
            walk(
                s,
                x,
                y,
                blocks_per_sample,
                p,
                key,
                #[inline(always)]
                |x, factor, y| y.store(x * factor),
            );
        },
    );
}

/// dx = m dy / (1 - p), or dx += that.
pub fn backward<S: Isa, const ADD: bool>(
    s: S,
    dy: &[Block],
    dx: &mut [Block],
    blocks_per_sample: usize,
    p: f32,
    key: Key,
) {
    s.vectorize(
        #[inline(always)]
        || {
            walk(
                s,
                dy,
                dx,
                blocks_per_sample,
                p,
                key,
                #[inline(always)]
                |dy, factor, dx| {
                    let gradient = dy * factor;
                    dx.store(if ADD {
                        math::flush(s, dx.load(s) + gradient)
                    } else {
                        gradient
                    });
                },
            );
        },
    );
}

#[cfg(test)]
mod tests;
