//! Normal distributions, each number by itself.
//!
//! For means m and logarithms l of standard deviations s = e^l, with z = (x - m) / s:
//!
//! ```text
//! ln p(x)  = sum_i -z_i^2/2 - l_i - ln(2 pi)/2
//!   d/dm_i = z_i / s_i
//!   d/dl_i = z_i^2 - 1
//! H        = sum_i l_i + ln(2 pi e)/2,   dH/dl_i = 1
//! sample   x = m + s e with e from the standard normal distribution:   dx_i/dm_i = 1,   dx_i/dl_i = s_i e_i = x_i - m_i
//! ```

use super::draw::Draw;
use crate::error::{Error, Result};

/// ln(2 pi) / 2.
const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_7;

/// The largest magnitude of a log standard deviation, of which e^x and e^-x are numbers of `f32`.
const MOST: f32 = 80.0;

/// `torch.distributions.Normal` of N numbers that are independent of each other (`Independent(Normal(mean, std), 1)`), given
/// by their means and the logarithms of their standard deviations, as networks learn them.
///
/// ```
/// use kiln::{Draw, Normal, Seed};
///
/// let policy = Normal::new(&[0.5, -1.0], &[0.0, -0.5])?;
/// let action = policy.sample(Draw::new(Seed(7), 0, 0));
/// assert!(policy.log_prob(&policy.mean()) >= policy.log_prob(&action));
/// let (by_mean, by_log_std) = policy.log_prob_gradient(&action);
/// // A mean that were nearer would make the action more probable.
/// assert_eq!(by_mean[0] > 0.0, action[0] > 0.5);
/// # assert!(by_log_std[0] >= -1.0);
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal<const N: usize> {
    mean: [f32; N],
    log_std: [f32; N],
}

impl<const N: usize> Normal<N> {
    /// The distribution of these means and logarithms of standard deviations.
    ///
    /// # Errors
    ///
    /// [`Error::Distribution`] if a mean is not finite, or a log standard deviation is not from -80 to 80.
    pub fn new(mean: &[f32; N], log_std: &[f32; N]) -> Result<Self> {
        if let Some(index) = mean.iter().position(|mean| !mean.is_finite()) {
            return Err(Error::Distribution {
                parameter: "means",
                index,
                found: mean[index],
                expected: "finite; look at the network's weights and learning rate",
            });
        }
        let within = |log_std: &f32| (-MOST..=MOST).contains(log_std);
        if let Some(index) = log_std.iter().position(|log_std| !within(log_std)) {
            return Err(Error::Distribution {
                parameter: "log standard deviations",
                index,
                found: log_std[index],
                expected: "from -80 to 80; clamp it, such as to -20..=2",
            });
        }
        Ok(Self {
            mean: *mean,
            log_std: *log_std,
        })
    }

    /// The means, which are the most probable numbers, too.
    pub fn mean(&self) -> [f32; N] {
        self.mean
    }

    /// The standard deviation of number `i`.
    fn std(&self, i: usize) -> f64 {
        libm::exp(f64::from(self.log_std[i]))
    }

    /// How many standard deviations number `i` is above its mean.
    fn distance(&self, value: &[f32; N], i: usize) -> f64 {
        (f64::from(value[i]) - f64::from(self.mean[i])) / self.std(i)
    }

    /// The logarithm of the density at `value`, in nats: the sum over its numbers.
    pub fn log_prob(&self, value: &[f32; N]) -> f32 {
        self.log_density(value) as f32
    }

    /// The same in double precision.
    pub(super) fn log_density(&self, value: &[f32; N]) -> f64 {
        let term = |i| {
            let z = self.distance(value, i);
            -0.5 * z * z - f64::from(self.log_std[i]) - HALF_LOG_TAU
        };
        (0..N).map(term).sum()
    }

    /// The gradient of [`log_prob`](Self::log_prob) by the means and by the log standard deviations.
    pub fn log_prob_gradient(&self, value: &[f32; N]) -> ([f32; N], [f32; N]) {
        let by_mean = core::array::from_fn(|i| (self.distance(value, i) / self.std(i)) as f32);
        let by_log_std = core::array::from_fn(|i| {
            let z = self.distance(value, i);
            (z * z - 1.0) as f32
        });
        (by_mean, by_log_std)
    }

    /// The differential entropy in nats: the sum over the numbers.
    pub fn entropy(&self) -> f32 {
        let terms = self.log_std.iter().map(|&log_std| f64::from(log_std));
        (terms.sum::<f64>() + N as f64 * (0.5 + HALF_LOG_TAU)) as f32
    }

    /// The gradient of the [`entropy`](Self::entropy) by the means, which is 0, and by the log standard deviations, which is
    /// 1 for each.
    pub fn entropy_gradient(&self) -> ([f32; N], [f32; N]) {
        ([0.0; N], [1.0; N])
    }

    /// A sample, whose number `i` is made of normal number `i` of `draw`.
    pub fn sample(&self, draw: Draw) -> [f32; N] {
        core::array::from_fn(|i| {
            (f64::from(self.mean[i]) + self.std(i) * draw.normal(i as u64)) as f32
        })
    }

    /// The gradient by the means and by the log standard deviations of what has the gradient `by_value` by a sample: what
    /// PyTorch goes back through `rsample` (Kingma and Welling 2014).
    ///
    /// ```
    /// use kiln::{Draw, Normal, Seed};
    ///
    /// let normal = Normal::new(&[1.0], &[0.5])?;
    /// let value = normal.sample(Draw::new(Seed(1), 0, 0));
    /// // Of L = x^2 / 2, which has the gradient x.
    /// let (by_mean, by_log_std) = normal.sample_gradient(&value, &value);
    /// assert_eq!(by_mean, value);
    /// assert_eq!(by_log_std[0], value[0] * (value[0] - 1.0));
    /// # Ok::<(), kiln::Error>(())
    /// ```
    pub fn sample_gradient(&self, value: &[f32; N], by_value: &[f32; N]) -> ([f32; N], [f32; N]) {
        let by_log_std = core::array::from_fn(|i| {
            let from_mean = f64::from(value[i]) - f64::from(self.mean[i]);
            (f64::from(by_value[i]) * from_mean) as f32
        });
        (*by_value, by_log_std)
    }
}
