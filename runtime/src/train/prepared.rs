//! An optimizer with what it remembers of a network.

use super::gradient::Apply;
use crate::{
    block::Block,
    error::{Error, Result},
    network::Network,
    optimizer::{Optimizer, State},
    parameters::Parameters,
    simd,
};
use alloc::{vec, vec::Vec};
use core::marker::PhantomData;

/// An optimizer that is ready to change one network: the rule, its moments, and the count of its steps.
pub struct Prepared<N, O: Optimizer> {
    /// The rule. Its numbers may be changed between steps.
    pub optimizer: O,
    state: Vec<State<O>>,
    taken: u64,
    factor: f64,
    network: PhantomData<fn(&N)>,
}

/// Gives optimizers `prepare`.
pub trait Prepare: Optimizer + Sized {
    /// Allocates what the rule remembers of a network like `net`.
    fn prepare<N: Network>(self, net: &N) -> Prepared<N, Self> {
        Prepared {
            optimizer: self,
            state: vec![State::<Self>::default(); net.arena().len()],
            taken: 0,
            factor: 1.0,
            network: PhantomData,
        }
    }
}

impl<O: Optimizer> Prepare for O {}

impl<N: Network, O: Optimizer> Prepared<N, O> {
    /// Multiplies the learning rate from now on, as a schedule does.
    pub fn scale_learning_rate(&mut self, factor: f64) {
        self.factor = factor;
    }

    /// Takes one step: changes every parameter of `net` by its gradient.
    ///
    /// # Errors
    ///
    /// If the gradients are those of another kind of network.
    pub fn apply(&mut self, net: &mut N, gradients: Parameters<&[Block]>) -> Result<()> {
        let (expected, found) = (net.arena().len(), gradients.blocks().len());
        if expected != found || expected != self.state.len() {
            return Err(Error::Gradients { expected, found });
        }
        let apply = Apply {
            level: simd::level(),
            update: &self.optimizer.step(self.taken, self.factor),
            factor: 1.0,
            cuts: &[0, expected],
            gradients: gradients.blocks(),
            weights: net.arena_mut(),
            state: &mut self.state,
        };
        simd::dispatch(apply.level, apply);
        self.taken += 1;
        Ok(())
    }
}
