//! `MaxPool1d(kernel)`: the largest number of each window of steps, feature by feature, as `torch.nn.MaxPool1d`.

use super::pool::{Fold, Pool, Space, pool, sliding::Sliding};

pool! {
    /// Pooling of steps by maximum.
    MaxPool1d = |arguments| {
        let sliding = Sliding::declare(arguments, Space::Steps, true);
        Pool::sliding("MaxPool", Space::Steps, sliding, Fold::Max)
    }
}
