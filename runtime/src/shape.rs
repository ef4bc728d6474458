//! How many outputs and panels a convolution's tile spans, chosen at compile time by counting cycles.
//!
//! One instance of a kernel has one tile shape: a shape for the rest of every row would double what rustc compiles.
//! The last tile instead repeats its last output and drops the copies, and the count below knows what that costs.

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
    /// Windows that lie side by side at a constant distance; a tile that divides them needs one pointer, not one each.
    pub run: usize,
    /// Neighbouring outputs that every window sums at once.
    pub width: usize,
    /// Panels in all.
    pub panels: usize,
    /// Products in each sum.
    pub depth: usize,
}

/// A computation over tiles, to be compiled for one shape.
pub trait Tiled {
    /// The shape, one of the token's [`Shapes::SHAPES`].
    const SHAPE: Shape;
    /// Runs it with the shape's numbers as constants; implement with `#[inline(always)]`.
    fn run<const WINDOWS: usize, const PANELS: usize>(self);
}

/// The shapes a token offers. Each costs rustc time in every kernel, chosen or not, so the lists are short and an
/// instruction set's own.
pub trait Shapes: Simd {
    /// All of them; the first is 1 x 1.
    const SHAPES: &'static [Shape];
    /// Registers.
    const REGISTERS: usize;
    /// Registers that hold a block.
    const VECTORS: usize;

    /// Runs a computation with its shape.
    fn tiled<T: Tiled>(computation: T);
}

/// The shape of fewest cycles among those whose sums, one block of each panel and one splat fit the registers.
///
/// Per product a machine with two multipliers and two load ports needs, in halves of a cycle, the largest of: its
/// multiplications; ten, for a sum waits four cycles for itself and a little slack keeps the multipliers fed; its loads.
/// Pointers beyond eight do not fit the general registers and are loads, too.
pub const fn best<S: Shapes>(extent: Extent) -> Shape {
    let mut best = S::SHAPES[0];
    let mut least = u64::MAX;
    let mut index = 0;
    while index < S::SHAPES.len() {
        let shape = S::SHAPES[index];
        let outputs = shape.windows * extent.width;
        let weights = shape.panels * S::VECTORS;
        let sums = outputs * weights;
        // A weight that multiplies one output is read in place.
        let waiting = if outputs == 1 { 1 } else { weights };
        let fits = sums + waiting < S::REGISTERS || index == 0;
        if fits && extent.panels.is_multiple_of(shape.panels) {
            let scattered = !extent.run.is_multiple_of(shape.windows);
            let pointers = if scattered {
                shape.windows.saturating_sub(8)
            } else {
                0
            };
            let product = max(max(sums, 10), outputs + weights + pointers);
            let tiles = extent.windows.div_ceil(shape.windows) * (extent.panels / shape.panels);
            let cost = tiles as u64 * (extent.depth * product + 2 * sums + 24) as u64;
            if cost < least {
                least = cost;
                best = shape;
            }
        }
        index += 1;
    }
    best
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Implements [`Shapes`] for a token: registers, registers of a block, and `windows x panels` of each shape.
macro_rules! shapes {
    ($(#[$gate:meta])? $token:ty, $registers:literal, $vectors:literal, $($windows:literal x $panels:literal),+) => {
        $(#[$gate])?
        impl Shapes for $token {
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
        }
    };
}

const fn offers<S: Shapes>(shape: Shape) -> bool {
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

shapes!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Avx512,
    32, 1,
    1 x 1, 2 x 1, 4 x 1, 8 x 1, 9 x 1, 12 x 1, 16 x 1, 1 x 2, 3 x 2, 5 x 2, 6 x 2, 7 x 2, 8 x 2, 10 x 2, 12 x 2, 13 x 2,
    1 x 4, 2 x 4, 4 x 4, 1 x 8
);
shapes!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Avx2,
    16, 2,
    1 x 1, 2 x 1, 3 x 1, 4 x 1, 5 x 1, 6 x 1, 1 x 2, 1 x 3, 1 x 4, 1 x 6
);
// Without a fused instruction the product needs a register of its own.
shapes!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Sse2,
    15, 4,
    1 x 1, 2 x 1, 1 x 2, 1 x 3
);
shapes!(
    #[cfg(target_arch = "aarch64")]
    fearless_simd::aarch64::Neon,
    32, 4,
    1 x 1, 2 x 1, 3 x 1, 4 x 1, 5 x 1, 6 x 1, 1 x 2, 2 x 2, 1 x 4
);
shapes!(
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    fearless_simd::wasm32::WasmSimd128,
    15, 4,
    1 x 1, 2 x 1, 1 x 2, 1 x 3
);
// Nothing stays in registers; two outputs share what there is of a tile's overhead.
shapes!(
    #[cfg(any(
        feature = "fallback",
        not(any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            all(target_arch = "wasm32", target_feature = "simd128")
        ))
    ))]
    fearless_simd::Fallback,
    64, 16,
    1 x 1, 2 x 1
);
