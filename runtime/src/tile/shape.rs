//! The shapes of tiles: which of them an instruction set has room for, and which a kernel takes.
//!
//! Each instruction set has one list, from which every kernel chooses. Where all that a tile has to cover is known at
//! compile time, as in a convolution, [`best`] counts cycles: a kernel then has one shape, for a shape for the rest of
//! every row would double what rustc compiles. Its last tile repeats the last output and drops the copies, or overlaps the
//! one before it, and the count knows what that costs. Where the number of rows is a value, as in a batch, `cover.rs` cuts it into few
//! shapes of the list that leave no rest.

use super::{
    cover,
    edge::{EDGE, Edge},
    visit::{Visit, VisitRow},
};
use fearless_simd::Simd;

/// The extent of a register tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Windows of outputs (or rows of a weight's gradient).
    pub windows: usize,
    /// Panels of sixteen lanes.
    pub panels: usize,
}

/// What a tile has to cover.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Windows in all.
    pub windows: usize,
    /// Windows that lie side by side at a constant distance; a tile within them needs one pointer, not one each.
    pub run: usize,
    /// Neighbouring outputs that every window sums at once.
    pub width: usize,
    /// Panels in all.
    pub panels: usize,
    /// Products in each sum.
    pub depth: usize,
    /// Along rows and columns, the taps that are left out where they meet only the border.
    pub edges: [Edge; 2],
    /// Whether runs lie at a constant distance, too.
    pub grid: bool,
}

/// A computation over tiles, to be compiled for one shape.
pub trait Tiled {
    /// The shape, one of the token's [`Tiles::SHAPES`].
    const SHAPE: Shape;
    /// Runs it with the shape's numbers as constants; implement with `#[inline(always)]`.
    fn run<const WINDOWS: usize, const PANELS: usize>(self);
}

/// The tiles that fill a token's registers and no more.
///
/// The shapes cost rustc time in every kernel, chosen or not, so the lists are short and an instruction set's own.
/// The two `cover` functions cut `rows` x `blocks` accumulators into tiles and visit them in a fixed order. Which rows
/// share a tile never changes a row's arithmetic: how its sums are split is a matter of
/// [`chains`](crate::simd::chains) alone.
pub trait Tiles: Simd {
    /// All shapes; the first is 1 x 1.
    const SHAPES: &'static [Shape];
    /// Registers.
    const REGISTERS: usize;
    /// Registers that hold a block.
    const VECTORS: usize;

    /// Runs a computation with its shape.
    fn tiled<T: Tiled>(computation: T);

    /// Visits tiles with blocks as the outer loop: a panel of weights stays in the level-1 cache while rows stream by.
    fn cover_blocks<V: Visit>(self, rows: usize, blocks: usize, visit: &mut V);

    /// Visits tiles with rows as the outer loop: the rows' operand stays near while all blocks pass.
    fn cover_rows<V: Visit>(self, rows: usize, blocks: usize, visit: &mut V);

    /// Visits the blocks of a single row in groups that keep the multipliers busy.
    fn cover_row<V: VisitRow>(self, visit: &mut V);
}

/// The shape of fewest cycles among those whose sums, one block of each panel and one splat fit the registers. If it
/// `overlaps`, the last tile of a run overlaps the one before it, wherever a run has as many windows as a tile; if not, it goes
/// on into the next run.
pub const fn best<S: Tiles>(extent: Extent, overlaps: bool) -> Shape {
    let mut best = S::SHAPES[0];
    let mut least = u64::MAX;
    let mut index = 0;
    while index < S::SHAPES.len() {
        let shape = S::SHAPES[index];
        // A weight that multiplies one output is read in place.
        let outputs = shape.windows * extent.width;
        let weights = shape.panels * S::VECTORS;
        let waiting = if outputs == 1 { 1 } else { weights };
        let fits = outputs * weights + waiting < S::REGISTERS || index == 0;
        if fits && shape.panels <= extent.panels {
            let cost = cost::<S>(extent, shape, overlaps);
            if cost < least {
                least = cost;
                best = shape;
            }
        }
        index += 1;
    }
    best
}

/// [`best`] where tiles may overlap or not: the shape, and whether they do.
pub const fn best_either<S: Tiles>(extent: Extent) -> (Shape, bool) {
    let [apart, over] = [best::<S>(extent, false), best::<S>(extent, true)];
    if over.windows <= extent.run && cost::<S>(extent, over, true) < cost::<S>(extent, apart, false)
    {
        (over, true)
    } else {
        (apart, false)
    }
}

