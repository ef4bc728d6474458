//! dW = x^T dz of wide layers, from copies of what it reads.
//!
//! The rows of a wide layer lie pages apart, in few sets of a cache and each behind its own entry of the address
//! translation: a tile over many rows misses with every load. So a few rows at a time are copied side by side,
//!
//! ```text
//! x    [rows][K]  ->  [64][192]     a stripe of inputs, for a group of panels
//! dz   [rows][P]  ->  [64]          one panel
//! ```
//!
//! and what the tiles come to waits in memory for the next rows: each sum is the one chain of
//! [`update`](super::update()), over the rows in their order.

use crate::{
    block::Block,
    simd::{Isa, compiled_here},
    tile::{self, Accumulators, Visit},
};
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
    /// Deltas.
    pub delta: [Block; ROWS],
}

compiled_here! {
    /// Adds what some rows of copies give to the gradients of the inputs from `first` of the stripe on, or begins them.
    pub fn add = add_rows(copies: &Rows, rows: usize, first: usize, begins: bool, gradients: &mut [Block]);
}

fn add_rows<S: Isa>(
    s: S,
    copies: &Rows,
    rows: usize,
    first: usize,
    begins: bool,
    gradients: &mut [Block],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let count = gradients.len();
            let mut part = Part {
                s,
                x: &copies.x[..rows],
                delta: &copies.delta[..rows],
                first,
                begins,
                gradients,
            };
            s.cover_blocks(count, 1, &mut part);
        },
    );
}

struct Part<'a, S> {
    s: S,
    x: &'a [[f32; STRIPE]],
    delta: &'a [Block],
    first: usize,
    begins: bool,
    gradients: &'a mut [Block],
}

impl<S: Isa> Visit for Part<'_, S> {
    const BLOCKS: usize = 1;

    /// As in `update`, the tile's rows are inputs, and the sum runs over samples.
    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, _: usize) {
        let s = self.s;
        let mut sums: Accumulators<S, ROWS, 1> = [[f32x16::splat(s, 0.0)]; ROWS];
        let gradients = &mut self.gradients[row..][..ROWS];
        if !self.begins {
            for i in 0..ROWS {
                sums[i][0] = gradients[i].load(s);
            }
        }
        let first = self.first + row;
        for (x, delta) in self.x.iter().zip(self.delta) {
            let x = &x[first..][..ROWS];
            tile::step(
                s,
                &mut sums,
                #[inline(always)]
                |i| x[i],
                #[inline(always)]
                |_| delta,
            );
        }
        for i in 0..ROWS {
            gradients[i].store(sums[i][0]);
        }
    }
}
