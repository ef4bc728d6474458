//! What a schedule says of a step.

use super::held::Trainer;
use crate::{
    error::{Found, Result},
    optimizer::{Optimizer, check_factor},
    schedule::{Schedule, Unit, set_momentum},
};
use alloc::format;

/// What a schedule says of a step, or of all steps of an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Factor of the learning rate.
    pub factor: f64,
    /// The momentum, if it is not the optimizer's own.
    pub momentum: Option<f64>,
}

impl Pace {
    /// Without a schedule.
    const USUAL: Self = Self {
        factor: 1.0,
        momentum: None,
    };

    /// That of step or epoch `count`, which is called `unit`.
    fn of(schedule: &dyn Schedule, count: u64, unit: &str) -> Result<Self> {
        let factor = schedule.factor(count);
        check_factor("schedule", factor, || {
            Found::Text(format!("{factor:?} for {unit} {count}, counted from 0"))
        })?;
        Ok(Self {
            factor,
            momentum: schedule.momentum(count),
        })
    }
}

impl<O: Optimizer, L, M> Trainer<O, L, M> {
    /// What the schedule says of the epoch that begins, if it is the same in all its steps.
    pub(super) fn pace_of_epoch(&self) -> Result<Option<Pace>> {
        match self.schedule.as_deref() {
            None => Ok(Some(Pace::USUAL)),
            Some(schedule) if schedule.unit() == Unit::Epoch => {
                Pace::of(schedule, self.past.epochs as u64, "epoch").map(Some)
            }
            Some(_) => Ok(None),
        }
    }

    /// What the schedule says of the step that begins.
    pub(super) fn pace_of_step(&self) -> Result<Pace> {
        let schedule = self.schedule.as_deref();
        schedule.map_or(Ok(Pace::USUAL), |schedule| {
            Pace::of(schedule, self.past.steps, "step")
        })
    }
}

/// A trainer whose optimizer has the momentum of a schedule as long as this is there.
pub struct Paced<'a, O: Optimizer, L, M> {
    trainer: &'a mut Trainer<O, L, M>,
    /// The optimizer's own, if that is another.
    before: Option<f64>,
}

impl<'a, O: Optimizer, L, M> Paced<'a, O, L, M> {
    /// A trainer with a momentum, or its optimizer's own.
    pub fn new(trainer: &'a mut Trainer<O, L, M>, momentum: Option<f64>) -> Result<Self> {
        let before = set_momentum(&mut trainer.optimizer, momentum)?;
        Ok(Self { trainer, before })
    }

    /// The trainer.
    pub fn trainer(&mut self) -> &mut Trainer<O, L, M> {
        self.trainer
    }
}

impl<O: Optimizer, L, M> Drop for Paced<'_, O, L, M> {
    /// Also where a user's loss panics.
    fn drop(&mut self) {
        if let Some(before) = self.before {
            self.trainer.optimizer.set_momentum(before);
        }
    }
}
