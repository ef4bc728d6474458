//! Stochastic gradient descent, with or without momentum.
//!
//! `torch.optim.SGD`, for the gradient g of weights w after t steps:
//!
//! ```text
//! g <- g + weight_decay w
//! b <- g                                  the first time
//! b <- momentum b + (1 - dampening) g     from then on
//! w <- w - learning_rate d,  d = b, or g + momentum b with Nesterov's rule; without momentum d = g
//! ```

use super::rule::{Optimizer, by_fields, check_rate, check_weight_decay, finite};
use crate::{
    block::Block,
    error::{Error, Found, Result, setting::check_range},
    math::flush,
    update::Update,
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// `torch.optim.SGD`: the weights go against their gradient (Robbins and Monro 1951), with PyTorch's momentum and Nesterov's
/// rule (Sutskever et al. 2013) if wanted. Without momentum it remembers nothing, with momentum one number for each weight.
///
/// ```
/// use kiln::Sgd;
///
/// let plain = Sgd::new(0.1);
/// let heavy = Sgd::new(0.1).momentum(0.9).nesterov().weight_decay(1e-4);
/// ```
///
/// # Errors
///
/// A trainer refuses a rate or a weight decay that is negative or not finite as `f32`, momentum or dampening outside
/// `0.0..=1.0`, and Nesterov's rule without momentum or with dampening, as PyTorch does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd<M = Plain> {
    /// Step size.
    pub learning_rate: f64,
    /// Factor of the weights that is added to the gradient.
    pub weight_decay: f64,
    /// How past gradients count.
    pub memory: M,
}

/// No momentum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plain;

/// A decaying sum of past gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// What remains of the sum after a step.
    pub factor: f64,
    /// How much of a new gradient is left out of the sum.
    pub dampening: f64,
    /// Whether the weights look one step ahead.
    pub nesterov: bool,
}

impl Default for Sgd {
    /// PyTorch's default, a learning rate of 0.001.
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Sgd {
    /// Plain gradient descent.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            weight_decay: 0.0,
            memory: Plain,
        }
    }

    /// With momentum.
    pub fn momentum(self, factor: f64) -> Sgd<Momentum> {
        Sgd {
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            memory: Momentum {
                factor,
                dampening: 0.0,
                nesterov: false,
            },
        }
    }
}

impl Sgd<Momentum> {
    /// Leaves a share of each new gradient out of the momentum; not with Nesterov's rule, which knows no dampening.
    pub fn dampening(mut self, dampening: f64) -> Self {
        self.memory.dampening = dampening;
        self
    }

    /// With Nesterov's rule, which needs momentum above 0 and no dampening.
    pub fn nesterov(mut self) -> Self {
        self.memory.nesterov = true;
        self
    }
}

impl<M> Sgd<M> {
    /// Adds `weight_decay` times the weights to their gradient.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// What both kinds have in common.
    fn check_numbers(&self) -> Result<()> {
        check_rate(self.learning_rate)?;
        check_weight_decay(self.weight_decay)
    }
}

/// A step of plain gradient descent.
#[derive(Clone, Copy, Debug)]
pub struct SgdStep {
    rate: f32,
    weight_decay: f32,
}

impl Optimizer for Sgd {
    type Step = SgdStep;

    fn step(&self, _: u64, factor: f64) -> SgdStep {
        SgdStep {
            rate: finite(self.learning_rate * factor),
            weight_decay: self.weight_decay as f32,
        }
    }

    by_fields!();

    fn name(&self) -> &'static str {
        "Sgd"
    }

    fn state_names(&self) -> Option<&'static [&'static str]> {
        Some(&[])
    }

    fn check(&self) -> Result<()> {
        self.check_numbers()
    }
}

impl Update for SgdStep {
    type State = ();

    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, gradient: f32x16<S>, weight: &mut Block, _: &mut ()) {
        let w = weight.load(s);
        let g = w.mul_add(f32x16::splat(s, self.weight_decay), gradient);
        weight.store(flush(s, g.mul_add(f32x16::splat(s, -self.rate), w)));
    }
}

/// A step of gradient descent with momentum.
#[derive(Clone, Copy, Debug)]
pub struct MomentumStep {
    rate: f32,
    weight_decay: f32,
    momentum: f32,
    /// How much of the gradient enters the momentum: all of it the first time.
    gain: f32,
    nesterov: bool,
}

impl Optimizer for Sgd<Momentum> {
    type Step = MomentumStep;

    fn step(&self, taken: u64, factor: f64) -> MomentumStep {
        let Momentum {
            factor: momentum,
            dampening,
            nesterov,
        } = self.memory;
        MomentumStep {
            rate: finite(self.learning_rate * factor),
            weight_decay: self.weight_decay as f32,
            momentum: momentum as f32,
            gain: if taken == 0 {
                1.0
            } else {
                (1.0 - dampening) as f32
            },
            nesterov,
        }
    }

    by_fields!(memory.factor);

    fn name(&self) -> &'static str {
        "Sgd with momentum"
    }

    fn state_names(&self) -> Option<&'static [&'static str]> {
        Some(&["momentum_buffer"])
    }

    fn check(&self) -> Result<()> {
        self.check_numbers()?;
        let Momentum {
            factor,
            dampening,
            nesterov,
        } = self.memory;
        check_range("momentum", factor, 0.0..=1.0, "from 0 to 1, such as 0.9")?;
        check_range("dampening", dampening, 0.0..=1.0, "from 0 to 1, such as 0")?;
        if nesterov && !(factor > 0.0 && dampening == 0.0) {
            return Err(Error::Setting {
                setting: "nesterov",
                found: Found::Words(if factor > 0.0 {
                    "on, with dampening"
                } else {
                    "on, without momentum"
                }),
                expected: "off, or with a momentum above 0 and no dampening",
            });
        }
        Ok(())
    }
}

impl Update for MomentumStep {
    type State = Block;

    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, gradient: f32x16<S>, weight: &mut Block, state: &mut Block) {
        let w = weight.load(s);
        let g = w.mul_add(f32x16::splat(s, self.weight_decay), gradient);
        let momentum = f32x16::splat(s, self.momentum);
        let b = state
            .load(s)
            .mul_add(momentum, g * f32x16::splat(s, self.gain));
        let b = flush(s, b);
        state.store(b);
        let direction = if self.nesterov {
            b.mul_add(momentum, g)
        } else {
            b
        };
        weight.store(flush(s, direction.mul_add(f32x16::splat(s, -self.rate), w)));
    }
}
