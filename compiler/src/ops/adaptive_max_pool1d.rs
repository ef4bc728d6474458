//! `AdaptiveMaxPool1d(size)`: the largest number of each of `size` windows that steps are shared out to, as
//! `torch.nn.AdaptiveMaxPool1d`.

use super::pool::{Fold, Pool, Space, pool};

pool! {
    /// Pooling of steps by maximum to a number of them.
    AdaptiveMaxPool1d = |arguments| Pool::adaptive("AdaptiveMaxPool", Space::Steps, Fold::Max, arguments)
}
