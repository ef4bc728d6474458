//! How a parameter lies in its stretch of the arena.

use crate::storage::LANES;

/// How one parameter lies in its stretch of the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Floats before the first element.
    pub offset: usize,
    /// Axes whose row-major order is the parameter's own; they may factor its dimensions.
    pub axes: Vec<PackedAxis>,
    /// Blocks it takes.
    pub blocks: usize,
}

impl Packing {
    /// A bias of `n` lanes.
    pub fn bias(n: usize) -> Self {
        Self {
            offset: 0,
            axes: vec![PackedAxis::lanes(n, 1)],
            blocks: n.div_ceil(LANES),
        }
    }
}

/// Index i adds `(i % 16) * stride + (i / 16) * block_stride` floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedAxis {
    /// Indices.
    pub size: usize,
    /// Floats between neighbours within sixteen.
    pub stride: usize,
    /// Floats between groups of sixteen.
    pub block_stride: usize,
}

impl PackedAxis {
    /// An axis with one stride throughout.
    pub fn plain(size: usize, stride: usize) -> Self {
        Self {
            size,
            stride,
            block_stride: stride * LANES,
        }
    }

    /// An axis cut into lanes: sixteen neighbours share a block, the next sixteen are `panel` blocks on.
    pub fn lanes(size: usize, panel: usize) -> Self {
        Self {
            size,
            stride: 1,
            block_stride: panel * LANES,
        }
    }
}
