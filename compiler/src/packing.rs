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
    /// Blocks of a panel of sixteen outputs, if that is how outputs lie. What has no gaps is no panel.
    pub fn panel(&self) -> Option<usize> {
        let lanes = self.axes.iter().find(|axis| axis.is_lanes)?;
        let apart = self.axes.iter().filter(|axis| axis.is_apart);
        let apart: usize = apart.map(|axis| axis.size).product();
        Some(self.blocks / (apart * lanes.size.div_ceil(LANES)))
    }

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
    /// Whether they are outputs, sixteen to a panel.
    pub is_lanes: bool,
    /// Whether they are outputs, each with panels of its own.
    pub is_apart: bool,
}

impl PackedAxis {
    /// An axis with one stride throughout.
    pub fn plain(size: usize, stride: usize) -> Self {
        Self {
            size,
            stride,
            block_stride: stride * LANES,
            is_lanes: false,
            is_apart: false,
        }
    }

    /// An axis of outputs in panels of their own.
    pub fn apart(size: usize, stride: usize) -> Self {
        Self {
            is_apart: true,
            ..Self::plain(size, stride)
        }
    }

    /// An axis cut into lanes: sixteen neighbours share a block, the next sixteen are `panel` blocks on.
    pub fn lanes(size: usize, panel: usize) -> Self {
        Self {
            size,
            stride: 1,
            block_stride: panel * LANES,
            is_lanes: true,
            is_apart: false,
        }
    }
}
