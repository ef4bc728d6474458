//! `MaxPool2d(kernel)`: the largest number of each window, channel by channel, as `torch.nn.MaxPool2d`.
//!
//! Padding never wins: it counts as minus infinity.

use super::pool::{Fold, Pool, Space, pool, sliding::Sliding};

pool! {
    /// Pooling by maximum.
    MaxPool2d = |arguments| {
        let sliding = Sliding::declare(arguments, Space::Image, true);
        Pool::sliding("MaxPool", Space::Image, sliding, Fold::Max)
    }
}
