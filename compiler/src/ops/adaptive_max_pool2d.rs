//! `AdaptiveMaxPool2d(size)`: the largest number of each of `size` windows that an image is shared out to, as
//! `torch.nn.AdaptiveMaxPool2d`. Where a size does not divide the image's, windows overlap.

use super::pool::{Fold, Pool, Space, pool};

pool! {
    /// Pooling by maximum to a size.
    AdaptiveMaxPool2d = |arguments| Pool::adaptive("AdaptiveMaxPool", Space::Image, Fold::Max, arguments)
}
