//! Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019).
//!
//! `torch.optim.Adam`, for the gradient g of weights w in step t = 1, 2, ...:
//!
//! ```text
//! g <- g + weight_decay w                   Adam;    w <- (1 - learning_rate weight_decay) w   AdamW
//! m <- beta1 m + (1 - beta1) g
//! v <- beta2 v + (1 - beta2) g^2
//! w <- w - learning_rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
//! ```
//!
//! With c = sqrt(1 - beta2^t) the last line is w - rate m / (sqrt(v) + c epsilon), rate = c learning_rate / (1 - beta1^t):
//! both bias corrections are constants of the step, and a weight costs one root and one division.
//!
//! v takes a floor of 1e-34 in every step. It keeps v from decaying into denormal numbers at no cost, and adds at most
//! 1e-17 / sqrt(1 - beta2) to a root that is compared with epsilon.

use super::{Optimizer, check_amount, check_range};
use crate::{block::Block, error::Result, math::flush, update::Update};
use fearless_simd::{Simd, f32x16, prelude::*};

/// `torch.optim.Adam` (Kingma and Ba 2015), with its defaults. It remembers two numbers for each weight.
///
/// ```
/// # use kiln_runtime::optimizer::Adam;
/// let usual = Adam::default();
/// let slower = Adam::new(1e-4).betas(0.9, 0.99);
/// ```
///
/// # Errors
///
/// A trainer refuses a rate, a decay or an epsilon that is negative or not finite, and betas outside `0.0..1.0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
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
}

/// `torch.optim.AdamW`, with its defaults: Adam whose weight decay does not pass through the moments (Loshchilov and
/// Hutter 2019). It remembers two numbers for each weight. The decay, 0.01 unless it is set, counts for biases as well.
///
/// ```
/// # use kiln_runtime::optimizer::AdamW;
/// let usual = AdamW::default();
/// assert_eq!((usual.learning_rate, usual.weight_decay), (0.001, 0.01));
/// let stronger = AdamW::new(3e-4).weight_decay(0.1);
/// ```
///
/// # Errors
///
/// A trainer refuses a rate, a decay or an epsilon that is negative or not finite, and betas outside `0.0..1.0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Step size.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// What a weight loses in a step, times the learning rate.
    pub weight_decay: f64,
}

/// Constructor and builder that both share.
macro_rules! adam {
    ($name:ident, weight_decay = $weight_decay:literal) => {
        impl Default for $name {
            /// PyTorch's defaults: a learning rate of 0.001.
            fn default() -> Self {
                Self::new(1e-3)
            }
        }

        impl $name {
            /// PyTorch's defaults but for the learning rate.
            pub fn new(learning_rate: f64) -> Self {
                Self {
                    learning_rate,
                    beta1: 0.9,
                    beta2: 0.999,
                    epsilon: 1e-8,
                    weight_decay: $weight_decay,
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

            /// As PyTorch: decays of 1 or more would never forget, and the bias corrections would divide by zero.
            fn check_numbers(&self) -> Result<()> {
                let decay = "at least 0 and below 1, such as 0.9";
                check_amount(
                    "learning_rate",
                    self.learning_rate,
                    "0 or more, such as 0.001",
                )?;
                check_range("beta1", self.beta1, 0.0..1.0, decay)?;
                check_range("beta2", self.beta2, 0.0..1.0, decay)?;
                check_amount("epsilon", self.epsilon, "0 or more, such as 1e-8")?;
                check_amount("weight_decay", self.weight_decay, "0 or more, such as 0.01")
            }

            /// The constants of a step, apart from weight decay.
            fn constants(&self, taken: u64, factor: f64) -> AdamStep {
                let t = (taken + 1) as f64;
                let (beta1, beta2) = (self.beta1, self.beta2);
                let correction1 = 1.0 - libm::pow(beta1, t);
                let correction2 = libm::sqrt(1.0 - libm::pow(beta2, t));
                let rate = self.learning_rate * factor;
                AdamStep {
                    rate: (rate * correction2 / correction1) as f32,
                    epsilon: (self.epsilon * correction2) as f32,
                    beta1: beta1 as f32,
                    beta2: beta2 as f32,
                    fresh1: (1.0 - beta1) as f32,
                    fresh2: (1.0 - beta2) as f32,
                    weight_decay: 0.0,
                    keep: 1.0,
                }
            }
        }
    };
}

adam!(Adam, weight_decay = 0.0);
adam!(AdamW, weight_decay = 1e-2);

/// A step of Adam or AdamW.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    rate: f32,
    epsilon: f32,
    beta1: f32,
    beta2: f32,
    /// 1 - beta1.
    fresh1: f32,
    /// 1 - beta2.
    fresh2: f32,
    /// Adam's: added to the gradient.
    weight_decay: f32,
    /// AdamW's: what remains of the weight.
    keep: f32,
}

impl Optimizer for Adam {
    type Step = AdamStep;

    fn step(&self, taken: u64, factor: f64) -> AdamStep {
        AdamStep {
            weight_decay: self.weight_decay as f32,
            ..self.constants(taken, factor)
        }
    }

    fn check(&self) -> Result<()> {
        self.check_numbers()
    }
}

impl Optimizer for AdamW {
    type Step = AdamStep;

    fn step(&self, taken: u64, factor: f64) -> AdamStep {
        AdamStep {
            keep: (1.0 - self.learning_rate * factor * self.weight_decay) as f32,
            ..self.constants(taken, factor)
        }
    }

    fn check(&self) -> Result<()> {
        self.check_numbers()
    }
}

impl Update for AdamStep {
    /// First and second moment.
    type State = [Block; 2];

    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        [first, second]: &mut [Block; 2],
    ) {
        let w = weight.load(s);
        let g = w.mul_add(f32x16::splat(s, self.weight_decay), gradient);
        let m = first.load(s).mul_add(
            f32x16::splat(s, self.beta1),
            g * f32x16::splat(s, self.fresh1),
        );
        let m = flush(s, m);
        first.store(m);
        let fresh = (g * f32x16::splat(s, self.fresh2)).mul_add(g, f32x16::splat(s, 1e-34));
        let v = second.load(s).mul_add(f32x16::splat(s, self.beta2), fresh);
        second.store(v);
        let change = m * f32x16::splat(s, self.rate) / (v.sqrt() + f32x16::splat(s, self.epsilon));
        weight.store(flush(s, w * f32x16::splat(s, self.keep) - change));
    }
}
