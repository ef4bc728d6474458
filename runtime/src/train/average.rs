//! The moving average of a trainer's network, and what is judged by it.

use crate::{
    block::Block, error::Result, model::Model, network::Network, step::ema::follow, value::filled,
};
use alloc::vec::Vec;

/// A moving average of a network's parameters, which follows it after every step.
#[derive(Clone, Debug, PartialEq)]
pub struct Average {
    /// The parameters.
    pub arena: Vec<Block>,
    /// Steps that it followed.
    pub followed: u64,
}

impl Average {
    /// That of a network which has taken no step.
    pub fn new(arena: &[Block]) -> Result<Self> {
        let mut average: Vec<Block> = filled("the average of weights", arena.len())?;
        average.copy_from_slice(arena);
        Ok(Self {
            arena: average,
            followed: 0,
        })
    }

    /// Follows a network after a step.
    pub fn follow<N: Model>(&mut self, net: &N, decay: f64) {
        let (arena, learnt) = (N::Network::arena(net), N::Network::LEARNT_BLOCKS);
        follow(&mut self.arena, arena, learnt, (self.followed, decay));
        self.followed = self.followed.saturating_add(1);
    }
}

/// A network that has the parameters of an average as long as this is there.
pub struct Averaged<'a, N: Model> {
    net: &'a mut N,
    average: Option<&'a mut Average>,
}

impl<'a, N: Model> Averaged<'a, N> {
    /// A network with the parameters of an average, or its own.
    pub fn new(net: &'a mut N, average: Option<&'a mut Average>) -> Self {
        let mut this = Self { net, average };
        this.swap();
        this
    }

    /// The network.
    pub fn net(&self) -> &N {
        self.net
    }

    fn swap(&mut self) {
        // A network that has an average was trained or resumed, so it owns its parameters.
        if let Some(average) = &mut self.average
            && let Ok(arena) = N::Network::arena_mut(self.net).own()
        {
            arena.swap_with_slice(&mut average.arena);
        }
    }
}

impl<N: Model> Drop for Averaged<'_, N> {
    /// Also where a user's metric panics.
    fn drop(&mut self) {
        self.swap();
    }
}
