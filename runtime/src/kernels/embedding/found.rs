//! Tokens of a batch, and how those of a few rows are found among them.

use crate::{block::Block, simd::chains::POSITIONS};
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

/// Visits the tokens `wanted`, those of a few rows, in the order of the batch: which of the rows it is, its chain and its delta.
/// `visit` may end it by `false`, which it gives then.
#[inline(always)]
pub fn visit<'a, const B: usize>(
    rows: impl Iterator<Item = Looked<'a>>,
    wanted: Range<usize>,
    mut visit: impl FnMut(usize, usize, &'a [Block; B]) -> bool,
) -> bool {
    // A table has no more rows than there are tokens.
    let (first, count) = (wanted.start as u32, wanted.len() as u32);
    let is_wanted = |token: u32| token.wrapping_sub(first) < count;
    let mut before = 0;
    for Looked {
        tokens,
        stride,
        steps,
        dy,
    } in rows
    {
        let deltas = dy.as_chunks::<B>().0.chunks_exact(steps);
        for (tokens, dy) in tokens.chunks_exact(stride).zip(deltas) {
            for (tokens, (part, dy)) in tokens[..steps].chunks(16).zip(dy.chunks(16).enumerate()) {
                let any = |any, &token: &u32| any | is_wanted(token);
                if !tokens.iter().fold(false, any) {
                    continue;
                }
                for (index, (&token, dy)) in tokens.iter().zip(dy).enumerate() {
                    let chain = (before + 16 * part + index) / POSITIONS;
                    if is_wanted(token) && !visit((token - first) as usize, chain, dy) {
                        return false;
                    }
                }
            }
            before += steps;
        }
    }
    true
}
