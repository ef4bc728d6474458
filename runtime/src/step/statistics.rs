//! Statistics that follow batches, apart from what is learnt.

use crate::{
    block::Block,
    math::flush_number,
    model::Model,
    network::Network,
    tensor::{Role, joined_count, split_count},
};

/// Gives the statistics behind what is learnt what a step gained: see [`Network::follow`].
pub fn gain<N: Model>(mut statistics: &mut [Block], mut gains: &[Block]) {
    let tensors = N::Network::TENSORS.iter();
    for tensor in tensors.skip_while(|tensor| tensor.learnt().is_some()) {
        let (numbers, added);
        let blocks = tensor.blocks.min(statistics.len()).min(gains.len());
        (numbers, statistics) = statistics.split_at_mut(blocks);
        (added, gains) = gains.split_at(blocks);
        match tensor.role {
            Role::Learnt { .. } => {}
            Role::Statistic { keep } => {
                let numbers = numbers.iter_mut().flat_map(|block| &mut block.0);
                let added = added.iter().flat_map(|block| &block.0);
                for (number, added) in numbers.zip(added) {
                    *number = flush_number(keep * *number + *added);
                }
            }
            Role::Count => {
                let low_high = |block: &Block| joined_count([block.0[0], block.0[1]]);
                for (count, added) in numbers.iter_mut().zip(added) {
                    let sum = low_high(count).saturating_add(low_high(added));
                    [count.0[0], count.0[1]] = split_count(sum);
                }
            }
        }
    }
}
