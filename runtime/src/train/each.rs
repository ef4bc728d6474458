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
    step::{
        chunks::Step,
        each::{Judged, add, each, scale},
        gradient::{Factor, check_finite, check_limit, norm},
    },
    value::filled,
};
use bytemuck::must_cast_slice_mut;
use core::{fmt, marker::PhantomData};

/// The gradients of one sample, as [`Training::each_gradient`] shows them.
pub struct SampleGradient<'a, N> {
    /// The sample's place in the batch, counted from 0.
    pub row: usize,
    /// Its loss, without penalties.
    pub loss: f64,
    /// How much it counts in the mean of a batch: see [`Loss::sample_weight`].
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

    /// The gradients, to be changed before they join the mean.
    pub fn gradients_mut(&mut self) -> Parameters<N, &mut [Block]> {
        Parameters::trusted_gradients(self.gradients)
    }

    /// The Euclidean norm of all of them together.
    pub fn norm(&self) -> f64 {
        self.gradients().norm()
    }

    /// Scales them down to a norm of at most `limit`, as [`Training::clip_norm`]; gives the norm they had.
    ///
    /// # Errors
    ///
    /// If `limit` is not more than 0, or a gradient is not finite.
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

    /// Multiplies all of them by a number, such as [`weight`](Self::weight), or 0 to leave the sample out.
    ///
    /// # Errors
    ///
    /// If `factor` is not finite.
    pub fn scale(&mut self, factor: f64) -> Result<()> {
        let range = -f64::from(f32::MAX)..=f64::from(f32::MAX);
        check_range("scale", factor, range, "a finite number, such as 0.5")?;
        let learnt = &mut self.gradients[..N::Network::LEARNT_BLOCKS];
        scale(learnt, factor as f32);
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
    /// Computes the gradients of each sample by itself, in the order of the batch, and shows them to `see`, which may look
    /// at them and change them: PyTorch's `vmap(grad(loss))`, in the memory of one sample's gradients. Afterwards the
    /// gradients of this `Training` are the mean of what `see` left. Gives the mean of the samples' losses.
    ///
    /// They are what [`backward`](Self::backward) gives for a batch of the sample alone, but that dropout is that of the
    /// sample's place in this batch, and that penalties (`l1`, `l2`) are left out, which are no sample's. A loss that weighs
    /// its samples, as by class weights, is divided by the weight of the sample alone, as PyTorch's is; [`scale`] by
    /// [`SampleGradient::weight`] brings it back. Every sample counts the same in the mean.
    ///
    /// This is a step of differentially private gradient descent (Abadi et al. 2016): each sample's gradients are clipped,
    /// and noise in proportion to the limit hides what is left of any of them.
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
    /// Gradients of inputs are not kept. A sample costs what a batch of one costs, and a pass over the gradients to add
    /// them up. The first call allocates a second arena of gradients.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if samples meet in the network, as in `BatchNorm`, or in the loss, as in `WholeBatch`;
    /// otherwise as [`backward`](Self::backward), if there is no memory for the second arena, and whatever `see`
    /// refuses. Gradients are those of the batch before if no sample was shown, and else zero.
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
        let (turn, seed, step) = (loss, self.seed, self.step);
        let learnt = N::Network::LEARNT_BLOCKS;
        let (part, gradients) = (&mut self.part[..], &mut self.gradients);
        let mut seen = 0;
        let mut show = |judged: Judged, part: &mut [Block]| {
            if seen == 0 {
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
        let arenas = (N::Network::arena(net), part);
        let of = Step { turn, seed, step };
        let run = || each(&mut passes, of, arenas, (inputs, targets), &mut show);
        let mean = self.threads.install(run);
        if seen == 0 {
            return mean;
        }
        self.sloped = 0;
        match mean {
            Ok(_) => {
                scale(
                    &mut self.gradients[..learnt],
                    (1.0 / inputs.len() as f64) as f32,
                );
                (self.rows, self.counted) = (inputs.len(), inputs.len() as f64);
                self.step += 1;
            }
            Err(_) => {
                self.gradients.fill(Block::ZERO);
                (self.rows, self.counted) = (0, 0.0);
            }
        }
        mean
    }

    /// Adds normal noise of mean 0 and this standard deviation to every gradient. It is a function of the seed, the number of
    /// the step and the parameter, so that a run can be repeated; whoever keeps secrets by it keeps the seed secret, and knows
    /// that the generator is a hash that was not made for that.
    ///
    /// # Errors
    ///
    /// If `deviation` is not finite and at least 0, or a gradient is not finite; the gradients are as they were then.
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
