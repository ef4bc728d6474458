//! `AvgPool2d(kernel)`: the mean of each window, channel by channel, as `torch.nn.AvgPool2d`.

use super::pool::{Fold, Pool, Space, pool, sliding::Sliding};

pool! {
    /// Pooling by mean.
    AvgPool2d = |arguments| {
        let sliding = Sliding::declare(arguments, Space::Image, false);
        let pad = arguments.flag("count_include_pad", true);
        Pool::sliding("AvgPool", Space::Image, sliding, Fold::Mean { pad })
    }
}
