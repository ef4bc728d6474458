//! How threads share the samples that are answered.

use crate::{model::Model, network::Network, step::share::join, train::memory::sharing};

/// Samples that one thread takes at once: whole groups, so that the cut changes no bit.
pub fn leaf<N: Model>(samples: usize, threads: usize) -> usize {
    let threads = sharing::<N>(samples, threads);
    let shares = if threads > 1 { 4 * threads } else { 1 };
    let groups = samples.div_ceil(N::Network::INFER_ROWS).div_ceil(shares);
    (groups * N::Network::INFER_ROWS).max(1)
}

/// Hands pieces of `leaf` items to `f`, with the index of their first one.
pub fn fork<T: Send>(
    leaf: usize,
    first: usize,
    items: &mut [T],
    f: &(impl Fn(usize, &mut [T]) + Sync),
) {
    let leaves = items.len().div_ceil(leaf);
    if leaves <= 1 {
        return f(first, items);
    }
    let middle = leaves / 2 * leaf;
    let (left, right) = items.split_at_mut(middle);
    join(
        || fork(leaf, first, left, f),
        || fork(leaf, first + middle, right, f),
    );
}
