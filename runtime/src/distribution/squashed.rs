//! Normal distributions squashed by tanh, as Soft Actor-Critic samples actions.
//!
//! For u from a normal distribution of means m and log standard deviations l, and a = tanh(u) (Haarnoja et al. 2018,
//! appendix C):
//!
//! ```text
//! ln p(a) = ln p(u) - sum_i ln(1 - a_i^2),   ln(1 - tanh^2 u) = 2 (ln 2 - u - ln(1 + e^(-2u)))
//! ```
//!
//! along a sample u = m + s e, where e stays as it is, ln p(u) = sum_i -e_i^2/2 - l_i - ln(2 pi)/2, so that
//!
//! ```text
//! d ln p/du_i  = 2 a_i                    by the correction
//! d ln p/dm_i  = 2 a_i
//! d ln p/dl_i  = 2 a_i (u_i - m_i) - 1
//! da_i/dm_i    = 1 - a_i^2
//! da_i/dl_i    = (1 - a_i^2) (u_i - m_i)
//! ```

use super::{draw::Draw, normal::Normal};
use crate::error::Result;

/// `TransformedDistribution(Normal(mean, std), TanhTransform())` of N independent numbers: actions from -1 to 1.
///
/// ```
/// use kiln::{Draw, Seed, SquashedNormal};
///
/// let policy = SquashedNormal::new(&[0.5, -2.0], &[0.0, -0.5])?;
/// let sample = policy.sample(Draw::new(Seed(7), 0, 0));
/// let log_prob = policy.log_prob(&sample);
/// assert!(sample.action.iter().all(|action| action.abs() <= 1.0));
///
/// // The policy's loss is 0.2 ln p(a) - Q(s, a); dQ/da comes from the critic, by `Training::input_gradients_from`.
/// let by_action = [0.3, -0.1];
/// let (by_mean, by_log_std) = policy.sample_gradient(&sample, &by_action.map(|slope| -slope), 0.2);
/// # assert!(log_prob.is_finite() && by_mean.iter().chain(&by_log_std).all(|slope| slope.is_finite()));
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SquashedNormal<const N: usize> {
    normal: Normal<N>,
}

/// An action of a [`SquashedNormal`], and the number whose tanh it is: that an action of 1 does not say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Squashed<const N: usize> {
    /// tanh of `before`.
    pub action: [f32; N],
    /// The sample of the normal distribution.
    pub before: [f32; N],
}

impl<const N: usize> Squashed<N> {
    /// The tanh of these numbers.
    pub fn new(before: [f32; N]) -> Self {
        let action = before.map(|u| libm::tanh(f64::from(u)) as f32);
        Self { action, before }
    }
}

/// ln(1 - tanh^2 u) without the cancellation: it is even in u.
fn log_slope(u: f64) -> f64 {
    let u = u.abs();
    2.0 * (core::f64::consts::LN_2 - u - libm::log1p(libm::exp(-2.0 * u)))
}

impl<const N: usize> SquashedNormal<N> {
    /// The distribution of the tanh of what [`Normal`] samples.
    ///
    /// # Errors
    ///
    /// As [`Normal::new`].
    pub fn new(mean: &[f32; N], log_std: &[f32; N]) -> Result<Self> {
        let normal = Normal::new(mean, log_std)?;
        Ok(Self { normal })
    }

    /// The tanh of the means: what is done where nothing is tried out.
    pub fn mode(&self) -> Squashed<N> {
        Squashed::new(self.normal.mean())
    }

    /// A sample: see [`Normal::sample`].
    pub fn sample(&self, draw: Draw) -> Squashed<N> {
        Squashed::new(self.normal.sample(draw))
    }

    /// The logarithm of the density of an action, in nats.
    pub fn log_prob(&self, sample: &Squashed<N>) -> f32 {
        let correction: f64 = sample.before.iter().map(|&u| log_slope(f64::from(u))).sum();
        (self.normal.log_density(&sample.before) - correction) as f32
    }

    /// The gradient, by the means and by the log standard deviations, of a loss that has the gradient `by_action` by a
    /// sample's action and the gradient `by_log_prob` by the logarithm of its density: along the sample, as PyTorch goes
    /// back through `rsample` and `log_prob`.
    pub fn sample_gradient(
        &self,
        sample: &Squashed<N>,
        by_action: &[f32; N],
        by_log_prob: f32,
    ) -> ([f32; N], [f32; N]) {
        let mean = self.normal.mean();
        let by_log_prob = f64::from(by_log_prob);
        let by_before: [f64; N] = core::array::from_fn(|i| {
            let u = f64::from(sample.before[i]);
            let by_action = f64::from(by_action[i]) * libm::exp(log_slope(u));
            by_action + by_log_prob * 2.0 * libm::tanh(u)
        });
        let by_log_std = core::array::from_fn(|i| {
            let from_mean = f64::from(sample.before[i]) - f64::from(mean[i]);
            (by_before[i] * from_mean - by_log_prob) as f32
        });
        (by_before.map(|slope| slope as f32), by_log_std)
    }
}
