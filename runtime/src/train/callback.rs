//! What a program of one's own does while a trainer fits.

use super::{history::History, weights::Weights};
use crate::error::Result;
use alloc::sync::Arc;
use core::cell::Cell;
use std::sync::{Mutex, PoisonError};

/// What a [`Callback`] is shown.
#[non_exhaustive]
pub struct Moment<'a> {
    /// The epoch that is under way or has just ended, counted from 1 in this fit; 0 before the first.
    pub epoch: usize,
    /// Epochs that the fit is to have.
    pub epochs: usize,
    /// Steps that the network has taken, those of earlier fits included.
    pub steps: u64,
    /// Mean loss of the epoch so far, or of the one that has just ended; NaN before the first.
    pub loss: f64,
    /// The learning rate of the last step, schedule included; none before the first.
    pub learning_rate: Option<f64>,
    /// The epochs that have ended. After an epoch the last one is its record.
    pub history: &'a History,
    /// The network's parameters.
    pub weights: Weights<'a>,
    /// The moving average of the parameters, if the trainer keeps one.
    pub averaged: Option<Weights<'a>>,
    /// Whether somebody asked to stop.
    pub(super) stop: &'a Cell<bool>,
}

impl Moment<'_> {
    /// Ends the fit: before its first epoch if it begins, after the epoch if this is the end of one, otherwise after the step.
    pub fn stop(&self) {
        self.stop.set(true);
    }
}

/// Is told what happens in a fit, and may stop it. An error ends the fit with that error; one of another library is one by
/// `std::io::Error::other`.
///
/// ```
/// use kiln::{Callback, Moment, Result, data::Samples, prelude::*};
/// use std::sync::{Arc, Mutex};
///
/// model! {
///     struct Line(x: [1]) -> [1] { fc: Dense(1) }
/// }
///
/// /// Notes the slope after each epoch, and stops when it is near 3.
/// #[derive(Default)]
/// struct Slopes(Vec<f32>);
///
/// impl Callback for Slopes {
///     fn epoch_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
///         let slope = moment.weights.get("fc.weight").unwrap_or_default()[0];
///         self.0.push(slope);
///         if (slope - 3.0).abs() < 0.01 {
///             moment.stop();
///         }
///         Ok(())
///     }
/// }
///
/// let inputs = (0..64).map(|i| [i as f32 / 64.0]).collect::<Vec<_>>();
/// let targets = inputs.iter().map(|[x]| [3.0 * x - 1.0]).collect::<Vec<_>>();
/// let data = Samples::new(inputs, targets)?;
/// let slopes = Arc::new(Mutex::new(Slopes::default()));
/// let mut trainer = Trainer::new(Sgd::new(0.1).momentum(0.9), Mse).epochs(500).batch(16).quiet();
/// trainer = trainer.callback(Arc::clone(&slopes));
/// let history = trainer.fit(&mut Line::new(Seed(1)), &data)?;
/// assert_eq!(history.epochs.len(), slopes.lock().unwrap().0.len());
/// assert!(history.epochs.len() < 500);
/// # Ok::<(), kiln::Error>(())
/// ```
pub trait Callback: Send {
    /// Before the first step of a fit; of one that is resumed, `history` has the epochs before.
    ///
    /// # Errors
    ///
    /// Whatever should end the fit.
    fn fit_begins(&mut self, moment: &Moment<'_>) -> Result<()> {
        let _ = moment;
        Ok(())
    }

    /// After each step.
    ///
    /// # Errors
    ///
    /// Whatever should end the fit.
    fn step_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        let _ = moment;
        Ok(())
    }

    /// After each epoch and its validation.
    ///
    /// # Errors
    ///
    /// Whatever should end the fit.
    fn epoch_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        let _ = moment;
        Ok(())
    }

    /// After the last step of a fit that met no error, also of one that was stopped. The best weights are back then, if they
    /// were asked for.
    ///
    /// # Errors
    ///
    /// Whatever the fit should give instead of its history.
    fn fit_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        let _ = moment;
        Ok(())
    }
}

/// Of a callback that the program looks at later, as in the example of [`Callback`].
impl<C: Callback> Callback for Arc<Mutex<C>> {
    fn fit_begins(&mut self, moment: &Moment<'_>) -> Result<()> {
        let mut callback = self.lock().unwrap_or_else(PoisonError::into_inner);
        callback.fit_begins(moment)
    }

    fn step_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        let mut callback = self.lock().unwrap_or_else(PoisonError::into_inner);
        callback.step_ends(moment)
    }

    fn epoch_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        let mut callback = self.lock().unwrap_or_else(PoisonError::into_inner);
        callback.epoch_ends(moment)
    }

    fn fit_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        let mut callback = self.lock().unwrap_or_else(PoisonError::into_inner);
        callback.fit_ends(moment)
    }
}

/// A function that is called after each epoch.
pub struct EachEpoch<F>(pub F);

impl<F: FnMut(&Moment<'_>) -> Result<()> + Send> Callback for EachEpoch<F> {
    fn epoch_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        (self.0)(moment)
    }
}
