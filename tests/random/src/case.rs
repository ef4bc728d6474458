//! What a test knows of a random model, and the loss it trains it with.

use std::marker::PhantomData;

use kiln::{Loss, Model, Seed, Training, simd::Isa};

/// A random model; the build script writes the implementations.
pub trait Case: Model {
    /// What it was written from.
    const SEED: u64;
    /// Its declaration.
    const SOURCE: &'static str;

    /// The model's own `new`.
    fn make(seed: Seed) -> Self;

    /// The model's own `forward`.
    fn answer(&self, input: &Self::Input) -> Self::Output;

    /// The model's own `forward_batch`.
    ///
    /// # Errors
    ///
    /// Its errors.
    fn answer_all(&self, inputs: &[Self::Input], outputs: &mut [Self::Output]) -> kiln::Result<()>;

    /// An input whose tensors `fill` has filled one after another: with numbers, or with indices from the least to the
    /// greatest that are taken.
    fn input(fill: impl FnMut(&mut [f32], Option<[u32; 2]>)) -> Self::Input;

    /// A training that keeps the gradients of inputs, if the model is asked for them.
    fn asked(training: Training<Self>) -> Option<Training<Self>>;

    /// The tensors of an input's gradient, for each sample of the last batch; those of indices are empty.
    fn slopes(training: &Training<Self>) -> Vec<Vec<&[f32]>>;

    /// The tensors of an output.
    fn parts(output: &Self::Output) -> Vec<&[f32]>;

    /// The tensors of an output.
    fn parts_mut(output: &mut Self::Output) -> Vec<&mut [f32]>;
}

/// The mean of c y + y^2 / 2 over all numbers y of all outputs, where the coefficients c are the target: every output
/// gets a slope of its own.
#[derive(Clone, Copy, Debug)]
pub struct Functional<M>(PhantomData<fn() -> M>);

impl<M> Default for Functional<M> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<M: Case> Loss<M::Output, Vec<f64>> for Functional<M> {
    fn row<S: Isa>(
        &self,
        _: S,
        output: &M::Output,
        target: &Vec<f64>,
        scale: f32,
        delta: &mut M::Output,
    ) -> f32 {
        let numbers = M::parts(output).concat();
        let deltas = M::parts_mut(delta).into_iter().flatten();
        for ((y, c), delta) in numbers.iter().zip(target).zip(deltas) {
            *delta = (f64::from(scale) * (c + f64::from(*y)) / target.len() as f64) as f32;
        }
        functional(numbers.iter().map(|&y| f64::from(y)), target) as f32
    }
}

/// The functional in f64.
pub fn functional(outputs: impl Iterator<Item = f64>, target: &[f64]) -> f64 {
    outputs
        .zip(target)
        .map(|(y, c)| c * y + 0.5 * y * y)
        .sum::<f64>()
        / target.len() as f64
}
