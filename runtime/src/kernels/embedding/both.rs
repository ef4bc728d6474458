//! A table that is looked up, and that vectors attend to: `x W^T`. It lies as the weights of a `Dense` with an output
//! for each token, in panels of sixteen tokens, so that (1) gathers a lane, and (2) has the terms of that layer, too:
//!
//! ```text
//! (3)  dW[v] = sum of dz[i][v] x[i] over all rows i that attend, plus (2)
//! ```
//!
//! Tiles finish the first sum. What they hand over is a few blocks of one panel or two, to which the terms of (2) are
//! added on the way: of the tokens of these panels, in their order.

use super::found::{Looked, chain, visit};
use crate::{
    block::{Block, LANES},
    kernels::dense,
    simd::{HAS_VECTORS, Isa},
    tensor::Penalty,
    update::{Sink, Stretch},
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use core::iter;

/// Blocks to which terms are added at once.
const PIECE: usize = if HAS_VECTORS { 64 } else { 8 };

/// Looks up `steps` tokens of each sample, (1), in panels.
#[inline(always)]
pub fn gather<const N: usize, const K: usize, const B: usize>(
    x: &[[u32; N]],
    w: &[[Block; K]],
    y: &mut [[Block; B]],
    steps: usize,
) {
    for (tokens, rows) in x.iter().zip(y.chunks_exact_mut(steps)) {
        for (&token, row) in tokens.iter().zip(rows) {
            row.fill(Block::ZERO);
            let (panel, lane) = (token as usize / LANES, token as usize % LANES);
            let numbers = must_cast_slice_mut::<Block, f32>(row);
            for (number, block) in numbers.iter_mut().zip(w.get(panel).into_iter().flatten()) {
                *number = block.0[lane];
            }
        }
    }
}

/// Rows of tokens that are looked up.
pub struct Lookups<I>(I);

/// Rows of vectors that attend, and of the deltas of what they give.
pub struct Attended<I>(I);

/// Rows for [`update_both`].
pub fn looked<I>(rows: I) -> Lookups<I> {
    Lookups(rows)
}

/// Rows for [`update_both`].
pub fn attended<I>(rows: I) -> Attended<I> {
    Attended(rows)
}

/// The vectors that attend, and the deltas of what they give.
type Rows<'a, const KS: usize, const P: usize> = (&'a [[f32; KS]], &'a [[Block; P]]);

/// The rows of both uses of a table, of which one may be missing.
pub trait Both<'a, const KS: usize, const P: usize> {
    /// Those of each.
    fn both(
        self,
    ) -> (
        impl Iterator<Item = Looked<'a>> + Clone,
        impl Iterator<Item = Rows<'a, KS, P>> + Clone,
    );
}

impl<'a, I, const KS: usize, const P: usize> Both<'a, KS, P> for Lookups<I>
where
    I: Iterator<Item = Looked<'a>> + Clone,
{
    fn both(
        self,
    ) -> (
        impl Iterator<Item = Looked<'a>> + Clone,
        impl Iterator<Item = Rows<'a, KS, P>> + Clone,
    ) {
        (self.0, iter::empty())
    }
}

impl<'a, I, const KS: usize, const P: usize> Both<'a, KS, P> for Attended<I>
where
    I: Iterator<Item = Rows<'a, KS, P>> + Clone,
{
    fn both(
        self,
    ) -> (
        impl Iterator<Item = Looked<'a>> + Clone,
        impl Iterator<Item = Rows<'a, KS, P>> + Clone,
    ) {
        (iter::empty(), self.0)
    }
}

impl<'a, I, J, const KS: usize, const P: usize> Both<'a, KS, P> for (Lookups<I>, Attended<J>)
where
    I: Iterator<Item = Looked<'a>> + Clone,
    J: Iterator<Item = Rows<'a, KS, P>> + Clone,
{
    fn both(
        self,
    ) -> (
        impl Iterator<Item = Looked<'a>> + Clone,
        impl Iterator<Item = Rows<'a, KS, P>> + Clone,
    ) {
        (self.0.0, self.1.0)
    }
}

