//! Where the numbers of a logical tensor lie in blocked memory.

/// One axis of a logical row-major tensor: index i adds `(i % 16) * stride + (i / 16) * block_stride` floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Indices along the axis.
    pub size: usize,
    /// Floats between neighbours within sixteen.
    pub stride: usize,
    /// Floats between groups of sixteen; `16 * stride` where the axis is not cut.
    pub block_stride: usize,
}

/// The place of every element: `offset` plus what its index adds along each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Floats before element 0.
    pub offset: usize,
    /// Axes, the outermost first; they may factor a dimension of the tensor's shape.
    pub axes: &'static [Axis],
}

/// A parameter: its name and shape in PyTorch's `state_dict`, and its place in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// `conv1.weight`.
    pub name: &'static str,
    /// PyTorch's shape.
    pub shape: &'static [usize],
    /// The place of its elements, in row-major order.
    pub layout: Layout,
}
