//! What is done with the tiles of a cover.

/// What is done with each tile of a cover; implement with `#[inline(always)]`.
pub trait Visit {
    /// The most blocks there can be: tiles of more are not compiled.
    const BLOCKS: usize = usize::MAX;
    /// A power of two that divides the number of blocks: tiles for what would be left over are not compiled.
    const MULTIPLE: usize = 1;

    /// Handles rows `row..row + ROWS` and blocks `block..block + BLOCKS`.
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, block: usize);
}

/// What is done with each group of a single row's blocks; implement with `#[inline(always)]`.
pub trait VisitRow {
    /// How many blocks there are.
    const BLOCKS: usize;
    /// How many runs of a sum are taken at once ([`together`](crate::simd::chains::together)).
    const CHAINS: usize;

    /// Handles blocks `block..block + BLOCKS`, `CHAINS` runs of each sum at once.
    fn tile<const BLOCKS: usize, const CHAINS: usize>(&mut self, block: usize);
}
