//! An optimizer that is chosen while the program runs.

use super::{
    adam::{Adam, AdamStep, AdamW},
    rule::Optimizer,
    sgd::{Momentum, MomentumStep, Plain, Sgd, SgdStep},
};
use crate::{block::Block, error::Result, update::Update};
use fearless_simd::{Simd, f32x16};

/// Any of the optimizers, to be chosen while the program runs, such as by a configuration. It takes the same steps, to the
/// bit, as the one that it holds. Each optimizer is one by `into()`:
///
/// ```
/// use kiln::{Adam, AdamW, AnyOptimizer, Sgd};
///
/// fn named(name: &str, learning_rate: f64) -> Option<AnyOptimizer> {
///     Some(match name {
///         "sgd" => Sgd::new(learning_rate).into(),
///         "momentum" => Sgd::new(learning_rate).momentum(0.9).into(),
///         "adam" => Adam::new(learning_rate).into(),
///         "adamw" => AdamW::new(learning_rate).into(),
///         _ => return None,
///     })
/// }
///
/// assert_eq!(named("adam", 0.01), Some(AnyOptimizer::Adam(Adam::new(0.01))));
/// ```
///
/// It remembers two numbers for each weight, as Adam does, whichever it is.
///
/// # Errors
///
/// Those of the optimizer that it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AnyOptimizer {
    /// Gradient descent.
    Sgd(Sgd<Plain>),
    /// Gradient descent with momentum.
    Momentum(Sgd<Momentum>),
    /// Adam.
    Adam(Adam),
    /// Adam with a weight decay apart from the moments.
    AdamW(AdamW),
}

impl From<Sgd> for AnyOptimizer {
    fn from(optimizer: Sgd) -> Self {
        Self::Sgd(optimizer)
    }
}

impl From<Sgd<Momentum>> for AnyOptimizer {
    fn from(optimizer: Sgd<Momentum>) -> Self {
        Self::Momentum(optimizer)
    }
}

impl From<Adam> for AnyOptimizer {
    fn from(optimizer: Adam) -> Self {
        Self::Adam(optimizer)
    }
}

impl From<AdamW> for AnyOptimizer {
    fn from(optimizer: AdamW) -> Self {
        Self::AdamW(optimizer)
    }
}

/// A step of any of the rules.
#[derive(Clone, Copy, Debug)]
pub enum AnyStep {
    /// Of plain gradient descent.
    Sgd(SgdStep),
    /// Of gradient descent with momentum.
    Momentum(MomentumStep),
    /// Of Adam or AdamW.
    Adam(AdamStep),
}

impl Optimizer for AnyOptimizer {
    type Step = AnyStep;

    fn step(&self, taken: u64, factor: f64) -> AnyStep {
        match self {
            Self::Sgd(sgd) => AnyStep::Sgd(sgd.step(taken, factor)),
            Self::Momentum(sgd) => AnyStep::Momentum(sgd.step(taken, factor)),
            Self::Adam(adam) => AnyStep::Adam(adam.step(taken, factor)),
            Self::AdamW(adam) => AnyStep::Adam(adam.step(taken, factor)),
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Sgd(sgd) => sgd.check(),
            Self::Momentum(sgd) => sgd.check(),
            Self::Adam(adam) => adam.check(),
            Self::AdamW(adam) => adam.check(),
        }
    }
}

impl Update for AnyStep {
    /// Adam's; the others use less of it.
    type State = [Block; 2];

    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        state: &mut [Block; 2],
    ) {
        match self {
            Self::Sgd(step) => step.apply(s, gradient, weight, &mut ()),
            Self::Momentum(step) => step.apply(s, gradient, weight, &mut state[0]),
            Self::Adam(step) => step.apply(s, gradient, weight, state),
        }
    }
}
