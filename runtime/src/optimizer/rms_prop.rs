//! RMSprop (Tieleman and Hinton 2012), plain or centred (Graves 2013), with momentum or without.
//!
//! `torch.optim.RMSprop`, for the gradient g of weights w:
//!
//! ```text
//! g <- g + weight_decay w
//! a <- alpha a + (1 - alpha) g                         where it is centred; 0 otherwise
//! v <- alpha v + (1 - alpha) g^2
//! d = g / (sqrt(v - a^2) + epsilon)
//! b <- momentum b + d
//! w <- w - learning_rate b
//! ```
//!
//! v - a^2 is a difference of what may be almost equal, and negative by rounding. But with u = v - a^2, and a as it was before,
//!
//! ```text
//! u <- alpha u + alpha (1 - alpha) (g - a)^2
//! ```
//!
//! which follows from both lines above and cancels nothing. So the root of u is stored, as said in `root`.

use super::{
    root::{Root, UPPER, below},
    rule::{
        Optimizer, by_fields, check_decay, check_epsilon, check_rate, check_weight_decay, finite,
    },
};
use crate::{
    block::Block,
    error::{Result, setting::check_range},
    math::{flush, flush_below},
    update::Update,
};
use fearless_simd::{Simd, f32x16, prelude::*};

/// `torch.optim.RMSprop` (Tieleman and Hinton 2012), with its defaults: gradients are divided by the root of their mean
/// square. It remembers one number for each weight, one more with momentum, and one more if it is centred.
///
/// ```
/// use kiln::RmsProp;
///
/// let usual = RmsProp::default();
/// assert_eq!((usual.learning_rate, usual.alpha), (0.01, 0.99));
/// let heavy = RmsProp::new(1e-3).alpha(0.9).centered().momentum(0.9);
/// ```
///
/// # Errors
///
/// A trainer refuses a rate, a decay or an epsilon that is negative or not finite as `f32`, an alpha outside `0.0..1.0` or so
/// near to 1 that `f32` holds no number between, a momentum outside `0.0..=1.0`, and an epsilon between 0 and 1e-18. An epsilon
/// of 0 is none; a weight that never had a gradient stays, where PyTorch divides 0 by 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp<const MOMENTUM: bool = false, const CENTERED: bool = false> {
    /// Step size.
    pub learning_rate: f64,
    /// What remains of the mean square after a step.
    pub alpha: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Factor of the weights that is added to the gradient.
    pub weight_decay: f64,
    /// What remains of past steps; 0 without momentum.
    pub momentum: f64,
}

impl Default for RmsProp {
    /// PyTorch's defaults: a learning rate of 0.01.
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl RmsProp {
    /// PyTorch's defaults but for the learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            alpha: 0.99,
            epsilon: 1e-8,
            weight_decay: 0.0,
            momentum: 0.0,
        }
    }
}

impl<const MOMENTUM: bool, const CENTERED: bool> RmsProp<MOMENTUM, CENTERED> {
    /// Sets what remains of the mean square after a step.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Sets what is added to the root of the mean square.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Adds `weight_decay` times the weights to their gradient.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// With momentum.
    pub fn momentum(self, momentum: f64) -> RmsProp<true, CENTERED> {
        RmsProp {
            momentum,
            ..self.kind()
        }
    }

    /// Divides by the deviation of gradients from their mean (Graves 2013).
    pub fn centered(self) -> RmsProp<MOMENTUM, true> {
        self.kind()
    }

    /// The same numbers.
    fn kind<const M: bool, const C: bool>(self) -> RmsProp<M, C> {
        RmsProp {
            learning_rate: self.learning_rate,
            alpha: self.alpha,
            epsilon: self.epsilon,
            weight_decay: self.weight_decay,
            momentum: self.momentum,
        }
    }
}

/// A step of RMSprop, which remembers `N` numbers for each weight.
#[derive(Clone, Copy, Debug)]
pub struct RmsStep<const N: usize> {
    rate: f32,
    weight_decay: f32,
    epsilon: f32,
    momentum: f32,
    root: Root,
    is_centered: bool,
    /// 1 - alpha.
    fresh: f32,
}

impl<const N: usize> RmsStep<N> {
    #[inline(always)]
    fn advance<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        state: &mut [Block; N],
    ) {
        let [root, rest @ ..] = &mut state[..] else {
            return;
        };
        let w = weight.load(s);
        let g = w.mul_add(f32x16::splat(s, self.weight_decay), gradient);
        let (deviation, rest) = match rest {
            [mean, rest @ ..] if self.is_centered => {
                let a = mean.load(s);
                let deviation = g - a;
                let a = deviation.mul_add(f32x16::splat(s, self.fresh), a);
                mean.store(flush_below::<S, UPPER>(s, a));
                (deviation, rest)
            }
            rest => (g, rest),
        };
        let r = self.root.next(s, root.load(s), deviation);
        root.store(r);
        let mut b = g / (r + f32x16::splat(s, self.epsilon));
        if let [sum] = rest {
            b = sum.load(s).mul_add(f32x16::splat(s, self.momentum), b);
            b = flush(s, b);
            sum.store(b);
        }
        weight.store(flush(s, b.mul_add(f32x16::splat(s, -self.rate), w)));
    }
}

/// The kinds, how much they remember, and what that is called: as by PyTorch, but for roots. Where it is centred, the variance is
/// PyTorch's `square_avg` less the square of `grad_avg`.
macro_rules! kinds {
    ($($momentum:literal, $centered:literal: $n:literal, $called:literal, $states:expr;)*) => {$(
        impl Optimizer for RmsProp<$momentum, $centered> {
            type Step = RmsStep<$n>;

            fn step(&self, _: u64, factor: f64) -> Self::Step {
                let fresh = 1.0 - self.alpha;
                let of_square = if $centered { self.alpha * fresh } else { fresh };
                RmsStep {
                    rate: finite(self.learning_rate * factor),
                    weight_decay: self.weight_decay as f32,
                    epsilon: below(self.epsilon),
                    momentum: self.momentum as f32,
                    root: Root::beside(self.epsilon, self.alpha as f32, of_square),
                    is_centered: $centered,
                    fresh: fresh as f32,
                }
            }

            by_fields!();

            fn momentum(&self) -> Option<f64> {
                $momentum.then_some(self.momentum)
            }

            fn set_momentum(&mut self, momentum: f64) {
                if $momentum {
                    self.momentum = momentum;
                }
            }

            fn name(&self) -> &'static str {
                $called
            }

            fn state_names(&self) -> Option<&'static [&'static str]> {
                Some(&$states)
            }

            fn check(&self) -> Result<()> {
                check_rate(self.learning_rate)?;
                check_decay("alpha", self.alpha)?;
                check_epsilon(self.epsilon)?;
                check_weight_decay(self.weight_decay)?;
                check_range("momentum", self.momentum, 0.0..=1.0, "from 0 to 1, such as 0.9")
            }
        }
    )*};
}

kinds! {
    false, false: 1, "RmsProp", ["square_avg_root"];
    true, false: 2, "RmsProp with momentum", ["square_avg_root", "momentum_buffer"];
    false, true: 2, "centered RmsProp", ["variance_root", "grad_avg"];
    true, true: 3, "centered RmsProp with momentum", ["variance_root", "grad_avg", "momentum_buffer"];
}

/// The numbers of blocks that are remembered.
macro_rules! remembers {
    ($($n:literal),*) => {$(
        impl Update for RmsStep<$n> {
            /// The root, the mean where it is centred, and what momentum sums.
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

remembers!(1, 2, 3);
