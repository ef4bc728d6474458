//! What a padding is as it is written.

/// Padding as it is written; whoever reads it knows the axes that are padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// `2`, on all sides.
    All(usize),
    /// `(1, 2)`: height and width of an image, before and after in one dimension.
    Pair(usize, usize),
    /// `((1, 2), (0, 1))`: above and below, to the left and to the right.
    Each([(usize, usize); 2]),
}
