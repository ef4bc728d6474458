//! `GlobalAvgPool`: the mean of each channel over the whole image, or of each feature over all steps: Keras'
//! `GlobalAveragePooling2D` and `GlobalAveragePooling1D`, PyTorch's `x.mean((-2, -1))`.

use super::pool::{Fold, Pool, pool};

pool! {
    /// Pooling by mean over all pixels.
    GlobalAvgPool = |_| Pool::global("GlobalAvgPool", Fold::Mean { pad: false })
}
