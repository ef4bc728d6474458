//! The progress bar: epoch, loss, accuracy, samples per second, time left.

#[cfg(feature = "progress")]
mod bar;

use super::history::Epoch;
use crate::loss::Totals;
use std::time::Instant;

/// A bar on the terminal; nothing where there is no terminal, no wish for it, or no feature `progress`.
pub struct Progress {
    #[cfg(feature = "progress")]
    bar: Option<bar::Bar>,
}

#[cfg(feature = "progress")]
impl Progress {
    /// A bar for one epoch.
    pub fn new(quiet: bool, epoch: usize, epochs: usize, samples: usize) -> Self {
        Self {
            bar: (!quiet)
                .then(|| bar::Bar::new(epoch, epochs, samples))
                .flatten(),
        }
    }

    /// Shows how far the epoch is, a few times a second.
    #[inline]
    pub fn update(&mut self, sum: &Totals, start: Instant) {
        if let Some(bar) = &mut self.bar {
            bar.update(sum, start);
        }
    }

    /// Shows that the epoch is over and validation goes on.
    pub fn validate(&mut self, epoch: &Epoch) {
        if let Some(bar) = &mut self.bar {
            bar.validate(epoch);
        }
    }

    /// Leaves a line about the epoch.
    pub fn finish(self, epoch: &Epoch) {
        if let Some(bar) = self.bar {
            bar.finish(epoch);
        }
    }
}

#[cfg(not(feature = "progress"))]
impl Progress {
    /// Nothing.
    pub fn new(_quiet: bool, _epoch: usize, _epochs: usize, _samples: usize) -> Self {
        Self {}
    }

    /// Nothing.
    pub fn update(&mut self, _sum: &Totals, _start: Instant) {}

    /// Nothing.
    pub fn validate(&mut self, _epoch: &Epoch) {}

    /// Nothing.
    pub fn finish(self, _epoch: &Epoch) {}
}
