//! One window, or several side by side, folded in chains.

use crate::{block::Block, simd::Isa};
use fearless_simd::{i32x16, prelude::*};

/// What becomes of the numbers of a window.
pub trait Fold<S: Isa> {
    /// Of sixteen channels.
    type Part: Copy;

    /// Of no number; the first comes from `position`.
    fn begin(s: S, position: i32) -> Self::Part;

    /// Takes the number at a position.
    fn take(s: S, part: Self::Part, block: &Block, position: i32x16<S>) -> Self::Part;

    /// Joins what comes later, and `position` positions after where it counts from.
    fn join(s: S, part: Self::Part, later: Self::Part, position: i32) -> Self::Part;
}

/// The most numbers of one chain: equal numbers are rounded alike, and the error of their sum grows as its length.
const LONGEST: usize = 256;

/// Numbers of a window that are worth cutting for several chains at once.
pub const LONG: usize = 32;

/// The way from a position of a window to the next.
#[derive(Clone, Copy)]
pub struct Steps {
    /// Blocks from a row to the next.
    pub row: usize,
    /// Blocks from a column to the next.
    pub column: usize,
    /// Positions of a row.
    pub width: usize,
}

/// The fold of one window of G panels; a large one is cut into pieces, of which P are folded at a time.
#[inline(always)]
pub fn window<S: Isa, F: Fold<S>, const P: usize, const G: usize>(
    s: S,
    x: &[Block],
    steps: Steps,
    [rows, columns]: [usize; 2],
    position: i32,
) -> [F::Part; G] {
    let whole = if P == 1 { LONGEST } else { LONG };
    if rows * columns <= whole {
        return tile::<S, F, 1, G>(s, x, steps, 0, [rows, columns], position)[0];
    }
    large::<S, F, P, G>(s, x, steps, [rows, columns], position)
}

/// [`window`] in pieces: bands of rows, or parts of a row where there are few rows or long ones.
#[inline(never)]
fn large<S: Isa, F: Fold<S>, const P: usize, const G: usize>(
    s: S,
    x: &[Block],
    steps: Steps,
    [rows, columns]: [usize; 2],
    position: i32,
) -> [F::Part; G] {
    s.vectorize(
        #[inline(always)]
        || {
            let mut total = Total::<S, F, G>::new(s, position);
            if rows >= P && columns <= LONGEST {
                let mut row = 0;
                while row < rows {
                    let x = &x[row * steps.row..];
                    let place = (row * steps.width) as i32;
                    if rows - row < P {
                        let size = [rows - row, columns];
                        let parts = tile::<S, F, 1, G>(s, x, steps, 0, size, position);
                        total.join(s, &parts, [place, 0]);
                        break;
                    }
                    let band = ((rows - row) / P).min(LONGEST / columns);
                    let parts = tile::<S, F, P, G>(
                        s,
                        x,
                        steps,
                        band * steps.row,
                        [band, columns],
                        position,
                    );
                    total.join(s, &parts, [place, (band * steps.width) as i32]);
                    row += P * band;
                }
                return total.all(s);
            }
            for row in 0..rows {
                let mut column = 0;
                while column < columns {
                    let x = &x[row * steps.row + column * steps.column..];
                    let place = (row * steps.width + column) as i32;
                    if columns - column < P {
                        let size = [1, columns - column];
                        let parts = tile::<S, F, 1, G>(s, x, steps, 0, size, position);
                        total.join(s, &parts, [place, 0]);
                        break;
                    }
                    let part = ((columns - column) / P).min(LONGEST);
                    let parts =
                        tile::<S, F, P, G>(s, x, steps, part * steps.column, [1, part], position);
                    total.join(s, &parts, [place, part as i32]);
                    column += P * part;
                }
            }
            total.all(s)
        },
    )
}

/// The pieces of a window joined in ascending order, in chains that are no longer than those of a piece.
struct Total<S: Isa, F: Fold<S>, const G: usize> {
    all: [F::Part; G],
    chain: [F::Part; G],
    pieces: usize,
    start: i32,
}

impl<S: Isa, F: Fold<S>, const G: usize> Total<S, F, G> {
    #[inline(always)]
    fn new(s: S, start: i32) -> Self {
        let none = [F::begin(s, start); G];
        Self {
            all: none,
            chain: none,
            pieces: 0,
            start,
        }
    }

    /// Joins pieces, of which the first counts from `place` and the others each `apart` later.
    #[inline(always)]
    fn join<const P: usize>(&mut self, s: S, parts: &[[F::Part; G]; P], [place, apart]: [i32; 2]) {
        let mut place = place;
        for part in parts {
            for (chain, &part) in self.chain.iter_mut().zip(part) {
                *chain = F::join(s, *chain, part, place);
            }
            place += apart;
            self.pieces += 1;
            if self.pieces == LONGEST {
                self.all = self.all(s);
                self.chain = [F::begin(s, self.start); G];
                self.pieces = 0;
            }
        }
    }

    #[inline(always)]
    fn all(&self, s: S) -> [F::Part; G] {
        let mut all = self.all;
        for (all, &chain) in all.iter_mut().zip(&self.chain) {
            *all = F::join(s, *all, chain, 0);
        }
        all
    }
}

/// The folds of P windows that lie `apart`, in scan order.
#[inline(always)]
pub fn tile<S: Isa, F: Fold<S>, const P: usize, const G: usize>(
    s: S,
    x: &[Block],
    steps: Steps,
    apart: usize,
    [rows, columns]: [usize; 2],
    position: i32,
) -> [[F::Part; G]; P] {
    let mut parts = [[F::begin(s, position); G]; P];
    let mut position = position;
    for row in 0..rows {
        let line = &x[row * steps.row..];
        for column in 0..columns {
            let at = &line[column * steps.column..];
            let place = i32x16::splat(s, position + column as i32);
            for part in 0..P {
                let at = &at[part * apart..][..G];
                for panel in 0..G {
                    parts[part][panel] = F::take(s, parts[part][panel], &at[panel], place);
                }
            }
        }
        position += steps.width as i32;
    }
    parts
}
