//! Lion (Chen et al. 2023).
//!
//! Algorithm 2 of "Symbolic Discovery of Optimization Algorithms", as its authors' own code and `torch-optimi` have it,
//! for the gradient g of weights w; PyTorch has no Lion:
//!
//! ```text
//! c = beta1 m + (1 - beta1) g
//! w <- (1 - learning_rate weight_decay) w - learning_rate sign(c),    sign(0) = 0
//! m <- beta2 m + (1 - beta2) g
//! ```

use super::{
    root::UPPER,
    rule::{Optimizer, by_fields, check_decay, check_rate, check_weight_decay, finite},
};
use crate::{
    block::Block,
    error::Result,
    math::{flush, flush_below},
    update::Update,
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// Lion (Chen et al. 2023), with its authors' defaults: every weight moves by the learning rate, up or down. It remembers one
/// number for each weight. Its learning rate is some three to ten times smaller than Adam's, its weight decay larger by
/// as much.
///
/// ```
/// use kiln::Lion;
///
/// let usual = Lion::default();
/// assert_eq!((usual.learning_rate, usual.beta1, usual.beta2), (1e-4, 0.9, 0.99));
/// let decayed = Lion::new(3e-4).betas(0.95, 0.98).weight_decay(0.1);
/// ```
///
/// What counts as 0, below 2^-95 here, has no sign.
///
/// # Errors
///
/// A trainer refuses a rate or a decay that is negative or not finite as `f32`, and betas outside `0.0..1.0` or so
/// near to 1 that `f32` holds no number between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// How far a weight moves in a step.
    pub learning_rate: f64,
    /// How much the past counts in a step.
    pub beta1: f64,
    /// What remains of the past after a step.
    pub beta2: f64,
    /// What a weight loses in a step, times the learning rate.
    pub weight_decay: f64,
}

impl Default for Lion {
    /// The authors' defaults: a learning rate of 0.0001.
    fn default() -> Self {
        Self::new(1e-4)
    }
}

impl Lion {
    /// The authors' defaults but for the learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.99,
            weight_decay: 0.0,
        }
    }

    /// Sets how much the past counts in a step, and what remains of it after one.
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        (self.beta1, self.beta2) = (beta1, beta2);
        self
    }

    /// Sets the weight decay.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

/// A step of Lion.
#[derive(Clone, Copy, Debug)]
pub struct LionStep {
    rate: f32,
    /// What remains of the weight.
    keep: f32,
    /// Both betas, and what they leave of 1.
    betas: [f32; 2],
    fresh: [f32; 2],
}

impl Optimizer for Lion {
    type Step = LionStep;

    fn step(&self, _: u64, factor: f64) -> LionStep {
        let rate = self.learning_rate * factor;
        let betas = [self.beta1, self.beta2];
        LionStep {
            rate: finite(rate),
            keep: finite(1.0 - rate * self.weight_decay),
            betas: betas.map(|beta| beta as f32),
            fresh: betas.map(|beta| (1.0 - beta) as f32),
        }
    }

    by_fields!(beta1);

    fn name(&self) -> &'static str {
        "Lion"
    }

    fn state_names(&self) -> Option<&'static [&'static str]> {
        Some(&["exp_avg"])
    }

    fn check(&self) -> Result<()> {
        check_rate(self.learning_rate)?;
        check_decay("beta1", self.beta1)?;
        check_decay("beta2", self.beta2)?;
        check_weight_decay(self.weight_decay)
    }
}

impl Update for LionStep {
    /// The mean of gradients.
    type State = Block;

    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, g: f32x16<S>, weight: &mut Block, mean: &mut Block) {
        let w = weight.load(s);
        let m = mean.load(s);
        let [along, next] = [0, 1].map(
            #[inline(always)]
            |i| {
                let fresh = g * f32x16::splat(s, self.fresh[i]);
                let mixed = m.mul_add(f32x16::splat(s, self.betas[i]), fresh);
                flush_below::<S, UPPER>(s, mixed)
            },
        );
        mean.store(next);
        let rate = f32x16::splat(s, self.rate);
        // What is neither above nor below 0 is 0, or NaN that is kept.
        let moves = along.abs().simd_gt(f32x16::splat(s, 0.0));
        let change = moves.select(rate.copysign(along), along);
        weight.store(flush(s, w.mul_sub(f32x16::splat(s, self.keep), change)));
    }
}
