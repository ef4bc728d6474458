//! Adadelta (Zeiler 2012).
//!
//! `torch.optim.Adadelta`, for the gradient g of weights w:
//!
//! ```text
//! g <- g + weight_decay w
//! v <- rho v + (1 - rho) g^2
//! d = g sqrt(u + epsilon) / sqrt(v + epsilon)
//! u <- rho u + (1 - rho) d^2
//! w <- w - learning_rate d
//! ```
//!
//! Epsilon stands in the roots, beside squares, so that squares are what is stored. Both sums take a floor of 1e-34, which
//! keeps them from decaying into subnormal numbers and is nothing beside the smallest epsilon that is admitted, 1e-24, and both
//! stay finite: gradients above 1.8e19, after which PyTorch's weight never moves again, are steps in proportion.

use super::{
    root::FLOOR,
    rule::{Optimizer, by_fields, check_decay, check_rate, check_weight_decay, finite},
};
use crate::{
    block::Block,
    error::{Result, setting::check_range},
    math::flush,
    update::Update,
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// `torch.optim.Adadelta` (Zeiler 2012), with its defaults: steps have the size of the steps before, and a learning rate is
/// hardly needed. It remembers two numbers for each weight.
///
/// ```
/// use kiln::Adadelta;
///
/// let usual = Adadelta::default();
/// assert_eq!((usual.learning_rate, usual.rho, usual.epsilon), (1.0, 0.9, 1e-6));
/// let slower = Adadelta::new(0.5).rho(0.95);
/// ```
///
/// # Errors
///
/// A trainer refuses a rate or a decay that is negative or not finite as `f32`, a rho outside `0.0..1.0` or so near to 1
/// that `f32` holds no number between, and an epsilon below 1e-24: without one, no step is ever taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adadelta {
    /// Factor of each step.
    pub learning_rate: f64,
    /// What remains of both mean squares after a step.
    pub rho: f64,
    /// Added to both mean squares.
    pub epsilon: f64,
    /// Factor of the weights that is added to the gradient.
    pub weight_decay: f64,
}

impl Default for Adadelta {
    /// PyTorch's defaults: a learning rate of 1.
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Adadelta {
    /// PyTorch's defaults but for the learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            rho: 0.9,
            epsilon: 1e-6,
            weight_decay: 0.0,
        }
    }

    /// Sets what remains of both mean squares after a step.
    pub fn rho(mut self, rho: f64) -> Self {
        self.rho = rho;
        self
    }

    /// Sets what is added to both mean squares.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Adds `weight_decay` times the weights to their gradient.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

/// A step of Adadelta.
#[derive(Clone, Copy, Debug)]
pub struct AdadeltaStep {
    rate: f32,
    weight_decay: f32,
    rho: f32,
    /// 1 - rho.
    fresh: f32,
    epsilon: f32,
}

impl Optimizer for Adadelta {
    type Step = AdadeltaStep;

    fn step(&self, _: u64, factor: f64) -> AdadeltaStep {
        AdadeltaStep {
            rate: finite(self.learning_rate * factor),
            weight_decay: self.weight_decay as f32,
            rho: self.rho as f32,
            fresh: (1.0 - self.rho) as f32,
            epsilon: self.epsilon as f32,
        }
    }

    by_fields!();

    fn name(&self) -> &'static str {
        "Adadelta"
    }

    fn state_names(&self) -> Option<&'static [&'static str]> {
        Some(&["square_avg", "acc_delta"])
    }

    fn check(&self) -> Result<()> {
        check_rate(self.learning_rate)?;
        check_decay("rho", self.rho)?;
        check_range(
            "epsilon",
            self.epsilon,
            1e-24..=f64::from(f32::MAX),
            "at least 1e-24 and finite as `f32`, such as 1e-6",
        )?;
        check_weight_decay(self.weight_decay)
    }
}

impl AdadeltaStep {
    /// The next mean square.
    #[inline(always)]
    fn mean<S: Simd>(&self, s: S, mean: f32x16<S>, x: f32x16<S>) -> f32x16<S> {
        let floor = f32x16::splat(s, FLOOR as f32);
        let kept = mean.mul_add(f32x16::splat(s, self.rho), floor);
        let mean = (x * f32x16::splat(s, self.fresh)).mul_add(x, kept);
        mean.min(f32x16::splat(s, f32::MAX))
    }
}

impl Update for AdadeltaStep {
    /// Mean squares of gradients and of steps.
    type State = [Block; 2];

    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        [squares, steps]: &mut [Block; 2],
    ) {
        let w = weight.load(s);
        let g = w.mul_add(f32x16::splat(s, self.weight_decay), gradient);
        let epsilon = f32x16::splat(s, self.epsilon);
        let v = self.mean(s, squares.load(s), g);
        squares.store(v);
        let u = steps.load(s);
        // A gradient of 1e38 times a root is finite if the quotient is taken first.
        let d = g * ((u + epsilon).sqrt() / (v + epsilon).sqrt());
        steps.store(self.mean(s, u, d));
        weight.store(flush(s, d.mul_add(f32x16::splat(s, -self.rate), w)));
    }
}
