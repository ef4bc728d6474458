//! Where the numbers of a logical tensor lie in blocked memory.

use crate::block::LANES;

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

impl Layout {
    /// Calls `f` with the place of every element, in floats, in row-major order.
    pub fn visit(&self, mut f: impl FnMut(usize)) {
        walk(self.axes, self.offset, &mut f);
    }
}

/// Visits what `axes` span from `at` on, the outermost axis first.
fn walk(axes: &[Axis], at: usize, f: &mut impl FnMut(usize)) {
    match axes {
        [] => f(at),
        [axis, inner @ ..] => {
            for index in 0..axis.size {
                let step = index % LANES * axis.stride + index / LANES * axis.block_stride;
                walk(inner, at + step, f);
            }
        }
    }
}

impl Tensor {
    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}
