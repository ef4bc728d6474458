//! The samples of a step.

use crate::{
    block::Block,
    data::Dataset,
    error::Result,
    loss::{Loss, Weights, in_batch},
    model::Model,
    network::Network,
    simd::Isa,
    step::{inputs::unsound, source::Source},
    train::{
        faults::{Faults, guarded},
        order::Order,
    },
};
use core::{borrow::Borrow, ops::Range, slice};

/// How much the samples at `positions` of the order count, by their targets alone: all are asked for before the first
/// of them is judged, which needs the sum.
#[inline(never)]
pub fn weigh<N, L, D>(loss: &L, data: &D, order: &Order, positions: Range<usize>) -> Result<Weights>
where
    N: Model,
    L: Loss<N::Output, D::Target>,
    D: Dataset<Input = N::Input>,
{
    let mut weights = Weights::default();
    for position in positions {
        let target = data.target(order.at(position))?;
        in_batch::add::<N::Output, _, L>(loss, target.borrow(), &mut weights);
    }
    Ok(weights)
}

/// Samples of a dataset, in the order in which an epoch visits them.
pub struct Visited<'a, D> {
    pub data: &'a D,
    pub order: &'a Order,
    /// Counted from 0 since the network's first fit.
    pub epoch: u64,
    /// Position of the batch's first sample in the order.
    pub first: usize,
    pub faults: &'a Faults,
}

impl<N, T, D> Source<N, T> for Visited<'_, D>
where
    N: Model,
    T: Clone,
    D: Dataset<Input = N::Input, Target = T>,
{
    /// Every input is looked at each time, while it is near: a dataset may give another one in every epoch.
    fn load<S: Isa>(
        &self,
        s: S,
        positions: Range<usize>,
        gathered: Option<&mut [T]>,
        chunk: &mut [Block],
        capacity: usize,
    ) {
        let targets = gathered.into_iter().flatten();
        for (row, (position, target)) in positions.zip(targets).enumerate() {
            let position = self.first + position;
            let sample = self.order.at(position);
            let given = guarded(sample, || self.data.sample_in(self.epoch, sample));
            // Not taken apart: what is given by value may be large.
            let loaded = match given {
                Ok((ref input, ref fresh)) => {
                    let input: &N::Input = input.borrow();
                    slice::from_mut(target).clone_from_slice(slice::from_ref(fresh.borrow()));
                    match N::Network::load(s, input, chunk, capacity, row) {
                        true => Ok(()),
                        false => Err(unsound::<N>(input, sample)),
                    }
                }
                Err(error) => Err(error),
            };
            if let Err(error) = loaded {
                self.faults.report(position, error);
            }
        }
    }

    fn is_sound(&self) -> bool {
        !self.faults.any()
    }
}
