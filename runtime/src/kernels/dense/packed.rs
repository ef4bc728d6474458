//! dW = x^T dz of wide layers, from copies of what it reads.
//!
//! The rows of a wide layer lie pages apart, in few sets of a cache and each behind its own entry of the address
//! translation: a tile over many rows misses with every load. So a few rows at a time are copied side by side,
//!
//! ```text
//! x    [rows][K]  ->  [64][192]     a stripe of inputs, for a group of panels
//! dz   [rows][P]  ->  [64][2]       one panel or two
//! ```
//!
//! and what the tiles come to waits in memory for the next rows: each sum is the one chain of
//! [`update`](super::update()), over the rows in their order.

use crate::{
    block::Block,
    simd::{Isa, compiled_here},
    tile::{self, Accumulators, Visit},
};
use core::ops::Range;
use fearless_simd::{f32x16, prelude::*};

/// Inputs whose gradients are finished for all panels before the next inputs have their turn: a batch of this many
/// inputs stays in the caches near the core while the panels pass.
pub const STRIPE: usize = 192;

/// Rows that are copied at a time.
pub const ROWS: usize = 64;

/// Panels that use a copy of inputs.
pub const PANELS: usize = 8;

/// Copies of what some rows have to do with a stripe of inputs and a panel.
pub struct Rows {
    /// Inputs.
    pub x: [[f32; STRIPE]; ROWS],
    /// Deltas of a panel or two.
    pub delta: [[Block; 2]; ROWS],
}

/// Sums of a panel and a stripe of inputs.
pub type Sums = [Block; STRIPE];

compiled_here! {
    /// Adds what some rows of copies give to the sums of some inputs of the stripe, for one panel or two, or begins them.
    pub fn add = add_rows(copies: &Rows, rows: usize, inputs: Range<usize>, begins: bool, sums: &mut [Sums]);
}

fn add_rows<S: Isa>(
    s: S,
    copies: &Rows,
    rows: usize,
    inputs: Range<usize>,
    begins: bool,
    sums: &mut [Sums],
) {
    if inputs.is_empty() {
        return;
    }
    s.vectorize(
        #[inline(always)]
        || {
            let count = inputs.len();
            let mut part = Part {
                s,
                x: &copies.x[..rows],
                delta: &copies.delta[..rows],
                first: inputs.start,
                begins,
                sums,
            };
            s.cover_rows(count, part.sums.len().min(2), &mut part);
        },
    );
}

struct Part<'a, S> {
    s: S,
    x: &'a [[f32; STRIPE]],
    delta: &'a [[Block; 2]],
    first: usize,
    begins: bool,
    sums: &'a mut [Sums],
}

impl<S: Isa> Visit for Part<'_, S> {
    const BLOCKS: usize = 2;

    /// As in `update`, the tile's rows are inputs, and the sum runs over samples.
    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, block: usize) {
        let s = self.s;
        let first = self.first + row;
        let waiting = &mut self.sums[block..][..BLOCKS];
        let mut sums: Accumulators<S, ROWS, BLOCKS> = [[f32x16::splat(s, 0.0); BLOCKS]; ROWS];
        if !self.begins {
            for j in 0..BLOCKS {
                let waiting = &waiting[j][first..][..ROWS];
                for i in 0..ROWS {
                    sums[i][j] = waiting[i].load(s);
                }
            }
        }
        for (x, delta) in self.x.iter().zip(self.delta) {
            let x = &x[first..][..ROWS];
            let delta = &delta[block..][..BLOCKS];
            tile::step(
                s,
                &mut sums,
                #[inline(always)]
                |i| x[i],
                #[inline(always)]
                |j| &delta[j],
            );
        }
        for j in 0..BLOCKS {
            let waiting = &mut waiting[j][first..][..ROWS];
            for i in 0..ROWS {
                waiting[i].store(sums[i][j]);
            }
        }
    }
}
