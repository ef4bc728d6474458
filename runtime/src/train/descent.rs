//! An optimizer with what it remembers of a network.

use super::{
    gradient::{self, Factor},
    memory::filled,
    statistics,
};
use crate::{
    block::{Block, LANES},
    error::{Error, Result},
    model::Model,
    network::Network,
    optimizer::{Optimizer, State, check_factor},
    parameters::Parameters,
    simd,
    tensor::Tensor,
};
use alloc::vec::Vec;
use core::marker::PhantomData;

/// A network's descent: an optimizer, its moments, and the count of its steps. For a loop of one's own; a
/// [`Trainer`](super::Trainer) has its own.
///
/// ```
/// use kiln::{Descent, Model, Mse, Result, Sgd, Training};
///
/// fn learn<N: Model<Output = [f32; 1]>>(net: &mut N, inputs: &[N::Input], targets: &[[f32; 1]]) -> Result<()> {
///     let mut training = Training::new(net, inputs.len())?;
///     let mut descent = Descent::new(net, Sgd::new(0.1).momentum(0.9))?;
///     for step in 0..100 {
///         training.backward(net, inputs, targets, &Mse)?;
///         descent.scale_learning_rate(1.0 / (1.0 + step as f64))?;
///         descent.apply(net, training.gradients())?;
///     }
///     Ok(())
/// }
/// ```
pub struct Descent<N, O: Optimizer> {
    /// The rule. Its numbers may be changed between steps.
    pub optimizer: O,
    state: Vec<State<O>>,
    taken: u64,
    factor: f64,
    network: PhantomData<fn(&N)>,
}

impl<N: Model, O: Optimizer> Descent<N, O> {
    /// Allocates what the rule remembers of a network like `net`.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if a number of the optimizer is of no use, such as a negative learning rate, [`Error::Memory`] if
    /// there is no memory for what the rule remembers.
    pub fn new(_: &N, optimizer: O) -> Result<Self> {
        optimizer.check()?;
        Ok(Self {
            optimizer,
            state: filled("the optimizer's moments", N::Network::LEARNT_BLOCKS)?,
            taken: 0,
            factor: 1.0,
            network: PhantomData,
        })
    }

    /// Multiplies the learning rate of the optimizer by `factor` from now on, as a schedule does.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if the factor is negative, NaN or beyond `f32`; the one before stays then.
    pub fn scale_learning_rate(&mut self, factor: f64) -> Result<()> {
        let taken = self.taken;
        check_factor("scale_learning_rate", factor, || {
            alloc::format!("after step {taken}")
        })?;
        self.factor = factor;
        Ok(())
    }

    /// Takes one step: changes every parameter of `net` by its gradient. Statistics, as those of `BatchNorm`, follow the batch
    /// that the gradients are of.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if a number of the optimizer was changed to one that is of no use, [`Error::Layout`] if the
    /// gradients are those of an arena that is too small. No step is taken then.
    pub fn apply(&mut self, net: &mut N, gradients: Parameters<N, &[Block]>) -> Result<()> {
        self.optimizer.check()?;
        check_size::<N>(gradients.blocks())?;
        let update = self.optimizer.step(self.taken, self.factor);
        let arena = N::Network::arena_mut(net);
        let (weights, statistics) = arena.split_at_mut(N::Network::LEARNT_BLOCKS);
        gradient::apply(
            simd::level(),
            &update,
            Factor::ONE,
            &[],
            gradients.blocks(),
            weights,
            &mut self.state,
        );
        if let Some(gains) = gradients.gains() {
            statistics::gain::<N>(statistics, gains);
        }
        self.taken += 1;
        Ok(())
    }
}

/// Refuses gradients that end before the parameters do.
fn check_size<N: Model>(gradients: &[Block]) -> Result<()> {
    if gradients.len() >= N::Network::LEARNT_BLOCKS {
        return Ok(());
    }
    let learnt = |tensor: &&Tensor| tensor.learnt().is_some();
    let last = N::Network::TENSORS.iter().rfind(learnt);
    Err(Error::Layout {
        name: last.map_or("", |tensor| tensor.name),
        expected: N::Network::LEARNT_BLOCKS * LANES,
        found: gradients.len() * LANES,
    })
}
