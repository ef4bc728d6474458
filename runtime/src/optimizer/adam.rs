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
//! # The root is stored
//!
//! A gradient has the range of `f32`; its square has not. Squares of gradients below 1e-19 are lost beside a small epsilon. So
//! r = sqrt(v) is stored, and there are two ways to its next value. Beside an epsilon of usual size, such as the default, the
//! sum of squares takes a floor of 1e-34, which keeps r from decaying into subnormal numbers and is less than 1e-6 of epsilon:
//!
//! ```text
//! r <- sqrt(min(beta2 r^2 + (1 - beta2) g^2 + 1e-34, the largest f32))
//! ```
//!
//! Where PyTorch's v is infinite, for gradients above 1.8e19, and a weight never moves again, r stays finite: a gradient of
//! 1e20 is a step of some learning rates, and larger ones are steps in proportion. Beside an epsilon that is smaller or 0, the
//! sum is taken in a scale of its own for every number, which is right for gradients of any size:
//!
//! ```text
//! q = 2^-127, 2^-95, ..., 2^97     the largest that is not above max(r, |g|); the first counts as 0
//! r <- q sqrt(beta2 (r / q)^2 + (1 - beta2) (g / q)^2)
//! ```
//!
//! r / q and g / q are below 2^32, one of them is at least 1, and nothing overflows. The bits of q are three bits of the
//! exponent, and 1 / q is a difference of integers. Where r and g are below 2^-95 the root becomes 0, and so does the first
//! moment where it is below 2^-95. What that costs is at most 1e-8 of the learning rate beside the smallest epsilon that is
//! admitted, 1e-18; without an epsilon, gradients below 1e-22 lose digits.
//!
//! beta and 1 - beta are rounded to `f32`, and so the corrections are those of the rounded beta: a steady gradient's moments are
//! exact.

use super::rule::{Optimizer, check_amount, check_range, finite};
use crate::{
    block::Block,
    error::{Error, Found, Result},
    math::{flush, flush_below},
    update::Update,
};
use fearless_simd::{Simd, f32x16, prelude::*, u32x16};

/// `torch.optim.Adam` (Kingma and Ba 2015), with its defaults. It remembers two numbers for each weight.
///
/// ```
/// use kiln::Adam;
///
/// let usual = Adam::default();
/// let slower = Adam::new(1e-4).betas(0.9, 0.99);
/// ```
///
/// # Errors
///
/// A trainer refuses a rate, a decay or an epsilon that is negative or not finite as `f32`, betas outside `0.0..1.0` or so
/// near to 1 that `f32` holds no number between, and an epsilon between 0 and 1e-18: gradients that it could be compared
/// with count as 0. An epsilon of 0 is none; a weight that never had a gradient stays, where PyTorch divides 0 by 0.
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
                let decay = "at least 0 and below 1 as `f32`, such as 0.9";
                check_amount(
                    "learning_rate",
                    self.learning_rate,
                    "0 or more and finite as `f32`, such as 0.001",
                )?;
                check_range("beta1", self.beta1, 0.0..NEARLY_ONE, decay)?;
                check_range("beta2", self.beta2, 0.0..NEARLY_ONE, decay)?;
                check_epsilon(self.epsilon)?;
                check_amount(
                    "weight_decay",
                    self.weight_decay,
                    "0 or more and finite as `f32`, such as 0.01",
                )
            }

            /// The constants of a step, apart from weight decay.
            fn constants(&self, taken: u64, factor: f64) -> AdamStep {
                let t = (taken + 1) as f64;
                let (beta1, beta2) = (self.beta1 as f32, self.beta2 as f32);
                let [rounded1, rounded2] = [f64::from(beta1), f64::from(beta2)];
                let correction1 = 1.0 - libm::pow(rounded1, t);
                let correction2 = libm::sqrt(1.0 - libm::pow(rounded2, t));
                let rate = self.learning_rate * factor;
                let fresh2 = 1.0 - rounded2;
                AdamStep {
                    rate: finite(rate * correction2 / correction1),
                    // Never 0, so that 0 is never divided by 0.
                    epsilon: ((self.epsilon * correction2) as f32).max(f32::MIN_POSITIVE),
                    beta1,
                    beta2,
                    fresh1: (1.0 - rounded1) as f32,
                    fresh2: fresh2 as f32,
                    // Whether the floor, summed over all steps, shows beside epsilon.
                    wide: self.epsilon * 1e-6 < libm::sqrt(FLOOR / fresh2),
                    weight_decay: 0.0,
                    keep: 1.0,
                }
            }
        }
    };
}

