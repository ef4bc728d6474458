//! NAdam (Dozat 2016): Adam that looks a step ahead.
//!
//! `torch.optim.NAdam`, for the gradient g of weights w in step t = 1, 2, ...:
//!
//! ```text
//! g <- g + weight_decay w        or w <- (1 - learning_rate weight_decay) w where that is decoupled
//! mu(t) = beta1 (1 - 0.96^(t momentum_decay) / 2)
//! p(t) = mu(1) mu(2) .. mu(t)
//! m <- beta1 m + (1 - beta1) g
//! v <- beta2 v + (1 - beta2) g^2
//! d = sqrt(v / (1 - beta2^t)) + epsilon
//! w <- w - learning_rate ((1 - mu(t)) / (1 - p(t)) g + mu(t + 1) / (1 - p(t + 1)) m) / d
//! ```

use super::{
    moments::{Corrections, MOMENTS, MomentsStep},
    rule::{
        Optimizer, by_fields, check_decay, check_epsilon, check_rate, check_weight_decay, finite,
    },
};
use crate::error::{Result, setting::check_amount};

/// `torch.optim.NAdam` (Dozat 2016), with its defaults: Adam with Nesterov's momentum, which grows from half of `beta1` to
/// all of it. It remembers two numbers for each weight.
///
/// ```
/// use kiln::NAdam;
///
/// let usual = NAdam::default();
/// assert_eq!((usual.learning_rate, usual.momentum_decay), (0.002, 0.004));
/// let decayed = NAdam::new(1e-3).weight_decay(0.01).decoupled_weight_decay();
/// ```
///
/// A schedule cannot cycle its momentum: each step needs the product of the momenta of all earlier steps, which is
/// computed from the one `beta1`.
///
/// # Errors
///
/// A trainer refuses what it refuses of [`Adam`](super::Adam), and a decay of the momentum that is negative or not finite
/// as `f32`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdam {
    /// Step size.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Factor of the weights that is added to the gradient.
    pub weight_decay: f64,
    /// Whether weights decay apart from the moments, as by AdamW.
    pub is_decoupled: bool,
    /// How fast the momentum grows to `beta1`: what is missing is multiplied by 0.96 to this power in each step.
    pub momentum_decay: f64,
}

impl Default for NAdam {
    /// PyTorch's defaults: a learning rate of 0.002.
    fn default() -> Self {
        Self::new(2e-3)
    }
}

impl NAdam {
    /// PyTorch's defaults but for the learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            is_decoupled: false,
            momentum_decay: 4e-3,
        }
    }

    /// Sets the decays of both moments.
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        (self.beta1, self.beta2) = (beta1, beta2);
        self
    }

    /// Sets what is added to the root of the second moment.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets the weight decay.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Lets weights decay apart from the moments, as by AdamW.
    pub fn decoupled_weight_decay(mut self) -> Self {
        self.is_decoupled = true;
        self
    }

    /// Sets how fast the momentum grows.
    pub fn momentum_decay(mut self, momentum_decay: f64) -> Self {
        self.momentum_decay = momentum_decay;
        self
    }

    /// mu(t), mu(t + 1) and p(t) of the step after `taken` steps.
    ///
    /// The product is computed anew for each step. It takes few factors: either they are so far below 1 that nothing is left
    /// of it, or they are soon those of `beta1`.
    fn momenta(&self, taken: u64) -> [f64; 3] {
        let kept = libm::pow(0.96, self.momentum_decay);
        let mu = |power: f64| self.beta1 * (1.0 - 0.5 * power);
        let (mut product, mut power, mut factors) = (1.0, 1.0, 0);
        while factors <= taken && product > NEGLIGIBLE && power > NEGLIGIBLE {
            power *= kept;
            product *= mu(power);
            factors += 1;
        }
        if factors <= taken {
            product *= libm::pow(self.beta1, (taken + 1 - factors) as f64);
        }
        let t = (taken + 1) as f64;
        let mu = |t: f64| mu(libm::pow(0.96, t * self.momentum_decay));
        [mu(t), mu(t + 1.0), product]
    }
}

/// What is lost beside 1.
const NEGLIGIBLE: f64 = 1e-20;

impl Optimizer for NAdam {
    type Step = MomentsStep;

    fn step(&self, taken: u64, factor: f64) -> MomentsStep {
        let corrections = Corrections::new([self.beta1, self.beta2], (taken + 1) as f64);
        let [now, next, product] = self.momenta(taken);
        let rate = self.learning_rate * factor;
        let scale = rate * corrections.second;
        let along = scale * next / (1.0 - product * next);
        let divisor = self.epsilon * corrections.second;
        let mut step = MomentsStep::new(&corrections, along, self.epsilon, divisor);
        step.ahead = finite(scale * (1.0 - now) / (1.0 - product));
        step.decayed(self.weight_decay, rate, self.is_decoupled)
    }

    by_fields!();

    fn name(&self) -> &'static str {
        "NAdam"
    }

    fn state_names(&self) -> Option<&'static [&'static str]> {
        Some(&MOMENTS)
    }

    fn check(&self) -> Result<()> {
        check_rate(self.learning_rate)?;
        check_decay("beta1", self.beta1)?;
        check_decay("beta2", self.beta2)?;
        check_epsilon(self.epsilon)?;
        check_weight_decay(self.weight_decay)?;
        check_amount(
            "momentum_decay",
            self.momentum_decay,
            "0 or more and finite as `f32`, such as 0.004",
        )
    }
}
