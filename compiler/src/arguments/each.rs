//! A number for each axis.

/// One for all axes, or one for rows and one for columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Each<T> {
    /// For all.
    All(T),
    /// For rows and columns.
    Pair(T, T),
}
