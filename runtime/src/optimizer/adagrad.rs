//! Adagrad (Duchi, Hazan and Singer 2011).
//!
//! `torch.optim.Adagrad`, for the gradient g of weights w in step t = 1, 2, ...:
//!
//! ```text
//! g <- g + weight_decay w
//! v <- v + g^2                      v begins as initial_accumulator
//! w <- w - learning_rate / (1 + (t - 1) lr_decay) g / (sqrt(v) + epsilon)
//! ```
//!
//! The root of v is stored, as said in `root`. It never falls, so that it is never below the root that it begins as.

use super::{
    root::{Root, below},
    rule::{Optimizer, by_fields, check_epsilon, check_rate, check_weight_decay, finite},
};
use crate::{
    block::Block,
    error::{Result, setting::check_amount},
    math::flush,
    update::Update,
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// `torch.optim.Adagrad` (Duchi, Hazan and Singer 2011), with its defaults: gradients are divided by the root of the sum of
/// all their squares. It remembers one number for each weight.
///
/// ```
/// use kiln::Adagrad;
///
/// let usual = Adagrad::default();
/// assert_eq!((usual.learning_rate, usual.epsilon), (0.01, 1e-10));
/// let careful = Adagrad::new(0.1).lr_decay(1e-3).initial_accumulator(0.1);
/// ```
///
/// # Errors
///
/// A trainer refuses numbers that are negative or not finite as `f32`, and an epsilon between 0 and 1e-18. An epsilon of 0 is
/// none; a weight that never had a gradient stays, where PyTorch divides 0 by 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad {
    /// Step size.
    pub learning_rate: f64,
    /// How fast the step size falls.
    pub lr_decay: f64,
    /// Factor of the weights that is added to the gradient.
    pub weight_decay: f64,
    /// What the sum of squares begins with.
    pub initial_accumulator: f64,
    /// Added to the root of the sum.
    pub epsilon: f64,
}

impl Default for Adagrad {
    /// PyTorch's defaults: a learning rate of 0.01.
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl Adagrad {
    /// PyTorch's defaults but for the learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            lr_decay: 0.0,
            weight_decay: 0.0,
            initial_accumulator: 0.0,
            epsilon: 1e-10,
        }
    }

    /// Divides the learning rate by 1 and `lr_decay` times the steps taken.
    pub fn lr_decay(mut self, lr_decay: f64) -> Self {
        self.lr_decay = lr_decay;
        self
    }

    /// Adds `weight_decay` times the weights to their gradient.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Sets what the sum of squares begins with.
    pub fn initial_accumulator(mut self, initial_accumulator: f64) -> Self {
        self.initial_accumulator = initial_accumulator;
        self
    }

    /// Sets what is added to the root of the sum.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }
}

/// A step of Adagrad.
#[derive(Clone, Copy, Debug)]
pub struct AdagradStep {
    rate: f32,
    weight_decay: f32,
    epsilon: f32,
    /// The root that there is at least.
    start: f32,
    root: Root,
}

impl Optimizer for Adagrad {
    type Step = AdagradStep;

    fn step(&self, taken: u64, factor: f64) -> AdagradStep {
        let slower = 1.0 + taken as f64 * self.lr_decay;
        AdagradStep {
            rate: finite(self.learning_rate * factor / slower),
            weight_decay: self.weight_decay as f32,
            epsilon: below(self.epsilon),
            start: libm::sqrt(self.initial_accumulator) as f32,
            root: Root::of_sum(),
        }
    }

    by_fields!();

    fn name(&self) -> &'static str {
        "Adagrad"
    }

    fn state_names(&self) -> Option<&'static [&'static str]> {
        Some(&["sum_root"])
    }

    fn check(&self) -> Result<()> {
        let none = "0 or more and finite as `f32`, such as 0";
        check_rate(self.learning_rate)?;
        check_amount("lr_decay", self.lr_decay, none)?;
        check_weight_decay(self.weight_decay)?;
        check_amount("initial_accumulator", self.initial_accumulator, none)?;
        check_epsilon(self.epsilon)
    }
}

impl Update for AdagradStep {
    /// The root of the sum of squares.
    type State = Block;

    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, gradient: f32x16<S>, weight: &mut Block, root: &mut Block) {
        let w = weight.load(s);
        let g = w.mul_add(f32x16::splat(s, self.weight_decay), gradient);
        let r = root.load(s).max(f32x16::splat(s, self.start));
        let r = self.root.next(s, r, g);
        root.store(r);
        let change = g / (r + f32x16::splat(s, self.epsilon));
        weight.store(flush(s, change.mul_add(f32x16::splat(s, -self.rate), w)));
    }
}
