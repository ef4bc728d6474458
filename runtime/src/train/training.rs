//! Gradients as an arena that can be read and changed, for a training loop of one's own.

mod outside;

use super::{
    memory::Memory,
    room, slowness,
    threads::{Stack, Threads},
};
use crate::{
    block::Block,
    declared::InputGradients,
    error::{Error, Result},
    loss::Loss,
    model::Model,
    network::Network,
    parameters::{Parameters, Seed},
    simd,
    step::{
        chunking::parts,
        chunks::Step,
        gradient::{self, Factor},
        inputs::{self, check_rows, check_targets},
        judge::judged,
        turn::Handed,
    },
    value::filled,
};
use alloc::vec::Vec;
use core::mem;

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
    pub(super) memory: Memory<N>,
    pub(super) threads: Threads,
    pub(super) gradients: Vec<Block>,
    /// The outputs of the last batch that somebody judges outside, and room for their gradients: none before the first.
    outputs: Vec<N::Output>,
    output_gradients: Vec<N::Output>,
    /// Whether the gradients of inputs are kept with those of the weights.
    asks: bool,
    /// Room for the gradients of inputs, and how many the last batch has.
    slopes: Vec<N::Input>,
    pub(super) sloped: usize,
    /// Samples that the gradients are the mean of, and how much they count.
    pub(super) rows: usize,
    pub(super) counted: f64,
    /// Gradients of a part of a batch, before they join the others.
    pub(super) part: Vec<Block>,
    /// Those of samples that were added up before, where each has gradients of its own and there are many.
    pub(super) chains: Vec<Block>,
    pub(super) seed: u64,
    pub(super) step: u64,
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
            outputs: Vec::new(),
            output_gradients: Vec::new(),
            asks: false,
            slopes: Vec::new(),
            sloped: 0,
            rows: 0,
            counted: 0.0,
            part: Vec::new(),
            chains: Vec::new(),
            seed: 0,
            step: 0,
        })
    }

    /// Sets the seed of dropout and whatever else is random; each call of `backward` is another step.
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into().0;
        self
    }

    /// Counts the steps from `step` on, for a loop that continues an earlier one: dropout is a function of the seed and
    /// the step.
    pub fn from_step(mut self, step: u64) -> Self {
        self.step = step;
        self
    }

    /// The number of steps so far: calls of `backward` and of its variants.
    pub fn steps(&self) -> u64 {
        self.step
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
        if self.asks || L::SEES_BATCH {
            check_targets::<_, N::Output, _, L>(inputs, targets, loss)?;
            let mut counted = 0.0;
            let mean = self.backward_with(net, inputs, |outputs, gradients| {
                let (mean, weights) = judged(loss, outputs, targets, gradients)?;
                counted = weights.mean(L::PARTS);
                Ok(mean)
            })?;
            self.counted = counted;
            return Ok(mean);
        }
        let step = Step {
            turn: loss,
            seed: self.seed,
            step: self.step,
        };
        let mut passes = self.memory.passes()?;
        let (arena, gradients) = (N::Network::arena(net), &mut self.gradients);
        let batch = (inputs, targets);
        let backward = || inputs::backward(&mut passes, step, arena, gradients, batch);
        let (mean, weights) = self.threads.install(backward)?;
        self.step = self.step.wrapping_add(1);
        (self.rows, self.sloped) = (inputs.len(), 0);
        self.counted = weights.mean(L::PARTS);
        Ok(mean)
    }

    /// Computes the gradients of some more samples, and adds them to those of the last `backward` and of all calls since: the
    /// gradients are then of the mean loss of all their samples. So a batch that is larger than memory is taken in parts:
    ///
    /// ```
    /// use kiln::{Adam, CrossEntropy, Descent, Model, Result, Training};
    ///
    /// /// A step on batches of 32 at a time.
    /// fn step<N: Model<Output = [f32; 10]>>(
    ///     net: &mut N,
    ///     training: &mut Training<N>,
    ///     descent: &mut Descent<N, Adam>,
    ///     inputs: &[N::Input],
    ///     targets: &[usize],
    /// ) -> Result<()> {
    ///     for (part, (inputs, targets)) in inputs.chunks(32).zip(targets.chunks(32)).enumerate() {
    ///         if part == 0 {
    ///             training.backward(net, inputs, targets, &CrossEntropy)?;
    ///         } else {
    ///             training.accumulate(net, inputs, targets, &CrossEntropy)?;
    ///         }
    ///     }
    ///     descent.apply(net, training.gradients())
    /// }
    /// ```
    ///
    /// It gives the mean loss of these samples. The gradients of n samples and m more are n / (n + m) of the ones and m / (n + m)
    /// of the others, where a loss that weighs its samples has their weights for n and m: the bits do not depend on threads, but
    /// differ from those of one batch by rounding. A tuple of losses has a mean of its own for each part, of which only one share
    /// can be taken here: that of their mean weight. The statistics of `BatchNorm` gain the mean of what the parts gain, and count
    /// one batch. The first call allocates a second arena of gradients.
    ///
    /// # Errors
    ///
    /// As [`backward`](Self::backward), or if there is no memory for the second arena: then the gradients are as they were.
    pub fn accumulate<T: Sync, L: Loss<N::Output, T>>(
        &mut self,
        net: &N,
        inputs: &[N::Input],
        targets: &[T],
        loss: &L,
    ) -> Result<f64> {
        if self.rows == 0 {
            return self.backward(net, inputs, targets, loss);
        }
        if self.part.is_empty() {
            self.part = filled("gradients of a part", self.gradients.len())?;
        }
        // Should the loss panic, the gradients are those of no batch that more samples could be added to.
        let (rows, counted) = (mem::take(&mut self.rows), mem::take(&mut self.counted));
        mem::swap(&mut self.part, &mut self.gradients);
        let loss = self.backward(net, inputs, targets, loss);
        mem::swap(&mut self.part, &mut self.gradients);
        let loss = match loss {
            Ok(loss) => loss,
            Err(error) => {
                (self.rows, self.counted) = (rows, counted);
                return Err(error);
            }
        };
        let shares = [
            gradient::shares([counted, self.counted]),
            gradient::shares([rows as f64, self.rows as f64]),
        ];
        gradient::mix::<N>(simd::level(), shares, &mut self.gradients, &self.part);
        self.rows = rows.saturating_add(self.rows);
        self.counted += counted;
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
        gradient::check_limit("clip_norm", limit)?;
        let place = self.place();
        let gradients = &mut self.gradients[..N::Network::LEARNT_BLOCKS];
        let norm = gradient::norm::<N>(gradients, place)?;
        let factor = Factor::clip(norm, limit);
        if factor != Factor::ONE {
            factor.scale(gradients);
        }
        Ok(norm)
    }

    /// Brings every gradient into `-limit..=limit`, as `torch.nn.utils.clip_grad_value_`.
    ///
    /// # Errors
    ///
    /// If `limit` is not more than 0, or a gradient is not finite; the gradients are as they were then.
    pub fn clip_value(&mut self, limit: f64) -> Result<()> {
        gradient::check_limit("clip_value", limit)?;
        let place = self.place();
        let gradients = &mut self.gradients[..N::Network::LEARNT_BLOCKS];
        gradient::check_finite::<N>(gradients, place)?;
        gradient::clamp(simd::level(), limit, gradients);
        Ok(())
    }

    /// Also keeps the gradients of inputs whenever those of the weights are computed: see
    /// [`input_gradients`](Self::input_gradients). A step without them is cheaper.
    ///
    /// # Errors
    ///
    /// If there is no memory for them.
    pub fn with_input_gradients(mut self) -> Result<Self>
    where
        N: InputGradients,
    {
        room::values(&mut self.slopes, self.memory.chunking.batch.get())?;
        self.asks = true;
        Ok(self)
    }

    /// The gradients of a batch's inputs, from gradients of its outputs. Those of the weights are not computed and stay
    /// as they are. So one network can teach another while it stays as it is: a critic a generator, the value of
    /// actions a policy, a classifier an image. This is not counted as a step.
    ///
    /// ```
    /// use kiln::{Training, prelude::*};
    ///
    /// model! {
    ///     #[kiln(input_gradients)]
    ///     struct Critic(x: [3]) -> [1] { Dense(8), Tanh, Dense(1) }
    /// }
    ///
    /// let critic = Critic::new(Seed(1));
    /// let mut training = Training::new(&critic, 2)?;
    /// let slopes = training.input_gradients_from(&critic, &[[0.1, 0.2, 0.3]; 2], &[[1.0]; 2])?;
    /// assert_eq!(slopes[0], slopes[1]);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`backward_from`](Self::backward_from).
    pub fn input_gradients_from(
        &mut self,
        net: &N,
        inputs: &[N::Input],
        output_gradients: &[N::Output],
    ) -> Result<&[N::Input]>
    where
        N: InputGradients,
    {
        let (seed, step) = (self.seed, self.step);
        self.sloped = 0;
        check_rows::<N>(self.memory.chunking.batch.get(), inputs.len())?;
        let slopes = room::values(&mut self.slopes, inputs.len())?;
        let mut passes = self.memory.passes()?;
        let turn = &Handed::new(output_gradients, true, true);
        let step = Step { turn, seed, step };
        let (arena, batch) = (N::Network::arena(net), (inputs, Some(&mut *slopes)));
        let backward = || inputs::backward_from(&mut passes, step, arena, None, batch);
        self.threads.install(backward)?;
        self.sloped = inputs.len();
        Ok(slopes)
    }

    /// The gradients of the last batch's inputs after [`with_input_gradients`](Self::with_input_gradients); none
    /// before. They belong to the same quantity as the gradients of the weights: the mean loss, or the sum that was
    /// handed in. Penalties do not contribute.
    ///
    /// An image that is moved a little along the gradient of its loss fools a classifier (Goodfellow et al. 2015):
    ///
    /// ```
    /// use kiln::{Training, prelude::*};
    ///
    /// model! {
    ///     #[kiln(input_gradients)]
    ///     struct Classifier(x: [4]) -> [2] { Dense(8), Relu, Dense(2) }
    /// }
    ///
    /// let net = Classifier::new(Seed(1));
    /// let (inputs, labels) = ([[0.5, -0.5, 0.2, 0.0]], [0]);
    /// let mut training = Training::new(&net, 1)?.with_input_gradients()?;
    /// let before = training.backward(&net, &inputs, &labels, &CrossEntropy)?;
    /// let fooling = [core::array::from_fn(|i| inputs[0][i] + 0.01 * training.input_gradients()[0][i].signum())];
    /// assert!(training.backward(&net, &fooling, &labels, &CrossEntropy)? > before);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    pub fn input_gradients(&self) -> &[N::Input]
    where
        N: InputGradients,
    {
        &self.slopes[..self.sloped.min(self.slopes.len())]
    }

    /// What makes the error of a gradient that is not finite.
    fn place(&self) -> impl FnOnce(&'static str, usize) -> Error + use<N> {
        let step = usize::try_from(self.step).unwrap_or(usize::MAX);
        move |name, index| Error::NanGradient {
            epoch: None,
            step,
            name,
            index,
        }
    }
}
