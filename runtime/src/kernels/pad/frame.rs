//! What is padded, by how much, and with what.

/// What stands around the elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// A number.
    Constant(f32),
    /// The elements in reverse, without the edge: fewer than there are.
    Reflect,
    /// The edge.
    Replicate,
    /// The elements at the other end: no more than there are.
    Circular,
}

impl Mode {
    /// The element at place `at` of an axis of `size` elements that come after `before` others; `None` for a constant.
    #[inline(always)]
    pub(super) fn element(self, at: usize, before: usize, size: usize) -> Option<usize> {
        match (at.checked_sub(before), self) {
            (Some(inside), _) if inside < size => Some(inside),
            (_, Self::Constant(_)) => None,
            (None, Self::Replicate) => Some(0),
            (None, Self::Reflect) => Some(before - at),
            (None, Self::Circular) => Some(at + size - before),
            (Some(_), Self::Replicate) => Some(size - 1),
            (Some(behind), Self::Reflect) => Some(2 * (size - 1) - behind),
            (Some(behind), Self::Circular) => Some(behind - size),
        }
    }
}

/// Where the numbers of a sample lie, in floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// A sample, its border included.
    pub sample: usize,
    /// The first number.
    pub first: usize,
    /// From a plane to the next.
    pub plane: usize,
    /// From a row to the next.
    pub row: usize,
    /// From a column to the next.
    pub column: usize,
}

impl Grid {
    /// Where a row begins.
    #[inline(always)]
    pub(super) fn begin(&self, plane: usize, row: usize) -> usize {
        self.first + plane * self.plane + row * self.row
    }
}

/// What is padded by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Planes that are padded alike.
    pub planes: usize,
    /// Rows of the operand.
    pub rows: usize,
    /// Columns of the operand.
    pub columns: usize,
    /// Numbers of an element, which are neighbours.
    pub run: usize,
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
    /// The operand.
    pub x: Grid,
    /// The result.
    pub y: Grid,
}
