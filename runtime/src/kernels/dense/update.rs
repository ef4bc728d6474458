//! dW = x^T dz and db = sum of dz, finished a few at a time and consumed there.

use super::packed::{self, STRIPE};
use crate::{
    block::{Block, LANES},
    simd::{
        HAS_VECTORS, InstructionSet, Isa,
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
/// that use it. A machine without vectors has neither such caches nor stack for copies.
const fn is_wide(inputs: usize, stride: usize, panels: usize) -> bool {
    HAS_VECTORS && (stride >= WIDE && panels >= 4 || panels * LANES >= WIDE && inputs >= 64)
}

/// At least the rows of the tallest tile.
const TALLEST: usize = if HAS_VECTORS { 12 } else { 2 };

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
            if const { P >= PAIRED && pairs(S::SET) } {
                sweep::<S, K, KS, P, 2>(s, rows, stretch);
            } else {
                sweep::<S, K, KS, P, 1>(s, rows, stretch);
            }
        },
    );
}

/// Panels of a layer that is worth tiles of two panels, and not only of one: each shape of a tile takes rustc time.
const PAIRED: usize = 4;

/// Whether two panels side by side are faster than one after the other: where a block is one register, a tile of one panel
/// loads as often as it multiplies, and there are registers for two.
const fn pairs(set: InstructionSet) -> bool {
    matches!(set, InstructionSet::Avx512)
}

/// [`update`], `N` panels side by side where that many are asked for, and one otherwise: an odd last one, and what a stretch
/// begins or ends within.
#[inline(always)]
fn sweep<'a, S: Isa, const K: usize, const KS: usize, const P: usize, const N: usize>(
    s: S,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    stretch: &mut Stretch<'_>,
) {
    let Range { start, end } = stretch.range();
    // Cleared once, and not for every tile.
    let mut room = Room {
        joined: [[Block::ZERO; TALLEST]; N],
        gradients: [[Block::ZERO; HANDED]; N],
    };
    for stripe in (0..K).step_by(STRIPE) {
        let inputs = stripe..K.min(stripe + STRIPE);
        let mut panel = start / K;
        while panel * K < end {
            // What is asked for of the panel's part of the stripe.
            let from = inputs.start.max(start.saturating_sub(panel * K));
            let to = inputs.end.min(end - panel * K);
            let whole = from == inputs.start && (panel + N - 1) * K + inputs.end <= end;
            let rows = rows.clone();
            if const { N > 1 } && whole {
                finish::<S, K, KS, P, N, N>(s, rows, panel, inputs.clone(), &mut room, stretch);
                panel += N;
            } else {
                finish::<S, K, KS, P, 1, N>(s, rows, panel, from..to, &mut room, stretch);
                panel += 1;
            }
        }
    }
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
        delta: [[Block::ZERO; 2]; packed::ROWS],
    };
    let mut gradients = [[Block::ZERO; STRIPE]; packed::PANELS];
    let panels = start / K..end.div_ceil(K);
    for stripe in (0..K).step_by(STRIPE) {
        let width = STRIPE.min(K - stripe);
        // The inputs of the stripe whose gradients are asked for.
        let part = |panel: usize| {
            let first = panel * K + stripe;
            start.saturating_sub(first)..end.saturating_sub(first).min(width)
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
                    let mut panel = group.start;
                    while panel < group.end {
                        let (inputs, next) = (part(panel), panel + 1);
                        let whole = |panel| part(panel) == (0..width);
                        let paired = next < group.end && whole(panel) && whole(next);
                        let count = if paired { 2 } else { 1 };
                        let gradients = &mut gradients[panel - group.start..][..count];
                        for (copy, delta) in copies.delta.iter_mut().zip(delta) {
                            *copy = [delta[panel], delta[panel + count - 1]];
                        }
                        packed::add(s, &copies, x.len(), inputs, begins, gradients);
                        panel += count;
                    }
                    begins = false;
                }
            }
            for (panel, gradients) in group.zip(&gradients) {
                let inputs = part(panel);
                if !inputs.is_empty() {
                    let first = panel * K + stripe + inputs.start;
                    stretch.finish(first, &gradients[inputs]);
                }
            }
        }
    }
}

