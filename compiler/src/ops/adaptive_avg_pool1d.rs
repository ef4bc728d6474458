//! `AdaptiveAvgPool1d(size)`: the mean of each of `size` windows that steps are shared out to, as
//! `torch.nn.AdaptiveAvgPool1d`.

use super::pool::{Fold, Pool, Space, pool};

pool! {
    /// Pooling of steps by mean to a number of them.
    AdaptiveAvgPool1d = |arguments| Pool::adaptive("AdaptiveAvgPool", Space::Steps, Fold::Mean { pad: false }, arguments)
}
