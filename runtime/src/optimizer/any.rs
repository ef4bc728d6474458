//! An optimizer that is chosen while the program runs.

use super::{
    adadelta::{Adadelta, AdadeltaStep},
    adagrad::{Adagrad, AdagradStep},
    adam::{Adam, AdamW},
    lion::{Lion, LionStep},
    moments::MomentsStep,
    nadam::NAdam,
    radam::RAdam,
    rms_prop::{RmsProp, RmsStep},
    rule::Optimizer,
    sgd::{Momentum, MomentumStep, Sgd, SgdStep},
};
use crate::{block::Block, error::Result, update::Update};
use fearless_simd::{Simd, f32x16};

/// The kinds of optimizers, each with its step.
macro_rules! any {
    ($(#[$attribute:meta])* pub enum AnyOptimizer {
        $($(#[$doc:meta])* $name:ident($optimizer:ty) => $step:ident,)*
    }) => {
        $(#[$attribute])*
        pub enum AnyOptimizer {
            $($(#[$doc])* $name($optimizer),)*
        }

        $(
            impl From<$optimizer> for AnyOptimizer {
                fn from(optimizer: $optimizer) -> Self {
                    Self::$name(optimizer)
                }
            }
        )*

        impl Optimizer for AnyOptimizer {
            type Step = AnyStep;

            fn step(&self, taken: u64, factor: f64) -> AnyStep {
                match self {
                    $(Self::$name(any) => AnyStep::$step(any.step(taken, factor)),)*
                }
            }

            fn step_without_decay(&self, taken: u64, factor: f64) -> AnyStep {
                match self {
                    $(Self::$name(any) => AnyStep::$step(any.step_without_decay(taken, factor)),)*
                }
            }

            fn learning_rate(&self) -> f64 {
                match self {
                    $(Self::$name(any) => any.learning_rate(),)*
                }
            }

            fn set_learning_rate(&mut self, learning_rate: f64) {
                match self {
                    $(Self::$name(any) => any.set_learning_rate(learning_rate),)*
                }
            }

            fn momentum(&self) -> Option<f64> {
                match self {
                    $(Self::$name(any) => any.momentum(),)*
                }
            }

            fn set_momentum(&mut self, momentum: f64) {
                match self {
                    $(Self::$name(any) => any.set_momentum(momentum),)*
                }
            }

            fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(any) => any.name(),)*
                }
            }

            fn state_names(&self) -> Option<&'static [&'static str]> {
                match self {
                    $(Self::$name(any) => any.state_names(),)*
                }
            }

            fn check(&self) -> Result<()> {
                match self {
                    $(Self::$name(any) => any.check(),)*
                }
            }
        }
    };
}

any! {
    /// Any of the optimizers, to be chosen while the program runs, such as by a configuration. It takes the same steps, to the
    /// bit, as the one that it holds. Each optimizer is one by `into()`:
    ///
    /// ```
    /// use kiln::{Adam, AdamW, AnyOptimizer, RmsProp, Sgd};
    ///
    /// fn named(name: &str, learning_rate: f64) -> Option<AnyOptimizer> {
    ///     Some(match name {
    ///         "sgd" => Sgd::new(learning_rate).into(),
    ///         "momentum" => Sgd::new(learning_rate).momentum(0.9).into(),
    ///         "adam" => Adam::new(learning_rate).into(),
    ///         "adamw" => AdamW::new(learning_rate).into(),
    ///         "rmsprop" => RmsProp::new(learning_rate).into(),
    ///         _ => return None,
    ///     })
    /// }
    ///
    /// assert_eq!(named("adam", 0.01), Some(AnyOptimizer::Adam(Adam::new(0.01))));
    /// ```
    ///
    /// It remembers three numbers for each weight, whichever it is.
    ///
    /// # Errors
    ///
    /// Those of the optimizer that it holds.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[non_exhaustive]
    pub enum AnyOptimizer {
        /// Gradient descent.
        Sgd(Sgd) => Sgd,
        /// Gradient descent with momentum.
        Momentum(Sgd<Momentum>) => Momentum,
        /// Adam.
        Adam(Adam) => Moments,
        /// Adam by the largest second moment.
        AdamAmsGrad(Adam<true>) => Largest,
        /// Adam with a weight decay apart from the moments.
        AdamW(AdamW) => Moments,
        /// AdamW by the largest second moment.
        AdamWAmsGrad(AdamW<true>) => Largest,
        /// Adam that looks a step ahead.
        NAdam(NAdam) => Moments,
        /// Adam that waits for its second moment.
        RAdam(RAdam) => Moments,
        /// RMSprop.
        RmsProp(RmsProp) => Rms,
        /// RMSprop with momentum.
        RmsPropMomentum(RmsProp<true>) => RmsTwo,
        /// RMSprop about the mean.
        RmsPropCentered(RmsProp<false, true>) => RmsTwo,
        /// RMSprop about the mean, with momentum.
        RmsPropCenteredMomentum(RmsProp<true, true>) => RmsThree,
        /// Adagrad.
        Adagrad(Adagrad) => Adagrad,
        /// Adadelta.
        Adadelta(Adadelta) => Adadelta,
        /// Lion.
        Lion(Lion) => Lion,
    }
}

/// A step of any of the rules.
#[derive(Clone, Copy, Debug)]
pub enum AnyStep {
    /// Of plain gradient descent.
    Sgd(SgdStep),
    /// Of gradient descent with momentum.
    Momentum(MomentumStep),
    /// Of Adam, AdamW, NAdam or RAdam.
    Moments(MomentsStep),
    /// Of Adam or AdamW by the largest second moment.
    Largest(MomentsStep<3>),
    /// Of RMSprop.
    Rms(RmsStep<1>),
    /// Of RMSprop with momentum or about the mean.
    RmsTwo(RmsStep<2>),
    /// Of RMSprop with both.
    RmsThree(RmsStep<3>),
    /// Of Adagrad.
    Adagrad(AdagradStep),
    /// Of Adadelta.
    Adadelta(AdadeltaStep),
    /// Of Lion.
    Lion(LionStep),
}

impl Update for AnyStep {
    /// As much as any of them remembers; most use less of it.
    type State = [Block; 3];

    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        state: &mut [Block; 3],
    ) {
        match self {
            Self::Sgd(step) => step.apply(s, gradient, weight, &mut ()),
            Self::Momentum(step) => {
                let [state, ..] = state;
                step.apply(s, gradient, weight, state)
            }
            Self::Moments(step) => {
                let [state @ .., _] = state;
                step.apply(s, gradient, weight, state)
            }
            Self::Largest(step) => step.apply(s, gradient, weight, state),
            Self::Rms(step) => {
                let [state @ .., _, _] = state;
                step.apply(s, gradient, weight, state)
            }
            Self::RmsTwo(step) => {
                let [state @ .., _] = state;
                step.apply(s, gradient, weight, state)
            }
            Self::RmsThree(step) => step.apply(s, gradient, weight, state),
            Self::Adagrad(step) => {
                let [state, ..] = state;
                step.apply(s, gradient, weight, state)
            }
            Self::Adadelta(step) => {
                let [state @ .., _] = state;
                step.apply(s, gradient, weight, state)
            }
            Self::Lion(step) => {
                let [state, ..] = state;
                step.apply(s, gradient, weight, state)
            }
        }
    }
}
