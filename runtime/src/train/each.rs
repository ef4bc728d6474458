//! Gradients of each sample for itself.

use super::training::Training;
use crate::{
    block::Block,
    distribution::Draw,
    error::{Error, Result, setting::check_range},
    loss::Loss,
    model::Model,
    network::Network,
    parameters::Parameters,
    simd::chains::POSITIONS,
    step::{
        chunks::Step,
        each::{Judged, add, each, scale},
        gradient::{Factor, check_finite, check_limit, norm},
    },
    value::filled,
};
use bytemuck::must_cast_slice_mut;
use core::{fmt, marker::PhantomData, mem};

/// The gradients of one sample, as [`Training::each_gradient`] passes them to its closure.
pub struct SampleGradient<'a, N> {
    /// The sample's place in the batch, counted from 0.
    pub row: usize,
    /// Its loss, without penalties.
    pub loss: f64,
    /// How much it counts in the mean of a batch: [`Loss::sample_weight`].
    pub weight: f64,
    gradients: &'a mut [Block],
    step: u64,
    network: PhantomData<fn() -> N>,
}

impl<N: Model> SampleGradient<'_, N> {
    /// The gradients, named as the parameters.
    pub fn gradients(&self) -> Parameters<N, &[Block]> {
        Parameters::trusted_gradients(self.gradients)
    }

    /// The gradients, which may be changed before they are added to the mean.
    pub fn gradients_mut(&mut self) -> Parameters<N, &mut [Block]> {
        Parameters::trusted_gradients(self.gradients)
    }

    /// The Euclidean norm of all gradients together.
    pub fn norm(&self) -> f64 {
        self.gradients().norm()
    }

    /// Scales the gradients down to a norm of at most `limit`, as [`Training::clip_norm`]. Returns the norm that they
    /// had.
    ///
    /// # Errors
    ///
    /// If `limit` is not above 0, or a gradient is not finite.
    pub fn clip_norm(&mut self, limit: f64) -> Result<f64> {
        check_limit("clip_norm", limit)?;
        let step = usize::try_from(self.step).unwrap_or(usize::MAX);
        let learnt = &mut self.gradients[..N::Network::LEARNT_BLOCKS];
        let norm = norm::<N>(learnt, not_finite(step))?;
        let factor = Factor::clip(norm, limit);
        if factor != Factor::ONE {
            factor.scale(learnt);
        }
        Ok(norm)
    }

    /// Multiplies all gradients by a number, such as [`weight`](Self::weight), or 0 to leave the sample out, whatever
    /// they are.
    ///
    /// # Errors
    ///
    /// If `factor` is not finite.
    pub fn scale(&mut self, factor: f64) -> Result<()> {
        let range = -f64::from(f32::MAX)..=f64::from(f32::MAX);
        check_range("scale", factor, range, "a finite number, such as 0.5")?;
        let learnt = &mut self.gradients[..N::Network::LEARNT_BLOCKS];
        match factor as f32 {
            // 0 times what is not finite would be NaN.
            0.0 => learnt.fill(Block::ZERO),
            factor => scale(learnt, factor),
        }
        Ok(())
    }
}

impl<N> fmt::Debug for SampleGradient<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SampleGradient");
        debug.field("row", &self.row).field("loss", &self.loss);
        debug.field("weight", &self.weight).finish_non_exhaustive()
    }
}

/// What makes the error of a gradient that is not finite.
fn not_finite(step: usize) -> impl FnOnce(&'static str, usize) -> Error {
    move |name, index| Error::NanGradient {
        epoch: None,
        step,
        name,
        index,
    }
}

