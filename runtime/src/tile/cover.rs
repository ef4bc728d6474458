//! How register tiles cover a matrix, for each size of register file.

use super::visit::{Visit, VisitRow};
use core::ops::Range;

/// Visits the tiles of `rows` x `blocks` that `R` x `B` divides, in the order of `BY_ROWS`.
#[inline(always)]
fn sweep<V: Visit, const R: usize, const B: usize, const BY_ROWS: bool>(
    rows: Range<usize>,
    blocks: Range<usize>,
    visit: &mut V,
) {
    if const { B > V::BLOCKS } {
        return;
    }
    // Not `step_by`, whose length is a division, and which every product would compile for every size of tile.
    let (mut row, mut block) = (rows.start, blocks.start);
    if BY_ROWS {
        while row < rows.end {
            block = blocks.start;
            while block < blocks.end {
                visit.tile::<R, B>(row, block);
                block += B;
            }
            row += R;
        }
    } else {
        while block < blocks.end {
            row = rows.start;
            while row < rows.end {
                visit.tile::<R, B>(row, block);
                row += R;
            }
            block += B;
        }
    }
}

/// Visits all blocks of `rows` (a multiple of `R`): groups of `B` first, single ones after.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn sweep_grouped<V: Visit, const R: usize, const B: usize, const BY_ROWS: bool>(
    rows: Range<usize>,
    blocks: usize,
    visit: &mut V,
) {
    let grouped = if const { B > V::BLOCKS } {
        0
    } else {
        blocks - blocks % B
    };
    sweep::<V, R, B, BY_ROWS>(rows.clone(), 0..grouped, visit);
    if const { B > V::BLOCKS || !V::MULTIPLE.is_multiple_of(B) } {
        sweep::<V, R, 1, BY_ROWS>(rows, grouped..blocks, visit);
    }
}

/// 32 wide registers: 12 x 2 leaves room for two blocks of weights; 9 x 2 and 8 x 2 even out the last rows. A row that
/// is left alone costs as much as several, since all weights come for it alone.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn cover_32_wide<V: Visit, const BY_ROWS: bool>(rows: usize, blocks: usize, visit: &mut V) {
    // As many nines as leave no rest below four, if there are so many.
    let odd = rows % 4;
    let nines = if odd * 9 <= rows { odd } else { rows / 9 };
    let others = rows - nines * 9;
    // others = 12 a + 8 b + rest, where b grows to 2 if that leaves no rest of four.
    let spare = others % 12;
    let eights = if spare >= 8 {
        1
    } else if spare >= 4 && others >= 16 {
        2
    } else {
        0
    };
    let twelves = (others - eights * 8) / 12 * 12;
    let nine = twelves + nines * 9;
    let even = nine + eights * 8;
    sweep_grouped::<V, 12, 2, BY_ROWS>(0..twelves, blocks, visit);
    sweep_grouped::<V, 9, 2, BY_ROWS>(twelves..nine, blocks, visit);
    sweep_grouped::<V, 8, 2, BY_ROWS>(nine..even, blocks, visit);
    let four = even + (rows - even) / 4 * 4;
    sweep_grouped::<V, 4, 4, BY_ROWS>(even..four, blocks, visit);
    sweep_grouped::<V, 1, 8, BY_ROWS>(four..rows, blocks, visit);
}

/// Cuts `rows` into tiles of six, five and four, as equal as can be, and says where each size ends; at most three
/// rows remain, and only of seven rows or fewer than four.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn even_by_six(rows: usize) -> [usize; 3] {
    if rows < 4 {
        return [0; 3];
    }
    let tiles = rows.div_ceil(6);
    let (least, larger) = (rows / tiles, rows % tiles);
    match least {
        6 => [rows; 3],
        5 => [larger * 6, rows, rows],
        4 => [0, larger * 5, rows],
        // Seven rows: four and three.
        _ => [0, 0, 4],
    }
}

/// 16 registers of eight or 32 of four: 6 x 1 holds twelve or twenty-four of them, and 4 x 1 and 1 x 4 still are
/// as many chains as two multipliers of four cycles need.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
pub fn cover_six<V: Visit, const BY_ROWS: bool>(rows: usize, blocks: usize, visit: &mut V) {
    let [six, five, four] = even_by_six(rows);
    if BY_ROWS {
        sweep::<V, 6, 1, true>(0..six, 0..blocks, visit);
        sweep::<V, 5, 1, true>(six..five, 0..blocks, visit);
        sweep::<V, 4, 1, true>(five..four, 0..blocks, visit);
    } else if four > 0 {
        for block in 0..blocks {
            sweep::<V, 6, 1, false>(0..six, block..block + 1, visit);
            sweep::<V, 5, 1, false>(six..five, block..block + 1, visit);
            sweep::<V, 4, 1, false>(five..four, block..block + 1, visit);
        }
    }
    sweep_grouped::<V, 1, 4, BY_ROWS>(four..rows, blocks, visit);
}

/// 16 registers of four, or none at all.
#[cfg(any(feature = "fallback", not(target_arch = "aarch64")))]
#[inline(always)]
pub fn cover_narrow<V: Visit, const BY_ROWS: bool>(rows: usize, blocks: usize, visit: &mut V) {
    let two = rows / 2 * 2;
    sweep::<V, 2, 1, BY_ROWS>(0..two, 0..blocks, visit);
    sweep::<V, 1, 1, BY_ROWS>(two..rows, 0..blocks, visit);
}

/// Visits `$count` groups of a row's blocks from block `$first` on, each of `$size` blocks.
macro_rules! row_groups {
    ($visit:ident, $size:expr, $count:expr, $first:expr, [$($blocks:literal)+]) => {
        // Constant conditions: rustc compiles the one branch that is taken.
        $(if const { $count > 0 && $size == $blocks } {
            for group in 0..const { $count } {
                let block = const { $first } + group * $blocks;
                if const { V::CHAINS == 1 } {
                    $visit.tile::<$blocks, 1>(block);
                } else if const { V::CHAINS == 2 } {
                    $visit.tile::<$blocks, 2>(block);
                } else if const { V::CHAINS == 3 } {
                    $visit.tile::<$blocks, 3>(block);
                } else {
                    $visit.tile::<$blocks, 4>(block);
                }
            }
        })+
    };
}

/// One row: its blocks in groups of at most `MOST`, as equal as can be. The fewer sums in a group, the longer each
/// waits for itself.
#[inline(always)]
pub fn row<V: VisitRow, const MOST: usize>(visit: &mut V) {
    const { assert!(MOST <= 8 && V::CHAINS <= 4) };
    row_groups!(
        visit,
        V::BLOCKS / groups::<V>(MOST) + 1,
        V::BLOCKS % groups::<V>(MOST),
        0,
        [2 3 4 5 6 7 8]
    );
    row_groups!(
        visit,
        V::BLOCKS / groups::<V>(MOST),
        groups::<V>(MOST) - V::BLOCKS % groups::<V>(MOST),
        V::BLOCKS % groups::<V>(MOST) * (V::BLOCKS / groups::<V>(MOST) + 1),
        [1 2 3 4 5 6 7 8]
    );
}

/// Groups of a row's blocks.
const fn groups<V: VisitRow>(most: usize) -> usize {
    V::BLOCKS.div_ceil(most)
}
