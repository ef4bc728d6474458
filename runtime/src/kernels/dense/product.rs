//! y = f(start + x W), over a batch or for one row.

use crate::{
    block::{Block, LANES, without_padding},
    kernels::activation::Activation,
    simd::{
        Isa,
        chains::{self, LONGEST},
        inlined,
    },
    tile::{self, Accumulators, Visit, VisitRow},
};
use core::{marker::PhantomData, ops::Range};
use fearless_simd::{f32x16, prelude::*};

/// Blocks of weights that a sweep of all rows over a run of inputs uses: half of a modest level-2 cache. Weights are fetched from
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
/// beyond `N` become zero. Every sum is split as [`chains`] says, so a row's bits depend on that row alone.
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
            let run = const { chains::run(K, P, S::SET) };
            // A single tile of rows meets each weight once anyway.
            let width = if x.len() <= 6 {
                P
            } else {
                const { NEAR / if K < LONGEST { K } else { LONGEST } / WIDEST * WIDEST }
            };
            for block in (0..P).step_by(width) {
                for first in (0..K).step_by(run) {
                    let mut product = Product {
                        s,
                        x,
                        w,
                        bias,
                        y: &mut *y,
                        block,
                        inputs: first..K.min(first + run),
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

/// One sweep of tiles over a run of inputs, for the panels from `block` on.
struct Product<'a, S, const K: usize, const KS: usize, const P: usize> {
    s: S,
    x: &'a [[f32; KS]],
    w: &'a [[Block; K]; P],
    /// Where the first run begins; without it, at `y`. Any other run is added to `y`.
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
        let first = self.inputs.start == 0;
        if first && let Some(bias) = self.bias {
            let bias: &[Block; BLOCKS] = section(bias, block);
            for i in 0..ROWS {
                for j in 0..BLOCKS {
                    sums[i][j] = bias[j].load(s);
                }
            }
        } else if first {
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
                if !first {
                    sums[i][j] = y[j].load(s) + sums[i][j];
                }
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

/// Computes `y = f(start + x W)` for one row, with the bits of [`forward`]: where the layer has too few outputs to keep the
/// multipliers busy, several runs of inputs are under way at once.
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
    s.vectorize(
        #[inline(always)]
        || one::<S, A, K, KS, N, P>(s, x, w, start, y),
    );
}

/// [`infer`](super::infer) for the steps of a stream: one alone is a part of what calls it, so that a small network is one
/// function.
#[inline(always)]
pub fn step<
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
    if let ([x], [y]) = (x, &mut *y) {
        inlined(
            s,
            #[inline(always)]
            || one::<S, A, K, KS, N, P>(s, x, w, start, y),
        );
    } else {
        forward::<S, A, K, KS, N, P>(s, x, w, start, y);
    }
}

/// [`forward_one`] as a part of what calls it.
#[inline(always)]
fn one<S: Isa, A: Activation, const K: usize, const KS: usize, const N: usize, const P: usize>(
    s: S,
    x: &[f32; KS],
    w: &[[Block; K]; P],
    start: Start<'_, P>,
    y: &mut [Block; P],
) {
    const { assert!(K <= KS && P == N.div_ceil(LANES)) };
    let mut row = Row::<S, A, K, KS, N, P> {
        s,
        x,
        w,
        start,
        y,
        activation: PhantomData,
    };
    s.cover_row(&mut row);
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
    const CHAINS: usize = chains::together(K, P, S::SET);

    #[inline(always)]
    fn tile<const BLOCKS: usize, const CHAINS: usize>(&mut self, block: usize) {
        let s = self.s;
        let mut sums = [f32x16::splat(s, 0.0); BLOCKS];
        for j in 0..BLOCKS {
            match self.start {
                Start::Zero => {}
                Start::Bias(bias) => sums[j] = bias[block + j].load(s),
                Start::Add => sums[j] = self.y[block + j].load(s),
            }
        }
        let w: &[[Block; K]; BLOCKS] = section(self.w, block);
        let run = const { chains::run(K, P, S::SET) };
        let sums = tile::row::<S, BLOCKS, CHAINS, K, KS>(s, sums, self.x, w.each_ref(), run);
        for j in 0..BLOCKS {
            self.y[block + j].store(finish::<S, A, N>(s, sums[j], block + j));
        }
    }
}