/// What sums of at most `M` panels wait in.
struct Room<const M: usize> {
    /// What the chains of a tile that have ended come to.
    joined: [[Block; TALLEST]; M],
    /// Gradients that are finished and not yet handed over.
    gradients: [[Block; HANDED]; M],
}

/// Finishes the gradients of some inputs of `N` panels.
#[inline(always)]
fn finish<
    'a,
    S: Isa,
    const K: usize,
    const KS: usize,
    const P: usize,
    const N: usize,
    const M: usize,
>(
    s: S,
    rows: impl Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    panel: usize,
    inputs: Range<usize>,
    room: &mut Room<M>,
    stretch: &mut Stretch<'_>,
) {
    if inputs.is_empty() {
        return;
    }
    let count = inputs.len();
    let mut panels = Panels::<_, _, K, N, M> {
        s,
        rows,
        panel,
        first: inputs.start,
        handed: 0,
        room,
        stretch,
    };
    s.cover_rows(count, N, &mut panels);
    panels.hand_over(count);
}

/// The gradients of `N` panels from input `first` on.
struct Panels<'a, 'b, S, R, const K: usize, const N: usize, const M: usize> {
    s: S,
    rows: R,
    panel: usize,
    first: usize,
    /// Inputs whose gradients were handed over.
    handed: usize,
    room: &'a mut Room<M>,
    stretch: &'a mut Stretch<'b>,
}

impl<S, R, const K: usize, const N: usize, const M: usize> Panels<'_, '_, S, R, K, N, M> {
    /// Hands over what is finished, up to input `to`. A call: a rule is compiled once for all shapes of tiles and all layers.
    fn hand_over(&mut self, to: usize) {
        let first = self.first + self.handed;
        for (panel, gradients) in (self.panel..).zip(&self.room.gradients[..N]) {
            let gradients = &gradients[..to - self.handed];
            self.stretch.finish(panel * K + first, gradients);
        }
        self.handed = to;
    }
}

impl<
    'a,
    S: Isa,
    R: Iterator<Item = (&'a [[f32; KS]], &'a [[Block; P]])> + Clone,
    const K: usize,
    const KS: usize,
    const P: usize,
    const N: usize,
    const M: usize,
> Visit for Panels<'_, '_, S, R, K, N, M>
{
    const BLOCKS: usize = N;
    const MULTIPLE: usize = N;

    /// Here the tile's rows are inputs k, and the sum runs over samples.
    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, block: usize) {
        const { assert!(ROWS <= TALLEST) };
        let s = self.s;
        let mut sums: Accumulators<S, ROWS, BLOCKS> = [[f32x16::splat(s, 0.0); BLOCKS]; ROWS];
        let k = self.first + row;
        let panel = self.panel + block;
        let joined = &mut self.room.joined[block..][..BLOCKS];
        let mut chain = Chain::first();
        for (mut x, mut delta) in self.rows.clone() {
            loop {
                let (now, later) = x.split_at(chain.take(x.len()));
                for (x, delta) in now.iter().zip(delta) {
                    let x = &x[k..][..ROWS];
                    let delta = &delta[panel..][..BLOCKS];
                    tile::step(
                        s,
                        &mut sums,
                        #[inline(always)]
                        |i| x[i],
                        #[inline(always)]
                        |j| &delta[j],
                    );
                }
                let others = chain.joined;
                if !chain.ends() {
                    break;
                }
                for j in 0..BLOCKS {
                    for i in 0..ROWS {
                        if others {
                            sums[i][j] = joined[j][i].load(s) + sums[i][j];
                        }
                        joined[j][i].store(sums[i][j]);
                        sums[i][j] = f32x16::splat(s, 0.0);
                    }
                }
                delta = &delta[now.len()..];
                x = later;
            }
        }
        if chain.joined {
            for j in 0..BLOCKS {
                for i in 0..ROWS {
                    sums[i][j] = joined[j][i].load(s) + sums[i][j];
                }
            }
        }
        if row + ROWS - self.handed > HANDED {
            self.hand_over(row);
        }
        let row = row - self.handed;
        for j in 0..BLOCKS {
            let gradients = &mut self.room.gradients[block + j][row..][..ROWS];
            for i in 0..ROWS {
                gradients[i].store(sums[i][j]);
            }
        }
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
