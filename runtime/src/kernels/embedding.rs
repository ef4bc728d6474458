//! A table of vectors, one for each token: `torch.nn.Embedding`.
//!
//! ```text
//! (1)  y[t] = W[x[t]]
//! (2)  dW[v] = sum of dy[t] over all t where x[t] = v
//! ```
//!
//! `W` is `V` rows of `B` blocks. A token that the table has not gets zeros in (1), and adds nothing in (2): what is
//! read out of bounds is nothing. Whoever trains is told of it before.
//!
//! A gradient has many rows and a batch few tokens, so that no row looks through all tokens: rows are finished in
//! groups (`GROUP`). One look at all tokens finds those of a group, sixteen at a time, and strings those of each row
//! together in their order. Then each row adds up what it has found. The terms of a sum are in the order of the batch,
//! in chains that are cut every [`POSITIONS`](crate::simd::chains::POSITIONS) tokens, counted from the batch's first;
//! so the bits depend neither on the group nor on the part of the table that a thread finishes.

mod both;
mod found;

pub use both::{Attended, Both, Lookups, attended, gather, looked, update_both};
pub use found::Looked;

use crate::{
    block::Block,
    simd::{HAS_VECTORS, Isa},
    update::Stretch,
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};
use found::{chain, visit};

/// Rows whose tokens are looked for together, at most.
const GROUP: usize = if HAS_VECTORS { 1024 } else { 64 };
/// Tokens that a group holds, at most: where there are more, fewer rows are a group.
const MOST: usize = if HAS_VECTORS { 1024 } else { 64 };
/// Gradients that are handed over at once.
const HANDED: usize = if HAS_VECTORS { 64 } else { 4 };
/// Blocks of a row that are summed side by side.
const STRIP: usize = 4;
/// No token.
const NONE: u16 = u16::MAX;

const _: () = assert!(MOST < NONE as usize && STRIP <= HANDED);

/// Looks up `steps` tokens of each sample, (1): `x` holds as many as fill whole blocks, and `y` a row for each of them.
#[inline(always)]
pub fn forward<const N: usize, const B: usize>(
    x: &[[u32; N]],
    w: &[[Block; B]],
    y: &mut [[Block; B]],
    steps: usize,
) {
    for (tokens, rows) in x.iter().zip(y.chunks_exact_mut(steps)) {
        for (&token, row) in tokens.iter().zip(rows) {
            match w.get(token as usize) {
                Some(found) => row.copy_from_slice(found),
                None => row.fill(Block::ZERO),
            }
        }
    }
}

/// A token of a group, and the next one of its row.
#[derive(Clone, Copy)]
struct Found<'a, const B: usize> {
    dy: &'a [Block; B],
    chain: usize,
    next: u16,
}

/// A sum over the terms of a row, of so many blocks from one on.
struct Sum<S: Isa> {
    chain: usize,
    joined: [f32x16<S>; STRIP],
    sums: [f32x16<S>; STRIP],
}

impl<S: Isa> Sum<S> {
    #[inline(always)]
    fn new(s: S) -> Self {
        let zeros = [f32x16::splat(s, 0.0); STRIP];
        Self {
            chain: 0,
            joined: zeros,
            sums: zeros,
        }
    }

    /// Adds a term of a chain.
    #[inline(always)]
    fn add(&mut self, s: S, chain: usize, dy: &[Block]) {
        if chain != self.chain {
            for (joined, sum) in self.joined.iter_mut().zip(&mut self.sums) {
                *joined += *sum;
                *sum = f32x16::splat(s, 0.0);
            }
            self.chain = chain;
        }
        for (sum, dy) in self.sums.iter_mut().zip(dy) {
            *sum += dy.load(s);
        }
    }

    #[inline(always)]
    fn finish(self, gradients: &mut [Block]) {
        let sums = self.joined.into_iter().zip(self.sums);
        for (gradient, (joined, sum)) in gradients.iter_mut().zip(sums) {
            gradient.store(joined + sum);
        }
    }
}

