//! RAdam (Liu et al. 2020): Adam that waits for its second moment.
//!
//! `torch.optim.RAdam`, for the gradient g of weights w in step t = 1, 2, ...:
//!
//! ```text
//! g <- g + weight_decay w        or w <- (1 - learning_rate weight_decay) w where that is decoupled
//! m <- beta1 m + (1 - beta1) g
//! v <- beta2 v + (1 - beta2) g^2
//! s = 2 / (1 - beta2) - 1
//! n = s - 2 t beta2^t / (1 - beta2^t)
//! a = m / (1 - beta1^t)
//! w <- w - learning_rate a                                                       where n is at most 5
//! w <- w - learning_rate a sqrt(((n - 4) (n - 2) s) / ((s - 4) (s - 2) n))
//!          sqrt(1 - beta2^t) / (sqrt(v) + epsilon)                               from then on
//! ```

use super::{
    moments::{Corrections, MOMENTS, MomentsStep},
    rule::{Optimizer, by_fields, check_decay, check_epsilon, check_rate, check_weight_decay},
};
use crate::error::Result;

/// `torch.optim.RAdam` (Liu et al. 2020), with its defaults: Adam whose first steps leave the second moment out, and whose
/// next ones trust it by degrees, so that no warm-up is needed. It remembers two numbers for each weight.
///
/// ```
/// use kiln::RAdam;
///
/// let usual = RAdam::default();
/// let decayed = RAdam::new(1e-3).weight_decay(0.01).decoupled_weight_decay();
/// ```
///
/// # Errors
///
/// A trainer refuses what it refuses of [`Adam`](super::Adam).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdam {
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
}

impl Default for RAdam {
    /// PyTorch's defaults: a learning rate of 0.001.
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl RAdam {
    /// PyTorch's defaults but for the learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            is_decoupled: false,
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

    /// How far the second moment is to be trusted in step `t`; in the first steps not at all.
    fn trust(&self, t: f64) -> Option<f64> {
        let most = 2.0 / (1.0 - self.beta2) - 1.0;
        let left = libm::pow(self.beta2, t);
        let length = most - 2.0 * t * left / (1.0 - left);
        // A length that is more than 5 is that of a `beta2` whose most is more, too.
        (length > 5.0).then(|| {
            let share = |length: f64| (length - 4.0) * (length - 2.0) / length;
            libm::sqrt(share(length) / share(most))
        })
    }
}

impl Optimizer for RAdam {
    type Step = MomentsStep;

    fn step(&self, taken: u64, factor: f64) -> MomentsStep {
        let t = (taken + 1) as f64;
        let corrections = Corrections::new([self.beta1, self.beta2], t);
        let rate = self.learning_rate * factor;
        let trust = self.trust(t);
        let scale = trust.map_or(1.0, |trust| trust * corrections.second);
        let along = rate * scale / corrections.first;
        let mut step = MomentsStep::new(&corrections, along, self.epsilon, self.epsilon);
        step.is_adaptive = trust.is_some();
        step.decayed(self.weight_decay, rate, self.is_decoupled)
    }

    by_fields!(beta1);

    fn name(&self) -> &'static str {
        "RAdam"
    }

    fn state_names(&self) -> Option<&'static [&'static str]> {
        Some(&MOMENTS)
    }

    fn check(&self) -> Result<()> {
        check_rate(self.learning_rate)?;
        check_decay("beta1", self.beta1)?;
        check_decay("beta2", self.beta2)?;
        check_epsilon(self.epsilon)?;
        check_weight_decay(self.weight_decay)
    }
}
