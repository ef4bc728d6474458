//! `AvgPool1d(kernel)`: the mean of each window of steps, feature by feature, as `torch.nn.AvgPool1d`.

use super::pool::{Fold, Pool, Space, pool, sliding::Sliding};

pool! {
    /// Pooling of steps by mean.
    AvgPool1d = |arguments| {
        let sliding = Sliding::declare(arguments, Space::Steps, false);
        let pad = arguments.flag("count_include_pad", true);
        Pool::sliding("AvgPool", Space::Steps, sliding, Fold::Mean { pad })
    }
}
