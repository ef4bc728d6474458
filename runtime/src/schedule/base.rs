//! What a schedule is, and how schedules are put together.

use crate::{
    error::{
        Error, Found, Result,
        setting::{check_amount, check_count},
    },
    optimizer::Optimizer,
};

/// What the learning rate is multiplied by in every step, counted from 0.
///
/// A trainer asks for it in each step. In a loop of your own, pass it to [`Descent`](crate::step::Descent):
///
/// ```
/// use kiln::{prelude::*, schedule::{Cosine, Schedule}};
///
/// model! {
///     struct Line(x: [1]) -> [1] { Dense(1) }
/// }
///
/// let mut net = Line::new(Seed(1));
/// let mut training = Training::new(&net, 1)?;
/// let mut descent = Descent::new(&net, Adam::new(0.1))?;
/// let schedule = Cosine::new(100).warm_up(10);
/// schedule.check()?;
/// while descent.steps() < 110 {
///     training.backward(&net, &[[2.0]], &[[1.0]], &Mse)?;
///     descent.follow(&schedule)?;
///     descent.apply(&mut net, training.gradients())?;
/// }
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// A schedule of one's own states its factor. A closure of a `usize` is one that counts epochs:
///
/// ```
/// use kiln::{CrossEntropy, Sgd, Trainer, schedule::Schedule};
///
/// /// Vaswani et al. 2017, without the scale.
/// struct Inverse { warm_up: f64 }
///
/// impl Schedule for Inverse {
///     fn factor(&self, step: u64) -> f64 {
///         let t = step as f64 + 1.0;
///         (t / self.warm_up).min((self.warm_up / t).sqrt())
///     }
/// }
///
/// let by_step = Trainer::new(Sgd::new(0.1), CrossEntropy).schedule(Inverse { warm_up: 400.0 });
/// let by_epoch = Trainer::new(Sgd::new(0.1), CrossEntropy).schedule(|epoch| 0.5_f64.powi(epoch as i32));
/// ```
pub trait Schedule: Send + Sync {
    /// The factor in step `step`, counted from 0.
    fn factor(&self, step: u64) -> f64;

    /// The momentum in step `step`, or `beta1` of rules like Adam; `None`, the default, means the optimizer's own. Only
    /// [`OneCycle`](super::OneCycle) changes it.
    fn momentum(&self, step: u64) -> Option<f64> {
        let _ = step;
        None
    }

    /// What is counted: steps, or epochs, in which the factor stays the same.
    fn unit(&self) -> Unit {
        Unit::Step
    }

    /// Checks the schedule's numbers. A trainer does so before it begins.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with the first such number.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Passes the loss of an epoch to the schedule when the epoch ends: the validation loss if there is one. Only
    /// [`ReduceOnPlateau`](super::ReduceOnPlateau) uses it.
    fn observe(&mut self, _loss: f64) {}

    /// Forgets what was observed: another training begins.
    fn restart(&mut self) {}

    /// Begins with `steps` steps in which the factor grows linearly to the first one of the schedule: 1, 2, 3, ... over
    /// `steps + 1` of it. The schedule counts from there. This is `SequentialLR` of a `LinearLR` whose `start_factor`
    /// is `1 / (steps + 1)`.
    ///
    /// ```
    /// use kiln::schedule::{Constant, Schedule};
    ///
    /// let schedule = Constant::new(1.0).warm_up(3);
    /// assert_eq!([0, 1, 2, 3, 4].map(|step| schedule.factor(step)), [0.25, 0.5, 0.75, 1.0, 1.0]);
    /// ```
    fn warm_up(self, steps: u64) -> WarmUp<Self>
    where
        Self: Sized,
    {
        WarmUp { steps, then: self }
    }

    /// Switches to another schedule at step `step`, which counts from there: PyTorch's `SequentialLR`, whose milestones
    /// are these steps.
    ///
    /// ```
    /// use kiln::schedule::{Constant, Exponential, Schedule};
    ///
    /// let schedule = Constant::new(1.0).then(2, Exponential::new(0.5)).then(4, Constant::new(0.1));
    /// assert_eq!([0, 1, 2, 3, 4].map(|step| schedule.factor(step)), [1.0, 1.0, 1.0, 0.5, 0.1]);
    /// ```
    fn then<S: Schedule>(self, step: u64, next: S) -> Then<Self, S>
    where
        Self: Sized,
    {
        Then {
            first: self,
            step,
            next,
        }
    }

    /// Counts epochs instead of steps in a trainer.
    ///
    /// ```
    /// use kiln::{CrossEntropy, Sgd, Trainer, schedule::{Schedule, StepDecay}};
    ///
    /// let trainer = Trainer::new(Sgd::new(0.1), CrossEntropy)
    ///     .epochs(90)
    ///     .schedule(StepDecay::new(30).per_epoch());
    /// ```
    fn per_epoch(self) -> PerEpoch<Self>
    where
        Self: Sized,
    {
        PerEpoch(self)
    }
}

