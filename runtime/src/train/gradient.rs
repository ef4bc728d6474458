//! Passes over a gradient arena: penalties, norm, scaling, application.

use super::threads::join;
use crate::{
    block::Block,
    error::{Error, Result},
    network::Network,
    simd::{self, Isa, Task},
    update::Update,
};
use alloc::format;
use core::marker::PhantomData;
use fearless_simd::{Level, f32x16, prelude::*};

/// Adds every penalty's gradient.
pub fn add_penalties<N: Network>(level: Level, weights: &[Block], gradients: &mut [Block]) {
    struct Penalties<'a, N> {
        weights: &'a [Block],
        gradients: &'a mut [Block],
        network: PhantomData<N>,
    }
    impl<N: Network> Task for Penalties<'_, N> {
        type Output = ();

        #[inline(always)]
        fn run<S: Isa>(self, s: S) {
            let mut first = 0;
            for (segment, penalty) in N::SEGMENTS.iter().zip(N::PENALTIES) {
                let here = first..first + segment.blocks;
                penalty.add_to(s, &self.weights[here.clone()], &mut self.gradients[here]);
                first += segment.blocks;
            }
        }
    }
    let task = Penalties::<N> {
        weights,
        gradients,
        network: PhantomData,
    };
    simd::dispatch(level, task);
}

/// Refuses a limit that would stop or turn back the descent.
pub fn check_limit(limit: f64) -> Result<()> {
    if limit > 0.0 {
        return Ok(());
    }
    Err(Error::Setting {
        setting: "clip_norm",
        found: format!("{limit:?}"),
        expected: "more than 0, such as 1.0",
    })
}

/// What gradients of this norm are multiplied by, at most 1; PyTorch's definition, with its 1e-6.
pub fn clip_factor(norm: f64, limit: f64) -> f32 {
    (limit / (norm + 1e-6)).min(1.0) as f32
}

/// Multiplies all gradients.
pub fn scale(gradients: &mut [Block], factor: f32) {
    for number in gradients.iter_mut().flat_map(|block| &mut block.0) {
        *number *= factor;
    }
}

/// Applies an update to all weights, with the gradients multiplied by `factor`; in stretches between `cuts`.
pub struct Apply<'a, U: Update> {
    /// What to run on.
    pub level: Level,
    /// The update.
    pub update: &'a U,
    /// Factor of the gradients.
    pub factor: f32,
    /// The stretches' ends; the first one is where the slices begin.
    pub cuts: &'a [usize],
    /// Gradients.
    pub gradients: &'a [Block],
    /// Weights.
    pub weights: &'a mut [Block],
    /// What the update remembers.
    pub state: &'a mut [U::State],
}

impl<U: Update> Apply<'_, U> {
    /// Splits in two until one stretch is left.
    pub fn fork(self) {
        let count = self.cuts.len().saturating_sub(1);
        if count <= 1 {
            return simd::dispatch(self.level, self);
        }
        let middle = count / 2;
        let blocks = self.cuts[middle] - self.cuts[0];
        let (weights, other_weights) = self.weights.split_at_mut(blocks);
        let (state, other_state) = self.state.split_at_mut(blocks);
        let (gradients, other_gradients) = self.gradients.split_at(blocks);
        let left = Self {
            cuts: &self.cuts[..=middle],
            gradients,
            weights,
            state,
            ..self
        };
        let right = Self {
            cuts: &self.cuts[middle..],
            gradients: other_gradients,
            weights: other_weights,
            state: other_state,
            ..self
        };
        join(|| left.fork(), || right.fork());
    }
}

impl<U: Update> Task for Apply<'_, U> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let factor = f32x16::splat(s, self.factor);
        let blocks = self.weights.iter_mut().zip(self.state);
        for ((weight, state), gradient) in blocks.zip(self.gradients) {
            self.update
                .apply(s, gradient.load(s) * factor, weight, state);
        }
    }
}
