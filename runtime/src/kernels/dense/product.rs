//! y = f(start + x W), over a batch or for one row.

use crate::{
    block::{Block, LANES, without_padding},
    kernels::activation::Activation,
    simd::{Isa, Visit, VisitRow},
    tile::{self, Accumulators},
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

/// Inputs that are summed before the sums are parked in `y` and the next inputs have their turn.
const DEPTH: usize = NEAR / WIDEST;

/// Blocks of weights that a sweep over all rows uses: half of a modest level-2 cache. Weights are fetched from
/// memory once, however many rows there are, and rows once for each such group of panels.
const NEAR: usize = 8192;

/// Blocks of the widest tile, which divides the width of a group of panels.
const WIDEST: usize = 8;

/// Where the sums begin.
#[derive(Clone, Copy)]
pub enum Start<'a, const P: usize> {
    /// At zero: `y = f(x W)`.
    Zero,
    /// At the layer's bias: `y = f(b + x W)`.
    Bias(&'a [Block; P]),
    /// At what `y` holds: `y = f(y + x W)`.
    Add,
}

/// Computes `y[row] = f(start + sum over k of x[row][k] w[.][k])` for every row.
///
/// `x` has rows of `KS` floats of which the first `K` count; `w` is packed in `P = ceil(N / 16)` panels. Lanes of `y`
/// beyond `N` become zero. Every sum is one chain over ascending k, so a row's bits depend on that row alone.
pub fn forward<
    S: Isa,
    A: Activation,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
>(
    s: S,
    x: &[[f32; KS]],
    w: &[[Block; K]; P],
    start: Start<'_, P>,
    y: &mut [[Block; P]],
) {
    const { assert!(K <= KS && P == N.div_ceil(LANES)) };
    assert_eq!(x.len(), y.len(), "as many outputs as inputs");
    s.vectorize(
        #[inline(always)]
        || {
            let bias = match start {
                Start::Zero => Some(&const { [Block::ZERO; P] }),
                Start::Bias(bias) => Some(bias),
                Start::Add => None,
            };
            let depth = const { if K < DEPTH { K } else { DEPTH } };
            // A single tile of rows meets each weight once anyway.
            let width = if x.len() <= 6 {
                P
            } else {
                NEAR / depth / WIDEST * WIDEST
            };
            for block in (0..P).step_by(width) {
                for input in (0..K).step_by(depth) {
                    let mut product = Product {
                        s,
                        x,
                        w,
                        bias: bias.filter(
                            #[inline(always)]
                            |_| input == 0,
                        ),
                        y: &mut *y,
                        block,
                        inputs: input..K.min(input + depth),
                    };
                    s.cover_rows(x.len(), width.min(P - block), &mut product);
                }
            }
            // Apart from the tiles, so that an activation is compiled once and not for every shape of tile.
            for y in y {
                for (block, y) in y.iter_mut().enumerate() {
                    y.store(finish::<S, A, N>(s, y.load(s), block));
                }
            }
        },
    );
}

/// The power of two, up to the widest tile, that divides the panels of every sweep over a matrix of `panels`.
const fn multiple(panels: usize) -> usize {
    let largest = 1 << panels.trailing_zeros();
    if largest < WIDEST { largest } else { WIDEST }
}

/// One sweep of tiles over `inputs`, for the panels from `block` on.
struct Product<'a, S, const K: usize, const KS: usize, const P: usize> {
    s: S,
    x: &'a [[f32; KS]],
    w: &'a [[Block; K]; P],
    /// Where sums begin; without it they go on from `y`.
    bias: Option<&'a [Block; P]>,
    y: &'a mut [[Block; P]],
    block: usize,
    inputs: Range<usize>,
}

impl<S: Isa, const K: usize, const KS: usize, const P: usize> Visit for Product<'_, S, K, KS, P> {
    const BLOCKS: usize = P;
    const MULTIPLE: usize = multiple(P);

    #[inline(always)]
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, block: usize) {
        let s = self.s;
        let block = self.block + block;
        let x: &[[f32; KS]; ROWS] = section(self.x, row);
        let w: &[[Block; K]; BLOCKS] = section(self.w, block);
        let y: &mut [[Block; P]; ROWS] = section_mut(self.y, row);
        let mut sums: Accumulators<S, ROWS, BLOCKS> = [[f32x16::splat(s, 0.0); BLOCKS]; ROWS];
        if let Some(bias) = self.bias {
            let bias: &[Block; BLOCKS] = section(bias, block);
            for i in 0..ROWS {
                for j in 0..BLOCKS {
                    sums[i][j] = bias[j].load(s);
                }
            }
        } else {
            for i in 0..ROWS {
                let y: &[Block; BLOCKS] = section(&y[i], block);
                for j in 0..BLOCKS {
                    sums[i][j] = y[j].load(s);
                }
            }
        }
        tile::accumulate_range(s, &mut sums, x, w, self.inputs.clone());
        for i in 0..ROWS {
            let y: &mut [Block; BLOCKS] = section_mut(&mut y[i], block);
            for j in 0..BLOCKS {
                y[j].store(sums[i][j]);
            }
        }
    }
}

