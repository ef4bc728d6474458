//! `AdaptiveAvgPool2d(size)`: the mean of each of `size` windows that an image is shared out to, as
//! `torch.nn.AdaptiveAvgPool2d`. Where a size does not divide the image's, windows overlap.

use super::pool::{Fold, Pool, Space, pool};

pool! {
    /// Pooling by mean to a size.
    AdaptiveAvgPool2d = |arguments| Pool::adaptive("AdaptiveAvgPool", Space::Image, Fold::Mean { pad: false }, arguments)
}
