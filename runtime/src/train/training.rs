//! Gradients as an arena that can be read and changed, for a training loop of one's own.

use super::{
    memory::Memory,
    room, slowness,
    threads::{Stack, Threads},
};
use crate::{
    block::Block,
    error::{Error, Result},
    loss::Loss,
    model::Model,
    network::Network,
    parameters::{Parameters, Seed},
    step::{
        chunking::parts,
        chunks::Step,
        gradient::{self, Factor},
        inputs,
    },
    value::filled,
};
use alloc::vec::Vec;

/// Everything one step of training needs, allocated once: activations, deltas and gradients of a batch. The first one of
/// a process says so if the build is slow.
///
/// ```
/// use kiln::{Adam, CrossEntropy, Descent, Model, Result, Training, data::Samples};
///
/// fn learn<N>(net: &mut N, data: &Samples<N::Input, usize>) -> Result<()>
/// where
///     N: Model<Output = [f32; 10]>,
/// {
///     let mut training = Training::new(net, 32)?;
///     let mut descent = Descent::new(net, Adam::default())?;
///     for (inputs, targets) in data.inputs().chunks(32).zip(data.targets().chunks(32)) {
///         let loss = training.backward(net, inputs, targets, &CrossEntropy)?;
///         training.clip_norm(1.0)?;
///         descent.apply(net, training.gradients())?;
///         println!("loss {loss:.4}, {:?}", training.gradients().get("logits.bias"));
///     }
///     Ok(())
/// }
/// ```
pub struct Training<N: Model> {
    memory: Memory<N>,
    threads: Threads,
    gradients: Vec<Block>,
    seed: u64,
    step: u64,
}

impl<N: Model> Training<N> {
    /// Memory for batches of up to `batch` samples, on the caller's thread.
    ///
    /// # Errors
    ///
    /// If `batch` is 0 or too large for memory.
    pub fn new(net: &N, batch: usize) -> Result<Self> {
        Self::with_threads(net, batch, 1)
    }

    /// Memory for batches of up to `batch` samples, on `threads` threads. The gradients' bits do not depend on how many.
    ///
    /// # Errors
    ///
    /// If `batch` or `threads` is 0, there is no memory for the batch, or the threads cannot be started.
    pub fn with_threads(net: &N, batch: usize, threads: usize) -> Result<Self> {
        room::check::<N>(batch)?;
        let threads = Threads::new(threads, Stack::LENT, |most| parts::<N>(batch, most))?;
        let memory = Memory::new(batch, threads.count())?;
        slowness::warn::<N>();
        Ok(Self {
            memory,
            threads,
            gradients: filled("gradients", N::Network::arena(net).len())?,
            seed: 0,
            step: 0,
        })
    }

    /// Sets the seed of dropout and whatever else is random; each call of `backward` is another step.
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into().0;
        self
    }

    /// Computes the gradients of the mean loss of a batch, replacing those of the batch before; gives the mean loss
    /// (without penalties).
    ///
    /// # Errors
    ///
    /// If inputs and targets differ in number, there are none or more than a batch, a target is refused by the loss, an
    /// input holds a number that is not finite, or the loss is not finite: then the gradients are those of the batch before.
    pub fn backward<T: Sync, L: Loss<N::Output, T>>(
        &mut self,
        net: &N,
        inputs: &[N::Input],
        targets: &[T],
        loss: &L,
    ) -> Result<f64> {
        let step = Step {
            loss,
            seed: self.seed,
            step: self.step,
        };
        let mut passes = self.memory.passes()?;
        let (arena, gradients) = (N::Network::arena(net), &mut self.gradients);
        let batch = (inputs, targets);
        let backward = || inputs::backward(&mut passes, step, arena, gradients, batch);
        let loss = self.threads.install(backward)?;
        self.step += 1;
        Ok(loss)
    }

    /// The gradients of the last batch, named as the parameters.
    pub fn gradients(&self) -> Parameters<N, &[Block]> {
        Parameters::trusted_gradients(&self.gradients)
    }

    /// The gradients of the last batch, to be changed before they are applied.
    pub fn gradients_mut(&mut self) -> Parameters<N, &mut [Block]> {
        Parameters::trusted_gradients(&mut self.gradients)
    }

    /// Scales the gradients down to an Euclidean norm of at most `limit`, as `torch.nn.utils.clip_grad_norm_`; gives the norm
    /// they had.
    ///
    /// # Errors
    ///
    /// If `limit` is not more than 0, or a gradient is not finite; the gradients are as they were then.
    pub fn clip_norm(&mut self, limit: f64) -> Result<f64> {
        gradient::check_limit(limit)?;
        let step = usize::try_from(self.step).unwrap_or(usize::MAX);
        let gradients = &mut self.gradients[..N::Network::LEARNT_BLOCKS];
        let norm = gradient::norm::<N>(gradients, |name, index| Error::NanGradient {
            epoch: None,
            step,
            name,
            index,
        })?;
        let factor = Factor::clip(norm, limit);
        if factor != Factor::ONE {
            factor.scale(gradients);
        }
        Ok(norm)
    }
}