/// What it takes to find the place of a window that is at no constant distance from the others, in halves of a cycle.
const PLACE: usize = 12;

/// The halves of a cycle that a shape takes.
///
/// Per product a machine with two multipliers and two load ports needs, in halves of a cycle, the largest of: its
/// multiplications; ten, for a sum waits four cycles for itself and a little slack keeps the multipliers fed; its loads.
/// Pointers beyond eight do not fit the general registers and are loads, too.
const fn cost<S: Tiles>(extent: Extent, shape: Shape, overlaps: bool) -> u64 {
    let outputs = shape.windows * extent.width;
    let weights = shape.panels * S::VECTORS;
    let sums = outputs * weights;
    let overlaps = overlaps && shape.windows <= extent.run;
    let scattered = !overlaps && !is_regular(extent, shape.windows);
    let pointers = if scattered {
        shape.windows.saturating_sub(8)
    } else {
        0
    };
    let across = if overlaps {
        extent.windows / extent.run * extent.run.div_ceil(shape.windows)
    } else {
        extent.windows.div_ceil(shape.windows)
    };
    let products = if scattered {
        across as u64 * (extent.depth * product(outputs, weights, pointers)) as u64
    } else {
        products(extent, outputs, weights)
    };
    let places = if scattered { PLACE * shape.windows } else { 0 };
    // The last panels of a tile may be those of the one before it.
    let groups = extent.panels.div_ceil(shape.panels);
    groups as u64 * (products + across as u64 * (2 * sums + 24 + places) as u64)
}

/// The halves of a cycle that a product takes.
const fn product(outputs: usize, weights: usize, pointers: usize) -> usize {
    max(max(outputs * weights, 10), outputs + weights + pointers)
}

/// Whether tiles of so many windows end where runs do.
pub const fn is_regular(extent: Extent, windows: usize) -> bool {
    extent.run.is_multiple_of(windows)
        || extent.grid
            && windows.is_multiple_of(extent.run)
            && extent.windows.is_multiple_of(windows)
}

