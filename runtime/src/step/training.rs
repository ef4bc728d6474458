//! Steps of a network whose parameters, values and moments all lie in memory of the caller's.

use super::{
    chunking::{Chunking, Lent},
    chunks::Step,
    descent::Descent,
    inputs::{self, backward, learn},
    passes::Passes,
    turn::{Handed, Taken},
};
use crate::{
    block::Block,
    error::Result,
    loss::Loss,
    model::Model,
    optimizer::{Optimizer, State},
    parameters::{Parameters, Seed},
};

/// Training in memory that lies anywhere, such as a `static` of a microcontroller: what [`Training`](crate::train::Training)
/// is for programs with an allocator. It works on one thread.
///
/// ```
/// use kiln::{Block, Descent, Lent, Mse, Parameters, Score, Seed, Sgd, TrainingIn, memory, model};
///
/// model! {
///     struct Curve(x: [1]) -> [1] { Dense(16), Tanh, Dense(1) }
/// }
/// const BATCH: usize = 8;
///
/// // These might be statics.
/// let mut arena = [Block::ZERO; memory::parameters::<Curve>()];
/// let mut blocks = [Block::ZERO; memory::training::<Curve>(BATCH)];
/// let mut scores = [Score::ZERO; BATCH];
///
/// let mut net = Parameters::<Curve, _>::new(&mut arena)?;
/// net.initialize(Seed(1));
/// let mut outputs = [[0.0]; memory::outputs::<Curve>()];
/// let lent = Lent { blocks: &mut blocks, scores: &mut scores, outputs: &mut outputs };
/// let mut training = TrainingIn::new(BATCH, lent)?;
/// // Plain gradient descent remembers nothing; `Adam` would need `[[Block::ZERO; 2]; memory::moments::<Curve>()]`.
/// let mut descent = Descent::lent(Sgd::new(0.1), [(); memory::moments::<Curve>()])?;
///
/// let inputs: [[f32; 1]; BATCH] = core::array::from_fn(|i| [i as f32 / 4.0 - 1.0]);
/// let targets = inputs.map(|[x]| [x * x]);
/// let before = training.learn(&mut net, &inputs, &targets, &Mse, &mut descent)?;
/// for _ in 0..500 {
///     training.learn(&mut net, &inputs, &targets, &Mse, &mut descent)?;
/// }
/// let after = training.learn(&mut net, &inputs, &targets, &Mse, &mut descent)?;
/// assert!(after < before / 10.0);
///
/// let mut workspace = [Block::ZERO; memory::workspace::<Curve>(1)];
/// let mut answer = [0.0];
/// net.forward_in(&[0.5], &mut answer, &mut workspace)?;
/// # Ok::<(), kiln::Error>(())
/// ```
pub struct TrainingIn<'m, N: Model> {
    passes: Passes<'m, N>,
    seed: u64,
    step: u64,
}

impl<'m, N: Model> TrainingIn<'m, N> {
    /// Steps of up to `batch` samples.
    ///
    /// # Errors
    ///
    /// If `batch` is 0, or less memory is lent than `kiln::memory` says.
    pub fn new(batch: usize, memory: Lent<'m, N>) -> Result<Self> {
        Ok(Self {
            passes: Passes::new(Chunking::new(batch, 1)?, memory)?,
            seed: 0,
            step: 0,
        })
    }

    /// Sets the seed of dropout and whatever else is random; each call of `learn` or `backward` is another step.
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into().0;
        self
    }

    /// Takes one step: changes every parameter of `net` by the gradient of the mean loss of a batch, and gives the mean loss
    /// before the step, without penalties. No gradient is kept: each is finished in registers and applied there.
    ///
    /// # Errors
    ///
    /// As [`backward`](Self::backward), and those of [`Descent::apply`]; nothing is learnt then.
    pub fn learn<A, T, L, O, M>(
        &mut self,
        net: &mut Parameters<N, A>,
        inputs: &[N::Input],
        targets: &[T],
        loss: &L,
        descent: &mut Descent<N, O, M>,
    ) -> Result<f64>
    where
        A: AsMut<[Block]>,
        T: Sync,
        L: Loss<N::Output, T>,
        O: Optimizer,
        M: AsMut<[State<O>]>,
    {
        let arena = net.arena_mut()?;
        let (update, guided, state) = descent.begin()?;
        let step = Step {
            turn: loss,
            seed: self.seed,
            step: self.step,
        };
        let batch = (inputs, targets);
        let rule = ((&update, guided.rules()), state);
        let loss = learn(&mut self.passes, step, arena, rule, batch)?;
        descent.end();
        self.step += 1;
        Ok(loss)
    }

    /// Computes the gradients of the mean loss of a batch, and gives the mean loss, without penalties.
    /// [`Parameters::of_gradients`] names an arena for them.
    ///
    /// # Errors
    ///
    /// If inputs and targets differ in number, there are none or more than a batch, a target is refused by the loss, an
    /// input holds a number that is not finite, the loss is not finite, or an arena is too small: then the gradients are as
    /// they were.
    pub fn backward<A, G, T, L>(
        &mut self,
        net: &Parameters<N, A>,
        inputs: &[N::Input],
        targets: &[T],
        loss: &L,
        gradients: &mut Parameters<N, G>,
    ) -> Result<f64>
    where
        A: AsRef<[Block]>,
        G: AsMut<[Block]>,
        T: Sync,
        L: Loss<N::Output, T>,
    {
        let (arena, gradients) = (net.arena()?, gradients.arena_mut()?);
        let step = Step {
            turn: loss,
            seed: self.seed,
            step: self.step,
        };
        let batch = (inputs, targets);
        let (loss, _) = backward(&mut self.passes, step, arena, gradients, batch)?;
        self.step += 1;
        Ok(loss)
    }

    /// The outputs of a batch as training has them: with dropout, and normalised over the batch. No step is counted.
    ///
    /// # Errors
    ///
    /// If inputs and outputs differ in number, there are none or more than a batch, an input holds a number that is not
    /// finite, or the arena is too small.
    pub fn forward<A: AsRef<[Block]>>(
        &mut self,
        net: &Parameters<N, A>,
        inputs: &[N::Input],
        outputs: &mut [N::Output],
    ) -> Result<()> {
        let step = Step {
            turn: &Taken,
            seed: self.seed,
            step: self.step,
        };
        inputs::outputs(&mut self.passes, step, net.arena()?, inputs, outputs)
    }

    /// Computes gradients from those of a batch's outputs, as [`Training::backward_from`](crate::train::Training::backward_from).
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), and if a gradient of an output is not finite: then `gradients` are as they were.
    pub fn backward_from<A, G>(
        &mut self,
        net: &Parameters<N, A>,
        inputs: &[N::Input],
        output_gradients: &[N::Output],
        gradients: &mut Parameters<N, G>,
    ) -> Result<()>
    where
        A: AsRef<[Block]>,
        G: AsMut<[Block]>,
    {
        let (arena, gradients) = (net.arena()?, gradients.arena_mut()?);
        let step = Step {
            turn: &Handed::new(output_gradients, true, false),
            seed: self.seed,
            step: self.step,
        };
        let gradients = Some(gradients);
        inputs::backward_from(&mut self.passes, step, arena, gradients, (inputs, None))?;
        self.step += 1;
        Ok(())
    }
}