/// The `N` items from `first` on; a cover never leaves its matrix.
#[inline(always)]
fn section<T, const N: usize>(items: &[T], first: usize) -> &[T; N] {
    match items[first..].first_chunk() {
        Some(section) => section,
        None => unreachable!("tiles lie inside the matrix"),
    }
}

/// The `N` items from `first` on, to be written.
#[inline(always)]
fn section_mut<T, const N: usize>(items: &mut [T], first: usize) -> &mut [T; N] {
    match items[first..].first_chunk_mut() {
        Some(section) => section,
        None => unreachable!("tiles lie inside the matrix"),
    }
}

/// f(z) of one block of outputs, with lanes beyond `N` kept zero.
#[inline(always)]
fn finish<S: Isa, A: Activation, const N: usize>(s: S, z: f32x16<S>, block: usize) -> f32x16<S> {
    let y = A::apply(s, z);
    if N.is_multiple_of(LANES) || block != N / LANES {
        return y;
    }
    without_padding(s, y, N / LANES, N)
}

/// Computes `y = f(start + x W)` for one row, for inference: each sum runs in several chains where the layer has too
/// few outputs to keep the multipliers busy. Bits may differ from [`forward`]'s.
pub fn forward_one<
    S: Isa,
    A: Activation,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
>(
    s: S,
    x: &[f32; KS],
    w: &[[Block; K]; P],
    start: Start<'_, P>,
    y: &mut [Block; P],
) {
    const { assert!(K <= KS && P == N.div_ceil(LANES)) };
    s.vectorize(
        #[inline(always)]
        || {
            let mut row = Row::<S, A, K, KS, N, P> {
                s,
                x,
                w,
                start,
                y,
                activation: PhantomData,
            };
            s.cover_row(&mut row);
        },
    );
}

/// One row, and all blocks of outputs.
struct Row<'a, S, A, const K: usize, const KS: usize, const N: usize, const P: usize> {
    s: S,
    x: &'a [f32; KS],
    w: &'a [[Block; K]; P],
    start: Start<'a, P>,
    y: &'a mut [Block; P],
    activation: PhantomData<A>,
}

impl<S: Isa, A: Activation, const K: usize, const KS: usize, const N: usize, const P: usize>
    VisitRow for Row<'_, S, A, K, KS, N, P>
{
    const BLOCKS: usize = P;

    #[inline(always)]
    fn tile<const BLOCKS: usize, const CHAINS: usize>(&mut self, block: usize) {
        let s = self.s;
        let mut sums: Accumulators<S, CHAINS, BLOCKS> = [[f32x16::splat(s, 0.0); BLOCKS]; CHAINS];
        for j in 0..BLOCKS {
            match self.start {
                Start::Zero => {}
                Start::Bias(bias) => sums[0][j] = bias[block + j].load(s),
                Start::Add => sums[0][j] = self.y[block + j].load(s),
            }
        }
        let w: &[[Block; K]; BLOCKS] = section(self.w, block);
        // Chain c takes the inputs k with k mod CHAINS = c.
        let whole = K - K % CHAINS;
        for k in (0..whole).step_by(CHAINS) {
            for c in 0..CHAINS {
                let x = f32x16::splat(s, self.x[k + c]);
                for j in 0..BLOCKS {
                    sums[c][j] = x.mul_add(w[j][k + c].load(s), sums[c][j]);
                }
            }
        }
        for k in whole..K {
            let x = f32x16::splat(s, self.x[k]);
            for j in 0..BLOCKS {
                sums[k - whole][j] = x.mul_add(w[j][k].load(s), sums[k - whole][j]);
            }
        }
        let mut chains = CHAINS / 2;
        while chains > 0 {
            for c in 0..chains {
                for j in 0..BLOCKS {
                    let other = sums[c + chains][j];
                    sums[c][j] += other;
                }
            }
            chains /= 2;
        }
        for j in 0..BLOCKS {
            self.y[block + j].store(finish::<S, A, N>(s, sums[0][j], block + j));
        }
    }
}
