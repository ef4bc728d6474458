//! Passes over a gradient arena: penalties, norm, scaling, application.

use super::threads::stretches;
use crate::{
    block::Block,
    error::{Error, Result},
    model::Model,
    network::Network,
    simd::{self, Isa, Task},
    update::Update,
};
use alloc::format;
use core::marker::PhantomData;
use fearless_simd::{Level, f32x16, prelude::*};

/// Adds every penalty's gradient.
pub fn add_penalties<N: Model>(level: Level, weights: &[Block], gradients: &mut [Block]) {
    struct Penalties<'a, N> {
        weights: &'a [Block],
        gradients: &'a mut [Block],
        network: PhantomData<N>,
    }
    impl<N: Model> Task for Penalties<'_, N> {
        type Output = ();

        #[inline(always)]
        fn run<S: Isa>(self, s: S) {
            let mut first = 0;
            for (segment, penalty) in N::Network::SEGMENTS.iter().zip(N::Network::PENALTIES) {
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
pub fn apply<U: Update>(
    level: Level,
    update: &U,
    factor: f32,
    cuts: &[usize],
    gradients: &[Block],
    weights: &mut [Block],
    state: &mut [U::State],
) {
    stretches(cuts, weights, state, &|first, weights, state| {
        let apply = Apply {
            update,
            factor,
            gradients: &gradients[first..][..weights.len()],
            weights,
            state,
        };
        simd::dispatch(level, apply);
    });
}

/// [`apply`] on one stretch.
struct Apply<'a, U: Update> {
    update: &'a U,
    factor: f32,
    gradients: &'a [Block],
    weights: &'a mut [Block],
    state: &'a mut [U::State],
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