/// What a schedule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Steps of the optimizer.
    Step,
    /// Passes over the data.
    Epoch,
}

impl<F: Fn(usize) -> f64 + Send + Sync> Schedule for F {
    fn factor(&self, epoch: u64) -> f64 {
        self(usize::try_from(epoch).unwrap_or(usize::MAX))
    }

    fn unit(&self) -> Unit {
        Unit::Epoch
    }
}

/// A schedule after a linear warm-up: see [`Schedule::warm_up`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp<S> {
    steps: u64,
    then: S,
}

impl<S: Schedule> Schedule for WarmUp<S> {
    fn factor(&self, step: u64) -> f64 {
        match step.checked_sub(self.steps) {
            Some(step) => self.then.factor(step),
            None => (step + 1) as f64 / (self.steps as f64 + 1.0) * self.then.factor(0),
        }
    }

    fn momentum(&self, step: u64) -> Option<f64> {
        self.then.momentum(step.saturating_sub(self.steps))
    }

    fn unit(&self) -> Unit {
        self.then.unit()
    }

    fn check(&self) -> Result<()> {
        self.then.check()
    }

    fn observe(&mut self, loss: f64) {
        self.then.observe(loss);
    }

    fn restart(&mut self) {
        self.then.restart();
    }
}

/// One schedule after another: see [`Schedule::then`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Then<A, B> {
    first: A,
    step: u64,
    next: B,
}

impl<A: Schedule, B: Schedule> Schedule for Then<A, B> {
    fn factor(&self, step: u64) -> f64 {
        match step.checked_sub(self.step) {
            Some(step) => self.next.factor(step),
            None => self.first.factor(step),
        }
    }

    fn momentum(&self, step: u64) -> Option<f64> {
        match step.checked_sub(self.step) {
            Some(step) => self.next.momentum(step),
            None => self.first.momentum(step),
        }
    }

    fn unit(&self) -> Unit {
        self.first.unit()
    }

    fn check(&self) -> Result<()> {
        self.first.check()?;
        self.next.check()?;
        if self.first.unit() == self.next.unit() {
            return Ok(());
        }
        Err(Error::Setting {
            setting: "schedule",
            found: Found::Words("one that counts steps beside one that counts epochs"),
            expected: "of parts that count the same, such as `a.then(10, b).per_epoch()`",
        })
    }

    fn observe(&mut self, loss: f64) {
        self.first.observe(loss);
        self.next.observe(loss);
    }

    fn restart(&mut self) {
        self.first.restart();
        self.next.restart();
    }
}

/// A schedule that counts epochs: see [`Schedule::per_epoch`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerEpoch<S>(S);

impl<S: Schedule> Schedule for PerEpoch<S> {
    fn factor(&self, epoch: u64) -> f64 {
        self.0.factor(epoch)
    }

    fn momentum(&self, epoch: u64) -> Option<f64> {
        self.0.momentum(epoch)
    }

    fn unit(&self) -> Unit {
        Unit::Epoch
    }

    fn check(&self) -> Result<()> {
        self.0.check()
    }

    fn observe(&mut self, loss: f64) {
        self.0.observe(loss);
    }

    fn restart(&mut self) {
        self.0.restart();
    }
}

/// Refuses a factor of the learning rate.
pub(super) fn check_factor(setting: &'static str, factor: f64) -> Result<()> {
    let expected = "0 or more and finite as `f32`, such as 0.1";
    check_amount(setting, factor, expected)
}

/// Refuses a number of steps that is 0.
pub(super) fn check_steps(setting: &'static str, steps: u64) -> Result<()> {
    check_count(setting, steps, "at least 1, such as 1000")
}

/// Sets an optimizer's momentum to that of a schedule, if it says one; gives the one before, to be set again. Refused,
/// the optimizer is as it was.
pub(crate) fn set_momentum<O: Optimizer>(
    optimizer: &mut O,
    momentum: Option<f64>,
) -> Result<Option<f64>> {
    let Some(momentum) = momentum else {
        return Ok(None);
    };
    let Some(before) = optimizer.momentum() else {
        return Err(Error::Setting {
            setting: "schedule",
            found: Found::Words("one that cycles the momentum of an optimizer without momentum"),
            expected: "of an optimizer with one that may be cycled, such as `Sgd::new(0.1).momentum(0.9)` or `Adam`; \
                       or leave the momentum as it is, by `OneCycle::keep_momentum`",
        });
    };
    optimizer.set_momentum(momentum);
    if optimizer.check().is_err() {
        optimizer.set_momentum(before);
        // Something else may be wrong with it.
        optimizer.check()?;
        return Err(Error::Setting {
            setting: "momenta",
            found: Found::Number(momentum),
            expected: "one that the optimizer takes: from 0 to 1, below 1 for `beta1`, above 0 for Nesterov's rule",
        });
    }
    Ok(Some(before))
}
