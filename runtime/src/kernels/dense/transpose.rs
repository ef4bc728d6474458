//! W^T in the layout of W, so that dx = dz W^T is a forward product.

use crate::{
    block::{Block, LANES},
    simd::Isa,
};
use fearless_simd::{f32x4, prelude::*};

/// Writes panels `first..first + transposed.len()` of the transpose of `w`:
/// `transposed[q - first][n]` lane l = `w[n / 16][16 q + l]` lane n % 16, and zero where 16 q + l reaches `K`.
///
/// `w` is `[[Block; K]; P]`, P = ceil(N / 16); the whole transpose has ceil(K / 16) panels, which threads may share.
pub fn transpose<S: Isa, const K: usize, const N: usize, const P: usize>(
    s: S,
    w: &[[Block; K]; P],
    first: usize,
    transposed: &mut [[Block; N]],
) {
    const { assert!(P == N.div_ceil(LANES)) };
    s.vectorize(
        #[inline(always)]
        || {
            for (q, panel) in transposed.iter_mut().enumerate() {
                let k = (first + q) * LANES;
                for (n, to) in panel.chunks_mut(LANES).enumerate() {
                    let from = &w[n][k.min(K)..K.min(k + LANES)];
                    if let Ok(from) = from.try_into() {
                        square(s, from, to);
                    } else {
                        let mut padded = [Block::ZERO; LANES];
                        padded[..from.len()].copy_from_slice(from);
                        square(s, &padded, to);
                    }
                }
            }
        },
    );
}

/// Transposes 16 x 16 floats, or as many columns as `to` has blocks, as squares of 4 x 4.
#[inline(always)]
fn square<S: Isa>(s: S, from: &[Block; LANES], to: &mut [Block]) {
    for (column, to) in to.chunks_mut(4).enumerate() {
        for row in 0..4 {
            let [a, b, c, d]: [f32x4<S>; 4] = core::array::from_fn(
                #[inline(always)]
                |i| f32x4::simd_from(s, from[4 * row + i].0.as_chunks().0[column]),
            );
            let (ac, bd) = (a.interleave(c), b.interleave(d));
            let (low, high) = (ac.0.interleave(bd.0), ac.1.interleave(bd.1));
            for (to, value) in to.iter_mut().zip([low.0, low.1, high.0, high.1]) {
                value.store_array(&mut to.0.as_chunks_mut().0[row]);
            }
        }
    }
}
