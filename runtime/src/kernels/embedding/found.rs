//! Tokens of a batch, and how those of a few rows are found among them.

use crate::{
    block::{Block, LANES},
    simd::chains::POSITIONS,
};
use core::ops::Range;

/// The tokens of some samples, and what became of them.
#[derive(Clone, Copy)]
pub struct Looked<'a> {
    /// The tokens of each sample, and those that fill the last block.
    pub tokens: &'a [u32],
    /// From sample to sample.
    pub stride: usize,
    /// Tokens of a sample.
    pub steps: usize,
    /// The deltas of the rows that were looked up, `steps` for each sample.
    pub dy: &'a [Block],
}

impl Looked<'_> {
    /// How many tokens there are.
    pub fn count(&self) -> usize {
        self.tokens.len() / self.stride * self.steps
    }
}

/// The chain to which a term belongs that is so many positions behind the batch's first.
#[inline(always)]
pub fn chain(position: usize) -> usize {
    position / POSITIONS
}

/// Visits the tokens `wanted`, those of a few rows, in the order of the batch: which of the rows it is, its position and
/// its delta. `visit` may end it by `false`, which it gives then.
#[inline(always)]
pub fn visit<'a, const B: usize>(
    rows: impl Iterator<Item = Looked<'a>>,
    wanted: Range<usize>,
    mut visit: impl FnMut(usize, usize, &'a [Block; B]) -> bool,
) -> bool {
    // A table has no more rows than there are tokens.
    let (first, count) = (wanted.start as u32, wanted.len() as u32);
    let is_wanted = |token: u32| token.wrapping_sub(first) < count;
    let any = |any, &token: &u32| any | is_wanted(token);
    let mut before = 0;
    for looked in rows {
        let steps = looked.steps;
        let deltas = looked.dy.as_chunks::<B>().0.chunks_exact(steps);
        for (tokens, dy) in looked.tokens.chunks_exact(looked.stride).zip(deltas) {
            for at in (0..steps).step_by(LANES) {
                let here = &tokens[at..steps.min(at + LANES)];
                // Of sixteen, one comparison of vectors.
                let found = match here.first_chunk::<LANES>() {
                    Some(sixteen) => sixteen.iter().fold(false, any),
                    None => here.iter().fold(false, any),
                };
                if !found {
                    continue;
                }
                for (index, (&token, dy)) in (at..).zip(here.iter().zip(&dy[at..])) {
                    if is_wanted(token) && !visit((token - first) as usize, before + index, dy) {
                        return false;
                    }
                }
            }
            before += steps;
        }
    }
    true
}