/// Gradients that are handed over together.
struct Handed {
    gradients: [Block; HANDED],
    /// The block of the table that the first of them is.
    first: usize,
    count: usize,
}

impl Handed {
    /// Room for some more.
    #[inline(always)]
    fn room(&mut self, count: usize, stretch: &mut Stretch<'_>) -> &mut [Block] {
        if self.count + count > HANDED {
            self.hand(stretch);
        }
        let room = &mut self.gradients[self.count..][..count];
        self.count += count;
        room
    }

    fn hand(&mut self, stretch: &mut Stretch<'_>) {
        stretch.finish(self.first, &self.gradients[..self.count]);
        self.first += self.count;
        self.count = 0;
    }
}

/// Finishes the gradients (2) of the part of the table that `stretch` asks for. The row of the token `PADDING` is not
/// learnt: its gradient is zero; a `PADDING` beyond the table means none.
///
/// `rows` gives, chunk by chunk, tokens and deltas. The table is read as one flat slice, of which any stretch gives the
/// same bits, and so do any chunks.
pub fn update<'a, S: Isa, const B: usize, const PADDING: usize>(
    s: S,
    rows: impl Iterator<Item = Looked<'a>> + Clone,
    stretch: &mut Stretch<'_>,
) {
    let Range { start, end } = stretch.range();
    let mut handed = Handed {
        gradients: [Block::ZERO; HANDED],
        first: start,
        count: 0,
    };
    let mut found = [Found {
        dy: const { &[Block::ZERO; B] },
        chain: 0,
        next: NONE,
    }; MOST];
    let (mut row, last) = (start / B, end.div_ceil(B));
    let all: usize = rows.clone().map(|looked| looked.count()).sum();
    let mut size = GROUP;
    while row < last {
        let group = row..last.min(row + size);
        // The first and the last token of each row.
        let mut ends = [[NONE; 2]; GROUP];
        let (mut count, mut seen) = (0, all);
        let fits = s.vectorize(
            #[inline(always)]
            || {
                visit::<B>(rows.clone(), group.clone(), |own, position, dy| {
                    if row + own == PADDING {
                        return true;
                    }
                    let (Some(token), Some([head, tail])) =
                        (found.get_mut(count), ends.get_mut(own))
                    else {
                        seen = position;
                        return false;
                    };
                    let (chain, next) = (chain(position), NONE);
                    *token = Found { dy, chain, next };
                    let (before, here) = (*tail, count as u16);
                    *tail = here;
                    match before {
                        NONE => *head = here,
                        before => found[before as usize].next = here,
                    }
                    count += 1;
                    true
                })
            },
        );
        if !fits && group.len() > 1 {
            // As many rows as would have held what was seen, were all of them alike.
            let share = group.len() as f64 * 0.75 * seen as f64 / all as f64;
            size = (share as usize).clamp(1, group.len() / 2);
            continue;
        }
        s.vectorize(
            #[inline(always)]
            || {
                for (row, [head, _]) in group.clone().zip(ends) {
                    let blocks = start.max(row * B) - row * B..end.min((row + 1) * B) - row * B;
                    for from in blocks.clone().step_by(STRIP) {
                        let part = from..blocks.end.min(from + STRIP);
                        let mut sum = Sum::new(s);
                        if fits {
                            let mut next = head;
                            while let Some(token) = found.get(next as usize) {
                                sum.add(s, token.chain, &token.dy[part.clone()]);
                                next = token.next;
                            }
                        } else {
                            // A row of more tokens than a group holds looks for them by itself.
                            visit::<B>(rows.clone(), row..row + 1, |_, position, dy| {
                                sum.add(s, chain(position), &dy[part.clone()]);
                                true
                            });
                        }
                        sum.finish(handed.room(part.len(), stretch));
                    }
                }
            },
        );
        row = group.end;
        size = GROUP.min(2 * size);
    }
    handed.hand(stretch);
}

#[cfg(test)]
mod tests;
