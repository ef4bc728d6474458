//! The progress bar: epoch, loss, accuracy, samples per second, time left.

use super::{history::Epoch, passes::Totals};
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
    pub fn finish(self, _epoch: &Epoch) {}
}

#[cfg(feature = "progress")]
mod bar {
    use super::{Epoch, Totals};
    use crate::train::Evaluation;
    use alloc::{format, string::String};
    use indicatif::{ProgressBar, ProgressStyle};
    use std::time::{Duration, Instant};

    /// Between two looks at the terminal.
    const INTERVAL: Duration = Duration::from_millis(200);

    pub struct Bar {
        bar: ProgressBar,
        label: String,
        shown: Instant,
    }

    impl Bar {
        pub fn new(epoch: usize, epochs: usize, samples: usize) -> Option<Self> {
            let bar = ProgressBar::new(samples as u64);
            if bar.is_hidden() {
                return None;
            }
            let template = "{prefix} [{bar:24}] {pos}/{len}  {msg}  {eta} left";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            let label = format!("epoch {epoch}/{epochs}");
            bar.set_prefix(label.clone());
            Some(Self {
                bar,
                label,
                shown: Instant::now(),
            })
        }

        pub fn update(&mut self, sum: &Totals, start: Instant) {
            let now = Instant::now();
            if now - self.shown < INTERVAL {
                return;
            }
            self.shown = now;
            let rate = sum.rows as f64 / (now - start).as_secs_f64();
            let so_far = Evaluation::of(*sum);
            self.bar
                .set_message(format!("{so_far}, {rate:.0} samples/s"));
            self.bar.set_position(sum.rows as u64);
        }

        pub fn finish(self, epoch: &Epoch) {
            let so_far = Evaluation {
                loss: epoch.loss,
                accuracy: epoch.accuracy,
            };
            let validation = epoch.validation.map_or(String::new(), |validation| {
                format!("; validation: {validation}")
            });
            let line = format!(
                "{}: {so_far}{validation} ({:.1} s, {:.0} samples/s)",
                self.label, epoch.seconds, epoch.samples_per_second
            );
            self.bar.finish_and_clear();
            // Through the bar, so that what is printed and what is cleared keep their order.
            std::eprintln!("{line}");
        }
    }
}