impl<N: Model> Training<N> {
    /// Computes the gradients of each sample, in the order of the batch, and passes them to `see`, which may read and
    /// change them: PyTorch's `vmap(grad(loss))`, in the memory of one sample's gradients. Afterwards the gradients of
    /// this `Training` are the mean of what `see` left. Returns the mean of the samples' losses.
    ///
    /// They are the gradients that [`backward`](Self::backward) computes for a batch of this sample alone, with two
    /// differences: dropout is that of the sample's place in this batch, and penalties (`l1`, `l2`) are left out. As in
    /// PyTorch, a loss with weights, such as class weights, is divided by the weight of this sample alone; [`scale`] by
    /// [`SampleGradient::weight`] multiplies by it again. Every sample counts the same in the mean.
    ///
    /// This is a step of differentially private gradient descent (Abadi et al. 2016): the gradients of each sample are
    /// clipped, and noise in proportion to the limit hides the influence of any one of them.
    ///
    /// ```
    /// use kiln::prelude::*;
    ///
    /// model! {
    ///     struct Classifier(x: [4]) -> [2] { Dense(8), Relu, Dense(2) }
    /// }
    ///
    /// let (inputs, labels) = ([[0.5, -0.5, 0.2, 0.0], [0.1, 0.2, -0.9, 0.4]], [0, 1]);
    /// let (limit, noise) = (1.0, 0.5);
    /// let mut net = Classifier::new(Seed(1));
    /// let mut training = Training::new(&net, inputs.len())?.seed(Seed(1));
    /// let mut descent = Descent::new(&net, Sgd::new(0.1))?;
    ///
    /// training.each_gradient(&net, &inputs, &labels, &CrossEntropy, |sample| {
    ///     let norm = sample.clip_norm(limit)?;
    ///     println!("sample {}: norm {norm:.3}", sample.row);
    ///     Ok(())
    /// })?;
    /// training.add_noise(noise * limit / inputs.len() as f64)?;
    /// descent.apply(&mut net, training.gradients())?;
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// Gradients of inputs are not kept. A sample costs as much as a batch of one, and a pass over the gradients that
    /// adds them up. The first call allocates a second arena of gradients, and the first call with more than 4,096
    /// samples a third one, since no more of them are added up in one chain.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if samples meet in the network, as in `BatchNorm`, or in the loss, as in `WholeBatch`. The
    /// errors of [`backward`](Self::backward) and of `see`, or one if there is no memory for another arena. After an
    /// error, the gradients are those of the last batch if `see` was not called, and zero otherwise.
    ///
    /// [`scale`]: SampleGradient::scale
    pub fn each_gradient<T: Sync, L: Loss<N::Output, T>>(
        &mut self,
        net: &N,
        inputs: &[N::Input],
        targets: &[T],
        loss: &L,
        mut see: impl FnMut(&mut SampleGradient<'_, N>) -> Result<()> + Send,
    ) -> Result<f64> {
        if self.part.is_empty() {
            self.part = filled("gradients of a sample", self.gradients.len())?;
        }
        let is_long = inputs.len() > POSITIONS;
        if is_long && self.chains.is_empty() {
            self.chains = filled("sums of gradients", self.gradients.len())?;
        }
        let (turn, seed, step) = (loss, self.seed, self.step);
        let learnt = N::Network::LEARNT_BLOCKS;
        let (part, gradients) = (&mut self.part[..], &mut self.gradients);
        let chains = &mut self.chains;
        let mut seen = 0;
        let mut show = |judged: Judged, part: &mut [Block]| {
            if seen == 0 {
                gradients.fill(Block::ZERO);
                chains.fill(Block::ZERO);
            } else if seen % POSITIONS == 0 {
                add(&mut chains[..learnt], &gradients[..learnt]);
                gradients.fill(Block::ZERO);
            }
            seen += 1;
            let Judged { row, loss, weight } = judged;
            let mut sample = SampleGradient {
                row,
                loss,
                weight,
                gradients: &mut *part,
                step,
                network: PhantomData,
            };
            see(&mut sample)?;
            add(&mut gradients[..learnt], &part[..learnt]);
            Ok(())
        };
        let mut passes = self.memory.passes()?;
        // Should `see` panic, the gradients are those of no batch that more samples could be added to.
        let before = (mem::take(&mut self.rows), mem::take(&mut self.counted));
        let arenas = (N::Network::arena(net), part);
        let of = Step { turn, seed, step };
        let run = || each(&mut passes, of, arenas, (inputs, targets), &mut show);
        let mean = self.threads.install(run);
        if seen == 0 {
            (self.rows, self.counted) = before;
            return mean;
        }
        self.sloped = 0;
        match mean {
            Ok(_) => {
                let sum = &mut self.gradients[..learnt];
                if is_long {
                    add(sum, &self.chains[..learnt]);
                }
                scale(sum, (1.0 / inputs.len() as f64) as f32);
                (self.rows, self.counted) = (inputs.len(), inputs.len() as f64);
                self.step = self.step.wrapping_add(1);
            }
            Err(_) => self.gradients.fill(Block::ZERO),
        }
        mean
    }

    /// Adds normal noise of mean 0 and this standard deviation to every gradient. The noise is a function of the seed,
    /// the number of the step and the parameter, so a run can be repeated. Where the noise protects secrets, keep the
    /// seed secret, and note that the generator is a hash without cryptographic strength.
    ///
    /// # Errors
    ///
    /// If `deviation` is negative or not finite, or a gradient is not finite; the gradients are then unchanged.
    pub fn add_noise(&mut self, deviation: f64) -> Result<()> {
        let range = 0.0..=f64::from(f32::MAX);
        check_range(
            "add_noise",
            deviation,
            range,
            "a finite number of at least 0, such as 0.01",
        )?;
        let step = usize::try_from(self.step).unwrap_or(usize::MAX);
        let learnt = &mut self.gradients[..N::Network::LEARNT_BLOCKS];
        check_finite::<N>(learnt, not_finite(step))?;
        let numbers = must_cast_slice_mut::<Block, f32>(learnt);
        let tensors = N::Network::TENSORS.iter().enumerate();
        for (index, tensor) in tensors.filter(|(_, tensor)| tensor.learnt().is_some()) {
            let (draw, mut element) = (Draw::noise(self.seed, self.step, index), 0);
            tensor.layout.visit(|place| {
                numbers[place] += (deviation * draw.normal(element)) as f32;
                element += 1;
            });
        }
        Ok(())
    }
}
