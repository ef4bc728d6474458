//! Kullback-Leibler divergence, of log-probabilities y from probabilities t, or from log-probabilities u:
//!
//! ```text
//! t (ln t - y)      by y: -t;  0 where t = 0
//! e^u (u - y)       by y: -e^u
//! ```

use super::elementwise::Elementwise;
use crate::{math, simd::Isa};
use fearless_simd::{f32x16, prelude::*};

/// `torch.nn.KLDivLoss` with `reduction="batchmean"`, the one that PyTorch calls right: the divergence of the target's
/// distribution from the network's, summed over all numbers of a sample, in nats; the mean over the samples. Targets are
/// probabilities, a target of 0 costing nothing; [`log_target`](Self::log_target) takes their logarithms instead.
///
/// Outputs are log-probabilities: the network ends in `LogSoftmax`. PyTorch's default reduction divides by the numbers of a
/// sample as well: `KlDiv.times(1.0 / N as f64)`.
///
/// ```
/// use kiln::{KlDiv, Loss};
///
/// assert!(KlDiv.check(0, &[0.0_f32, 0.25, 0.75]).is_ok());
/// let error = KlDiv.check(3, &[1.25_f32, -0.25]).unwrap_err();
/// assert!(error.to_string().contains("number 1 of the target (in row-major order) is -0.25"));
/// ```
///
/// # Errors
///
/// A target that holds NaN or infinity, or a probability that is negative, found before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KlDiv;

/// [`KlDiv`] whose targets are the logarithms of probabilities: what [`log_target`](KlDiv::log_target) gives.
///
/// # Errors
///
/// A target that holds NaN or infinity, found before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KlDivOfLogs;

impl KlDiv {
    /// Takes the logarithms of probabilities as targets, such as another network's answers.
    pub fn log_target(self) -> KlDivOfLogs {
        KlDivOfLogs
    }
}

impl Elementwise for KlDiv {
    const SUM: bool = true;

    #[inline(always)]
    fn at<S: Isa>(&self, s: S, y: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        let value = t * (math::ln(s, t) - y);
        [t.simd_eq(0.0).select(f32x16::splat(s, 0.0), value), -t]
    }

    fn refuses(&self, target: f32) -> Option<&'static str> {
        (target < 0.0)
            .then_some("a probability, 0 or more; logarithms are for `KlDiv.log_target()`")
    }
}

impl Elementwise for KlDivOfLogs {
    const SUM: bool = true;

    #[inline(always)]
    fn at<S: Isa>(&self, s: S, y: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
        let probability = math::exp(s, t);
        [probability * (t - y), -probability]
    }
}
