//! Passes over a gradient arena: penalties, norm, scaling, application.

use super::{cuts::Cuts, share::stretches};
use crate::{
    block::Block,
    error::{Error, Found, Result},
    model::Model,
    network::Network,
    parameters::{first_not_finite, norm as norm_of},
    simd::{self, Isa, Task},
    update::Update,
};
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
            for tensor in N::Network::TENSORS {
                let Some(penalty) = tensor.learnt() else {
                    break;
                };
                let here = first..first + tensor.blocks;
                penalty.add_to(s, &self.weights[here.clone()], &mut self.gradients[here]);
                first += tensor.blocks;
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
        found: Found::Number(limit),
        expected: "more than 0, such as 1.0",
    })
}

/// What gradients are multiplied by, at most 1. Two factors, one after the other, since their product may be too small for
/// `f32`; the second is 1 if it is not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor([f32; 2]);

impl Factor {
    /// No change.
    pub const ONE: Self = Self([1.0; 2]);

    /// What clips gradients of this norm; PyTorch's definition, with its 1e-6.
    pub fn clip(norm: f64, limit: f64) -> Self {
        let factor = limit / (norm + 1e-6);
        // A limit may be infinite.
        if factor >= 1.0 {
            return Self::ONE;
        }
        let least = f64::from(f32::MIN_POSITIVE);
        if factor >= least {
            Self([factor as f32, 1.0])
        } else {
            Self([(factor / least) as f32, f32::MIN_POSITIVE])
        }
    }

    /// Multiplies all gradients.
    pub fn scale(self, gradients: &mut [Block]) {
        let Self([first, second]) = self;
        for number in gradients.iter_mut().flat_map(|block| &mut block.0) {
            *number = *number * first * second;
        }
    }
}

/// The norm of gradients, which must be finite; `place` makes the error of the first one that is not.
pub fn norm<N: Model>(
    gradients: &[Block],
    place: impl FnOnce(&'static str, usize) -> Error,
) -> Result<f64> {
    let norm = norm_of(gradients);
    if norm.is_finite() {
        return Ok(norm);
    }
    first_not_finite::<N>(gradients).map_or(Ok(norm), |(name, index)| Err(place(name, index)))
}

/// Applies an update to all weights, with the gradients multiplied by `factor`; in stretches as `cuts` says.
pub fn apply<U: Update>(
    level: Level,
    update: &U,
    factor: Factor,
    cuts: &dyn Cuts,
    gradients: &[Block],
    weights: &mut [Block],
    state: &mut [U::State],
) {
    stretches(cuts, (weights, state), &|first,
                                        (weights, state): (
        &mut [Block],
        &mut [_],
    )| {
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
    factor: Factor,
    gradients: &'a [Block],
    weights: &'a mut [Block],
    state: &'a mut [U::State],
}

impl<U: Update> Task for Apply<'_, U> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let [first, second] = self.factor.0.map(|factor| f32x16::splat(s, factor));
        let blocks = self.weights.iter_mut().zip(self.state);
        for ((weight, state), gradient) in blocks.zip(self.gradients) {
            self.update
                .apply(s, gradient.load(s) * first * second, weight, state);
        }
    }
}
