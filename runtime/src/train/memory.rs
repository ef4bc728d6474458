//! What a training step is cut into: chunks of rows, and stretches of the arena for updates.

use crate::{
    block::LANES,
    error::{Error, Result},
    model::Model,
    network::{Network, Panels, count_blocks},
    tensor::Role,
};
use alloc::vec::Vec;
use core::num::NonZeroUsize;

/// Operations below which a fork costs more than it brings: some 20 microseconds of work.
const WORTH_A_FORK: u64 = 1 << 20;

/// Operations below which starting a thread costs more than it brings: some 80 microseconds of work.
const WORTH_A_THREAD: u64 = 1 << 22;

/// A chunk's values should stay in a level-2 cache between the passes, if its rows still fill the register tiles.
const CHUNK_BLOCKS: usize = 1 << 14;
const TILE_ROWS: usize = 24;

/// Stretches begin at a multiple of this many blocks within a tensor, to keep register tiles whole.
const TILE_BLOCKS: usize = 12;

/// What the optimizer costs for one block, in rows of its gradient.
const UPDATE_ROWS: usize = 16;

/// Operations of one row of a block's gradient.
const ROW_FLOPS: u128 = 2 * LANES as u128;

/// Into how many parts a training step on `rows` samples is cut for `threads`.
pub fn parts<N: Model>(rows: usize, threads: usize) -> usize {
    // Forward once, and twice as much for deltas and gradients.
    pieces(
        answering::<N>(rows).saturating_mul(3),
        WORTH_A_FORK,
        threads,
    )
}

/// How many of `threads` that run share the work of answering `rows` samples.
pub fn sharing<N: Model>(rows: usize, threads: usize) -> usize {
    pieces(answering::<N>(rows), WORTH_A_FORK, threads)
}

/// How many of `threads` are worth starting to answer `rows` samples and no more.
pub fn starting<N: Model>(rows: usize, threads: usize) -> usize {
    pieces(answering::<N>(rows), WORTH_A_THREAD, threads)
}

/// Operations of the forward pass of `rows` samples.
fn answering<N: Model>(rows: usize) -> u64 {
    N::FLOPS.saturating_mul(rows as u64)
}

/// At most `most` pieces of at least `worth` operations, or one.
fn pieces(work: u64, worth: u64, most: usize) -> usize {
    let pieces = usize::try_from(work / worth).unwrap_or(usize::MAX);
    pieces.min(most).max(1)
}

/// Rows of a chunk, so that `parts` threads share `batch` rows evenly.
pub fn capacity<N: Model>(batch: NonZeroUsize, parts: usize) -> usize {
    let even = batch.get().div_ceil(parts);
    let cached = (CHUNK_BLOCKS / N::Network::TRAIN_BLOCKS.max(1)).max(TILE_ROWS);
    let pieces = even.div_ceil(cached);
    even.div_ceil(pieces)
}

/// Where the arena is cut into at most `parts` stretches of about equal work in the update after a pass: ascending blocks,
/// from 0 to the end of what is learnt. What is not updated then costs nothing. Without a pass, a rule is applied to
/// gradients that are there.
pub fn cuts<N: Model>(pass: Option<usize>, batch: usize, parts: usize) -> Vec<usize> {
    // Saturated where the numbers are absurd, so that the cuts are in order at least.
    let rows = |cost: usize| {
        let rows = (cost as u128).saturating_mul(batch as u128);
        rows.saturating_add(UPDATE_ROWS as u128)
    };
    let learnt = || {
        N::Network::TENSORS
            .iter()
            .map_while(|tensor| match tensor.role {
                Role::Learnt { cost, pass: at, .. } => {
                    let rows = match pass {
                        Some(pass) if pass == at => rows(cost),
                        Some(_) => 0,
                        None => rows(0),
                    };
                    Some((tensor.blocks, rows))
                }
                Role::Statistic { .. } | Role::Count => None,
            })
    };
    let work = |(blocks, rows): (usize, u128)| (blocks as u128).saturating_mul(rows);
    let total = learnt().map(work).fold(0, u128::saturating_add);
    let worth = total.saturating_mul(ROW_FLOPS) / u128::from(WORTH_A_FORK);
    let parts = parts.min(usize::try_from(worth).unwrap_or(usize::MAX));
    let mut cuts = Vec::from([0]);
    let (mut first, mut before) = (0, 0_u128);
    for (blocks, rows) in learnt() {
        let after = before.saturating_add(work((blocks, rows)));
        // Every cut whose share of the total lies in this tensor.
        while cuts.len() < parts {
            let wanted = total.saturating_mul(cuts.len() as u128) / parts as u128;
            if wanted >= after {
                break;
            }
            let block = ((wanted - before) / rows) as usize;
            let block = (block + TILE_BLOCKS / 2) / TILE_BLOCKS * TILE_BLOCKS;
            cuts.push(first + block.min(blocks));
        }
        first += blocks;
        before = after;
    }
    cuts.push(N::Network::LEARNT_BLOCKS);
    cuts.dedup();
    if cuts.len() < 2 {
        cuts = Vec::from([0, N::Network::LEARNT_BLOCKS]);
    }
    cuts
}

/// Blocks of transposed weights below which a fork costs more than it brings.
const WORTH_A_FORK_BLOCKS: usize = 1 << 10;

/// Where transposed weights are cut into at most `parts` stretches of about equal size, between two panels each.
pub fn cuts_of_panels(matrices: &[Panels], parts: usize) -> Vec<usize> {
    let blocks = count_blocks(matrices);
    let parts = parts.min(blocks / WORTH_A_FORK_BLOCKS).max(1);
    let mut cuts = Vec::from([0]);
    let mut end = 0;
    for matrix in matrices {
        for _ in 0..matrix.panels {
            end += matrix.rows;
            if cuts.len() < parts && end >= blocks / parts * cuts.len() {
                cuts.push(end);
            }
        }
    }
    if cuts.last() != Some(&blocks) {
        cuts.push(blocks);
    }
    cuts
}

/// Memory for `count` items as they begin, such as moments and gradients; `what` is told in errors.
pub fn filled<T: Clone + Default>(what: &'static str, count: usize) -> Result<Vec<T>> {
    let mut items = Vec::new();
    items.try_reserve_exact(count).map_err(|_| Error::Memory {
        what,
        bytes: count as u128 * size_of::<T>() as u128,
    })?;
    items.resize(count, T::default());
    Ok(items)
}

#[cfg(test)]
mod tests;
