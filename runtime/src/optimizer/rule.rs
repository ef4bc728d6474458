//! What a rule is, and what all of them refuse.

use crate::{
    error::{
        Error, Found, Result,
        setting::{check, check_amount, check_range},
    },
    update::Update,
};
use core::any::type_name;

/// A rule that turns gradients into changes of the weights. A rule of one's own states its constants for a step, and what
/// a step does to sixteen weights:
///
/// ```
/// use kiln::{Block, Optimizer, Update, simd::vectors::*};
///
/// /// Every weight moves by the same amount: w <- w - learning_rate sign(g).
/// struct SignDescent {
///     learning_rate: f64,
/// }
///
/// struct SignStep(f32);
///
/// impl Optimizer for SignDescent {
///     type Step = SignStep;
///
///     fn step(&self, _taken: u64, factor: f64) -> SignStep {
///         SignStep((self.learning_rate * factor) as f32)
///     }
///
///     fn learning_rate(&self) -> f64 {
///         self.learning_rate
///     }
///
///     fn set_learning_rate(&mut self, learning_rate: f64) {
///         self.learning_rate = learning_rate;
///     }
/// }
///
/// impl Update for SignStep {
///     type State = ();
///
///     #[inline(always)]
///     fn apply<S: Simd>(&self, s: S, gradient: f32x16<S>, weight: &mut Block, _: &mut ()) {
///         let (zero, rate) = (f32x16::splat(s, 0.0), f32x16::splat(s, self.0));
///         let down = gradient.simd_gt(zero).select(rate, zero);
///         let up = gradient.simd_lt(zero).select(rate, zero);
///         weight.store(weight.load(s) - down + up);
///     }
/// }
/// ```
pub trait Optimizer: Send + Sync {
    /// One step of the rule, ready to be applied to every block of weights.
    type Step: Update;

    /// The step after `taken` steps, with the learning rate multiplied by `factor`, 0 or more.
    fn step(&self, taken: u64, factor: f64) -> Self::Step;

    /// [`step`](Self::step) for tensors that weight decay leaves out. A rule without weight decay has nothing to leave out.
    fn step_without_decay(&self, taken: u64, factor: f64) -> Self::Step {
        self.step(taken, factor)
    }

    /// The learning rate, which schedules multiply.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate. What is remembered of gradients stays.
    ///
    /// ```
    /// use kiln::{Adam, AnyOptimizer, Optimizer};
    ///
    /// let mut optimizer = AnyOptimizer::from(Adam::new(0.01));
    /// optimizer.set_learning_rate(optimizer.learning_rate() / 10.0);
    /// assert_eq!(optimizer, Adam::new(0.001).into());
    /// ```
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// What a schedule may cycle besides the learning rate: the momentum or `beta1`, the decay of the first moment.
    /// `None` if the rule has neither.
    fn momentum(&self) -> Option<f64> {
        None
    }

    /// Sets the [`momentum`](Self::momentum). Does nothing if the rule has none.
    ///
    /// ```
    /// use kiln::{Adam, Optimizer, Sgd};
    ///
    /// let mut adam = Adam::new(0.01);
    /// adam.set_momentum(0.85);
    /// assert_eq!(adam, Adam::new(0.01).betas(0.85, 0.999));
    /// assert_eq!(Optimizer::momentum(&Sgd::new(0.1)), None);
    /// ```
    fn set_momentum(&mut self, momentum: f64) {
        let _ = momentum;
    }

    /// The name by which a checkpoint tells optimizers apart; that of the type, if nothing else is said.
    fn name(&self) -> &'static str {
        let name = type_name::<Self>();
        let plain = name.split('<').next().unwrap_or(name);
        plain.rsplit("::").next().unwrap_or(plain)
    }

    /// The names of the blocks of [`Update::State`] in a checkpoint, as in PyTorch's `state_dict`: `exp_avg`. Blocks behind
    /// those that are named are not kept. Without names they are called `state.0`, `state.1` and so on.
    fn state_names(&self) -> Option<&'static [&'static str]> {
        None
    }

    /// Refuses numbers by which nothing is learnt. A `Trainer` asks before it begins, a `Descent` before every step.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with the first such number.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// What every rule says of its fields `learning_rate` and `weight_decay`, in its `impl Optimizer`, and of the one that
/// is its momentum, if it has one that may be cycled.
macro_rules! by_fields {
    ($($momentum:ident).+) => {
        by_fields!();

        fn momentum(&self) -> Option<f64> {
            Some(self.$($momentum).+)
        }

        fn set_momentum(&mut self, momentum: f64) {
            self.$($momentum).+ = momentum;
        }
    };
    () => {
        fn step_without_decay(&self, taken: u64, factor: f64) -> Self::Step {
            self.weight_decay(0.0).step(taken, factor)
        }

        fn learning_rate(&self) -> f64 {
            self.learning_rate
        }

        fn set_learning_rate(&mut self, learning_rate: f64) {
            self.learning_rate = learning_rate;
        }
    };
}
pub(super) use by_fields;

/// A learning rate.
pub(super) fn check_rate(learning_rate: f64) -> Result<()> {
    let expected = "0 or more and finite as `f32`, such as 0.001";
    check_amount("learning_rate", learning_rate, expected)
}

/// A weight decay.
pub(super) fn check_weight_decay(weight_decay: f64) -> Result<()> {
    let expected = "0 or more and finite as `f32`, such as 0.01";
    check_amount("weight_decay", weight_decay, expected)
}

/// Halfway between 1 and the largest `f32` below: what is not less becomes 1.
const NEARLY_ONE: f64 = 1.0 - f64::EPSILON * (1_u64 << 27) as f64;

/// The decay of a running mean. One of 1 or more would never forget, and bias corrections would divide by zero.
pub(super) fn check_decay(setting: &'static str, decay: f64) -> Result<()> {
    let expected = "at least 0 and below 1 as `f32`, such as 0.9";
    check_range(setting, decay, 0.0..NEARLY_ONE, expected)
}

/// The smallest epsilon other than none.
const LEAST_EPSILON: f64 = 1e-18;

/// An epsilon that is added to the root of a mean of squares, and beside which that keeps its digits.
pub(super) fn check_epsilon(epsilon: f64) -> Result<()> {
    let expected = "0, or at least 1e-18, below which gradients count as 0, and finite as `f32`, \
                    such as 1e-8";
    let is_least = !(epsilon > 0.0 && epsilon < LEAST_EPSILON);
    check(is_least, "epsilon", epsilon, expected)?;
    check_amount("epsilon", epsilon, expected)
}

/// Refuses a factor of the learning rate by which nothing is learnt.
pub(crate) fn check_factor(
    setting: &'static str,
    factor: f64,
    found: impl FnOnce() -> Found,
) -> Result<()> {
    if (0.0..=f64::from(f32::MAX)).contains(&factor) {
        return Ok(());
    }
    Err(Error::Setting {
        setting,
        found: found(),
        expected: "0 or more and finite as `f32`, such as 1.0",
    })
}

/// A constant of a step as `f32`, never infinite: 0 times infinity would make a number of the zeros between weights.
pub(super) fn finite(constant: f64) -> f32 {
    constant.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

/// What an optimizer remembers of each block of weights.
pub type State<O> = <<O as Optimizer>::Step as Update>::State;
