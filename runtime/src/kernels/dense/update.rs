//! dW = x^T dz and db = sum of dz, finished a few at a time and consumed there.

use crate::{
    block::Block,
    simd::{Isa, Visit},
    tile::{self, Accumulators},
    update::Update,
};
use fearless_simd::{f32x16, prelude::*};

/// Inputs whose gradients are finished for all panels before the next inputs have their turn: a batch of this many
/// inputs stays in the caches near the core while the panels pass.
const STRIPE: usize = 192;

/// Finishes the gradients of `w` and applies them.
///
/// `rows` gives, chunk by chunk, the layer's inputs (rows of `KS` floats of which the first `K` count) and the deltas
/// of its pre-activations. `w` is the part of the layer's `[[Block; K]; P]`, read as one flat slice, that begins at
/// block `first` (panel p, input k: block p K + k), with `state` beside it; any cut of the layer gives the same bits,
/// since each gradient is one chain over the rows in their order.
pub fn update<'a, S: Isa, U: Update, const K: usize, const KS: usize, const P: usize>(
    s: S,
    u: &U,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    first: usize,
    w: &mut [Block],
    state: &mut [U::State],
) {
    const { assert!(K <= KS) };
    assert!(w.len() == state.len() && first + w.len() <= K * P);
    s.vectorize(
        #[inline(always)]
        || {
            let end = first + w.len();
            for stripe in (0..K).step_by(STRIPE) {
                for block in first / K..end.div_ceil(K) {
                    let from = first.max(block * K + stripe);
                    let to = end.min(block * K + K.min(stripe + STRIPE));
                    if from >= to {
                        continue;
                    }
                    let mut panel = Panel {
                        s,
                        u,
                        rows: rows.clone(),
                        block,
                        k: from - block * K,
                        w: &mut w[from - first..to - first],
                        state: &mut state[from - first..to - first],
                    };
                    s.cover_blocks(to - from, 1, &mut panel);
                }
            }
        },
    );
}

/// A stretch of one panel's gradients: inputs `k..` of output block `block`.
struct Panel<'a, S, U: Update, R> {
    s: S,
    u: &'a U,
    rows: R,
    block: usize,
    k: usize,
    w: &'a mut [Block],
    state: &'a mut [U::State],
}

impl<
    'a,
    S: Isa,
    U: Update,
    R: Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    const KS: usize,
    const P: usize,
> Visit for Panel<'_, S, U, R>
{
    const BLOCKS: usize = 1;

    /// Here the tile's rows are inputs k, and the sum runs over samples.
    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, _: usize) {
        let s = self.s;
        let mut sums: Accumulators<S, ROWS, 1> = [[f32x16::splat(s, 0.0)]; ROWS];
        let k = self.k + row;
        for (x, delta) in self.rows.clone() {
            for (x, delta) in x.iter().zip(delta) {
                let x = &x[k..][..ROWS];
                let delta = &delta[self.block];
                tile::step(
                    s,
                    &mut sums,
                    #[inline(always)]
                    |i| x[i],
                    #[inline(always)]
                    |_| delta,
                );
            }
        }
        let mut gradients = [Block::ZERO; ROWS];
        for i in 0..ROWS {
            gradients[i].store(sums[i][0]);
        }
        let w = &mut self.w[row..][..ROWS];
        apply(s, self.u, &gradients, w, &mut self.state[row..][..ROWS]);
    }
}

/// Applies finished gradients. A function by itself, so that a rule is compiled once for all shapes of tiles and all
/// layers; the tiles that follow are computed while its divisions and roots are under way.
#[inline(never)]
fn apply<S: Isa, U: Update>(
    s: S,
    u: &U,
    gradients: &[Block],
    w: &mut [Block],
    state: &mut [U::State],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((gradient, w), state) in gradients.iter().zip(w).zip(state) {
                u.apply(s, gradient.load(s), w, state);
            }
        },
    );
}

/// Finishes the gradients of the biases `first..first + b.len()` (in blocks) and applies them.
pub fn update_bias<'a, S: Isa, U: Update, const P: usize>(
    s: S,
    u: &U,
    rows: impl Iterator<Item = &'a [[Block; P]]> + Clone,
    first: usize,
    b: &mut [Block],
    state: &mut [U::State],
) {
    assert!(b.len() == state.len() && first + b.len() <= P);
    s.vectorize(
        #[inline(always)]
        || {
            let whole = b.len() - b.len() % 4;
            for i in (0..whole).step_by(4) {
                bias_blocks::<S, U, P, 4>(
                    s,
                    u,
                    rows.clone(),
                    first + i,
                    &mut b[i..],
                    &mut state[i..],
                );
            }
            for i in whole..b.len() {
                bias_blocks::<S, U, P, 1>(
                    s,
                    u,
                    rows.clone(),
                    first + i,
                    &mut b[i..],
                    &mut state[i..],
                );
            }
        },
    );
}

/// Sums `BLOCKS` neighbouring blocks of the deltas at once.
#[inline(always)]
fn bias_blocks<'a, S: Isa, U: Update, const P: usize, const BLOCKS: usize>(
    s: S,
    u: &U,
    rows: impl Iterator<Item = &'a [[Block; P]]>,
    first: usize,
    b: &mut [Block],
    state: &mut [U::State],
) {
    let mut sums = [f32x16::splat(s, 0.0); BLOCKS];
    for deltas in rows {
        for delta in deltas {
            let delta = &delta[first..][..BLOCKS];
            for j in 0..BLOCKS {
                sums[j] += delta[j].load(s);
            }
        }
    }
    let mut gradients = [Block::ZERO; BLOCKS];
    for j in 0..BLOCKS {
        gradients[j].store(sums[j]);
    }
    apply(s, u, &gradients, b, state);
}
