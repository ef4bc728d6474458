//! Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019) and AMSGrad (Reddi, Kale and Kumar 2018).
//!
//! `torch.optim.Adam`, for the gradient g of weights w in step t = 1, 2, ...:
//!
//! ```text
//! g <- g + weight_decay w                   Adam;    w <- (1 - learning_rate weight_decay) w   AdamW
//! m <- beta1 m + (1 - beta1) g
//! v <- beta2 v + (1 - beta2) g^2
//! u <- v                                    or max(u, v) with AMSGrad
//! w <- w - learning_rate / (1 - beta1^t) * m / (sqrt(u) / sqrt(1 - beta2^t) + epsilon)
//! ```
//!
//! With c = sqrt(1 - beta2^t) the last line is w - rate m / (sqrt(u) + c epsilon), rate = c learning_rate / (1 - beta1^t).

use super::{
    moments::{Corrections, LARGEST, MOMENTS, MomentsStep},
    rule::{Optimizer, by_fields, check_decay, check_epsilon, check_rate, check_weight_decay},
};
use crate::error::Result;

/// `torch.optim.Adam` (Kingma and Ba 2015), with its defaults. It remembers two numbers for each weight, three after
/// [`amsgrad`](Self::amsgrad).
///
/// ```
/// use kiln::Adam;
///
/// let usual = Adam::default();
/// let slower = Adam::new(1e-4).betas(0.9, 0.99);
/// let steady = Adam::default().amsgrad();
/// ```
///
/// # Errors
///
/// A trainer refuses a rate, a decay or an epsilon that is negative or not finite as `f32`, betas outside `0.0..1.0` or so
/// near to 1 that `f32` holds no number between, and an epsilon between 0 and 1e-18: gradients that it could be compared
/// with count as 0. An epsilon of 0 is none; a weight that never had a gradient stays, where PyTorch divides 0 by 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<const AMSGRAD: bool = false> {
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
/// Hutter 2019). It remembers two numbers for each weight, three after [`amsgrad`](Self::amsgrad). The decay, 0.01 unless it is
/// set, counts for biases as well.
///
/// ```
/// use kiln::AdamW;
///
/// let usual = AdamW::default();
/// assert_eq!((usual.learning_rate, usual.weight_decay), (0.001, 0.01));
/// let stronger = AdamW::new(3e-4).weight_decay(0.1);
/// ```
///
/// # Errors
///
/// A trainer refuses a rate, a decay or an epsilon that is negative or not finite as `f32`, betas outside `0.0..1.0` or so
/// near to 1 that `f32` holds no number between, and an epsilon between 0 and 1e-18: gradients that it could be compared
/// with count as 0. An epsilon of 0 is none; a weight that never had a gradient stays, where PyTorch divides 0 by 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW<const AMSGRAD: bool = false> {
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

/// What both share.
macro_rules! adam {
    ($name:ident, weight_decay = $weight_decay:literal, decoupled = $decoupled:literal) => {
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

            /// Divides by the largest second moment that there was, and not by the present one (Reddi, Kale and Kumar 2018):
            /// PyTorch's `amsgrad=True`. It remembers a third number for each weight.
            pub fn amsgrad(self) -> $name<true> {
                $name {
                    learning_rate: self.learning_rate,
                    beta1: self.beta1,
                    beta2: self.beta2,
                    epsilon: self.epsilon,
                    weight_decay: self.weight_decay,
                }
            }
        }

        impl<const AMSGRAD: bool> $name<AMSGRAD> {
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

            /// The step after `taken` steps.
            fn moments<const N: usize>(&self, taken: u64, factor: f64) -> MomentsStep<N> {
                let corrections = Corrections::new([self.beta1, self.beta2], (taken + 1) as f64);
                let rate = self.learning_rate * factor;
                let along = rate * corrections.second / corrections.first;
                let divisor = self.epsilon * corrections.second;
                MomentsStep::new(&corrections, along, self.epsilon, divisor).decayed(
                    self.weight_decay,
                    rate,
                    $decoupled,
                )
            }
        }

        adam!($name<false>, 2, stringify!($name), &MOMENTS);
        adam!(
            $name<true>,
            3,
            concat!(stringify!($name), " with AMSGrad"),
            &LARGEST
        );
    };
    ($name:ty, $blocks:literal, $called:expr, $states:expr) => {
        impl Optimizer for $name {
            type Step = MomentsStep<$blocks>;

            fn step(&self, taken: u64, factor: f64) -> Self::Step {
                self.moments(taken, factor)
            }

            by_fields!(beta1);

            fn name(&self) -> &'static str {
                $called
            }

            fn state_names(&self) -> Option<&'static [&'static str]> {
                Some($states)
            }

            fn check(&self) -> Result<()> {
                check_rate(self.learning_rate)?;
                check_decay("beta1", self.beta1)?;
                check_decay("beta2", self.beta2)?;
                check_epsilon(self.epsilon)?;
                check_weight_decay(self.weight_decay)
            }
        }
    };
}

adam!(Adam, weight_decay = 0.0, decoupled = false);
adam!(AdamW, weight_decay = 1e-2, decoupled = true);
