//! A publisher as a callback of a fit.

use super::callback::{Callback, Moment};
use crate::{
    error::{Error, Found, Result},
    handover::Publisher,
    model::Model,
    network::Network,
};

/// Publishes the weights after each epoch, after every `steps` steps with [`every_steps`](Publisher::every_steps), and
/// at the end of a fit, where they may be the best ones.
///
/// # Errors
///
/// [`Error::Setting`] if a fit trains a network of another kind.
impl<N: Model> Callback for Publisher<N> {
    fn step_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        match self.steps {
            Some(steps) if moment.steps.is_multiple_of(steps) => self.publish_moment(moment),
            _ => Ok(()),
        }
    }

    fn epoch_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.publish_moment(moment)
    }

    fn fit_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.publish_moment(moment)
    }
}

impl<N: Model> Publisher<N> {
    /// Publishes the weights that a callback of your own sees.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if the fit trains a network of another kind.
    pub fn publish_moment(&mut self, moment: &Moment<'_>) -> Result<()> {
        let weights = moment.weights;
        // Where tensors are alike, weights fit.
        if weights.tensors != N::Network::TENSORS {
            return Err(Error::Setting {
                setting: "publisher",
                found: Found::Words("a fit of another network"),
                expected: "a fit of the network whose readers it has",
            });
        }
        self.publish_arena(weights.arena);
        Ok(())
    }
}
