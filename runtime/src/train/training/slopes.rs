//! Gradients of inputs.

use super::{Training, outside::room_for};
use crate::{
    declared::InputGradients,
    error::Result,
    model::Model,
    network::Network,
    step::{
        chunks::Step,
        inputs::{self, check_rows},
        turn::Handed,
    },
};

impl<N: Model> Training<N> {
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
        room_for(&mut self.slopes, self.memory.chunking.batch.get())?;
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
        let slopes = room_for(&mut self.slopes, inputs.len())?;
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
}