/// The halves of a cycle that the products of regular or overlapping tiles of so many outputs take.
const fn products(extent: Extent, outputs: usize, weights: usize) -> u64 {
    let [rows, columns] = extent.edges;
    let run = extent.run * extent.width;
    // Rows of a tile.
    let tall = max(outputs / run, 1);
    let mut across = 0;
    let mut from = 0;
    while from < run {
        let to = if from + outputs < run {
            from + outputs
        } else {
            run
        };
        let mut tap = 0;
        while tap < columns.taps {
            let [before, behind] = columns.outside([to.saturating_sub(outputs), to], tap, EDGE);
            across += product(outputs - tall * (before + behind), weights, 0);
            tap += 1;
        }
        from += outputs;
    }
    let height = extent.windows / extent.run;
    let mut down = height * rows.taps;
    if tall == 1 {
        let mut at = 0;
        while at < height * rows.taps {
            let row = at / rows.taps;
            let [before, behind] = rows.outside([row, row + 1], at % rows.taps, 1);
            down -= before + behind;
            at += 1;
        }
    }
    let depth = extent.depth / (rows.taps * columns.taps);
    (across * depth) as u64 * (down / tall) as u64
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Implements [`Tiles`] for a token: registers, registers of a block, how rows are covered, blocks of a single row that are
/// summed at once, and `windows x panels` of each shape.
macro_rules! tiles {
    (
        $(#[$gate:meta])? $token:ty, $registers:literal, $vectors:literal, $cover:ident, $row:literal,
        $($windows:literal x $panels:literal),+
    ) => {
        $(#[$gate])?
        impl Tiles for $token {
            const SHAPES: &'static [Shape] = &[$(Shape { windows: $windows, panels: $panels }),+];
            const REGISTERS: usize = $registers;
            const VECTORS: usize = $vectors;

            #[inline(always)]
            fn tiled<T: Tiled>(computation: T) {
                // Constant conditions: rustc compiles the one branch that is taken.
                $(if const { T::SHAPE.windows == $windows && T::SHAPE.panels == $panels } {
                    computation.run::<$windows, $panels>();
                } else)+ {
                    const { assert!(offers::<Self>(T::SHAPE)) };
                }
            }

            #[inline(always)]
            fn cover_blocks<V: Visit>(self, rows: usize, blocks: usize, visit: &mut V) {
                cover::$cover::<V, false>(rows, blocks, visit);
            }

            #[inline(always)]
            fn cover_rows<V: Visit>(self, rows: usize, blocks: usize, visit: &mut V) {
                cover::$cover::<V, true>(rows, blocks, visit);
            }

            #[inline(always)]
            fn cover_row<V: VisitRow>(self, visit: &mut V) {
                cover::row::<V, $row>(visit);
            }
        }
    };
}

const fn offers<S: Tiles>(shape: Shape) -> bool {
    let mut index = 0;
    while index < S::SHAPES.len() {
        let offered = S::SHAPES[index];
        if offered.windows == shape.windows && offered.panels == shape.panels {
            return true;
        }
        index += 1;
    }
    false
}

tiles!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Avx512,
    32, 1, cover_32_wide, 8,
    1 x 1, 2 x 1, 4 x 1, 8 x 1, 9 x 1, 10 x 1, 12 x 1, 14 x 1, 16 x 1, 1 x 2, 3 x 2, 5 x 2, 6 x 2, 7 x 2, 8 x 2, 9 x 2,
    10 x 2, 12 x 2, 13 x 2, 7 x 3, 8 x 3, 9 x 3, 1 x 4, 2 x 4, 4 x 4, 5 x 5, 1 x 8
);
tiles!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Avx2,
    16, 2, cover_six, 6,
    1 x 1, 2 x 1, 3 x 1, 4 x 1, 5 x 1, 6 x 1, 1 x 2, 1 x 3, 1 x 4, 1 x 6
);
// Without a fused instruction the product needs a register of its own.
tiles!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Sse2,
    15, 4, cover_narrow, 3,
    1 x 1, 2 x 1, 1 x 2, 1 x 3
);
tiles!(
    #[cfg(target_arch = "aarch64")]
    fearless_simd::aarch64::Neon,
    32, 4, cover_six, 6,
    1 x 1, 2 x 1, 3 x 1, 4 x 1, 5 x 1, 6 x 1, 1 x 2, 2 x 2, 1 x 4
);
tiles!(
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    fearless_simd::wasm32::WasmSimd128,
    15, 4, cover_narrow, 3,
    1 x 1, 2 x 1, 1 x 2, 1 x 3
);
// Nothing stays in registers; two outputs share what there is of a tile's overhead.
tiles!(
    #[cfg(any(
        feature = "fallback",
        not(any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            all(target_arch = "wasm32", target_feature = "simd128")
        ))
    ))]
    fearless_simd::Fallback,
    64, 16, cover_narrow, 2,
    1 x 1, 2 x 1
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{self, Isa, Task};

    /// Counts how often each accumulator is visited, by tiles of the token's list.
    struct Count<S> {
        visits: [[usize; 9]; 40],
        token: S,
    }

    impl<S: Tiles> Visit for Count<S> {
        fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, block: usize) {
            let shape = Shape {
                windows: ROWS,
                panels: BLOCKS,
            };
            assert!(offers::<S>(shape), "{:?}: {shape:?}", self.token);
            for row in &mut self.visits[row..row + ROWS] {
                for visits in &mut row[block..block + BLOCKS] {
                    *visits += 1;
                }
            }
        }
    }

    struct Cover {
        rows: usize,
        blocks: usize,
        by_rows: bool,
    }

    impl Task for Cover {
        type Output = [[usize; 9]; 40];

        fn run<S: Isa>(self, s: S) -> Self::Output {
            let mut count = Count {
                visits: [[0; 9]; 40],
                token: s,
            };
            if self.by_rows {
                s.cover_rows(self.rows, self.blocks, &mut count);
            } else {
                s.cover_blocks(self.rows, self.blocks, &mut count);
            }
            count.visits
        }
    }

    #[test]
    fn covers_visit_each_accumulator_once_by_shapes_of_the_list() {
        for level in simd::levels() {
            for (rows, blocks) in
                (0..=40).flat_map(|rows| (0..=9).map(move |blocks| (rows, blocks)))
            {
                for by_rows in [false, true] {
                    let cover = Cover {
                        rows,
                        blocks,
                        by_rows,
                    };
                    for (row, visits) in simd::dispatch(level, cover).into_iter().enumerate() {
                        for (block, visits) in visits.into_iter().enumerate() {
                            let wanted = usize::from(row < rows && block < blocks);
                            assert_eq!(visits, wanted, "{rows} x {blocks}: {row}, {block}");
                        }
                    }
                }
            }
        }
    }
}
