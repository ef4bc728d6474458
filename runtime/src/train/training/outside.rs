//! Gradients of a loss that is computed outside.

use super::Training;
use crate::{
    error::Result,
    model::Model,
    network::Network,
    step::{
        chunks::Step,
        inputs::{self, check_loss, check_rows},
        turn::{Handed, Taken},
    },
    train::room,
};

impl<N: Model> Training<N> {
    /// The outputs of a batch in training: with dropout, and normalised over the batch. This is not counted as a step,
    /// so a [`backward_from`](Self::backward_from) that follows has the same dropout.
    ///
    /// # Errors
    ///
    /// If there are no inputs or more than the capacity, an input is not finite, or there is no memory for the outputs.
    pub fn forward(&mut self, net: &N, inputs: &[N::Input]) -> Result<&[N::Output]> {
        let step = Step {
            turn: &Taken,
            seed: self.seed,
            step: self.step,
        };
        check_rows::<N>(self.memory.chunking.batch.get(), inputs.len())?;
        let outputs = room::values(&mut self.outputs, inputs.len())?;
        let mut passes = self.memory.passes()?;
        let arena = N::Network::arena(net);
        let forward = || inputs::outputs(&mut passes, step, arena, inputs, &mut *outputs);
        self.threads.install(forward)?;
        Ok(outputs)
    }

    /// Computes the gradients of the weights from gradients of the outputs, wherever those come from, and replaces
    /// those of the last batch: what a framework calls `outputs.backward(output_gradients)`. They are gradients of a
    /// sum over the batch: for a mean, divide the gradients of the outputs by the number of samples.
    ///
    /// This runs forward again. [`backward_with`](Self::backward_with) runs it once, if one closure computes the
    /// gradients of the outputs.
    ///
    /// ```
    /// use kiln::{Model, Result, Training};
    ///
    /// /// The gradients of the sum of squares of all answers.
    /// fn squares<N: Model<Output = [f32; 1]>>(net: &N, training: &mut Training<N>, inputs: &[N::Input]) -> Result<()> {
    ///     let outputs = training.forward(net, inputs)?;
    ///     let output_gradients: Vec<_> = outputs.iter().map(|[y]| [2.0 * y]).collect();
    ///     training.backward_from(net, inputs, &output_gradients)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), and if the numbers of inputs and gradients differ, or a gradient is not finite;
    /// the gradients are then those of the last batch.
    pub fn backward_from(
        &mut self,
        net: &N,
        inputs: &[N::Input],
        output_gradients: &[N::Output],
    ) -> Result<()> {
        let (seed, step) = (self.seed, self.step);
        let turn = &Handed::new(output_gradients, true, self.asks);
        self.hand(net, inputs, Step { turn, seed, step })
    }

    /// Goes back from deltas that are handed in; a step.
    fn hand(
        &mut self,
        net: &N,
        inputs: &[N::Input],
        step: Step<'_, Handed<'_, N::Output>>,
    ) -> Result<()> {
        // A batch that is refused may have written some of them.
        self.sloped = 0;
        let mut passes = self.memory.passes()?;
        let (arena, gradients) = (N::Network::arena(net), &mut self.gradients);
        let slopes = self.slopes.get_mut(..inputs.len());
        let slopes = slopes.filter(|_| self.asks);
        let batch = (inputs, slopes);
        let backward = || inputs::backward_from(&mut passes, step, arena, Some(gradients), batch);
        self.threads.install(backward)?;
        self.sloped = if self.asks { inputs.len() } else { 0 };
        (self.rows, self.counted) = (inputs.len(), inputs.len() as f64);
        self.step = self.step.wrapping_add(1);
        Ok(())
    }

    /// Computes the gradients of a loss that sees the whole batch, and replaces those of the last batch. `judge`
    /// receives the outputs, and zeros to overwrite with the gradient of the loss with respect to each output. Returns
    /// the loss that `judge` returns.
    ///
    /// ```
    /// use kiln::{Model, Result, Training};
    ///
    /// /// Brings the mean of a batch's answers to 1: L = (m - 1)^2, m = 1/n sum y_i, and dL/dy_i = 2/n (m - 1).
    /// fn centre<N: Model<Output = [f32; 1]>>(net: &N, training: &mut Training<N>, inputs: &[N::Input]) -> Result<f64> {
    ///     training.backward_with(net, inputs, |outputs, gradients| {
    ///         let count = outputs.len() as f32;
    ///         let mean = outputs.iter().map(|[y]| y).sum::<f32>() / count;
    ///         gradients.fill([2.0 / count * (mean - 1.0)]);
    ///         Ok(f64::from((mean - 1.0) * (mean - 1.0)))
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`backward_from`](Self::backward_from), any error of `judge`, and one if the loss is not finite.
    pub fn backward_with(
        &mut self,
        net: &N,
        inputs: &[N::Input],
        judge: impl FnOnce(&[N::Output], &mut [N::Output]) -> Result<f64>,
    ) -> Result<f64> {
        let (seed, step) = (self.seed, self.step);
        check_rows::<N>(self.memory.chunking.batch.get(), inputs.len())?;
        let outputs = room::values(&mut self.outputs, inputs.len())?;
        let deltas = room::values(&mut self.output_gradients, inputs.len())?;
        let mut passes = self.memory.passes()?;
        let arena = N::Network::arena(net);
        let turn = &Taken;
        let taken = Step { turn, seed, step };
        let forward = || inputs::outputs(&mut passes, taken, arena, inputs, &mut *outputs);
        self.threads.install(forward)?;
        bytemuck::fill_zeroes(deltas);
        let loss = judge(outputs, deltas)?;
        check_loss(loss, step)?;
        // Where chunks take each other's memory, they go forward again.
        let deltas = core::mem::take(&mut self.output_gradients);
        let turn = &Handed::new(&deltas[..inputs.len()], N::Network::SUMS, self.asks);
        let handed = self.hand(net, inputs, Step { turn, seed, step });
        self.output_gradients = deltas;
        handed.map(|()| loss)
    }
}
