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

impl Layout {
    /// Calls `f` with the place of every element, in floats, in row-major order.
    pub fn visit(&self, mut f: impl FnMut(usize)) {
        walk(self.axes, self.offset, &mut f);
    }

    /// Floats of memory from its beginning to behind the last element.
    pub const fn extent(&self) -> usize {
        let (mut last, mut rest) = (self.offset, self.axes);
        while let [axis, inner @ ..] = rest {
            if axis.size == 0 {
                return 0;
            }
            last += axis.farthest();
            rest = inner;
        }
        last + 1
    }
}

impl Axis {
    /// What index `index` adds.
    #[inline]
    pub const fn step(&self, index: usize) -> usize {
        index % LANES * self.stride + index / LANES * self.block_stride
    }

    /// The most that an index adds: the last one's step, or that of the last whole group's end.
    const fn farthest(&self) -> usize {
        let (last, whole) = (self.step(self.size - 1), self.size / LANES * LANES);
        if whole > 0 && self.step(whole - 1) > last {
            self.step(whole - 1)
        } else {
            last
        }
    }
}

/// Visits what `axes` span from `at` on, the outermost axis first.
fn walk(axes: &[Axis], at: usize, f: &mut impl FnMut(usize)) {
    match axes {
        [] => f(at),
        // A loop of its own, since a call for every element takes longer than whatever is done with it.
        [axis] => {
            for first in (0..axis.size).step_by(LANES) {
                let mut place = at + axis.step(first);
                for _ in first..axis.size.min(first + LANES) {
                    f(place);
                    place += axis.stride;
                }
            }
        }
        [axis, inner @ ..] => {
            for index in 0..axis.size {
                walk(inner, at + axis.step(index), f);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, Layout};
    use alloc::vec::Vec;

    const fn axis(size: usize, stride: usize, block_stride: usize) -> Axis {
        Axis {
            size,
            stride,
            block_stride,
        }
    }

    #[test]
    fn elements_are_visited_in_row_major_order() {
        // A Dense weight `[18, 2]` in panels of sixteen outputs: `[[Block; 2]; 2]`.
        const PANELS: Layout = Layout {
            offset: 64,
            axes: &[axis(18, 1, 32), axis(2, 16, 256)],
        };
        let mut places = Vec::new();
        PANELS.visit(|place| places.push(place));
        assert_eq!(places[..4], [64, 80, 65, 81]);
        assert_eq!(places[32..], [96, 112, 97, 113]);
    }

    #[test]
    fn the_extent_ends_behind_the_farthest_element() {
        for size in 0..50 {
            for block_stride in [0, 1, 7, 16, 100] {
                let axes = [axis(size, 3, block_stride), axis(2, 1, 16)];
                let layout = Layout {
                    offset: 5,
                    axes: Vec::from(axes).leak(),
                };
                let mut extent = 0;
                layout.visit(|place| extent = extent.max(place + 1));
                assert_eq!(layout.extent(), extent, "{layout:?}");
            }
        }
    }
}
