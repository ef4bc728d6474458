//! What pools act on.

/// What a pool takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// `[T, F]`
    Steps,
    /// `[C, H, W]`
    Image,
    /// Either.
    Any,
}
