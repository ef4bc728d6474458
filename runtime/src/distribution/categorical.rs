//! One of several actions.
//!
//! For logits x of N actions, with m = max x:
//!
//! ```text
//! ln p_i       = x_i - m - ln(sum_j e^(x_j - m))
//! H            = -sum_i p_i ln p_i
//! d ln p_a/dx_i = [i = a] - p_i
//! dH/dx_i      = -p_i (ln p_i + H)
//! ```
//!
//! The last: dH/dx_i = -sum_j (dp_j/dx_i) (ln p_j + 1) with dp_j/dx_i = p_j ([i = j] - p_i), whose sum over j is 0.

use super::draw::Draw;
use crate::{
    error::{Error, Result},
    loss::Label,
};

/// `torch.distributions.Categorical` over the logits of N actions.
///
/// ```
/// use kiln::{Categorical, Draw, Seed};
///
/// let policy = Categorical::new(&[0.5, 2.0, -1.0])?;
/// let action = policy.sample(Draw::new(Seed(7), 0, 0));
/// assert!(action < 3);
/// assert_eq!(policy.mode(), 1);
/// assert!((policy.log_prob(1)? - policy.probabilities()[1].ln()).abs() < 1e-6);
///
/// // REINFORCE (Williams 1992): the gradient of -(ln p of the action) times the return, for `Training::backward_from`.
/// let value = 3.0;
/// let gradient = policy.log_prob_gradient(action)?.map(|slope| -value * slope);
/// assert!(gradient[action] < 0.0);
///
/// // An action that is not allowed has a probability and gradients of 0.
/// let policy = Categorical::masked(&[0.5, 2.0, -1.0], &[true, false, true])?;
/// assert_eq!((policy.probabilities()[1], policy.mode()), (0.0, 0));
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Categorical<const N: usize> {
    /// ln p_i: -infinity where an action is not allowed.
    logs: [f64; N],
    /// p_i, of sum 1.
    shares: [f64; N],
    /// H.
    entropy: f64,
}

impl<const N: usize> Categorical<N> {
    /// The distribution whose probabilities are the softmax of these logits, which may be of any size. A logit of -infinity
    /// is an action that is not allowed, as in PyTorch.
    ///
    /// # Errors
    ///
    /// [`Error::Distribution`] if a logit is NaN or +infinity, [`Error::NoAction`] if no action is allowed.
    pub fn new(logits: &[f32; N]) -> Result<Self> {
        let wrong = |logit: &f32| logit.is_nan() || *logit == f32::INFINITY;
        if let Some(index) = logits.iter().position(wrong) {
            return Err(Error::Distribution {
                parameter: "logits",
                index,
                found: logits[index],
                expected: "a number, or -infinity for an action that is not allowed; look at the network's weights and \
                           learning rate",
            });
        }
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if largest == f32::NEG_INFINITY {
            return Err(Error::NoAction { actions: N });
        }
        let below = logits.map(|logit| f64::from(logit) - f64::from(largest));
        let powers = below.map(libm::exp);
        let sum: f64 = powers.iter().sum();
        let logs = below.map(|below| below - libm::log(sum));
        let shares = powers.map(|power| power / sum);
        let terms = logs.iter().zip(&shares).filter(|(_, share)| **share > 0.0);
        // Taken off 0, since a sum of 0, where one action is certain, would become -0.
        let entropy = 0.0 - terms.map(|(log, share)| share * log).sum::<f64>();
        Ok(Self {
            logs,
            shares,
            entropy,
        })
    }

    /// The same over the actions that are allowed; the logits of the others may be anything.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn masked(logits: &[f32; N], allowed: &[bool; N]) -> Result<Self> {
        Self::new(&core::array::from_fn(|action| {
            if allowed[action] {
                logits[action]
            } else {
                f32::NEG_INFINITY
            }
        }))
    }

    /// The probability of each action, of sum 1.
    pub fn probabilities(&self) -> [f32; N] {
        self.shares.map(|share| share as f32)
    }

    /// The logarithm of an action's probability, in nats; -infinity if the action is not allowed. It is finite where the
    /// probability is too small for `f32`.
    ///
    /// # Errors
    ///
    /// [`Error::ActionOutOfRange`] if there is no such action.
    pub fn log_prob(&self, action: impl Label) -> Result<f32> {
        self.index(action).map(|action| self.logs[action] as f32)
    }

    /// The gradient of [`log_prob`](Self::log_prob) by the logits: `[i = action] - p_i`, and 0 for every action that is not
    /// allowed.
    ///
    /// # Errors
    ///
    /// As [`log_prob`](Self::log_prob).
    pub fn log_prob_gradient(&self, action: impl Label) -> Result<[f32; N]> {
        let action = self.index(action)?;
        Ok(core::array::from_fn(|i| {
            let right = i == action && self.logs[i] > f64::NEG_INFINITY;
            (f64::from(u8::from(right)) - self.shares[i]) as f32
        }))
    }

    /// The entropy, from 0 where one action is certain to ln N nats where all are equally likely.
    pub fn entropy(&self) -> f32 {
        self.entropy as f32
    }

    /// The gradient of the [`entropy`](Self::entropy) by the logits: `-p_i (ln p_i + H)`.
    pub fn entropy_gradient(&self) -> [f32; N] {
        core::array::from_fn(|i| match self.shares[i] {
            0.0 => 0.0,
            share => (-share * (self.logs[i] + self.entropy)) as f32,
        })
    }

    /// The most probable action, the first one among equals.
    pub fn mode(&self) -> usize {
        let mut best = 0;
        for (action, log) in self.logs.iter().enumerate() {
            if *log > self.logs[best] {
                best = action;
            }
        }
        best
    }

    /// An action that is allowed, each as often as is probable: the first whose cumulative probability is more than uniform
    /// number 0 of `draw`.
    pub fn sample(&self, draw: Draw) -> usize {
        let mut rest = draw.uniform(0);
        let mut last = 0;
        for (action, &share) in self.shares.iter().enumerate() {
            if share > 0.0 {
                last = action;
            }
            if rest < share {
                return action;
            }
            rest -= share;
        }
        // Roundings left something over.
        last
    }

    /// An action as an index.
    fn index(&self, action: impl Label) -> Result<usize> {
        match action.class() {
            Some(index) if index < N => Ok(index),
            _ => Err(Error::ActionOutOfRange {
                row: None,
                action: action.number(),
                actions: N,
            }),
        }
    }
}
