//! dW = x^T dz and db = sum of dz, finished a few at a time and consumed there.

use super::packed::{self, STRIPE};
use crate::{
    block::{Block, LANES},
    simd::{
        Isa,
        chains::{Chain, POSITIONS},
    },
    tile::{self, Accumulators, Visit},
    update::Stretch,
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// Floats of a row from which on rows lie a page apart.
const WIDE: usize = 1024;

/// Rows from which on copies pay: they serve many panels, and what is finished from them is handed over in a stream.
const MANY: usize = 4;

/// Whether a layer is so wide that its gradients come from copies: what a copy costs is shared by the panels or the inputs
/// that use it.
const fn is_wide(inputs: usize, stride: usize, panels: usize) -> bool {
    stride >= WIDE && panels >= 4 || panels * LANES >= WIDE && inputs >= 64
}

/// At least the rows of the tallest tile.
const TALLEST: usize = 12;

/// Gradients that are handed over at once, so that weights and moments come as a stream.
const HANDED: usize = 4 * TALLEST;

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
    if const { is_wide(K, KS, P) } {
        let count = rows.clone().map(|(x, _)| x.len()).sum::<usize>();
        let few = K * packed::PANELS.min(P) / 2;
        if (MANY..=POSITIONS).contains(&count) && end - start >= few {
            return update_wide::<S, K, KS, P>(s, rows, stretch);
        }
    }
    s.vectorize(
        #[inline(always)]
        || {
            // Cleared once, and not for every tile: few batches have more than one chain.
            let mut joined = [Block::ZERO; TALLEST];
            let mut gradients = [Block::ZERO; HANDED];
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
                            gradients: &mut gradients,
                            filled: 0,
                            stretch: &mut *stretch,
                        };
                        s.cover_blocks(to - from, 1, &mut panel);
                        panel.hand_over();
                    }
                }
            }
        },
    );
}

/// [`update`] from copies, of no more rows than a chain has.
#[inline(never)]
fn update_wide<'a, S: Isa, const K: usize, const KS: usize, const P: usize>(
    s: S,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    stretch: &mut Stretch<'_>,
) {
    let Range { start, end } = stretch.range();
    let mut copies = packed::Rows {
        x: [[0.0; STRIPE]; packed::ROWS],
        delta: [Block::ZERO; packed::ROWS],
    };
    let mut gradients = [[Block::ZERO; STRIPE]; packed::PANELS];
    let panels = start / K..end.div_ceil(K);
    for stripe in (0..K).step_by(STRIPE) {
        let width = STRIPE.min(K - stripe);
        // What is asked for of a panel's part of the stripe.
        let part = |panel: usize| {
            let first = panel * K + stripe;
            start.max(first)..end.min(first + width)
        };
        for group in panels.clone().step_by(packed::PANELS) {
            let group = group..panels.end.min(group + packed::PANELS);
            let mut begins = true;
            for (x, delta) in rows.clone() {
                let pieces = x.chunks(packed::ROWS).zip(delta.chunks(packed::ROWS));
                for (x, delta) in pieces {
                    for (copy, x) in copies.x.iter_mut().zip(x) {
                        copy[..width].copy_from_slice(&x[stripe..stripe + width]);
                    }
                    for (panel, gradients) in group.clone().zip(&mut gradients) {
                        let part = part(panel);
                        if part.is_empty() {
                            continue;
                        }
                        for (copy, delta) in copies.delta.iter_mut().zip(delta) {
                            *copy = delta[panel];
                        }
                        let first = part.start - panel * K - stripe;
                        let gradients = &mut gradients[..part.len()];
                        packed::add(s, &copies, x.len(), first, begins, gradients);
                    }
                    begins = false;
                }
            }
            for (panel, gradients) in group.zip(&gradients) {
                let part = part(panel);
                if !part.is_empty() {
                    stretch.finish(part.start, &gradients[..part.len()]);
                }
            }
        }
    }
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
    /// Gradients that are finished, of the blocks from `first` on, and how many there are.
    gradients: &'a mut [Block; HANDED],
    filled: usize,
    stretch: &'a mut Stretch<'b>,
}

impl<S, R> Panel<'_, '_, S, R> {
    /// Hands over what is finished. A call: a rule is compiled once for all shapes of tiles and all layers.
    fn hand_over(&mut self) {
        let gradients = &self.gradients[..self.filled];
        self.stretch.finish(self.first, gradients);
        self.first += self.filled;
        self.filled = 0;
    }
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
        if self.filled + ROWS > HANDED {
            self.hand_over();
        }
        let gradients = &mut self.gradients[self.filled..][..ROWS];
        for i in 0..ROWS {
            if chain.joined {
                sums[i][0] = self.joined[i].load(s) + sums[i][0];
            }
            gradients[i].store(sums[i][0]);
        }
        self.filled += ROWS;
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
