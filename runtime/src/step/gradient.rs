//! Passes over a gradient arena: penalties, norm, scaling, application.

use super::{cuts::Cuts, share::stretches};
use crate::{
    block::Block,
    error::{Error, Result, setting::check},
    model::Model,
    network::Network,
    parameters::{first_not_finite, norm as norm_of},
    simd::{self, Isa, Task},
    tensor::Role,
    update::{Rules, Ruling, Store, Update},
};
use core::marker::PhantomData;
use fearless_simd::{Level, f32x16, prelude::*};

/// Adds every penalty's gradient to those of tensors that are not frozen.
pub fn add_penalties<N: Model>(
    level: Level,
    rules: &dyn Rules<Store>,
    weights: &[Block],
    gradients: &mut [Block],
) {
    struct Penalties<'a, N> {
        rules: &'a dyn Rules<Store>,
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
                if !matches!(self.rules.of(first).0, Ruling::Frozen) {
                    penalty.add_to(s, &self.weights[here.clone()], &mut self.gradients[here]);
                }
                first += tensor.blocks;
            }
        }
    }
    let task = Penalties::<N> {
        rules,
        weights,
        gradients,
        network: PhantomData,
    };
    simd::dispatch(level, task);
}

/// Refuses a limit that would stop or turn back the descent.
pub fn check_limit(setting: &'static str, limit: f64) -> Result<()> {
    check(limit > 0.0, setting, limit, "more than 0, such as 1.0")
}

/// Refuses gradients that are not finite; `place` makes the error of the first one.
pub fn check_finite<N: Model>(
    gradients: &[Block],
    place: impl FnOnce(&'static str, usize) -> Error,
) -> Result<()> {
    first_not_finite::<N>(gradients).map_or(Ok(()), |(name, index)| Err(place(name, index)))
}

/// Brings gradients into `-limit..=limit`.
pub fn clamp(level: Level, limit: f64, gradients: &mut [Block]) {
    struct Clamp<'a>(f32, &'a mut [Block]);
    impl Task for Clamp<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Isa>(self, s: S) {
            let limit = f32x16::splat(s, self.0);
            for gradient in self.1 {
                gradient.store(gradient.load(s).min(limit).max(-limit));
            }
        }
    }
    // A limit may be infinite, and none that is above 0 becomes 0.
    let limit = (limit as f32).max(f32::MIN_POSITIVE);
    simd::dispatch(level, Clamp(limit, gradients));
}

/// The shares of two parts in their mean, which count so much.
pub fn shares(counts: [f64; 2]) -> [f32; 2] {
    let all = counts[0] + counts[1];
    // Where nothing counts there are no gradients.
    match all > 0.0 {
        true => counts.map(|part| (part / all) as f32),
        false => [0.5; 2],
    }
}

/// Adds more gradients to some, each times its share in `learnt`. So with what statistics gain behind them, by `others`; the
/// batches stay counted as one.
pub fn mix<N: Model>(
    level: Level,
    [learnt, others]: [[f32; 2]; 2],
    gradients: &mut [Block],
    more: &[Block],
) {
    struct Mix<'a>([f32; 2], &'a mut [Block], &'a [Block]);
    impl Task for Mix<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Isa>(self, s: S) {
            let Self(shares, gradients, more) = self;
            let [old, new] = shares.map(|share| f32x16::splat(s, share));
            for (gradient, more) in gradients.iter_mut().zip(more) {
                gradient.store(more.load(s).mul_add(new, gradient.load(s) * old));
            }
        }
    }
    let mut first = 0;
    for tensor in N::Network::TENSORS {
        let here = first..first + tensor.blocks;
        first += tensor.blocks;
        let shares = match tensor.learnt() {
            Some(_) => learnt,
            None => others,
        };
        if let (false, Some(gradients), Some(more)) = (
            tensor.role == Role::Count,
            gradients.get_mut(here.clone()),
            more.get(here),
        ) {
            simd::dispatch(level, Mix(shares, gradients, more));
        }
    }
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

/// Applies an update to all weights, or the rule of their own to those that have one, with the gradients multiplied by
/// `factor`; in stretches as `cuts` says.
pub fn apply<U: Update>(
    level: Level,
    (update, rules): (&U, &dyn Rules<U>),
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
            rules,
            first,
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
    rules: &'a dyn Rules<U>,
    /// The first block in the arena.
    first: usize,
    factor: Factor,
    gradients: &'a [Block],
    weights: &'a mut [Block],
    state: &'a mut [U::State],
}

impl<U: Update> Task for Apply<'_, U> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let factors = self.factor.0.map(|factor| f32x16::splat(s, factor));
        let mut at = 0;
        while at < self.weights.len() {
            let (ruling, end) = self.rules.of(self.first + at);
            let here = at..end
                .saturating_sub(self.first)
                .clamp(at + 1, self.weights.len());
            at = here.end;
            let update = match &ruling {
                Ruling::Usual => self.update,
                Ruling::Own(own) => own,
                Ruling::Frozen => continue,
            };
            let weights = self.weights[here.clone()].iter_mut();
            let blocks = weights.zip(&mut self.state[here.clone()]);
            for ((weight, state), gradient) in blocks.zip(&self.gradients[here]) {
                let gradient = gradient.load(s) * factors[0] * factors[1];
                update.apply(s, gradient, weight, state);
            }
        }
    }
}
