//! What stands around the steps of a fit.

#[cfg(feature = "files")]
use super::checkpoint::Checkpoints;
use super::{
    callback::{Callback, Moment},
    interrupt::Interrupts,
    stopping::EarlyStopping,
};
use crate::error::Result;
use alloc::{boxed::Box, vec::Vec};

/// What a trainer does between steps.
#[derive(Default)]
pub struct Around {
    /// The share of the data that is validated on.
    pub split: Option<f64>,
    /// Who is told.
    pub callbacks: Vec<Box<dyn Callback>>,
    /// When to stop.
    pub early: Option<EarlyStopping>,
    /// Who may end it from outside.
    pub interrupts: Interrupts,
    /// Where checkpoints go.
    #[cfg(feature = "files")]
    pub checkpoints: Option<Checkpoints>,
}

/// A method of callbacks.
pub type Event = fn(&mut (dyn Callback + 'static), &Moment<'_>) -> Result<()>;

impl Around {
    /// Refuses what cannot be, and begins to listen.
    pub fn check(&self, validated: bool) -> Result<()> {
        #[cfg(feature = "files")]
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.check(validated)?;
        }
        let early = self.early.as_ref();
        early.map_or(Ok(()), |early| early.check(validated))?;
        self.interrupts.listen()
    }

    /// `true` if something may happen after a step.
    #[inline]
    pub fn watches(&self) -> bool {
        #[cfg(feature = "files")]
        if self.checkpoints.is_some() {
            return true;
        }
        !self.callbacks.is_empty()
    }

    /// Tells all callbacks; gives whether one asked to stop.
    pub fn tell(&mut self, event: Event, moment: &Moment<'_>) -> Result<bool> {
        for callback in &mut self.callbacks {
            event(&mut **callback, moment)?;
        }
        Ok(moment.stop.get())
    }
}
