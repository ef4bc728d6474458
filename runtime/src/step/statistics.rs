//! Statistics that follow batches, apart from what is learnt.

use crate::{
    block::Block,
    math::flush_number,
    model::Model,
    network::Network,
    tensor::{Role, Tensor, joined_count, split_count},
};

/// Gives the statistics behind what is learnt what a step gained: see [`Network::follow`]. Where no batch was counted, there
/// was no step, and they stay as they are.
pub fn gain<N: Model>(mut statistics: &mut [Block], mut gains: &[Block]) {
    if batches::<N>(gains) == 0 {
        return;
    }
    for tensor in unlearnt::<N>() {
        let (numbers, added);
        let blocks = tensor.blocks.min(statistics.len()).min(gains.len());
        (numbers, statistics) = statistics.split_at_mut(blocks);
        (added, gains) = gains.split_at(blocks);
        match tensor.role {
            Role::Learnt { .. } | Role::Frozen => {}
            Role::Statistic { keep, .. } => {
                let numbers = numbers.iter_mut().flat_map(|block| &mut block.0);
                let added = added.iter().flat_map(|block| &block.0);
                for (number, added) in numbers.zip(added) {
                    *number = flush_number(keep * *number + *added);
                }
            }
            Role::Count => {
                for (count, added) in numbers.iter_mut().zip(added) {
                    let sum = counted(count).saturating_add(counted(added));
                    [count.0[0], count.0[1]] = split_count(sum);
                }
            }
        }
    }
}

/// How many batches the gains of all layers are of.
fn batches<N: Model>(mut gains: &[Block]) -> u64 {
    let mut batches: u64 = 0;
    for tensor in unlearnt::<N>() {
        let numbers;
        (numbers, gains) = gains.split_at(tensor.blocks.min(gains.len()));
        if tensor.role == Role::Count {
            batches = numbers
                .iter()
                .map(counted)
                .fold(batches, u64::saturating_add);
        }
    }
    batches
}

/// What stands behind that which is learnt.
fn unlearnt<N: Model>() -> impl Iterator<Item = &'static Tensor> {
    let tensors = N::Network::TENSORS.iter();
    tensors.skip_while(|tensor| tensor.learnt().is_some())
}

/// A count in the block that holds it.
fn counted(block: &Block) -> u64 {
    joined_count([block.0[0], block.0[1]])
}
