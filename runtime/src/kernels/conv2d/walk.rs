//! How the outputs of a convolution are visited: which pixels and weights each of them reads.

use crate::{block::LANES, kernels::image::Image, simd::chains::POSITIONS, tile::Edge};
use core::marker::PhantomData;

/// Weights, in floats, that no level-2 cache keeps from one tile to the next: 512 KiB.
pub const FAR: usize = 1 << 17;

/// Whether a group of panels stays while the image streams by, which comes again for each group: of so many weights, from an
/// image of so many floats.
pub const fn panels_first(weights: usize, image: usize) -> bool {
    weights > image || weights > FAR
}

/// Taps of a run, where sums of so many channels of each are cut into runs.
pub const fn run(channels: usize) -> usize {
    if channels < POSITIONS {
        POSITIONS / channels
    } else {
        1
    }
}

/// What is fixed for all outputs of a kernel.
pub trait Fixed {
    /// Whether taps may read rows outside the buffer: its row 0, all zeros, stands in for them.
    const CLIP: bool;
    /// Whether a group of panels stays while the image streams by, or the other way round.
    const PANELS_FIRST: bool;
    /// Rows of taps.
    const TAPS: usize;
    /// Blocks of a panel that an output reads at most.
    const DEPTH: usize;
    /// The reads; where they have several classes, those of the first.
    const READS: Reads;
    /// Whether there is one class.
    const LONE: bool;
    /// Whether all classes have as many windows, and whether they have as many taps.
    const ALIKE: [bool; 2];
    /// Whether a panel holds the taps in descending order of what they read.
    const DESCENDS: bool;
}

/// The place of a tap among those of a panel along an axis.
#[inline(always)]
pub const fn nth(descends: bool, taps: usize, tap: usize) -> usize {
    if descends { taps - 1 - tap } else { tap }
}

/// Rows and columns of a small image: of 3 x 3 taps on 32 rows, one in 48 lies in the border, and on 8 columns one in 12. To
/// leave out columns is more code for rustc than rows are.
const SMALL: [usize; 2] = [32, 8];

/// Which taps of outputs that read an image laid out as G are left out where they meet only the border: along rows, for a
/// tile of one row, and along columns.
pub const fn edges<F: Fixed, G: Image>() -> [Edge; 2] {
    let [rows, columns] = [
        !F::CLIP && G::TOP > 0 && G::HEIGHT <= SMALL[0] && G::CHANNELS >= LANES,
        F::LONE && G::LEFT > 0 && G::WIDTH <= SMALL[1] && G::CHANNELS >= LANES,
    ];
    [
        if rows {
            edge::<F>(0, G::TOP, G::HEIGHT)
        } else {
            Edge::NONE
        },
        if columns {
            edge::<F>(1, G::LEFT, G::WIDTH)
        } else {
            Edge::NONE
        },
    ]
}

/// The taps along one axis of an image of so many pixels behind a border.
const fn edge<F: Fixed>(axis: usize, border: usize, size: usize) -> Edge {
    Edge {
        origin: F::READS.origin[axis] - border as isize,
        stride: F::READS.stride[axis],
        taps: F::READS.taps[axis],
        dilation: F::READS.dilation[axis],
        size,
    }
}

/// Declares the reads, and the two plans by which a kernel is told of them.
macro_rules! reads {
    ($($(#[$doc:meta])+ $field:ident: $kind:ty, alike if $alike:expr;)+) => {
        /// Which reads make up each output, as `[rows, columns]`; positions are those of the source's buffer.
        #[derive(Clone, Copy)]
        pub struct Reads {
            $($(#[$doc])+ pub $field: $kind),+
        }

        /// How a kernel is told of the reads: [`Known`] or [`Given`].
        pub trait Walk {
            /// What is fixed.
            type Fixed: Fixed;
            $($(#[$doc])+ fn $field(&self) -> $kind;)+
        }

        impl<F: Fixed> Walk for Known<F> {
            type Fixed = F;
            $(
                #[inline(always)]
                fn $field(&self) -> $kind {
                    const { F::READS.$field }
                }
            )+
        }

        impl<F: Fixed> Walk for Given<F> {
            type Fixed = F;
            $(
                #[inline(always)]
                fn $field(&self) -> $kind {
                    if const { $alike } {
                        const { F::READS.$field }
                    } else {
                        self.0.$field
                    }
                }
            )+
        }
    };
}

/// The reads of a convolution, and those of its input's gradient if no stride separates classes: constants. Strides and bounds
/// reach LLVM as immediate operands only so: it does not see through a constant struct, and then neither unrolls loops
/// over taps nor drops their checks.
pub struct Known<F>(pub PhantomData<F>);

/// The reads of one class among several, which share a kernel and are told apart by values; what all classes have in common
/// is a constant.
pub struct Given<F>(pub Reads, pub PhantomData<F>);

reads! {
    /// Windows.
    windows: [usize; 2], alike if F::ALIKE[0];
    /// What the first tap of output (0, 0) reads; a row above the buffer is negative.
    origin: [isize; 2], alike if false;
    /// From an output to the next.
    stride: [usize; 2], alike if true;
    /// Taps.
    taps: [usize; 2], alike if F::ALIKE[1];
    /// From a tap to the next.
    dilation: [usize; 2], alike if true;
    /// Block of a panel at which the channels of the tap begin that is first there.
    panel: usize, alike if false;
    /// Blocks of a panel from a tap to the next.
    panel_step: [usize; 2], alike if true;
}
