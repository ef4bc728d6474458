//! A step along the first moment over the root of the second: what Adam, AdamW, NAdam and RAdam have in common.
//!
//! ```text
//! w <- keep w
//! g <- g + weight_decay w
//! m <- beta1 m + (1 - beta1) g
//! r <- the root of beta2 r^2 + (1 - beta2) g^2
//! w <- w - (rate m + ahead g) / (r + epsilon)
//! ```
//!
//! Bias corrections and whatever else depends on the step alone are in rate, ahead and epsilon, so that a weight costs one root
//! and one division. After `amsgrad()` the largest r there was stands for r in the last line.
//!
//! How r is kept is said in `root`. The first moment counts as 0 below 2^-95. What both cost is at most 1e-8 of the learning rate
//! beside the smallest epsilon that is admitted, 1e-18; without an epsilon, gradients below 1e-22 lose digits.
//!
//! beta and 1 - beta are rounded to `f32`, and so the corrections are those of the rounded beta: a steady gradient's moments are
//! exact.

use super::{
    root::{Root, UPPER, below},
    rule::finite,
};
use crate::{
    block::Block,
    math::{flush, flush_below},
    update::Update,
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// What is remembered, in this order: the square of the second is PyTorch's `exp_avg_sq`.
pub(super) const MOMENTS: [&str; 2] = ["exp_avg", "exp_avg_sq_root"];

/// The same with the largest second moment, whose square is PyTorch's `max_exp_avg_sq`.
pub(super) const LARGEST: [&str; 3] = ["exp_avg", "exp_avg_sq_root", "max_exp_avg_sq_root"];

/// A step of Adam, AdamW, NAdam or RAdam, which remember `N` numbers for each weight.
#[derive(Clone, Copy, Debug)]
pub struct MomentsStep<const N: usize = 2> {
    /// What the first moment is multiplied by.
    pub(super) rate: f32,
    /// What the gradient itself is multiplied by.
    pub(super) ahead: f32,
    epsilon: f32,
    /// Whether the second moment counts.
    pub(super) is_adaptive: bool,
    beta1: f32,
    /// 1 - beta1.
    fresh1: f32,
    root: Root,
    /// Added to the gradient, times the weight.
    pub(super) weight_decay: f32,
    /// What remains of the weight.
    pub(super) keep: f32,
}

/// The betas as they are rounded, and what corrects their moments' bias after a number of steps.
pub(super) struct Corrections {
    betas: [f32; 2],
    /// 1 - beta1^t.
    pub(super) first: f64,
    /// The root of 1 - beta2^t.
    pub(super) second: f64,
}

impl Corrections {
    /// After step `t`, counted from 1.
    pub(super) fn new(betas: [f64; 2], t: f64) -> Self {
        let betas = betas.map(|beta| beta as f32);
        let [first, second] = betas.map(|beta| 1.0 - libm::pow(f64::from(beta), t));
        Self {
            betas,
            first,
            second: libm::sqrt(second),
        }
    }
}

impl<const N: usize> MomentsStep<N> {
    /// The step along the first moment whose bias is corrected; the second moment is divided by its correction, by which
    /// `rate` and `divisor`, epsilon as it is added to the root of the uncorrected moment, are already multiplied. `epsilon`
    /// is the setting.
    pub(super) fn new(corrections: &Corrections, rate: f64, epsilon: f64, divisor: f64) -> Self {
        let [beta1, beta2] = corrections.betas;
        Self {
            rate: finite(rate),
            ahead: 0.0,
            epsilon: below(divisor),
            is_adaptive: true,
            beta1,
            fresh1: (1.0 - f64::from(beta1)) as f32,
            root: Root::beside(epsilon, beta2, 1.0 - f64::from(beta2)),
            weight_decay: 0.0,
            keep: 1.0,
        }
    }

    /// With weight decay, which passes through the moments or is apart from them.
    pub(super) fn decayed(self, weight_decay: f64, rate: f64, is_decoupled: bool) -> Self {
        if is_decoupled {
            Self {
                keep: finite(1.0 - rate * weight_decay),
                ..self
            }
        } else {
            Self {
                weight_decay: weight_decay as f32,
                ..self
            }
        }
    }

    #[inline(always)]
    fn advance<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        state: &mut [Block; N],
    ) {
        let [first, root, largest @ ..] = &mut state[..] else {
            return;
        };
        let w = weight.load(s);
        let g = w.mul_add(f32x16::splat(s, self.weight_decay), gradient);
        let fresh = g * f32x16::splat(s, self.fresh1);
        let m = first.load(s).mul_add(f32x16::splat(s, self.beta1), fresh);
        let m = flush_below::<S, UPPER>(s, m);
        first.store(m);

        let mut r = self.root.next(s, root.load(s), g);
        root.store(r);
        if let [largest] = largest {
            r = r.max(largest.load(s));
            largest.store(r);
        }

        let mut change = m * f32x16::splat(s, self.rate);
        if self.ahead != 0.0 {
            change = g.mul_add(f32x16::splat(s, self.ahead), change);
        }
        if self.is_adaptive {
            change /= r + f32x16::splat(s, self.epsilon);
        }
        weight.store(flush(s, w.mul_sub(f32x16::splat(s, self.keep), change)));
    }
}

/// The numbers of blocks that are remembered.
macro_rules! remembers {
    ($($n:literal),*) => {$(
        impl Update for MomentsStep<$n> {
            /// First moment, root of the second, and the largest such root if that is asked for.
            type State = [Block; $n];

            #[inline(always)]
            fn apply<S: Simd>(
                &self,
                s: S,
                gradient: f32x16<S>,
                weight: &mut Block,
                state: &mut [Block; $n],
            ) {
                self.advance(s, gradient, weight, state);
            }
        }
    )*};
}

remembers!(2, 3);