impl<'a, I, J, const KS: usize, const P: usize> Both<'a, KS, P> for (Attended<J>, Lookups<I>)
where
    I: Iterator<Item = Looked<'a>> + Clone,
    J: Iterator<Item = Rows<'a, KS, P>> + Clone,
{
    fn both(
        self,
    ) -> (
        impl Iterator<Item = Looked<'a>> + Clone,
        impl Iterator<Item = Rows<'a, KS, P>> + Clone,
    ) {
        (self.1.0, self.0.0)
    }
}

/// Finishes the gradients (3) of the part of a table of `V` tokens that `stretch` asks for. To the row of the token
/// `PADDING` (2) adds nothing; a `PADDING` of `V` means none.
///
/// The table is `[[Block; K]; P]`, read as one flat slice, of which any stretch gives the same bits, and so do any
/// chunks.
pub fn update_both<
    'a,
    S: Isa,
    const K: usize,
    const KS: usize,
    const P: usize,
    const B: usize,
    const V: usize,
    const PADDING: usize,
>(
    s: S,
    rows: impl Both<'a, KS, P>,
    stretch: &mut Stretch<'_>,
) {
    let (looked, attended) = rows.both();
    let range = stretch.range();
    let mut adding = Adding::<_, _, K, B, V, PADDING> {
        s,
        looked,
        first: range.start,
        blocks: range.len(),
        stretch,
    };
    let mut stretch = Stretch::new(&mut adding, range.start);
    dense::update::<S, K, KS, P>(s, attended, &mut stretch);
}

/// Adds the terms of tokens to what it hands on.
struct Adding<'a, 'b, S, I, const K: usize, const B: usize, const V: usize, const PADDING: usize> {
    s: S,
    looked: I,
    /// The block of the table that the stretch begins with.
    first: usize,
    blocks: usize,
    stretch: &'a mut Stretch<'b>,
}

impl<
    'c,
    S: Isa,
    I: Iterator<Item = Looked<'c>> + Clone,
    const K: usize,
    const B: usize,
    const V: usize,
    const PADDING: usize,
> Sink for Adding<'_, '_, S, I, K, B, V, PADDING>
{
    fn blocks(&self) -> usize {
        self.blocks
    }

    fn finish(&mut self, at: usize, gradients: &[Block], _: &Penalty) {
        let (s, rows) = (self.s, &self.looked);
        for (piece, gradients) in gradients.chunks(PIECE).enumerate() {
            let first = self.first + at + piece * PIECE;
            let mut added = [Block::ZERO; PIECE];
            let added = &mut added[..gradients.len()];
            s.vectorize(
                #[inline(always)]
                || {
                    terms::<K, B, V, PADDING>(rows.clone(), first, added);
                    for (sum, gradient) in added.iter_mut().zip(gradients) {
                        for (sum, gradient) in sum.0.iter_mut().zip(gradient.0) {
                            *sum += gradient;
                        }
                    }
                },
            );
            self.stretch.finish(first, added);
        }
    }
}

/// The terms (2) of the blocks from `first` on, of which there are zeros.
#[inline(always)]
fn terms<'a, const K: usize, const B: usize, const V: usize, const PADDING: usize>(
    rows: impl Iterator<Item = Looked<'a>>,
    first: usize,
    sums: &mut [Block],
) {
    let end = first + sums.len();
    let panels = first / K..end.div_ceil(K);
    let tokens = panels.start * LANES..V.min(panels.end * LANES);
    let (mut joined, mut current) = ([Block::ZERO; PIECE], 0);
    visit::<B>(rows, tokens.clone(), |own, position, dy| {
        let token = tokens.start + own;
        if token == PADDING {
            return true;
        }
        if chain(position) != current {
            join(&mut joined, sums);
            sums.fill(Block::ZERO);
            current = chain(position);
        }
        let (panel, lane) = (token / LANES, token % LANES);
        let dy = must_cast_slice::<Block, f32>(dy);
        for block in first.max(panel * K)..end.min((panel + 1) * K) {
            sums[block - first].0[lane] += dy[block - panel * K];
        }
        true
    });
    if current > 0 {
        join(&mut joined, sums);
        sums.copy_from_slice(&joined[..sums.len()]);
    }
}

/// Adds sums to those of the chains before.
fn join(joined: &mut [Block], sums: &[Block]) {
    for (joined, sum) in joined.iter_mut().zip(sums) {
        for (joined, sum) in joined.0.iter_mut().zip(sum.0) {
            *joined += sum;
        }
    }
}

#[cfg(test)]
mod tests;
