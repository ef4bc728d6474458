//! Gradients as an arena that can be read and changed, for a training loop of one's own.

use super::{
    evaluation::not_finite,
    faults::Faults,
    finish::Kept,
    gradient::{self, Factor},
    memory::{filled, parts},
    passes::{Passes, Step, Totals},
    room, slowness,
    source::{Given, Source},
    threads::{Stack, Threads},
};
use crate::{
    block::Block,
    error::{Error, Result},
    loss::Loss,
    model::Model,
    network::Network,
    parameters::{Parameters, Seed},
    simd::Isa,
};
use alloc::{vec, vec::Vec};
use core::{marker::PhantomData, ops::Range};

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
    passes: Passes<N>,
    threads: Threads,
    gradients: Vec<Block>,
    /// What is remembered of gradients that are kept: nothing.
    nothing: Vec<()>,
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
        let passes = Passes::new(batch, threads.count())?;
        slowness::warn::<N>();
        Ok(Self {
            passes,
            threads,
            gradients: filled("gradients", N::Network::arena(net).len())?,
            nothing: vec![(); N::Network::LEARNT_BLOCKS],
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
        let rows = self.check(inputs, targets, loss)?;
        let step = Step {
            loss,
            seed: self.seed,
            step: self.step,
        };
        let mut faults = Faults::default();
        let source = Inputs::<N> {
            inputs,
            faults: &faults,
        };
        let (passes, gradients, nothing) =
            (&mut self.passes, &mut self.gradients, &mut self.nothing);
        let totals: Totals = self.threads.install(|| {
            let (learnt, gains) = gradients.split_at_mut(N::Network::LEARNT_BLOCKS);
            let mut kept = Kept::<N> {
                parameters: N::Network::arena(net),
                gradients: learnt,
                nothing,
                network: PhantomData,
            };
            let totals = passes.run(step, &source, Given(targets), &mut kept);
            if totals.loss.is_finite() && !faults.any() {
                gradient::add_penalties::<N>(passes.level(), N::Network::arena(net), learnt);
                gains.fill(Block::ZERO);
                passes.follow(gradients);
            }
            totals
        });
        faults.take()?;
        if !totals.loss.is_finite() {
            let step = usize::try_from(self.step).unwrap_or(usize::MAX);
            return Err(Error::NanLoss {
                epoch: None,
                step: step.saturating_add(1),
            });
        }
        self.step += 1;
        Ok(totals.loss / rows as f64)
    }

    /// Refuses a batch that cannot be learnt from; gives the number of its samples.
    fn check<T, L: Loss<N::Output, T>>(
        &self,
        inputs: &[N::Input],
        targets: &[T],
        loss: &L,
    ) -> Result<usize> {
        let (rows, batch) = (inputs.len(), self.passes.batch());
        if rows == 0 {
            return Err(Error::EmptyDataset);
        }
        if rows != targets.len() {
            return Err(Error::Counts {
                inputs: rows,
                targets: targets.len(),
            });
        }
        if let (1, Some(layer)) = (rows, N::Network::NEEDS_COMPANY) {
            return Err(Error::Alone {
                layer,
                samples: 1,
                batch: 1,
            });
        }
        if rows > batch {
            return Err(Error::Batch {
                expected: batch,
                found: rows,
            });
        }
        for (row, target) in targets.iter().enumerate() {
            loss.check(row, target)?;
        }
        Ok(rows)
    }

    /// The gradients of the last batch, named as the parameters.
    pub fn gradients(&self) -> Parameters<N, &[Block]> {
        Parameters::of_gradients(&self.gradients)
    }

    /// The gradients of the last batch, to be changed before they are applied.
    pub fn gradients_mut(&mut self) -> Parameters<N, &mut [Block]> {
        Parameters::of_gradients(&mut self.gradients)
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

/// Inputs as a slice.
struct Inputs<'a, N: Model> {
    inputs: &'a [N::Input],
    faults: &'a Faults,
}

impl<N: Model, T> Source<N, T> for Inputs<'_, N> {
    fn load<S: Isa>(
        &self,
        s: S,
        positions: Range<usize>,
        _: Option<&mut [T]>,
        chunk: &mut [Block],
        capacity: usize,
    ) {
        for (row, position) in positions.enumerate() {
            let input = &self.inputs[position];
            if !N::Network::load(s, input, chunk, capacity, row) {
                self.faults.report(position, not_finite(input, position));
            }
        }
    }

    fn is_sound(&self) -> bool {
        !self.faults.any()
    }
}
