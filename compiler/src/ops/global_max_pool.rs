//! `GlobalMaxPool`: the largest number of each channel over the whole image, or of each feature over all steps: Keras'
//! `GlobalMaxPooling2D` and `GlobalMaxPooling1D`, PyTorch's `AdaptiveMaxPool2d(1)`, flattened.

use super::pool::{Fold, Pool, pool};

pool! {
    /// Pooling by maximum over all pixels.
    GlobalMaxPool = |_| Pool::global("GlobalMaxPool", Fold::Max)
}
