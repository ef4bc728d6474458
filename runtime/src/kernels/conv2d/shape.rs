//! How many outputs and panels a tile spans, chosen at compile time by counting cycles.
//!
//! One instance of a kernel has one tile shape: a shape for the rest of every row would double what rustc compiles.
//! The last tile instead repeats its last output and drops the copies, and the count below knows what that costs.

use crate::simd::InstructionSet;

/// The extent of a register tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Windows of outputs (or rows of a weight's gradient).
    pub windows: usize,
    /// Panels of sixteen lanes.
    pub panels: usize,
}

/// What a tile has to cover.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Windows in all.
    pub windows: usize,
    /// Windows that lie side by side at a constant distance; a tile that divides them needs one pointer, not one each.
    pub run: usize,
    /// Neighbouring outputs that every window sums at once.
    pub width: usize,
    /// Panels in all.
    pub panels: usize,
    /// Products in each sum.
    pub depth: usize,
}

/// The largest number of windows that [`Tiled::run`] is compiled for.
const MOST_WINDOWS: usize = 16;

/// Registers, and how many of them hold a block.
const fn registers(set: InstructionSet) -> (usize, usize) {
    match set {
        InstructionSet::Avx512 => (32, 1),
        InstructionSet::Avx2 => (16, 2),
        InstructionSet::Neon => (32, 4),
        // Without a fused instruction the product needs a register of its own.
        InstructionSet::Sse2 | InstructionSet::Wasm => (15, 4),
        // Nothing stays in registers, so only the overhead of a tile counts.
        InstructionSet::Scalar => (64, 16),
    }
}

/// The shape of fewest cycles among those whose sums, one block of each panel and one splat fit the registers.
///
/// Per product a machine with two multipliers and two load ports needs, in halves of a cycle, the larger of: its
/// multiplications; ten, for a sum waits four cycles for itself and a little slack keeps the multipliers fed; its loads. Pointers beyond eight
/// do not fit the general registers and are loads, too.
pub(super) const fn best(set: InstructionSet, extent: Extent) -> Shape {
    let (room, vectors) = registers(set);
    let mut best = Shape {
        windows: 1,
        panels: 1,
    };
    let mut least = u64::MAX;
    let mut panels = 1;
    while panels <= 8 {
        let mut windows = 1;
        while windows <= MOST_WINDOWS {
            let outputs = windows * extent.width;
            let sums = outputs * panels * vectors;
            let fits = sums + panels * vectors < room || windows * panels == 1;
            if extent.panels.is_multiple_of(panels) && panels != 5 && panels != 7 && fits {
                let regular = extent.run.is_multiple_of(windows);
                let loads = outputs
                    + panels * vectors
                    + if regular {
                        0
                    } else {
                        windows.saturating_sub(8)
                    };
                let product = max(max(sums, 10), loads);
                let tiles = extent.windows.div_ceil(windows) * (extent.panels / panels);
                let cost = tiles as u64 * (extent.depth * product + 2 * sums + 24) as u64;
                if cost < least {
                    least = cost;
                    best = Shape { windows, panels };
                }
            }
            windows += 1;
        }
        panels += 1;
    }
    best
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// A computation over tiles, to be compiled for one shape.
pub(super) trait Tiled: Sized {
    /// The shape.
    const SHAPE: Shape;
    /// Runs it with the shape's numbers as constants; implement with `#[inline(always)]`.
    fn run<const WINDOWS: usize, const PANELS: usize>(self);

    /// Calls `run`. The branches not taken are constant, so rustc never compiles them.
    #[inline(always)]
    fn tiled(self) {
        match const { Self::SHAPE.panels } {
            1 => by_windows::<Self, 1>(self),
            2 => by_windows::<Self, 2>(self),
            3 => by_windows::<Self, 3>(self),
            4 => by_windows::<Self, 4>(self),
            6 => by_windows::<Self, 6>(self),
            _ => by_windows::<Self, 8>(self),
        }
    }
}

#[inline(always)]
fn by_windows<T: Tiled, const PANELS: usize>(computation: T) {
    match const { T::SHAPE.windows } {
        1 => computation.run::<1, PANELS>(),
        2 => computation.run::<2, PANELS>(),
        3 => computation.run::<3, PANELS>(),
        4 => computation.run::<4, PANELS>(),
        5 => computation.run::<5, PANELS>(),
        6 => computation.run::<6, PANELS>(),
        7 => computation.run::<7, PANELS>(),
        8 => computation.run::<8, PANELS>(),
        9 => computation.run::<9, PANELS>(),
        10 => computation.run::<10, PANELS>(),
        11 => computation.run::<11, PANELS>(),
        12 => computation.run::<12, PANELS>(),
        13 => computation.run::<13, PANELS>(),
        14 => computation.run::<14, PANELS>(),
        15 => computation.run::<15, PANELS>(),
        _ => computation.run::<16, PANELS>(),
    }
}
