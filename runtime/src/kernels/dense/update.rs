//! dW = x^T dz and db = sum of dz, finished a few at a time and consumed there.

use crate::{
    block::Block,
    simd::{Isa, chains::Chain},
    tile::{self, Accumulators, Visit},
    update::Stretch,
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// Inputs whose gradients are finished for all panels before the next inputs have their turn: a batch of this many
/// inputs stays in the caches near the core while the panels pass.
const STRIPE: usize = 192;

/// At least the rows of the tallest tile.
const TALLEST: usize = 12;

/// Finishes the gradients of the weights that `stretch` asks for.
///
/// `rows` gives, chunk by chunk, the layer's inputs (rows of `KS` floats of which the first `K` count) and the deltas
/// of its pre-activations. The weights are the layer's `[[Block; K]; P]`, read as one flat slice (panel p, input k: block
/// p K + k); any stretch of it gives the same bits, and so do any chunks: each gradient adds the rows in their order, in
/// chains that are counted from the first.
pub fn update<'a, S: Isa, const K: usize, const KS: usize, const P: usize>(
    s: S,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    stretch: &mut Stretch<'_>,
) {
    const { assert!(K <= KS) };
    let Range { start, end } = stretch.range();
    assert!(end <= K * P);
    s.vectorize(
        #[inline(always)]
        || {
            // Cleared once, and not for every tile: few batches have more than one chain.
            let mut joined = [Block::ZERO; TALLEST];
            for stripe in (0..K).step_by(STRIPE) {
                for panel in start / K..end.div_ceil(K) {
                    let from = start.max(panel * K + stripe);
                    let to = end.min(panel * K + K.min(stripe + STRIPE));
                    if from < to {
                        let mut panel = Panel {
                            s,
                            rows: rows.clone(),
                            panel,
                            first: from,
                            k: from - panel * K,
                            joined: &mut joined,
                            stretch: &mut *stretch,
                        };
                        s.cover_blocks(to - from, 1, &mut panel);
                    }
                }
            }
        },
    );
}

/// A part of one panel's gradients: those of block `first`, which belongs to input `k`, and of the blocks after it.
struct Panel<'a, 'b, S, R> {
    s: S,
    rows: R,
    panel: usize,
    first: usize,
    k: usize,
    /// What the chains of a tile that have ended come to.
    joined: &'a mut [Block; TALLEST],
    stretch: &'a mut Stretch<'b>,
}

impl<
    'a,
    S: Isa,
    R: Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    const KS: usize,
    const P: usize,
> Visit for Panel<'_, '_, S, R>
{
    const BLOCKS: usize = 1;

    /// Here the tile's rows are inputs k, and the sum runs over samples.
    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, _: usize) {
        let s = self.s;
        let mut sums: Accumulators<S, ROWS, 1> = [[f32x16::splat(s, 0.0)]; ROWS];
        const { assert!(ROWS <= TALLEST) };
        let k = self.k + row;
        let mut chain = Chain::first();
        for (mut x, mut delta) in self.rows.clone() {
            loop {
                let (now, later) = x.split_at(chain.take(x.len()));
                for (x, delta) in now.iter().zip(delta) {
                    let x = &x[k..][..ROWS];
                    let delta = &delta[self.panel];
                    tile::step(
                        s,
                        &mut sums,
                        #[inline(always)]
                        |i| x[i],
                        #[inline(always)]
                        |_| delta,
                    );
                }
                let others = chain.joined;
                if !chain.ends() {
                    break;
                }
                for i in 0..ROWS {
                    if others {
                        sums[i][0] = self.joined[i].load(s) + sums[i][0];
                    }
                    self.joined[i].store(sums[i][0]);
                    sums[i][0] = f32x16::splat(s, 0.0);
                }
                delta = &delta[now.len()..];
                x = later;
            }
        }
        let mut gradients = [Block::ZERO; ROWS];
        for i in 0..ROWS {
            if chain.joined {
                sums[i][0] = self.joined[i].load(s) + sums[i][0];
            }
            gradients[i].store(sums[i][0]);
        }
        // A call: a rule is compiled once for all shapes of tiles and all layers, and the tiles that follow are computed
        // while its divisions and roots are under way.
        self.stretch.finish(self.first + row, &gradients);
    }
}

/// Biases that are summed at once: enough chains to hide the latency of an addition.
const BIASES: usize = 4;

/// Finishes the gradients of the biases (in blocks) that `stretch` asks for.
pub fn update_bias<'a, S: Isa, const P: usize>(
    s: S,
    dy: impl Iterator<Item = &'a [[Block; P]]> + Clone,
    stretch: &mut Stretch<'_>,
) {
    let Range { start, end } = stretch.range();
    assert!(end <= P);
    s.vectorize(
        #[inline(always)]
        || {
            for first in (start..end).step_by(BIASES) {
                let count = BIASES.min(end - first);
                let mut sums = [f32x16::splat(s, 0.0); BIASES];
                let mut gradients = [Block::ZERO; BIASES];
                let mut chain = Chain::first();
                for mut deltas in dy.clone() {
                    loop {
                        let (now, later) = deltas.split_at(chain.take(deltas.len()));
                        for delta in now {
                            // Past the last one, the first is summed again and dropped.
                            for j in 0..BIASES {
                                let block = if j < count { first + j } else { first };
                                sums[j] += delta[block].load(s);
                            }
                        }
                        if !chain.ends() {
                            break;
                        }
                        for j in 0..BIASES {
                            gradients[j].store(gradients[j].load(s) + sums[j]);
                            sums[j] = f32x16::splat(s, 0.0);
                        }
                        deltas = later;
                    }
                }
                for j in 0..BIASES {
                    gradients[j].store(gradients[j].load(s) + sums[j]);
                }
                stretch.finish(first, &gradients[..count]);
            }
        },
    );
}