/// Halfway between 1 and the largest `f32` below: what is not less becomes 1.
const NEARLY_ONE: f64 = 1.0 - f64::EPSILON * (1_u64 << 27) as f64;

/// The smallest epsilon other than none.
const LEAST_EPSILON: f64 = 1e-18;

/// Epsilons beside which moments keep their digits.
fn check_epsilon(epsilon: f64) -> Result<()> {
    let expected = "0, or at least 1e-18, below which gradients count as 0, and finite as `f32`, \
                    such as 1e-8";
    if epsilon > 0.0 && epsilon < LEAST_EPSILON {
        return Err(Error::Setting {
            setting: "epsilon",
            found: Found::Number(epsilon),
            expected,
        });
    }
    check_amount("epsilon", epsilon, expected)
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
    /// Whether squares need a scale of their own.
    wide: bool,
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
            keep: finite(1.0 - self.learning_rate * factor * self.weight_decay),
            ..self.constants(taken, factor)
        }
    }

    fn check(&self) -> Result<()> {
        self.check_numbers()
    }
}

/// The upper three bits of the exponent of `f32`: all are zero where a magnitude is below 2^-95.
const UPPER: u32 = 0x7000_0000;

/// 2^127, of which 1 / q is a multiple by a power of two.
const LARGEST: u32 = 0x7f00_0000;

/// Added to the sum of squares.
const FLOOR: f64 = 1e-34;

impl AdamStep {
    /// The next root of the second moment, beside an epsilon of usual size.
    #[inline(always)]
    fn root<S: Simd>(&self, s: S, r: f32x16<S>, g: f32x16<S>) -> f32x16<S> {
        let floor = f32x16::splat(s, FLOOR as f32);
        let kept = (r * f32x16::splat(s, self.beta2)).mul_add(r, floor);
        let v = (g * f32x16::splat(s, self.fresh2)).mul_add(g, kept);
        v.min(f32x16::splat(s, f32::MAX)).sqrt()
    }

    /// The next root of the second moment, whatever the size of epsilon.
    #[inline(always)]
    fn wide_root<S: Simd>(&self, s: S, r: f32x16<S>, g: f32x16<S>) -> f32x16<S> {
        let q = r.max(g.abs()).bitcast::<u32x16<S>>() & UPPER;
        let inverse = (u32x16::splat(s, LARGEST) - q).bitcast::<f32x16<S>>();
        let (r, g) = (r * inverse, g * inverse);
        let kept = r * f32x16::splat(s, self.beta2) * r;
        let v = (g * f32x16::splat(s, self.fresh2)).mul_add(g, kept);
        v.sqrt() * q.bitcast::<f32x16<S>>()
    }
}

impl Update for AdamStep {
    /// First moment, and root of the second.
    type State = [Block; 2];

    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        [first, root]: &mut [Block; 2],
    ) {
        let w = weight.load(s);
        let g = w.mul_add(f32x16::splat(s, self.weight_decay), gradient);
        let fresh = g * f32x16::splat(s, self.fresh1);
        let m = first.load(s).mul_add(f32x16::splat(s, self.beta1), fresh);
        let m = flush_below::<S, UPPER>(s, m);
        first.store(m);

        let r = if self.wide {
            self.wide_root(s, root.load(s), g)
        } else {
            self.root(s, root.load(s), g)
        };
        root.store(r);

        let change = m * f32x16::splat(s, self.rate) / (r + f32x16::splat(s, self.epsilon));
        weight.store(flush(s, w.mul_sub(f32x16::splat(s, self.keep), change)));
    }
}
